// Our own declarations of what the app uses of ExecuTorch, so that Linux can type-check it; not Meta's.
@_exported import Foundation

public protocol ValueConvertible {}

public final class Tensor<Scalar>: ValueConvertible {
  public init(_ scalars: [Scalar], shape: [Int]) {}
  public func scalars() -> [Scalar] { [] }
}

public final class Value: NSObject, ValueConvertible {
  public func tensor<Scalar>() -> Tensor<Scalar>? { nil }
}

public final class Module: NSObject {
  public init(filePath: String) {}
  public func load(_ method: String) throws {}
  public func execute(_ method: String, _ inputs: [any ValueConvertible]) throws -> [Value] { [] }
}
