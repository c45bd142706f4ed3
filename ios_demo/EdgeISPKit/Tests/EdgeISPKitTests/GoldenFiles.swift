import Foundation
import XCTest

@testable import EdgeISPKit

/// The files of `tests/golden`, which Python writes.
enum GoldenFiles {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tests/golden")

  static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
  }

  static func floats(_ name: String) throws -> [Float] { try EdgeISPKit.floats(url(name)) }

  static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }
}

/// A camera's shot, in `packing.json` and `frames.json`.
struct GoldenShot: Decodable {
  let cfa: String
  let width: Int
  let height: Int
  let row_stride: Int
  let mosaic: String
  let black_level: [Double]
  let white_level: Double
  let white_balance: [Double]
  let color_matrix: [Double]?
  let orientation: Int?
  let exposure: Double?

  func frame() throws -> Frame {
    let sensor = try Sensor(
      cfa: XCTUnwrap(CFA(rawValue: cfa)), blackLevel: black_level, whiteLevel: white_level,
      whiteBalance: white_balance, colorMatrix: color_matrix ?? [1, 0, 0, 0, 1, 0, 0, 0, 1],
      orientation: orientation ?? 1)
    let memory = try GoldenFiles.bytes(mosaic)
    let mosaic = try memory.withUnsafeBytes {
      try Mosaic($0, width: width, height: height, rowStride: row_stride)
    }
    return try Frame(mosaic, sensor, exposure: exposure ?? 0)
  }
}

/// Equal to the bit.
func assertBits(
  _ got: [Float], _ expected: [Float], _ what: String = "", file: StaticString = #filePath, line: UInt = #line
) {
  XCTAssertEqual(got.count, expected.count, what, file: file, line: line)
  let wrong = zip(got, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
  if let (index, (g, e)) = wrong { XCTFail("\(what)[\(index)]: \(g), not \(e)", file: file, line: line) }
}
