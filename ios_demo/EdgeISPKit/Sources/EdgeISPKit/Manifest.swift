import Foundation

/// An input or an output of a function: float32, planar.
public struct TensorSpec: Equatable, Sendable {
  public let name: String
  public let shape: [Int]

  public init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }

  /// Number of values.
  public var size: Int { shape.reduce(1, *) }
}

/// An entry point of an artifact, with its ports in call order.
public struct Function: Equatable, Sendable {
  public let file: String
  public let inputs: [TensorSpec]
  public let outputs: [TensorSpec]

  public func input(_ name: String) -> TensorSpec? { inputs.first { $0.name == name } }
}

/// The part of `*.edgeisp.json` that an app needs. Strict, as Python's reader: what it does not know it refuses.
public struct Manifest: Equatable, Sendable {
  /// The one that is read here.
  public static let version = 1
  public static let suffix = ".edgeisp.json"

  public let model: String
  public let target: String
  public let precision: String
  public let task: String
  public let packaging: String
  /// Of the picture that one call of `tile` makes.
  public let tile: Size
  /// Packed height and width are multiples of this.
  public let stride: Int
  /// Picture pixels at each edge of a tile that only serve their neighbours; nil where that is not known.
  public let halo: Int?
  public let functions: [String: Function]
  /// The modules of POS-ISP that run, in their order; empty for other networks.
  public let chain: [Stage]
  /// sha256 by name.
  public let files: [String: String]
  /// `verified`, `unverified` or `failed`.
  public let status: String

  /// The function that makes a tile.
  public var tiles: Function { functions["tile"]! }
  /// The file of the artifact.
  public var artifact: String { tiles.file }

  /// What the modules of `chain` do with a context, as `Renderer.context` gives it. Baked artifacts keep theirs inside.
  public func steps(_ context: [String: [Float]]) -> [Step] { chain.map { $0.step(context["context"]) } }

  /// The manifest at `url`, after the files that it names were found beside it and hashed.
  public static func read(_ url: URL) throws -> Manifest {
    let name = url.lastPathComponent
    guard let data = try? Data(contentsOf: url) else { throw Failure.wrongFile(name, "is not there") }
    let manifest = try parse(data)
    let own = String(name.dropLast(suffix.count))
    if manifest.artifact != own { throw Failure.wrongFile(manifest.artifact, "is the artifact, not \(own)") }
    for (name, expected) in manifest.files.sorted(by: { $0.key < $1.key }) {
      let file = url.deletingLastPathComponent().appendingPathComponent(name)
      guard let found = try sha256(file) else { throw Failure.wrongFile(name, "is not there") }
      if found != expected { throw Failure.wrongFile(name, "is not the file that the manifest tells of") }
    }
    return manifest
  }

  /// A manifest from its JSON; files are not looked at.
  public static func parse(_ data: Data) throws -> Manifest {
    do {
      let json = try JSON.parse(data)
      if case .object(let top) = json, case .whole(let found)? = top["manifest"], found != version {
        throw Failure.newerManifest(version: found)
      }
      let manifest = try Manifest(json)
      try manifest.check()
      return manifest
    } catch let error as Malformed {
      throw Failure.badManifest(error.why)
    }
  }

  private func check() throws {
    if functions["tile"] == nil { throw Failure.badManifest("no function is called tile") }
    for (name, function) in functions where files[function.file] == nil {
      throw Failure.wrongFile(
        function.file, "holds the function \(name), but is not among the manifest's files")
    }
    for name in files.keys where name.contains("/") || ["", ".", ".."].contains(name) {
      throw Failure.wrongFile(name, "is not a file name")
    }
    if let numbers = functions["context"]?.outputs.first(where: { $0.name == "context" })?.size {
      for stage in chain where stage.first + stage.parameters.count > numbers {
        throw Failure.badManifest("the parameters of \(stage.module) lie outside a context of \(numbers)")
      }
    }
    for stage in chain where (packaging == "modules") != (stage.function.flatMap { functions[$0] } != nil) {
      throw Failure.badManifest(
        "the module \(stage.module) has the function \(stage.function ?? "none"), packaging \(packaging)")
    }
    let step = stride * (task == "isp" ? 2 : 1)
    if tile.height % step != 0 || tile.width % step != 0 {
      throw Failure.badManifest("a tile of \(tile.width)x\(tile.height) pixels is off the stride of \(stride)")
    }
  }
}

