// What `tests/ios/test_bytes.py` starts, with itself as the runtime at the other end of stdin and stdout: `render CASE
// PICTURE` (the fields of `frames.json`; names are beside it), or `check FOLDER ANSWER`, the self-test of an app.
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

/// The same as something that opens files.
struct PipeEngine: Engine {
  let name = "pipe"
  let suffix = ""
  let isCPU = true

  func open(_ artifact: URL, functions: [String]) async throws -> any Program { Pipe() }
}

/// Renders the frame that a JSON file tells of, and writes the picture and what was decided for it.
func render(_ file: URL, to picture: URL) async throws {
  let one = try JSONDecoder().decode(Case.self, from: Data(contentsOf: file))
  func beside(_ name: String) -> URL { file.deletingLastPathComponent().appendingPathComponent(name) }
  let sensor = try Sensor(
    cfa: CFA(rawValue: one.cfa)!, blackLevel: one.black_level, whiteLevel: one.white_level,
    whiteBalance: one.white_balance, colorMatrix: one.color_matrix, orientation: one.orientation)
  let mosaic = try Mosaic(Data(contentsOf: beside(one.mosaic)), width: one.width, height: one.height)
  let manifest = try Manifest.read(beside(one.manifest))
  let (renderer, frame) = try (Renderer(Model(manifest, Pipe())), Frame(mosaic, sensor))
  let context = try await renderer.context(frame)
  try await Data(renderer.render(frame, context).pixels).write(to: picture)
  try JSONEncoder().encode(manifest.steps(context)).write(to: picture.appendingPathExtension("steps.json"))
}

/// The self-test of an app whose artifact is in a folder.
func check(_ folder: URL, to answer: URL) async throws {
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
  let name = names.first { $0.hasSuffix(Manifest.suffix) }!
  let manifest = try Manifest.read(folder.appendingPathComponent(name))
  let golden = try Golden.read(folder.appendingPathComponent("golden.json"), for: manifest)
  let artifact = folder.appendingPathComponent(manifest.artifact)
  let checked = try await Checked.open(manifest, at: artifact, golden: golden, engines: [PipeEngine()])
  try JSONEncoder().encode(checked.psnrDb).write(to: answer)
}

let (from, to) = (URL(fileURLWithPath: CommandLine.arguments[2]), URL(fileURLWithPath: CommandLine.arguments[3]))
if CommandLine.arguments[1] == "render" { try await render(from, to: to) } else { try await check(from, to: to) }
