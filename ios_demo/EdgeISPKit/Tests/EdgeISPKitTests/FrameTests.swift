import Foundation
import XCTest

@testable import EdgeISPKit

/// Answers with what the golden files recorded, after it has checked what it was asked.
private actor Replay: Program {
  nonisolated let ranOn = "golden files"
  private let golden: Golden
  private var asked: [String: Int] = [:]
  private(set) var wrong: [String] = []

  init(_ golden: Golden) { self.golden = golden }

  /// Calls by function.
  var counts: [String: Int] { asked }

  func run(_ function: String, _ inputs: [Tensor], outputs: [String]) async throws -> [[Float]] {
    let calls = try XCTUnwrap(golden.functions[function])
    let index = asked[function, default: 0]
    asked[function] = index + 1
    guard index < calls.inputs.count else { throw Failure.badGolden("more calls of \(function) than recorded") }
    for input in inputs {
      let expected = calls.inputs[index][input.spec.name] ?? []
      if expected.map(\.bitPattern) != input.values.map(\.bitPattern) {
        wrong.append("\(function) \(index): \(input.spec.name)")
      }
    }
    return outputs.map { calls.outputs[index][$0] ?? [] }
  }
}

/// Adds to every answer of another program.
private struct Shifted: Program {
  let other: any Program
  let by: Float
  let ranOn = "shifted"

  func run(_ function: String, _ inputs: [Tensor], outputs: [String]) async throws -> [[Float]] {
    try await other.run(function, inputs, outputs: outputs).map { $0.map { $0 + by } }
  }
}

private struct Opens: Engine {
  let program: (any Program)?
  let name = "Golden"
  let suffix = ".tflite"
  let isCPU = true

  func open(_ artifact: URL, functions: [String]) async throws -> any Program {
    if let program { return program }
    throw Failure.notLoaded(runtime: name, "it is not there")
  }
}

final class FrameTests: XCTestCase {
  private struct Case: Decodable {
    let name: String
    let manifest: String
    let golden: String
    let size: [Int]
    let picture: String
  }

  private func cases() throws -> [(Case, GoldenShot, Manifest, Golden)] {
    let cases: [Case] = try GoldenFiles.json("frames.json")
    let shots: [GoldenShot] = try GoldenFiles.json("frames.json")
    return try zip(cases, shots).map {
      let manifest = try Manifest.read(GoldenFiles.url($0.manifest))
      return ($0, $1, manifest, try Golden.read(GoldenFiles.url($0.golden), for: manifest))
    }
  }

  func test_whole_frames_are_pythons() async throws {
    for (one, shot, manifest, golden) in try cases() {
      let replay = Replay(golden)
      let renderer = try Renderer(Model(manifest, replay))
      let frame = try shot.frame()
      let got = try await renderer.render(frame, renderer.context(frame))
      let (wrong, counts) = await (replay.wrong, replay.counts)
      XCTAssertEqual(wrong, [], one.name)
      XCTAssertEqual(counts, golden.functions.mapValues(\.inputs.count), one.name)
      XCTAssertEqual([got.size.height, got.size.width], one.size, one.name)
      XCTAssert(got.pixels == (try GoldenFiles.bytes(one.picture)), one.name)
    }
  }

  func test_rendering_ends_when_cancelled() async throws {
    let (_, shot, manifest, golden) = try cases()[0]
    let renderer = try Renderer(Model(manifest, Replay(golden)))
    let frame = try shot.frame()
    let task = Task {
      try await renderer.render(frame, renderer.context(frame)) { done, _ in
        if done == 2 { withUnsafeCurrentTask { $0?.cancel() } }
        if done == 4 { XCTFail("it went on") }
      }
    }
    do {
      _ = try await task.value
      XCTFail("it ended with a picture")
    } catch is CancellationError {}
  }

