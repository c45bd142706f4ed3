import Foundation

/// What a DNG says of its sensor (DNG 1.4, TIFF 6.0); the pixels are not looked at.
///
/// As `edgeisp/raw/dng_color.py`: the colour matrix of the illuminant nearest to D65, with the unit's calibration and
/// analogue gains.
public struct DNG: Sendable {
  /// Values of a tag.
  private typealias Tags = [UInt16: [Double]]

  private static let nearestD65: [Double] = [21, 20, 1, 9, 10, 4, 22, 23, 11, 2, 3, 24, 17]
  private static let cfaColors: [Double: Character] = [0: "R", 1: "G", 2: "B"]

  private let first: Tags
  private let raw: Tags

  /// Throws `Failure.unexpectedSensor` where it is no TIFF file.
  public init(_ data: Data) throws {
    var reader = try Reader([UInt8](data))
    let pages = try reader.pages()
    guard let first = pages.first else { throw Failure.unexpectedSensor("a DNG without a page") }
    self.first = first
    // The RAW image: Bayer (32803) or linear (34892).
    raw = pages.first { $0[262] == [32803] || $0[262] == [34892] } ?? first
  }

  /// The layout of the mosaic; nil for linear DNGs.
  public var cfa: CFA? {
    guard let pattern = raw[33422], pattern.count == 4 else { return nil }
    return CFA(rawValue: String(pattern.compactMap { Self.cfaColors[$0] }))
  }

  /// Everything that turns its mosaic, of layout `cfa`, into a picture.
  public func sensor(cfa: CFA) throws -> Sensor {
    guard let matrix = colorMatrix else { throw Failure.unexpectedSensor("the DNG has no colour matrix") }
    guard let neutral = first[50728], neutral.count == 3 else {
      throw Failure.unexpectedSensor("the DNG has no as-shot neutral")
    }
    guard let white = raw[50717]?.first else { throw Failure.unexpectedSensor("the DNG has no white level") }
    return try Sensor(
      cfa: cfa, blackLevel: black(cfa), whiteLevel: white, whiteBalance: neutral.map { 1 / $0 }, colorMatrix: matrix,
      orientation: Int(first[274]?.first ?? 1))
  }

  private func black(_ cfa: CFA) throws -> [Double] {
    let levels = raw[50714] ?? [0]
    if let one = levels.first, levels.allSatisfy({ $0 == one }) { return [one, one, one, one] }
    guard raw[50713] == [2, 2], levels.count == 4 else {
      throw Failure.unexpectedSensor("\(levels.count) black levels that differ")
    }
    return cfa.byPlane(levels)
  }

  private var colorMatrix: [Double]? {
    let sets: [(UInt16, UInt16, UInt16)] = [(50721, 50723, 50778), (50722, 50724, 50779), (52531, 52530, 52529)]
    let sameSignature = first[50931] ?? [0] == first[50932] ?? [0]
    var best: (rank: Int, matrix: [Double])?
    for (matrix, calibration, illuminant) in sets {
      guard let values = first[matrix], values.count == 9 else { continue }
      let light = first[illuminant]?.first ?? 0
      let rank = Self.nearestD65.firstIndex(of: light) ?? Self.nearestD65.count
      if let best, best.rank <= rank { continue }
      let unit = sameSignature ? first[calibration] : nil
      best = (rank, unit.flatMap { $0.count == 9 ? product($0, values) : nil } ?? values)
    }
    guard let best else { return nil }
    let gains = first[50727] ?? [1, 1, 1]
    return best.matrix.enumerated().map { gains[$0.offset / 3] * $0.element }
  }

  private func product(_ a: [Double], _ b: [Double]) -> [Double] {
    (0..<9).map { i in
      let row = i / 3 * 3
      return a[row] * b[i % 3] + a[row + 1] * b[3 + i % 3] + a[row + 2] * b[6 + i % 3]
    }
  }

  /// Reads tags, and follows sub-pages; all offsets are checked.
  private struct Reader {
    /// Bytes of a value, by TIFF type.
    private static let widths: [UInt64: Int] = [
      1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
    ]
    private static let mostPages = 16
    private static let mostValues = 64

    private let bytes: [UInt8]
    private let isLittle: Bool

    init(_ bytes: [UInt8]) throws {
      self.bytes = bytes
      isLittle = bytes.starts(with: [0x49, 0x49, 42, 0])
      if !isLittle && !bytes.starts(with: [0x4d, 0x4d, 0, 42]) {
        throw Failure.unexpectedSensor("what the camera gave is no DNG")
      }
    }

    mutating func pages() throws -> [Tags] {
      var found: [Tags] = []
      var waiting = [Int(try integer(4, 4))]
      while !waiting.isEmpty, found.count < Self.mostPages {
        let at = waiting.removeFirst()
        var tags: Tags = [:]
        let count = Int(try integer(at, 2))
        for entry in 0..<count {
          let start = at + 2 + 12 * entry
          if let values = try values(start) { tags[UInt16(try integer(start, 2))] = values }
        }
        found.append(tags)
        waiting += (tags[330] ?? []).map { Int($0) }
        let next = Int(try integer(at + 2 + 12 * count, 4))
        if next != 0 { waiting.append(next) }
      }
      return found
    }

    /// Numbers of an entry; nil for long ones, which are no numbers we want.
    private func values(_ start: Int) throws -> [Double]? {
      let type = try integer(start + 2, 2)
      let count = Int(try integer(start + 4, 4))
      guard let width = Self.widths[type], count <= Self.mostValues else { return nil }
      let at = width * count <= 4 ? start + 8 : Int(try integer(start + 8, 4))
      return try (0..<count).map { try value(at + $0 * width, type, width) }
    }

    private func value(_ at: Int, _ type: UInt64, _ width: Int) throws -> Double {
      switch type {
      case 5: return Double(try integer(at, 4)) / Double(try integer(at + 4, 4))
      case 10:
        let (above, below) = (try integer(at, 4), try integer(at + 4, 4))
        return Double(Int32(truncatingIfNeeded: above)) / Double(Int32(truncatingIfNeeded: below))
      case 6: return Double(Int8(truncatingIfNeeded: try integer(at, 1)))
      case 8: return Double(Int16(truncatingIfNeeded: try integer(at, 2)))
      case 9: return Double(Int32(truncatingIfNeeded: try integer(at, 4)))
      case 11: return Double(Float(bitPattern: UInt32(try integer(at, 4))))
      case 12: return Double(bitPattern: try integer(at, 8))
      default: return Double(try integer(at, width))
      }
    }

    private func integer(_ at: Int, _ width: Int) throws -> UInt64 {
      guard at >= 0, at + width <= bytes.count else { throw Failure.unexpectedSensor("the DNG is cut off") }
      let part = bytes[at..<at + width]
      return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
