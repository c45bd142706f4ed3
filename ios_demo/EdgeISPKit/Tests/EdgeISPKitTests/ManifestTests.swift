import Foundation
import XCTest

@testable import EdgeISPKit

final class ManifestTests: XCTestCase {
  private struct Cases: Decodable {
    struct Accepted: Decodable {
      let manifest: String
      let model: String
      let target: String
      let precision: String
      let task: String
      let packaging: String
      let tile: [Int]
      let stride: Int
      let halo: Int?
      let chain: [String]
      let files: [String: String]
      let functions: [String: Entry]
      let status: String
    }
    struct Entry: Decodable {
      let file: String
      let inputs: [Named]
      let outputs: [Named]
    }
    /// `[name, shape]`.
    struct Named: Decodable {
      let port: TensorSpec

      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        port = try TensorSpec(name: list.decode(String.self), shape: list.decode([Int].self))
      }
    }
    struct Refused: Decodable {
      let manifest: String
      let why: String
    }
    let accepted: [Accepted]
    let refused: [Refused]
  }

  func test_exported_manifests_are_read() throws {
    let cases = try GoldenFiles.json("manifests.json", as: Cases.self).accepted
    XCTAssertGreaterThanOrEqual(cases.count, 3)
    for one in cases {
      let read = try Manifest.parse(Data(contentsOf: GoldenFiles.url(one.manifest)))
      XCTAssertEqual(read.model, one.model)
      XCTAssertEqual(
        [read.target, read.precision, read.task, read.packaging, read.status],
        [one.target, one.precision, one.task, one.packaging, one.status])
      XCTAssertEqual([read.tile.height, read.tile.width, read.stride], one.tile + [one.stride])
      XCTAssertEqual(read.halo, one.halo)
      XCTAssertEqual(read.chain.map(\.module), one.chain)
      XCTAssertEqual(read.files, one.files)
      XCTAssertEqual(
        read.functions,
        one.functions.mapValues {
          Function(file: $0.file, inputs: $0.inputs.map(\.port), outputs: $0.outputs.map(\.port))
        })
    }
  }

  func test_bad_manifests_are_refused_for_the_reason_that_is_told() throws {
    for one in try GoldenFiles.json("manifests.json", as: Cases.self).refused {
      XCTAssertThrowsError(try Manifest.read(GoldenFiles.url(one.manifest)), one.why) { error in
        switch (error as? Failure, one.why) {
        case (.newerManifest(version: 2), "version"), (.wrongFile, "file"), (.wrongFile, "hash"): break
        case (.badManifest(let why), "field"): XCTAssert(why.contains("unknown field look"), why)
        case (.badManifest(let why), "functions"): XCTAssert(why.contains("tile"), why)
        case (.badManifest(let why), "tile"): XCTAssert(why.contains("stride"), why)
        case (.badManifest(let why), "packaging"): XCTAssert(why.contains("packaging"), why)
        case (.badManifest(let why), "chain"): XCTAssert(why.contains("outside a context of 4"), why)
        case (.badManifest(let why), "apart"): XCTAssert(why.contains("the module tone has the function"), why)
        case (.badManifest(let why), "json"): XCTAssertEqual(why, "not JSON")
        default: XCTFail("\(one.manifest): \(error)")
        }
      }
    }
  }

  func test_every_manifest_field_is_refused_when_unknown_or_damaged() throws {
    let url = GoldenFiles.url("exported/posisp.tflite.edgeisp.json")
    let good = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    var bad = good
    for name in ["halo", "camera", "checkpoint", "verification"] {
      var part = try XCTUnwrap(good[name] as? [String: Any])
      part["later"] = 1
      bad[name] = part
      XCTAssertThrowsError(try Manifest.parse(JSONSerialization.data(withJSONObject: bad)), name)
      bad[name] = good[name]
    }
    for name in ["model", "target", "precision", "functions", "tile", "stride", "files", "verification", "tools"] {
      bad[name] = nil
      XCTAssertThrowsError(try Manifest.parse(JSONSerialization.data(withJSONObject: bad)), name)
      bad[name] = [true]
      XCTAssertThrowsError(try Manifest.parse(JSONSerialization.data(withJSONObject: bad)), name)
      bad[name] = good[name]
    }
    XCTAssertNoThrow(try Manifest.parse(JSONSerialization.data(withJSONObject: bad)))
  }

  func test_digests_are_those_of_the_standard() {
    func digest(_ parts: [Data]) -> String {
      var digest = SHA256()
      for part in parts { digest.update(part) }
      return digest.hex()
    }
    XCTAssertEqual(digest([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    XCTAssertEqual(
      digest([Data("abcdbcdecdefdefgefghfghighij".utf8), Data("hijkijkljklmklmnlmnomnopnopq".utf8)]),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    XCTAssertEqual(
      digest([Data(repeating: 97, count: 64), Data(repeating: 97, count: 55)]),
      "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb")
  }

  func test_digest_of_a_folder_is_pythons() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in ["a/x": "one", "a.b/y": "two", "a/c/z": "three", "b": "four"] {
      let file = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    // `edgeisp.files.sha256` of the same folder.
    XCTAssertEqual(try sha256(folder), "a8e391de5563979285537ebceca7874125c161796f8bdad8b8d5fd6eeb4b4557")
    XCTAssertNil(try sha256(folder.appendingPathComponent("absent")))
  }
}
