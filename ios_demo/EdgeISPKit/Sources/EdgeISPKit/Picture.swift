import Foundation

/// An upright picture of 8-bit sRGB, `height x width x 3`.
public struct Picture: Equatable, Sendable {
  public let size: Size
  public internal(set) var pixels: [UInt8]

  public init(size: Size, pixels: [UInt8]) { (self.size, self.pixels) = (size, pixels) }
}

/// Where pixels of the planes' picture go: flips and padding undone, turned upright (TIFF 6.0, tag 274).
///
/// All of that is one affine map, so that a tile goes straight to its place and the picture exists once.
public struct Placement: Sendable {
  /// Of the upright picture.
  public let size: Size
  /// Rows and columns of the grid that are no padding.
  private let rows: Range<Int>
  private let columns: Range<Int>
  /// Pixel number of the upright picture: `origin + row * down + column * right`.
  private let origin: Int
  private let down: Int
  private let right: Int

  public init(grid: Size, flipsRows: Bool, flipsColumns: Bool, kept: Size, orientation: Int) {
    rows = flipsRows ? grid.height - kept.height..<grid.height : 0..<kept.height
    columns = flipsColumns ? grid.width - kept.width..<grid.width : 0..<kept.width
    let turned = orientation >= 5
    let size = turned ? Size(height: kept.width, width: kept.height) : kept
    func pixel(_ gridRow: Int, _ gridColumn: Int) -> Int {
      let row = flipsRows ? grid.height - 1 - gridRow : gridRow
      let column = flipsColumns ? grid.width - 1 - gridColumn : gridColumn
      let (y, x) = turned ? (column, row) : (row, column)
      let upY = [3, 4, 7, 8].contains(orientation) ? size.height - 1 - y : y
      let upX = [2, 3, 6, 7].contains(orientation) ? size.width - 1 - x : x
      return upY * size.width + upX
    }
    self.size = size
    origin = pixel(0, 0)
    down = pixel(1, 0) - origin
    right = pixel(0, 1) - origin
  }

  /// Quantizes what a tile writes, and puts it in its place.
  ///
  /// - Parameters:
  ///   - rgb: planar `3 x height x width` in [0, 1], the whole tile; `tile` is its size.
  ///   - vertical, horizontal: rows and columns of the tile in packed pixels.
  public func put(_ rgb: [Float], tile: Size, _ vertical: Span, _ horizontal: Span, in picture: inout Picture) {
    let kept = rows.clamped(to: 2 * vertical.start..<2 * vertical.stop)
    let across = columns.clamped(to: 2 * horizontal.start..<2 * horizontal.stop)
    let plane = tile.height * tile.width
    rgb.withUnsafeBufferPointer { rgb in
      picture.pixels.withUnsafeMutableBufferPointer { pixels in
        for row in kept {
          let first = (row - 2 * vertical.read) * tile.width - 2 * horizontal.read
          for column in across {
            let noise = dither(row: row, column: column)
            let to = 3 * (origin + row * down + column * right)
            pixels[to] = code(rgb[first + column], noise)
            pixels[to + 1] = code(rgb[first + column + plane], noise)
            pixels[to + 2] = code(rgb[first + column + 2 * plane], noise)
          }
        }
      }
    }
  }
}

/// A value of [0, 1] as eight bits, with noise of [0, 1) to add before truncation.
@inline(__always)
public func code(_ value: Float, _ noise: Float) -> UInt8 {
  UInt8(min(max(0, min(value, 1)) * 255 + noise, 255))
}

/// Interleaved gradient noise (Jimenez 2014): a fixed pattern of the picture's pixels, so that smooth skies show no steps.
@inline(__always)
public func dither(row: Int, column: Int) -> Float {
  Float(fraction(52.9829189 * fraction(0.06711056 * Double(column) + 0.00583715 * Double(row))))
}

@inline(__always)
private func fraction(_ x: Double) -> Double { x - x.rounded(.down) }
