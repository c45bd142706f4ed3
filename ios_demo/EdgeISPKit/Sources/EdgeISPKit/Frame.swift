import Foundation

/// A mosaic as networks see it: canonical planes of any window, made when asked for. Floats exist for one window at a
/// time.
///
/// Canonical: R, Gr, Gb, B; black subtracted, white-balanced with the smallest gain 1, clipped at white, noise below
/// black kept.
public struct Frame: Sendable {
  public let sensor: Sensor
  /// Of the planes.
  public let size: Size
  /// The colour matrix as networks take it.
  public let color: [Float]

  private let mosaic: Mosaic
  private let black: [Float]
  private let scale: [Float]
  private let gains: [Float]
  private let before: Float
  private let after: Float

  /// `exposure` is in EV; stops above 0 act before saturation, as a longer exposure would, those below 0 after it.
  public init(_ mosaic: Mosaic, _ sensor: Sensor, exposure: Double = 0) throws {
    self.mosaic = mosaic
    self.sensor = sensor
    size = Size(height: (mosaic.height + 1) / 2, width: (mosaic.width + 1) / 2)
    color = try CameraColor.srgbFromCamera(sensor.colorMatrix)
    black = sensor.blackLevel.map { Float($0) }
    scale = sensor.blackLevel.map { Float(1 / (sensor.whiteLevel - $0)) }
    gains = CameraColor.planeGains(sensor.whiteBalance)
    before = Float(pow(2, max(exposure, 0)))
    after = Float(pow(2, min(exposure, 0)))
  }

  /// Where the picture made from the planes goes.
  public var placement: Placement {
    Placement(
      grid: Size(height: 2 * size.height, width: 2 * size.width), flipsRows: sensor.cfa.flipsRows,
      flipsColumns: sensor.cfa.flipsColumns, kept: Size(height: mosaic.height, width: mosaic.width),
      orientation: sensor.orientation)
  }

  /// Planes without white balance and exposure, `4 x height x width`.
  public func planes() -> [Float] {
    each(top: 0, left: 0, size) { _, x in x }
  }

  /// Canonical planes of a window, `4 x height x width`; outside the frame they are its mirror image.
  public func window(top: Int, left: Int, _ window: Size) -> [Float] {
    each(top: top, left: left, window) { plane, x in min(x * before * gains[plane], 1) * after }
  }

  @inline(__always)
  private func each(top: Int, left: Int, _ window: Size, _ then: (Int, Float) -> Float) -> [Float] {
    let rows = mirrored(start: top, count: window.height, length: size.height)
    let columns = mirrored(start: left, count: window.width, length: size.width)
    return [Float](unsafeUninitializedCapacity: 4 * rows.count * columns.count) { made, count in
      mosaic.values.withUnsafeBufferPointer { values in
        for plane in 0..<4 {
          let places = columns.map { place(2 * $0 + plane % 2, mosaic.width, sensor.cfa.flipsColumns) }
          let (dark, full) = (black[plane], scale[plane])
          for row in rows {
            let start = place(2 * row + plane / 2, mosaic.height, sensor.cfa.flipsRows) * mosaic.width
            for column in places {
              made[count] = then(plane, (Float(values[start + column]) - dark) * full)
              count += 1
            }
          }
        }
      }
    }
  }

  /// Where in the mosaic a row or column of the RGGB mosaic is: flips undone, an odd side's padding mirrored.
  private func place(_ index: Int, _ length: Int, _ flips: Bool) -> Int {
    let unflipped = flips ? length + length % 2 - 1 - index : index
    return unflipped < length ? unflipped : length - 2
  }

  /// Means of the canonical planes over the cells of a grid that spans the frame, `4 x height x width`.
  public func thumbnail(_ grid: Size) -> [Float] {
    var made = [Float](repeating: 0, count: 4 * grid.height * grid.width)
    let columns = (0..<grid.width).map { cell($0, grid.width, size.width) }
    for row in 0..<grid.height {
      let rows = cell(row, grid.height, size.height)
      let band = window(top: rows.lowerBound, left: 0, Size(height: rows.count, width: size.width))
      for plane in 0..<4 {
        let means = (0..<size.width).map { column in
          let first = plane * rows.count * size.width + column
          return (0..<rows.count).reduce(0.0) { $0 + Double(band[first + $1 * size.width]) } / Double(rows.count)
        }
        for (column, cell) in columns.enumerated() {
          let sum = means[cell].reduce(0, +)
          made[(plane * grid.height + row) * grid.width + column] = Float(sum / Double(cell.count))
        }
      }
    }
    return made
  }

  private func cell(_ index: Int, _ count: Int, _ length: Int) -> Range<Int> {
    index * length / count..<((index + 1) * length + count - 1) / count
  }
}
