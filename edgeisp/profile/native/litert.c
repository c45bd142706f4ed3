/* Runs one signature of a TFLite model on the CPU (XNNPACK) and times it: see common.h.
 *
 * Needs libLiteRt.so 2.3, as in the ai-edge-litert wheel. It ships no headers: the prototypes below are ours and hold
 * for that version alone (the environment comes first in LiteRtCreateModelFromFile; a tensor type has 72 bytes). */
#include <stdint.h>

#include "common.h"

#ifndef RUNTIME
#define RUNTIME "litert"
#endif

typedef int Status;
typedef void* Handle;
typedef struct { int32_t words[18]; } TensorType;
enum { CPU = 1, FOR_READING = 0, FOR_WRITING = 1 };

Status LiteRtCreateEnvironment(int count, const void* options, Handle* environment);
Status LiteRtCreateModelFromFile(Handle environment, const char* path, Handle* model);
Status LiteRtGetNumModelSignatures(Handle model, size_t* count);
Status LiteRtGetModelSignature(Handle model, size_t index, Handle* signature);
Status LiteRtGetSignatureKey(Handle signature, const char** key);
Status LiteRtGetNumSignatureInputs(Handle signature, size_t* count);
Status LiteRtGetNumSignatureOutputs(Handle signature, size_t* count);
Status LiteRtGetSignatureInputName(Handle signature, size_t index, const char** name);
Status LiteRtGetSignatureOutputName(Handle signature, size_t index, const char** name);
Status LiteRtGetSignatureInputTensorByIndex(Handle signature, size_t index, Handle* tensor);
Status LiteRtGetSignatureOutputTensorByIndex(Handle signature, size_t index, Handle* tensor);
Status LiteRtGetRankedTensorType(Handle tensor, TensorType* type);
Status LiteRtCreateOptions(Handle* options);
Status LiteRtSetOptionsHardwareAccelerators(Handle options, int accelerators);
Status LiteRtCreateOpaqueOptions(const char* identifier, void* payload, void (*destroy)(void*), Handle* opaque);
Status LiteRtAddOpaqueOptions(Handle options, Handle opaque);
Status LiteRtCreateCompiledModel(Handle environment, Handle model, Handle options, Handle* compiled);
Status LiteRtGetCompiledModelInputBufferRequirements(Handle compiled, size_t signature, size_t index, Handle* needs);
Status LiteRtGetCompiledModelOutputBufferRequirements(Handle compiled, size_t signature, size_t index, Handle* needs);
Status LiteRtCreateManagedTensorBufferFromRequirements(Handle environment, const TensorType* type, Handle needs,
                                                       Handle* buffer);
Status LiteRtGetTensorBufferPackedSize(Handle buffer, size_t* bytes);
Status LiteRtLockTensorBuffer(Handle buffer, void** host, int mode);
Status LiteRtUnlockTensorBuffer(Handle buffer);
Status LiteRtRunCompiledModel(Handle compiled, size_t signature, size_t inputs, Handle* input, size_t outputs,
                              Handle* output);

static void check(Status status, int exit_status, const char* what, const char* which) {
  if (!status) return;
  char text[128];
  snprintf(text, sizeof text, "%s (LiteRT status %d)", what, status);
  stop(exit_status, text, which);
}

static size_t signature_index(Handle model, const char* name) {
  size_t count;
  check(LiteRtGetNumModelSignatures(model, &count), LOAD, "has no signatures", name);
  for (size_t i = 0; i < count; i++) {
    Handle signature;
    const char* key;
    check(LiteRtGetModelSignature(model, i, &signature), LOAD, "signature cannot be read", name);
    check(LiteRtGetSignatureKey(signature, &key), LOAD, "signature cannot be read", name);
    if (!strcmp(key, name)) return i;
  }
  stop(LOAD, "no such signature", name);
  return 0;
}

/* The number of threads travels as a line of TOML in the options block that LiteRT's CPU accelerator looks for. */
static void set_threads(Handle options, int threads) {
  char* line = (char*)malloc(32);
  Handle opaque;
  snprintf(line, 32, "num_threads = %d\n", threads);
  check(LiteRtCreateOpaqueOptions("xnnpack", line, free, &opaque), LOAD, "threads cannot be set", "LiteRT");
  check(LiteRtAddOpaqueOptions(options, opaque), LOAD, "threads cannot be set", "LiteRT");
}