  func test_values_that_are_not_finite_are_refused() async throws {
    for (one, shot, manifest, golden) in try cases() {
      let renderer = try Renderer(Model(manifest, Shifted(other: Replay(golden), by: .nan)))
      do {
        _ = try await renderer.context(shot.frame())
        _ = try await renderer.render(shot.frame(), [:])
        XCTFail("\(one.name) ended with a picture")
      } catch Failure.wrongNumbers(runtime: "shifted", _) {}
    }
  }

  func test_self_test_accepts_the_right_numbers_alone() async throws {
    for (one, _, manifest, golden) in try cases() {
      let found = try await golden.check(Model(manifest, Replay(golden)))
      XCTAssertEqual(found, golden.functions.mapValues { _ in 200 }, one.name)
      do {
        _ = try await golden.check(Model(manifest, Shifted(other: Replay(golden), by: 0.01)))
        XCTFail("\(one.name): wrong numbers were accepted")
      } catch Failure.wrongNumbers(_, let why) { XCTAssert(why.contains("40.0 dB"), why) }
    }
  }

  func test_self_test_of_another_artifact_is_refused() throws {
    let manifest = try Manifest.parse(Data(contentsOf: GoldenFiles.url("exported/metaisp.tflite.edgeisp.json")))
    for name in ["frames/crops/golden.json", "frames/crops/absent.json", "frames/crops/stand.tflite"] {
      XCTAssertThrowsError(try Golden.read(GoldenFiles.url(name), for: manifest)) {
        guard case .badGolden? = $0 as? Failure else { return XCTFail("\($0)") }
      }
    }
  }

  func test_engines_that_fail_the_self_test_are_passed_over() async throws {
    let (one, _, manifest, golden) = try cases()[0]
    let artifact = GoldenFiles.url(one.manifest).deletingLastPathComponent().appendingPathComponent(manifest.artifact)
    func wrong() -> Opens { Opens(program: Shifted(other: Replay(golden), by: 0.01)) }
    let engines = [Opens(program: nil), wrong(), Opens(program: Replay(golden))]
    let checked = try await Checked.open(manifest, at: artifact, golden: golden, engines: engines)
    XCTAssertEqual(checked.model.ranOn, "golden files")
    XCTAssertEqual(checked.passedOver.count, 2)
    do {
      _ = try await Checked.open(manifest, at: artifact, golden: golden, engines: [wrong()])
      XCTFail("wrong numbers were accepted")
    } catch Failure.wrongNumbers {}
    do {
      _ = try await Checked.open(manifest, at: artifact, golden: golden, engines: [])
      XCTFail("no engine was accepted")
    } catch Failure.unusable {}
  }

  func test_benchmark_writes_what_the_harness_reads() async throws {
    let (one, _, manifest, golden) = try cases()[3]
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let inputs = manifest.tiles.inputs
    let call: [String: Any] = [
      "artifact": manifest.artifact, "function": "tile", "inputs": inputs.map(\.name), "shapes": inputs.map(\.shape),
      "outputs": ["rgb"], "threads": 1, "warmup": 1, "runs": 2,
    ]
    try JSONSerialization.data(withJSONObject: call).write(to: folder.appendingPathComponent("call.json"))
    let calls = try XCTUnwrap(golden.functions["tile"])
    for (index, port) in inputs.enumerated() {
      try bytes(calls.inputs[0][port.name]!).write(to: folder.appendingPathComponent("in.\(index)"))
    }
    let results = folder.appendingPathComponent("results")
    let benchmark = Benchmark(Opens(program: Replay(golden)))
    let timing = try await benchmark.run(folder, results: results)
    XCTAssertEqual(timing.samplesMs.count, 2)
    let data = try Data(contentsOf: results.appendingPathComponent("result.json"))
    XCTAssertEqual(try JSONDecoder().decode(Timing.self, from: data), timing)
    let written = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
    XCTAssertEqual(
      Set(written.keys),
      [
        "runtime", "threads", "load_ms", "first_ms", "samples_ms", "idle_bytes", "peak_bytes", "outputs",
      ])
    // Four calls: the first, one to warm up, two timed.
    assertBits(try floats(results.appendingPathComponent("out.0")), calls.outputs[3]["rgb"]!, one.name)
  }
}
