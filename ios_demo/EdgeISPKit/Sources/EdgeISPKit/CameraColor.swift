/// White balance and camera matrices; arithmetic as `edgeisp/raw/color.py`.
public enum CameraColor {
  /// Linear sRGB to XYZ, both with white D65 (IEC 61966-2-1).
  private static let xyzFromSRGB = [
    0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.0721750, 0.0193339, 0.1191920, 0.9503041,
  ]

  /// Gains of R, Gr, Gb, B, the smallest 1.
  public static func planeGains(_ whiteBalance: [Double]) -> [Float] {
    let gains = whiteBalance.map { Float($0) }
    let least = gains.min()!
    return [gains[0], gains[1], gains[1], gains[2]].map { $0 / least }
  }

  /// White-balanced camera RGB to linear sRGB, nine numbers by rows; rows sum to 1, so that grey stays grey.
  public static func srgbFromCamera(_ colorMatrix: [Double]) throws -> [Float] {
    var camera = [Double](repeating: 0, count: 9)
    for i in 0..<9 {
      for k in 0..<3 { camera[i] += colorMatrix[i / 3 * 3 + k] * xyzFromSRGB[3 * k + i % 3] }
    }
    for row in stride(from: 0, to: 9, by: 3) {
      let sum = camera[row] + camera[row + 1] + camera[row + 2]
      for column in 0..<3 { camera[row + column] /= sum }
    }
    let inverse = inverse(camera)
    if !inverse.allSatisfy({ $0.isFinite }) { throw Failure.unexpectedSensor("colour matrix \(colorMatrix)") }
    return inverse.map { Float($0) }
  }

  /// By cofactors.
  private static func inverse(_ m: [Double]) -> [Double] {
    func minor(_ row: Int, _ column: Int) -> Double {
      let (r, s) = (row == 0 ? 1 : 0, row == 2 ? 1 : 2)
      let (c, d) = (column == 0 ? 1 : 0, column == 2 ? 1 : 2)
      return m[3 * r + c] * m[3 * s + d] - m[3 * r + d] * m[3 * s + c]
    }
    let determinant = m[0] * minor(0, 0) - m[1] * minor(0, 1) + m[2] * minor(0, 2)
    return (0..<9).map { i in
      let sign: Double = (i / 3 + i % 3) % 2 == 0 ? 1 : -1
      return sign * minor(i % 3, i / 3) / determinant
    }
  }
}
