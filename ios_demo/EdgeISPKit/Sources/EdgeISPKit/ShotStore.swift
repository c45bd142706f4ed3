import Foundation

/// What one press of the shutter gave: the RAW as a file and as sensor values, and the phone's own picture.
public struct Shot: Sendable {
  public let dng: Data
  /// HEIC or JPEG.
  public let phones: Data?
  public let mosaic: Mosaic
  public let cfa: CFA

  public init(dng: Data, phones: Data?, mosaic: Mosaic, cfa: CFA) {
    (self.dng, self.phones, self.mosaic, self.cfa) = (dng, phones, mosaic, cfa)
  }

  /// The frame to render.
  public func frame(exposure: Double = 0) throws -> Frame {
    let sensor = try DNG(dng).sensor(cfa: cfa)
    try mosaic.check(against: sensor)
    return try Frame(mosaic, sensor, exposure: exposure)
  }
}

/// Shots on disk, so that none is lost: each is written before it is rendered, and stays until it is removed.
public struct ShotStore: Sendable {
  private struct Card: Codable {
    let cfa: String
    let width: Int
    let height: Int
  }

  private let folder: URL

  public init(_ folder: URL) { self.folder = folder }

  /// Names of all shots, oldest first.
  public var names: [String] {
    let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return found.filter { !$0.hasPrefix(".") }.sorted()
  }

  /// Keeps a shot; it is there whole or not at all. Throws `Failure.noRoom` where it does not fit.
  ///
  /// - Parameter free: bytes that may be written.
  public func keep(_ shot: Shot, taken: Date, free: Int) throws -> String {
    let mosaic = shot.mosaic.data
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
      let card = Card(cfa: shot.cfa.rawValue, width: shot.mosaic.width, height: shot.mosaic.height)
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
    guard let cfa = CFA(rawValue: card.cfa) else { throw Failure.unexpectedSensor("layout \(card.cfa)") }
    let mosaic = try Mosaic(
      Data(contentsOf: own.appendingPathComponent("mosaic.u16")), width: card.width, height: card.height)
    return Shot(
      dng: try Data(contentsOf: own.appendingPathComponent("raw.dng")),
      phones: try? Data(contentsOf: own.appendingPathComponent("phones")), mosaic: mosaic, cfa: cfa)
  }

  /// The file to give to others.
  public func dng(_ name: String) -> URL { folder.appendingPathComponent(name).appendingPathComponent("raw.dng") }

  public func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
  }
}
