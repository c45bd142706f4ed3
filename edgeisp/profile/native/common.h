/* What both runners share: the command line, files, the clock, memory, and the one JSON line on stdout.
 *
 * usage: runner MODEL FUNCTION OUT_PREFIX RUNS WARMUP THREADS NAME=FILE...
 *   FUNCTION    a method of the .pte file, a signature of the .tflite file
 *   OUT_PREFIX  output k is written to OUT_PREFIX.k as raw bytes, of the last run
 *   THREADS     0 leaves the number to the runtime
 *   NAME=FILE   a raw file for each input, in call order
 * Exit status: 0 done, 2 usage, 3 the model does not load or has no such function, 4 it does not run, 5 an input does
 * not fit, 6 an output cannot be written. The reason is the last line on stderr. */
#ifndef EDGEISP_COMMON_H
#define EDGEISP_COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { USAGE = 2, LOAD = 3, RUN = 4, INPUT = 5, OUTPUT = 6, FIXED = 7, MOST = 16 };

typedef struct {
  const char *model, *function, *out;
  int runs, warmup, threads, inputs;
  const char *name[MOST], *file[MOST];
} Arguments;

typedef struct {
  double load_ms, first_ms, *samples_ms;
  long idle_bytes;
} Timings;

static void stop(int status, const char* what, const char* which) {
  fprintf(stderr, "%s: %s\n", which, what);
  fflush(stderr);
  _Exit(status);
}

static Arguments parse(int argc, char** argv) {
  Arguments a;
  if (argc < FIXED) stop(USAGE, "MODEL FUNCTION OUT_PREFIX RUNS WARMUP THREADS NAME=FILE...", "usage");
  a.model = argv[1], a.function = argv[2], a.out = argv[3];
  a.runs = atoi(argv[4]), a.warmup = atoi(argv[5]), a.threads = atoi(argv[6]);
  a.inputs = argc - FIXED;
  if (a.inputs > MOST) stop(USAGE, "too many inputs", a.model);
  for (int i = 0; i < a.inputs; i++) {
    char* equals = strchr(argv[FIXED + i], '=');
    if (!equals) stop(USAGE, "not NAME=FILE", argv[FIXED + i]);
    *equals = 0;
    a.name[i] = argv[FIXED + i], a.file[i] = equals + 1;
  }
  if (a.runs < 1 || a.warmup < 0 || a.threads < 0) stop(USAGE, "RUNS >= 1, WARMUP >= 0, THREADS >= 0", "usage");
  return a;
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A field of /proc/self/status in bytes, such as "VmHWM:"; 0 where the kernel does not say. */
static long status_bytes(const char* field) {
  char line[256];
  long kilobytes = 0;
  FILE* file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, field, strlen(field))) kilobytes = atol(line + strlen(field));
  if (file) fclose(file);
  return kilobytes * 1024;
}

/* Exactly `bytes` from the file `path`. */
static void read_input(const char* path, void* to, size_t bytes) {
  FILE* file = fopen(path, "rb");
  if (!file) stop(INPUT, "cannot be opened", path);
  const size_t got = fread(to, 1, bytes, file);
  const int more = fgetc(file) != EOF;
  fclose(file);
  if (got != bytes || more) {
    char what[96];
    snprintf(what, sizeof what, "the function wants %zu bytes, the file has %s", bytes, more ? "more" : "fewer");
    stop(INPUT, what, path);
  }
}

static void write_output(const char* prefix, int index, const void* from, size_t bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s.%d", prefix, index);
  FILE* file = fopen(path, "wb");
  if (!file) stop(OUTPUT, "cannot be created", path);
  const size_t put = fwrite(from, 1, bytes, file);
  if (fclose(file) || put != bytes) stop(OUTPUT, "cannot be written whole; is the disk full?", path);
}

/* `names` of the outputs; null where the format has none and their order is the call's. */
static void report(const char* runtime, Arguments a, Timings t, const char** names, int outputs) {
  printf("{\"runtime\":\"%s\",\"threads\":%d,\"load_ms\":%.4f,\"first_ms\":%.4f,\"samples_ms\":[", runtime, a.threads,
         t.load_ms, t.first_ms);
  for (int i = 0; i < a.runs; i++) printf("%s%.4f", i ? "," : "", t.samples_ms[i]);
  printf("],\"idle_bytes\":%ld,\"peak_bytes\":%ld,\"outputs\":[", t.idle_bytes, status_bytes("VmHWM:"));
  for (int k = 0; k < outputs; k++) printf(names ? "%s\"%s\"" : "%snull", k ? "," : "", names ? names[k] : "");
  printf("]}\n");
  fflush(stdout);
}

#endif
