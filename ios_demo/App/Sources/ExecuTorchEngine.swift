#if canImport(ExecuTorch)
  import EdgeISPKit
  import ExecuTorch
  import Foundation

  /// ExecuTorch, on what the file was lowered to (XNNPACK, or Core ML). Built in where its Swift package is: README.md.
  struct ExecuTorchEngine: Engine {
    let name = "ExecuTorch"
    let suffix = ".pte"
    let isCPU = true

    func open(_ artifact: URL, functions: [String]) async throws -> any Program {
      let module = Module(filePath: artifact.path)
      do {
        for function in functions { try module.load(function) }
      } catch {
        throw Failure.notLoaded(runtime: name, error.localizedDescription)
      }
      return ExecuTorchProgram(module, ranOn: name)
    }
  }

  /// An actor: a module is not for several threads at once.
  private actor ExecuTorchProgram: Program {
    nonisolated let ranOn: String
    private let module: Module

    init(_ module: sending Module, ranOn: String) { (self.module, self.ranOn) = (module, ranOn) }

    func run(_ function: String, _ inputs: [EdgeISPKit.Tensor], outputs: [String]) async throws -> [[Float]] {
      do {
        let given = inputs.map { ExecuTorch.Tensor<Float>($0.values, shape: $0.spec.shape) }
        let made = try module.execute(function, given)
        if made.count != outputs.count {
          throw Failure.wrongNumbers(runtime: ranOn, "\(made.count) outputs, not \(outputs.count)")
        }
        return try made.map { value in
          guard let tensor: ExecuTorch.Tensor<Float> = value.tensor() else {
            throw Failure.wrongNumbers(runtime: ranOn, "an output that is not float32")
          }
          return tensor.scalars()
        }
      } catch let error as Failure {
        throw error
      } catch {
        throw Failure.stopped(runtime: ranOn, error.localizedDescription)
      }
    }
  }
#endif
