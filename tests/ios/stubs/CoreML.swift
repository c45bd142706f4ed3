// Our own declarations of what the app uses of Core ML, so that Linux can type-check it; not Apple's.
@_exported import Foundation

public enum MLComputeUnits { case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine }

public final class MLModelConfiguration: NSObject {
  public var computeUnits = MLComputeUnits.all
  public var functionName: String?
}

public struct MLShapedArray<Scalar> {
  public init(scalars: some Sequence<Scalar>, shape: [Int]) {}
  public init(converting array: MLMultiArray) {}
  public var scalars: [Scalar] { [] }
}

public final class MLMultiArray: NSObject {
  public convenience init<Scalar>(_ array: MLShapedArray<Scalar>) { self.init() }
}

public final class MLFeatureValue: NSObject {
  public convenience init(multiArray: MLMultiArray) { self.init() }
  public var multiArrayValue: MLMultiArray? { nil }
}

public protocol MLFeatureProvider {
  func featureValue(for name: String) -> MLFeatureValue?
}

public final class MLDictionaryFeatureProvider: NSObject, MLFeatureProvider {
  public convenience init(dictionary: [String: Any]) throws { self.init() }
  public func featureValue(for name: String) -> MLFeatureValue? { nil }
}

public final class MLModel: NSObject {
  public class func compileModel(at url: URL) async throws -> URL { url }
  public class func load(contentsOf url: URL, configuration: MLModelConfiguration) async throws -> MLModel { MLModel() }
  public func prediction(from input: any MLFeatureProvider) async throws -> any MLFeatureProvider { input }
}
