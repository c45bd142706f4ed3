import Foundation

/// What `edgeisp profile --app` asks an app to time (`call.json`, docs/devices.md).
public struct Call: Decodable, Sendable {
  public let artifact: String
  public let function: String
  public let inputs: [String]
  public let shapes: [[Int]]
  public let outputs: [String]
  public let warmup: Int
  public let runs: Int
}

/// What the app answers (`result.json`); times in ms, memory in bytes.
public struct Timing: Codable, Equatable, Sendable {
  public let runtime: String
  /// 0 where the runtime chooses.
  public let threads: Int
  public let loadMs: Double
  public let firstMs: Double
  public let samplesMs: [Double]
  public let idleBytes: Int?
  public let peakBytes: Int?
  public let outputs: [String]

  private enum CodingKeys: String, CodingKey {
    case runtime, threads, outputs
    case loadMs = "load_ms"
    case firstMs = "first_ms"
    case samplesMs = "samples_ms"
    case idleBytes = "idle_bytes"
    case peakBytes = "peak_bytes"
  }

  /// Nulls are written: the harness wants every field.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(runtime, forKey: .runtime)
    try fields.encode(threads, forKey: .threads)
    try fields.encode(loadMs, forKey: .loadMs)
    try fields.encode(firstMs, forKey: .firstMs)
    try fields.encode(samplesMs, forKey: .samplesMs)
    try fields.encode(idleBytes, forKey: .idleBytes)
    try fields.encode(peakBytes, forKey: .peakBytes)
    try fields.encode(outputs, forKey: .outputs)
  }
}

/// Times a function of an artifact: opened, once, then warm-up, then the timed runs.
public struct Benchmark: Sendable {
  private let engine: any Engine
  /// Memory of this process in bytes; nil where the system does not say.
  private let memory: @Sendable () -> Int?

  public init(_ engine: any Engine, memory: @escaping @Sendable () -> Int? = { nil }) {
    (self.engine, self.memory) = (engine, memory)
  }

  /// The outputs of the last run come with the times.
  public func time(
    _ artifact: URL, _ function: String, _ inputs: [Tensor], outputs: [String], warmup: Int, runs: Int
  ) async throws -> (Timing, [[Float]]) {
    let idle = memory()
    var peak = idle
    let (program, load) = try await timed { try await engine.open(artifact, functions: [function]) }
    var (made, first) = try await timed { try await program.run(function, inputs, outputs: outputs) }
    var samples: [Double] = []
    for run in 0..<warmup + runs {
      try Task.checkCancellation()
      let ms: Double
      (made, ms) = try await timed { try await program.run(function, inputs, outputs: outputs) }
      if run >= warmup { samples.append(ms) }
      peak = memory().map { max($0, peak ?? 0) } ?? peak
    }
    let timing = Timing(
      runtime: program.ranOn, threads: 0, loadMs: load, firstMs: first, samplesMs: samples, idleBytes: idle,
      peakBytes: peak, outputs: outputs)
    return (timing, made)
  }

  /// Does what `call.json` in `folder` asks; `out.0`, ... and `result.json` go to `results`.
  public func run(_ folder: URL, results: URL) async throws -> Timing {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent("call.json")) else {
      throw Failure.badGolden("call.json is not there")
    }
    let call: Call
    do { call = try JSONDecoder().decode(Call.self, from: data) } catch {
      throw Failure.badGolden("call.json does not say what to time")
    }
    if call.inputs.count != call.shapes.count || call.warmup < 0 || call.runs < 1 {
      throw Failure.badGolden("call.json does not hold together")
    }
    let inputs = try zip(call.inputs, call.shapes).enumerated().map { index, pair in
      let port = TensorSpec(name: pair.0, shape: pair.1)
      let values = try floats(folder.appendingPathComponent("in.\(index)"))
      if values.count != port.size {
        throw Failure.badGolden("in.\(index) has \(values.count) values, \(port.name) takes \(port.size)")
      }
      return Tensor(port, values)
    }
    let (timing, made) = try await time(
      folder.appendingPathComponent(call.artifact), call.function, inputs, outputs: call.outputs,
      warmup: call.warmup, runs: call.runs)
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    for (index, values) in made.enumerated() {
      try bytes(values).write(to: results.appendingPathComponent("out.\(index)"))
    }
    try JSONEncoder().encode(timing).write(to: results.appendingPathComponent("result.json"))
    return timing
  }
}

private func timed<Made>(_ work: () async throws -> Made) async rethrows -> (Made, Double) {
  let clock = ContinuousClock()
  let began = clock.now
  let made = try await work()
  let (seconds, attoseconds) = (clock.now - began).components
  return (made, Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
}
