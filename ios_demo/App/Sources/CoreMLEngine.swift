@preconcurrency import CoreML
import EdgeISPKit
import Foundation

/// Core ML, on the compute units that people choose.
struct CoreMLEngine: Engine {
  enum Units: String, CaseIterable, Identifiable, Sendable {
    case all = "all units"
    case neuralEngine = "CPU and Neural Engine"
    case gpu = "CPU and GPU"
    case cpu = "CPU"

    var id: String { rawValue }

    var chosen: MLComputeUnits {
      switch self {
      case .all: .all
      case .neuralEngine: .cpuAndNeuralEngine
      case .gpu: .cpuAndGPU
      case .cpu: .cpuOnly
      }
    }
  }

  let units: Units
  let suffix = ".mlpackage"

  var name: String { "Core ML, \(units.rawValue)" }
  var isCPU: Bool { units == .cpu }

  func open(_ artifact: URL, functions: [String]) async throws -> any Program {
    do {
      let compiled = try await Self.compiled(artifact)
      var models: [String: MLModel] = [:]
      for function in functions {
        let configuration = MLModelConfiguration()
        configuration.computeUnits = units.chosen
        configuration.functionName = function
        models[function] = try await MLModel.load(contentsOf: compiled, configuration: configuration)
      }
      return CoreMLProgram(models: models, ranOn: name)
    } catch {
      throw Failure.notLoaded(runtime: name, error.localizedDescription)
    }
  }

  /// The package as Core ML wants it; made once for each content, and kept among the caches.
  private static func compiled(_ artifact: URL) async throws -> URL {
    let caches = URL.cachesDirectory.appendingPathComponent("compiled")
    let kept = caches.appendingPathComponent("\(try sha256(artifact) ?? "absent").mlmodelc")
    if FileManager.default.fileExists(atPath: kept.path) { return kept }
    let made = try await MLModel.compileModel(at: artifact)
    try FileManager.default.createDirectory(at: caches, withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: made, to: kept)
    return kept
  }
}

/// One `MLModel` for each function of the package; weights are shared by Core ML. Predictions may come from any task.
private struct CoreMLProgram: Program, @unchecked Sendable {
  let models: [String: MLModel]
  let ranOn: String

  func run(_ function: String, _ inputs: [Tensor], outputs: [String]) async throws -> [[Float]] {
    guard let model = models[function] else {
      throw Failure.notLoaded(runtime: ranOn, "the function \(function) was not opened")
    }
    do {
      var features: [String: MLFeatureValue] = [:]
      for input in inputs {
        let array = MLShapedArray<Float>(scalars: input.values, shape: input.spec.shape)
        features[input.spec.name] = MLFeatureValue(multiArray: MLMultiArray(array))
      }
      let made = try await model.prediction(from: MLDictionaryFeatureProvider(dictionary: features))
      return try outputs.map { name in
        guard let array = made.featureValue(for: name)?.multiArrayValue else {
          throw Failure.wrongNumbers(runtime: ranOn, "no output \(name)")
        }
        return MLShapedArray<Float>(converting: array).scalars
      }
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure.stopped(runtime: ranOn, error.localizedDescription)
    }
  }
}
