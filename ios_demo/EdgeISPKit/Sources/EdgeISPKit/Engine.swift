import Foundation

/// Values of an input, planar.
public struct Tensor: Equatable, Sendable {
  public let spec: TensorSpec
  public let values: [Float]

  public init(_ spec: TensorSpec, _ values: [Float]) { (self.spec, self.values) = (spec, values) }
}

/// An opened artifact.
public protocol Program: Sendable {
  /// What executes it, with its version: `Core ML, neural engine`.
  var ranOn: String { get }

  /// Runs a function on its inputs in call order; values of the outputs, by their names in order.
  func run(_ function: String, _ inputs: [Tensor], outputs: [String]) async throws -> [[Float]]
}

/// A runtime with one of its compute units.
public protocol Engine: Sendable {
  /// What people choose: `Core ML, GPU`.
  var name: String { get }
  /// Ending of the files that it opens, with its dot.
  var suffix: String { get }
  /// Whether it runs on the CPU alone: what the app falls back to.
  var isCPU: Bool { get }

  /// Opens an artifact. Throws `Failure.notLoaded`.
  func open(_ artifact: URL, functions: [String]) async throws -> any Program
}

/// An opened artifact with its manifest: functions by name, inputs and outputs by name.
public struct Model: Sendable {
  public let manifest: Manifest
  private let program: any Program

  public init(_ manifest: Manifest, _ program: any Program) {
    (self.manifest, self.program) = (manifest, program)
  }

  public var ranOn: String { program.ranOn }

  /// Throws `Failure.wrongNumbers` where a runtime answers with other sizes than the manifest says.
  public func run(_ name: String, _ given: [String: [Float]]) async throws -> [String: [Float]] {
    let function = manifest.functions[name]!
    let inputs = try function.inputs.map { port in
      guard let values = given[port.name], values.count == port.size else {
        throw Failure.unusable(
          "The function \(name) asks for \(port.size) values of \(port.name)",
          cure: "Take an app of the edgeisp that exported it.")
      }
      return Tensor(port, values)
    }
    let made = try await program.run(name, inputs, outputs: function.outputs.map(\.name))
    for (port, values) in zip(function.outputs, made) where values.count != port.size {
      throw Failure.wrongNumbers(runtime: ranOn, "\(values.count) values of \(port.name), not \(port.size)")
    }
    return Dictionary(uniqueKeysWithValues: zip(function.outputs.map(\.name), made))
  }
}
