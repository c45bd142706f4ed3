import Foundation

/// Whole frames through any engine: the context once, then tile after tile onto the picture.
///
/// As `edgeisp/render/renderer.py`, and to the bit: the golden files hold both to it.
public struct Renderer: Sendable {
  private static let known: Set = ["raw", "color", "context", "thumbnail"]
  private static let knownToModules: Set = ["picture", "parameters"]

  private let model: Model
  /// In packed pixels, as everything here.
  private let halo: Int
  private let tile: Size

  /// Throws `Failure.unusable` where the artifact makes no picture of a RAW, or cannot be tiled.
  public init(_ model: Model) throws {
    let manifest = model.manifest
    if manifest.task != "isp" {
      throw Failure.unusable(
        "A \(manifest.task) network makes no picture of a RAW", cure: "Put in one that renders, such as metaisp.")
    }
    guard let halo = manifest.halo else {
      throw Failure.unusable("The manifest tells of no halo", cure: "Export with an edgeisp that measures it.")
    }
    for (name, function) in manifest.functions {
      let known = ["tile", "context"].contains(name) ? Self.known : Self.knownToModules
      for port in function.inputs where !known.contains(port.name) {
        throw Failure.unusable(
          "The artifact asks for \(port.name)", cure: "Take an app of the edgeisp that exported it.")
      }
    }
    self.model = model
    self.halo = halo / 2
    tile = Size(height: manifest.tile.height / 2, width: manifest.tile.width / 2)
    for side in [tile.height, tile.width] {
      _ = try spans(length: side, tile: side, halo: self.halo, stride: manifest.stride)
    }
  }

  /// Tiles of a frame, row by row: rows and columns of each.
  public func tiles(_ frame: Frame) throws -> [(Span, Span)] {
    let stride = model.manifest.stride
    let columns = try spans(length: frame.size.width, tile: tile.width, halo: halo, stride: stride)
    return try spans(length: frame.size.height, tile: tile.height, halo: halo, stride: stride).flatMap { row in
      columns.map { (row, $0) }
    }
  }

  /// What the network computes from the whole frame, by name.
  public func context(_ frame: Frame) async throws -> [String: [Float]] {
    guard let function = model.manifest.functions["context"] else { return [:] }
    let seen = whole(frame, function)
    guard let shape = function.input("raw")?.shape else {
      return try await model.run("context", seen).mapValues(finite)
    }
    let crop = Size(height: shape[2], width: shape[3])
    var sums: [String: [Float]] = [:]
    var count: Float = 0
    for top in cropStarts(length: frame.size.height, crop: crop.height) {
      for left in cropStarts(length: frame.size.width, crop: crop.width) {
        try Task.checkCancellation()
        let raw = ["raw": frame.window(top: top, left: left, crop)]
        let answer = try await model.run("context", seen.merging(raw) { $1 })
        sums = count == 0 ? answer : sums.merging(answer) { zip($0, $1).map { $0 + $1 } }
        count += 1
      }
    }
    return try sums.mapValues { try finite($0.map { $0 / count }) }
  }

  /// The upright picture of a frame, with what `context` gave for it or for it and the frames before.
  ///
  /// - Parameter progress: told how many tiles are done and how many there are, after each.
  /// - Throws: `CancellationError` soon after the task was cancelled.
  public func render(
    _ frame: Frame, _ context: [String: [Float]],
    progress: @Sendable (_ done: Int, _ of: Int) async throws -> Void = { _, _ in }
  ) async throws -> Picture {
    let tiles = try tiles(frame)
    let placement = frame.placement
    let pixels = [UInt8](repeating: 0, count: 3 * placement.size.height * placement.size.width)
    var picture = Picture(size: placement.size, pixels: pixels)
    try await progress(0, tiles.count)
    let given = whole(frame, model.manifest.tiles).merging(context) { $1 }
    for (index, (rows, columns)) in tiles.enumerated() {
      try Task.checkCancellation()
      let raw = ["raw": frame.window(top: rows.read, left: columns.read, tile)]
      let rgb = try await finite(made(given.merging(raw) { $1 }))
      placement.put(rgb, tile: model.manifest.tile, rows, columns, in: &picture)
      try await progress(index + 1, tiles.count)
    }
    return picture
  }

  private func finite(_ values: [Float]) throws -> [Float] {
    if values.isEmpty || !values.allSatisfy(\.isFinite) {
      throw Failure.wrongNumbers(runtime: model.ranOn, "values that are not finite")
    }
    return values
  }

  /// What `tile` makes, and modules with functions of their own after it.
  private func made(_ given: [String: [Float]]) async throws -> [Float] {
    var picture = try await model.run("tile", given)["rgb"] ?? []
    guard model.manifest.packaging == "modules", let context = given["context"] else { return picture }
    for stage in model.manifest.chain {
      let inputs = ["picture": picture, "parameters": stage.part(context)]
      picture = try await model.run(stage.function!, inputs)["rgb"] ?? []
    }
    return picture.map { $0.isNaN ? $0 : min(max($0, 0), 1) }
  }

  /// What a function is told of the whole frame.
  private func whole(_ frame: Frame, _ function: Function) -> [String: [Float]] {
    var seen: [String: [Float]] = [:]
    if function.input("color") != nil { seen["color"] = frame.color }
    if let shape = function.input("thumbnail")?.shape {
      seen["thumbnail"] = frame.thumbnail(Size(height: shape[2], width: shape[3]))
    }
    return seen
  }
}
