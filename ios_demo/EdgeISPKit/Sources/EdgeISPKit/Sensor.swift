import Foundation

/// The four Bayer layouts, each named by its 2x2 block in reading order from the top left pixel.
public enum CFA: String, CaseIterable, Sendable {
  case rggb = "RGGB"
  case grbg = "GRBG"
  case gbrg = "GBRG"
  case bggr = "BGGR"

  private var red: Int { position(of: "R") }
  private var blue: Int { position(of: "B") }

  private func position(of color: Character) -> Int {
    rawValue.distance(from: rawValue.startIndex, to: rawValue.firstIndex(of: color)!)
  }

  /// Where R, Gr, Gb, B sit in the block, in reading order; Gr is the green in red's row.
  public var positions: [Int] { [red, red ^ 1, blue ^ 1, blue] }

  /// Whether rows of an even-sized mosaic must be reversed to make it RGGB.
  public var flipsRows: Bool { red >= 2 }

  /// Whether columns must be.
  public var flipsColumns: Bool { red % 2 == 1 }

  /// Four values of a block in reading order, sorted to R, Gr, Gb, B.
  public func byPlane<Value>(_ block: [Value]) -> [Value] { positions.map { block[$0] } }

  /// The layout seen from a top left pixel further down and to the right.
  public func shifted(rows: Int, columns: Int) -> CFA {
    let colors = Array(rawValue)
    return CFA(rawValue: String((0..<4).map { colors[$0 ^ (columns & 1) ^ ((rows & 1) * 2)] }))!
  }
}

/// What turns a mosaic into a picture, as the camera says it for one shot.
public struct Sensor: Equatable, Sendable {
  public let cfa: CFA
  /// Sensor value of no light, in the order R, Gr, Gb, B.
  public let blackLevel: [Double]
  /// Sensor value of saturation.
  public let whiteLevel: Double
  /// As-shot gains of R, G, B in any common scale.
  public let whiteBalance: [Double]
  /// XYZ (D65) to camera RGB, row by row.
  public let colorMatrix: [Double]
  /// EXIF orientation, 1 to 8.
  public let orientation: Int

  /// Throws `Failure.unexpectedSensor` where no picture can be made with these.
  public init(
    cfa: CFA, blackLevel: [Double], whiteLevel: Double, whiteBalance: [Double], colorMatrix: [Double],
    orientation: Int = 1
  ) throws {
    func need(_ holds: Bool, _ why: String) throws {
      if !holds { throw Failure.unexpectedSensor(why) }
    }
    try need(
      blackLevel.count == 4 && blackLevel.allSatisfy { $0 >= 0 && $0 < whiteLevel } && whiteLevel.isFinite,
      "black levels \(blackLevel), white level \(whiteLevel)")
    try need(
      whiteBalance.count == 3 && whiteBalance.allSatisfy { $0.isFinite && $0 > 0 }, "white balance \(whiteBalance)")
    try need(colorMatrix.count == 9 && colorMatrix.allSatisfy(\.isFinite), "colour matrix \(colorMatrix)")
    try need((1...8).contains(orientation), "orientation \(orientation)")
    self.cfa = cfa
    self.blackLevel = blackLevel
    self.whiteLevel = whiteLevel
    self.whiteBalance = whiteBalance
    self.colorMatrix = colorMatrix
    self.orientation = orientation
  }
}
