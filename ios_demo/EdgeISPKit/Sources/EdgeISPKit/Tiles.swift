import Foundation

/// Height and width.
public struct Size: Equatable, Sendable {
  public let height: Int
  public let width: Int

  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
}

/// One side of a tile: it reads from `read` on, and writes `start..<stop`; all in packed pixels.
public struct Span: Equatable, Sendable {
  /// May lie outside the frame, which is mirrored there.
  public let read: Int
  public let start: Int
  public let stop: Int

  public init(read: Int, start: Int, stop: Int) { (self.read, self.start, self.stop) = (read, start, stop) }
}

/// Covers `length` pixels with tiles of `tile` pixels that overlap by twice the halo and lie on the stride. The last
/// tile is moved back inside the frame rather than filled with mirrored pixels.
public func spans(length: Int, tile: Int, halo: Int, stride: Int) throws -> [Span] {
  guard halo >= 0, tile > 2 * halo, tile % stride == 0, halo % stride == 0 else {
    throw Failure.unusable(
      "Tiles of \(2 * tile) pixels with a halo of \(2 * halo) cannot be cut",
      cure: "Export with a larger --tile; it must be a multiple of \(2 * stride) and more than twice the halo.")
  }
  let core = tile - 2 * halo
  let furthest = max(0, (length + stride - 1) / stride * stride - core)
  return Swift.stride(from: 0, to: length, by: core).map {
    Span(read: min($0, furthest) - halo, start: $0, stop: min($0 + core, length))
  }
}

/// Indices from `start` on of an axis of `length`, reflected at both of its ends.
public func mirrored(start: Int, count: Int, length: Int) -> [Int] {
  if length == 1 { return [Int](repeating: 0, count: count) }
  let period = 2 * (length - 1)
  return (start..<start + count).map {
    let folded = ($0 % period + period) % period
    return min(folded, period - folded)
  }
}

/// Where to start crops so that three of them span `length`; a single one where it is too short.
public func cropStarts(length: Int, crop: Int) -> [Int] {
  if length <= crop { return [0] }
  return Set((0..<3).map { Int((Double((length - crop) * $0) / 2).rounded(.toNearestOrEven)) }).sorted()
}