static Handle buffer_of(Handle environment, Handle compiled, size_t index, Handle signature, size_t k, int output) {
  Handle tensor, needs, buffer;
  TensorType type;
  check((output ? LiteRtGetSignatureOutputTensorByIndex : LiteRtGetSignatureInputTensorByIndex)(signature, k, &tensor),
        LOAD, "tensor cannot be read", "LiteRT");
  check(LiteRtGetRankedTensorType(tensor, &type), LOAD, "tensor has no fixed type", "LiteRT");
  check((output ? LiteRtGetCompiledModelOutputBufferRequirements
                : LiteRtGetCompiledModelInputBufferRequirements)(compiled, index, k, &needs),
        LOAD, "tensor needs an unknown buffer", "LiteRT");
  check(LiteRtCreateManagedTensorBufferFromRequirements(environment, &type, needs, &buffer), LOAD,
        "buffer cannot be made", "LiteRT");
  return buffer;
}

/* The file that the command line gives for the input called `name`: signatures keep their own order. */
static const char* file_of(const Arguments* a, const char* name) {
  for (int i = 0; i < a->inputs; i++)
    if (!strcmp(a->name[i], name)) return a->file[i];
  stop(INPUT, "no file was given for this input", name);
  return 0;
}

static size_t size_of(Handle buffer) {
  size_t bytes;
  check(LiteRtGetTensorBufferPackedSize(buffer, &bytes), LOAD, "buffer has no size", "LiteRT");
  return bytes;
}

int main(int argc, char** argv) {
  const Arguments a = parse(argc, argv);
  Handle environment, model, options, compiled, signature, in[MOST], out[MOST];
  const char *name, *names[MOST];
  size_t inputs, outputs;
  void* host;
  Timings t = {0, 0, (double*)calloc((size_t)a.runs, sizeof(double)), status_bytes("VmHWM:")};

  double start = now_ms();
  check(LiteRtCreateEnvironment(0, 0, &environment), LOAD, "no environment", "LiteRT");
  check(LiteRtCreateModelFromFile(environment, a.model, &model), LOAD, "not a TFLite model that LiteRT loads", a.model);
  const size_t index = signature_index(model, a.function);
  check(LiteRtCreateOptions(&options), LOAD, "no options", "LiteRT");
  check(LiteRtSetOptionsHardwareAccelerators(options, CPU), LOAD, "no CPU accelerator", "LiteRT");
  if (a.threads) set_threads(options, a.threads);
  check(LiteRtCreateCompiledModel(environment, model, options, &compiled), LOAD, "the runtime lacks what it needs",
        a.model);
  t.load_ms = now_ms() - start;

  check(LiteRtGetModelSignature(model, index, &signature), LOAD, "signature cannot be read", a.function);
  check(LiteRtGetNumSignatureInputs(signature, &inputs), LOAD, "has no inputs", a.function);
  check(LiteRtGetNumSignatureOutputs(signature, &outputs), LOAD, "has no outputs", a.function);
  if (inputs != (size_t)a.inputs || inputs > MOST || outputs > MOST)
    stop(INPUT, "takes another number of inputs", a.function);
  for (size_t k = 0; k < inputs; k++) {
    in[k] = buffer_of(environment, compiled, index, signature, k, 0);
    check(LiteRtGetSignatureInputName(signature, k, &name), LOAD, "has an input without a name", a.function);
    check(LiteRtLockTensorBuffer(in[k], &host, FOR_WRITING), INPUT, "buffer cannot be written", name);
    read_input(file_of(&a, name), host, size_of(in[k]));
    check(LiteRtUnlockTensorBuffer(in[k]), INPUT, "buffer cannot be written", name);
  }
  for (size_t k = 0; k < outputs; k++) {
    out[k] = buffer_of(environment, compiled, index, signature, k, 1);
    check(LiteRtGetSignatureOutputName(signature, k, &names[k]), LOAD, "has an output without a name", a.function);
  }

  for (int i = 0; i < 1 + a.warmup + a.runs; i++) {
    start = now_ms();
    check(LiteRtRunCompiledModel(compiled, index, inputs, in, outputs, out), RUN, "fails", a.function);
    const double elapsed = now_ms() - start;
    if (i == 0) t.first_ms = elapsed;
    if (i > a.warmup) t.samples_ms[i - a.warmup - 1] = elapsed;
  }
  for (size_t k = 0; k < outputs; k++) {
    check(LiteRtLockTensorBuffer(out[k], &host, FOR_READING), OUTPUT, "buffer cannot be read", a.function);
    write_output(a.out, (int)k, host, size_of(out[k]));
  }
  report(RUNTIME, a, t, names, (int)outputs);
  _Exit(0); /* the handles are not released one by one */
}
