// Renders the frame that a JSON file tells of (the fields of `frames.json`; names are beside it) by a runtime at the other
// end of stdin and stdout, and writes the picture: what `tests/ios/test_bytes.py` compares with `edgeisp render`.
import EdgeISPKit
import Foundation

struct Case: Decodable {
  let manifest: String
  let mosaic: String
  let cfa: String
  let width: Int
  let height: Int
  let black_level: [Double]
  let white_level: Double
  let white_balance: [Double]
  let color_matrix: [Double]
  let orientation: Int
}

/// A runtime in another process: each call goes out on stdout, its answer comes in on stdin; all integers big endian.
struct Pipe: Program {
  let ranOn = "pipe"

  func run(_ function: String, _ inputs: [Tensor], outputs: [String]) async throws -> [[Float]] {
    var call = text(function) + integer(inputs.count)
    for input in inputs {
      let values = bytes(input.values)
      call += text(input.spec.name) + integer(values.count) + values
    }
    try FileHandle.standardOutput.write(contentsOf: call)
    return try outputs.map { _ in
      let count = try read(4).reduce(0) { $0 << 8 | Int($1) }
      return try read(count).withUnsafeBytes { values in
        (0..<count / 4).map {
          Float(bitPattern: UInt32(littleEndian: values.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
        }
      }
    }
  }

  private func text(_ text: String) -> Data {
    withUnsafeBytes(of: UInt16(text.utf8.count).bigEndian) { Data($0) } + Data(text.utf8)
  }

  private func integer(_ value: Int) -> Data { withUnsafeBytes(of: Int32(value).bigEndian) { Data($0) } }

  private func read(_ count: Int) throws -> Data {
    var found = Data()
    while found.count < count, let part = try FileHandle.standardInput.read(upToCount: count - found.count) {
      if part.isEmpty { break }
      found += part
    }
    if found.count < count { throw Failure.stopped(runtime: ranOn, "the other end is closed") }
    return found
  }
}

let files = CommandLine.arguments.dropFirst().map { URL(fileURLWithPath: $0) }
let one = try JSONDecoder().decode(Case.self, from: Data(contentsOf: files[0]))
func beside(_ name: String) -> URL { files[0].deletingLastPathComponent().appendingPathComponent(name) }
let sensor = try Sensor(
  cfa: CFA(rawValue: one.cfa)!, blackLevel: one.black_level, whiteLevel: one.white_level,
  whiteBalance: one.white_balance, colorMatrix: one.color_matrix, orientation: one.orientation)
let mosaic = try Mosaic(Data(contentsOf: beside(one.mosaic)), width: one.width, height: one.height)
let model = Model(try Manifest.read(beside(one.manifest)), Pipe())
let picture = try await Renderer(model).render(Frame(mosaic, sensor))
try Data(picture.pixels).write(to: files[1])
