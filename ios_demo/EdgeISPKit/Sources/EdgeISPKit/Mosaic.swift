import Foundation

/// Sensor values, rows without gaps.
public struct Mosaic: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let values: [UInt16]

  private init(width: Int, height: Int, values: [UInt16]) {
    (self.width, self.height, self.values) = (width, height, values)
  }

  /// Copies sensor memory: `height` rows of uint16 little endian, `rowStride` bytes apart. The last row may end with its
  /// last pixel.
  public init(_ memory: UnsafeRawBufferPointer, width: Int, height: Int, rowStride: Int) throws {
    try Mosaic.check(memory.count, width, height, rowStride, 2)
    self.init(
      width: width, height: height,
      values: Mosaic.filled(width, height) { row, column in
        let at = row * rowStride + 2 * column
        return UInt16(littleEndian: memory.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      })
  }

  /// A mosaic of layout `cfa` from linear RGBA of 16 bits (ProRAW): of each pixel the one colour that a sensor has there.
  public init(
    linear memory: UnsafeRawBufferPointer, width: Int, height: Int, rowStride: Int, cfa: CFA
  ) throws {
    try Mosaic.check(memory.count, width, height, rowStride, 8)
    let colors = cfa.rawValue.map { $0 == "R" ? 0 : $0 == "G" ? 1 : 2 }
    self.init(
      width: width, height: height,
      values: Mosaic.filled(width, height) { row, column in
        let at = row * rowStride + 8 * column + 2 * colors[2 * (row & 1) + (column & 1)]
        return UInt16(littleEndian: memory.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      })
  }

  /// Rows without gaps, as `data` gives them.
  public init(_ data: Data, width: Int, height: Int) throws {
    self = try data.withUnsafeBytes { try Mosaic($0, width: width, height: height, rowStride: 2 * width) }
  }

  /// uint16, little endian, rows without gaps.
  public var data: Data {
    values.map(\.littleEndian).withUnsafeBytes { Data($0) }
  }

  /// Throws `Failure.unexpectedSensor` where more than one value in a thousand is above the white level: then the levels
  /// are not those of these values.
  public func check(against sensor: Sensor) throws {
    let above = values.count { Double($0) > sensor.whiteLevel }
    if above * 1000 > values.count {
      throw Failure.unexpectedSensor("\(above) values are above the white level of \(Int(sensor.whiteLevel))")
    }
  }

  /// The mosaic shrunk to a whole part of its size, for previews: means of `factor x factor` neighbours of each colour.
  public func binned(by factor: Int) -> Mosaic {
    let (rows, columns) = (height / 2 / factor, width / 2 / factor)
    if factor <= 1 || rows == 0 || columns == 0 { return self }
    let count = factor * factor
    return values.withUnsafeBufferPointer { values in
      Mosaic(
        width: 2 * columns, height: 2 * rows,
        values: Mosaic.filled(2 * columns, 2 * rows) { row, column in
          let top = row / 2 * 2 * factor + row % 2
          let left = column / 2 * 2 * factor + column % 2
          var sum = count / 2
          for y in 0..<factor {
            for x in 0..<factor { sum += Int(values[(top + 2 * y) * width + left + 2 * x]) }
          }
          return UInt16(sum / count)
        })
    }
  }

  private static func check(_ bytes: Int, _ width: Int, _ height: Int, _ rowStride: Int, _ pixel: Int) throws {
    guard width >= 2, height >= 2 else { throw Failure.unexpectedSensor("a mosaic of \(width)x\(height) pixels") }
    guard rowStride >= pixel * width, bytes >= (height - 1) * rowStride + pixel * width else {
      throw Failure.unexpectedSensor("rows of \(rowStride) bytes, \(bytes) in all, for \(width)x\(height) pixels")
    }
  }

  @inline(__always)
  private static func filled(_ width: Int, _ height: Int, _ value: (Int, Int) -> UInt16) -> [UInt16] {
    [UInt16](unsafeUninitializedCapacity: width * height) { made, count in
      for row in 0..<height {
        for column in 0..<width {
          made[count] = value(row, column)
          count += 1
        }
      }
    }
  }
}
