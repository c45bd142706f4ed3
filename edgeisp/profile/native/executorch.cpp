// Runs one method of an ExecuTorch program and times it: see common.h. Needs executorch 1.5 (headers and libraries).
#include <cstdint>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>
#include <executorch/runtime/platform/runtime.h>

#include "common.h"

#ifndef RUNTIME
#define RUNTIME "executorch"
#endif

#if __has_include(<executorch/extension/threadpool/threadpool.h>)
#include <executorch/extension/threadpool/threadpool.h>
#else  // the wheel has the library without this header
namespace executorch::extension::threadpool {
class ThreadPool {
 public:
  bool _unsafe_reset_threadpool(uint32_t threads);
};
ThreadPool* get_threadpool();
}  // namespace executorch::extension::threadpool
#endif

using executorch::aten::SizesType;
using executorch::extension::from_blob;
using executorch::extension::Module;
using executorch::extension::TensorPtr;
using executorch::runtime::Error;
using executorch::runtime::EValue;

namespace {

/// Memory for the inputs of a method, filled from their files, and the tensors that point to it.
struct Inputs {
  std::vector<std::vector<char>> storage;
  std::vector<TensorPtr> tensors;
  std::vector<EValue> values;
};

Inputs read_inputs(Module& module, const Arguments& a) {
  auto meta = module.method_meta(a.function);
  if (!meta.ok()) stop(LOAD, "no such method", a.function);
  if (static_cast<int>(meta->num_inputs()) != a.inputs) stop(INPUT, "takes another number of inputs", a.function);
  Inputs inputs;
  for (int i = 0; i < a.inputs; i++) {
    auto info = meta->input_tensor_meta(i);
    if (!info.ok()) stop(INPUT, "is not for a tensor", a.file[i]);
    inputs.storage.emplace_back(info->nbytes());
    read_input(a.file[i], inputs.storage.back().data(), info->nbytes());
    std::vector<SizesType> sizes(info->sizes().begin(), info->sizes().end());
    inputs.tensors.push_back(from_blob(inputs.storage.back().data(), sizes, info->scalar_type()));
    inputs.values.emplace_back(inputs.tensors.back());
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments a = parse(argc, argv);
  executorch::runtime::runtime_init();
  std::vector<double> samples(a.runs);
  Timings t{0, 0, samples.data(), status_bytes("VmHWM:")};
  if (a.threads) {
    auto* pool = executorch::extension::threadpool::get_threadpool();
    if (!pool || !pool->_unsafe_reset_threadpool(a.threads)) stop(RUN, "the thread pool cannot be set", a.model);
  }

  double start = now_ms();
  Module module(a.model);
  if (module.load() != Error::Ok) stop(LOAD, "not an ExecuTorch program that this runtime loads", a.model);
  auto names = module.method_names();
  if (!names.ok() || !names->count(a.function)) stop(LOAD, "no such method", a.function);
  if (module.load_method(a.function) != Error::Ok) stop(LOAD, "the runtime lacks what this method needs", a.function);
  t.load_ms = now_ms() - start;

  const Inputs inputs = read_inputs(module, a);
  for (int i = 0; i < 1 + a.warmup + a.runs; i++) {
    start = now_ms();
    auto result = module.execute(a.function, inputs.values);
    const double elapsed = now_ms() - start;
    if (!result.ok()) stop(RUN, "fails", a.function);
    if (i == 0) t.first_ms = elapsed;
    if (i > a.warmup) samples[i - a.warmup - 1] = elapsed;
    if (i == a.warmup + a.runs) {
      for (size_t k = 0; k < result->size(); k++) {
        const auto output = result->at(k).toTensor();
        write_output(a.out, static_cast<int>(k), output.const_data_ptr(), output.nbytes());
      }
      report(RUNTIME, a, t, nullptr, static_cast<int>(result->size()));
    }
  }
  return 0;
}
