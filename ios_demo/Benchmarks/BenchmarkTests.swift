import EdgeISPKit
import XCTest

@testable import EdgeISP

/// The benchmark without a screen, for `xcodebuild test`: what `call.json` asks, or else each function of the model inside.
///
/// With `EDGEISP_IN` and `EDGEISP_OUT` (as `TEST_RUNNER_EDGEISP_IN=...` on xcodebuild's command line; folders that the test
/// may read and write) it follows the contract of docs/devices.md. `EDGEISP_UNITS` names the compute units.
final class BenchmarkTests: XCTestCase {
  private let environment = ProcessInfo.processInfo.environment

  private var units: CoreMLEngine.Units {
    environment["EDGEISP_UNITS"].flatMap(CoreMLEngine.Units.init(rawValue:)) ?? .all
  }

  func testWhatTheHarnessAsks() async throws {
    guard let folder = environment["EDGEISP_IN"], let results = environment["EDGEISP_OUT"] else {
      throw XCTSkip("EDGEISP_IN and EDGEISP_OUT are not set")
    }
    let timing = try await Benchmark(CoreMLEngine(units: units), memory: Device.memory).run(
      URL(fileURLWithPath: folder), results: URL(fileURLWithPath: results))
    XCTAssertFalse(timing.samplesMs.isEmpty)
  }

  func testEachFunctionOfTheModelInside() async throws {
    let artifact = try Artifact.bundled()
    for (name, calls) in artifact.golden.functions {
      let function = try XCTUnwrap(artifact.manifest.functions[name])
      let inputs = try function.inputs.map { Tensor($0, try XCTUnwrap(calls.inputs[0][$0.name])) }
      let (timing, made) = try await Benchmark(CoreMLEngine(units: units), memory: Device.memory).time(
        artifact.url, name, inputs, outputs: function.outputs.map(\.name), warmup: 3, runs: 50)
      let pairs = zip(function.outputs, made).map { (expected: calls.outputs[0][$0.name] ?? [], got: $1) }
      XCTAssertGreaterThanOrEqual(psnr(pairs), artifact.golden.leastPsnrDb, name)
      let json = String(decoding: try JSONEncoder().encode(timing), as: UTF8.self)
      let attachment = XCTAttachment(string: json)
      attachment.name = "\(name).json"
      attachment.lifetime = .keepAlways
      add(attachment)
      print("edgeisp \(name): \(json)")
    }
  }
}
