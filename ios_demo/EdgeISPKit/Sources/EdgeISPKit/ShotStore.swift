import Foundation

/// What one press of the shutter gave: the RAW as a file and as sensor values, and the phone's own picture.
public struct Shot: Sendable {
  /// Sensor values and their layout.
  public struct Pixels: Sendable {
    public let mosaic: Mosaic
    public let cfa: CFA

    public init(_ mosaic: Mosaic, _ cfa: CFA) { (self.mosaic, self.cfa) = (mosaic, cfa) }
  }

  public let dng: Data
  /// HEIC or JPEG.
  public let phones: Data?
  /// Or why the sensor's buffer cannot be used; the DNG is worth keeping all the same.
  public let pixels: Result<Pixels, Failure>

  public init(dng: Data, phones: Data?, pixels: Result<Pixels, Failure>) {
    (self.dng, self.phones, self.pixels) = (dng, phones, pixels)
  }

  /// The frame to render; `factor` times smaller for previews.
  public func frame(exposure: Double = 0, reducedBy factor: Int = 1) throws -> Frame {
    let pixels = try pixels.get()
    let sensor = try DNG(dng).sensor(cfa: pixels.cfa)
    let mosaic = pixels.mosaic.binned(by: factor)
    try mosaic.check(against: sensor)
    return try Frame(mosaic, sensor, exposure: exposure)
  }
}

/// Shots on disk, so that none is lost: each is written before it is rendered, and stays until it is removed.
public struct ShotStore: Sendable {
  private struct Card: Codable {
    var cfa: String?
    var width: Int?
    var height: Int?
    /// Why there are no sensor values.
    var refused: String?
  }

  private let folder: URL

  public init(_ folder: URL) { self.folder = folder }

  /// Names of all shots, newest first.
  public var names: [String] {
    let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return found.filter { !$0.hasPrefix(".") }.sorted(by: >)
  }

  /// Keeps a shot; it is there whole or not at all. Throws `Failure.noRoom` where it does not fit; the caller then still
  /// has it.
  ///
  /// - Parameter free: bytes that may be written.
  public func keep(_ shot: Shot, taken: Date, free: Int) throws -> String {
    var card = Card()
    var mosaic = Data()
    switch shot.pixels {
    case .success(let pixels):
      mosaic = pixels.mosaic.data
      (card.cfa, card.width, card.height) = (pixels.cfa.rawValue, pixels.mosaic.width, pixels.mosaic.height)
    case .failure(.unexpectedSensor(let why)): card.refused = why
    case .failure(let other): card.refused = other.what
    }
    let needed = shot.dng.count + (shot.phones?.count ?? 0) + mosaic.count
    if needed > free { throw Failure.noRoom(needed: needed) }
    let stamp = Int((taken.timeIntervalSince1970 * 1000).rounded())
    let name = "\(stamp)-\(UUID().uuidString.prefix(4))"
    let part = folder.appendingPathComponent(".\(name)")
    try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
    do {
      try shot.dng.write(to: part.appendingPathComponent("raw.dng"))
      try mosaic.write(to: part.appendingPathComponent("mosaic.u16"))
      try shot.phones?.write(to: part.appendingPathComponent("phones"))
      try JSONEncoder().encode(card).write(to: part.appendingPathComponent("shot.json"))
      try FileManager.default.moveItem(at: part, to: folder.appendingPathComponent(name))
    } catch {
      try? FileManager.default.removeItem(at: part)
      throw error
    }
    return name
  }

  public func read(_ name: String) throws -> Shot {
    let own = folder.appendingPathComponent(name)
    let card = try JSONDecoder().decode(Card.self, from: Data(contentsOf: own.appendingPathComponent("shot.json")))
    return Shot(
      dng: try Data(contentsOf: own.appendingPathComponent("raw.dng")),
      phones: try? Data(contentsOf: own.appendingPathComponent("phones")), pixels: try pixels(own, card))
  }

  private func pixels(_ own: URL, _ card: Card) throws -> Result<Shot.Pixels, Failure> {
    guard let width = card.width, let height = card.height, let layout = card.cfa else {
      return .failure(.unexpectedSensor(card.refused ?? "nothing is known of it"))
    }
    guard let cfa = CFA(rawValue: layout) else { return .failure(.unexpectedSensor("layout \(layout)")) }
    let values = try Data(contentsOf: own.appendingPathComponent("mosaic.u16"))
    return .success(Shot.Pixels(try Mosaic(values, width: width, height: height), cfa))
  }

  /// The file to give to others.
  public func dng(_ name: String) -> URL { folder.appendingPathComponent(name).appendingPathComponent("raw.dng") }

  public func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
  }
}