extension Manifest {
  fileprivate init(_ json: JSON) throws {
    let top = try Fields(json, at: "the manifest", known: Known.top)
    _ = try top.whole("manifest", least: Manifest.version)
    model = try top.text("model")
    target = try top.text("target")
    precision = try top.text("precision", of: ["fp32", "fp16", "w8", "w8a8", "w8a16"])
    task = try top.text("task", of: ["isp", "raw-to-raw", "srgb-to-srgb"], defaulted: true)
    packaging = try top.text("packaging", of: ["split", "baked", "modules"], defaulted: true)
    let sides = try top.sizes("tile")
    if sides.count != 2 { throw Malformed("tile is not a height and a width") }
    tile = Size(height: sides[0], width: sides[1])
    stride = try top.whole("stride", least: 1)
    halo = try top.optional("halo").map {
      try Fields($0, at: "halo", known: Known.halo).whole("auto")
    }
    functions = try top.object("functions").mapValues(Function.init)
    chain = try (top.optional("chain") == nil ? [] : top.list("chain")).map(Stage.init)
    let named = try top.list("files").map(Manifest.file)
    if Set(named.map(\.0)).count != named.count { throw Malformed("a file is named twice") }
    files = Dictionary(uniqueKeysWithValues: named)
    status = try Manifest.status(of: top.value("verification"))
    try Manifest.checkRest(of: top)
  }

  private static func file(_ json: JSON) throws -> (String, String) {
    let file = try Fields(json, at: "files", known: ["name", "sha256", "bytes"])
    _ = try file.whole("bytes")
    let hash = try file.text("sha256")
    if hash.count != 64 || !hash.allSatisfy({ "0123456789abcdef".contains($0) }) {
      throw Malformed("sha256 is not a digest")
    }
    return (try file.text("name"), hash)
  }

  private static func status(of json: JSON) throws -> String {
    let all = try Fields(json, at: "verification", known: Known.verification)
    let status = try all.text("status", of: ["verified", "unverified", "failed"])
    let own = status == "verified" ? Known.verified : status == "failed" ? Known.failed : Known.unverified
    _ = try Fields(json, at: "verification", known: own)
    return status
  }

  /// What the app does not use, but must know to say that it has understood the manifest.
  private static func checkRest(of top: Fields) throws {
    if top.optional("spare") != nil { _ = try top.list("spare").map(Stage.init) }
    if let camera = top.optional("camera") {
      _ = try Fields(camera, at: "camera", known: Known.camera)
    }
    _ = try Fields(top.value("checkpoint"), at: "checkpoint", known: ["name", "sha256"])
    if let quantization = top.optional("quantization") {
      _ = try Fields(quantization, at: "quantization", known: Known.quantization)
    }
    for (name, known) in Known.byFunction {
      for part in try top.object(name, defaulted: name == "census").values {
        _ = try Fields(part, at: name, known: known)
      }
    }
    _ = try (top.object("rewrites"), top.object("tools"))
  }
}

extension Function {
  fileprivate init(_ json: JSON) throws {
    let fields = try Fields(json, at: "a function", known: ["file", "inputs", "outputs"])
    file = try fields.text("file")
    inputs = try fields.list("inputs").map(TensorSpec.init)
    outputs = try fields.list("outputs").map(TensorSpec.init)
  }
}

extension TensorSpec {
  fileprivate init(_ json: JSON) throws {
    let fields = try Fields(json, at: "a tensor", known: ["name", "shape", "dtype", "quantization"])
    name = try fields.text("name")
    shape = try fields.sizes("shape")
    if try fields.text("dtype", of: Known.dtypes, defaulted: true) != "float32" {
      throw Malformed("\(name) is not float32")
    }
  }
}

/// The fields of the schema (`export/manifest.schema.json`).
private enum Known {
  static let top: Set = [
    "manifest", "model", "target", "precision", "functions", "task", "packaging", "tile", "stride", "halo",
    "overhead", "chain", "spare", "camera", "checkpoint", "quantization", "costs", "rewrites", "tools", "files",
    "delegation", "census", "verification",
  ]
  static let halo: Set = ["auto", "exact", "error_codes", "pictures"]
  static let camera: Set = [
    "packed_order", "input_space", "input_description", "output_space", "output_description",
  ]
  static let quantization: Set = [
    "precision", "method", "scheme", "calibration", "teacher", "float_layers", "layers",
  ]
  static let byFunction: [String: Set<String>] = [
    "costs": ["parameters", "macs"],
    "delegation": ["backend", "delegated", "total", "portable"],
    "census": ["int8", "float", "layers"],
  ]
  static let unverified: Set = ["status", "reason"]
  static let failed: Set = ["status", "engine", "reason", "functions"]
  static let verified: Set = [
    "status", "engine", "ran_on", "psnr_db", "threshold_db", "max_error", "pictures", "functions", "note",
  ]
  static let verification = unverified.union(failed).union(verified)
  static let dtypes = ["float32", "float16", "uint8", "int8", "uint16", "int16"]
}
