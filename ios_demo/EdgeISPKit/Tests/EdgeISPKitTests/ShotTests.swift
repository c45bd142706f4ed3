import Foundation
import XCTest

@testable import EdgeISPKit

final class ShotTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")

  override func setUp() {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  }

  override func tearDown() { try? FileManager.default.removeItem(at: folder) }

  private func mosaic(_ values: [UInt16], width: Int) throws -> Mosaic {
    try Mosaic(values.withUnsafeBytes { Data($0) }, width: width, height: values.count / width)
  }

  func test_colour_and_levels_of_a_dng_are_read() throws {
    let sensor = try DNG(tiff()).sensor(cfa: .gbrg)
    XCTAssertEqual(sensor.cfa, .gbrg)
    XCTAssertEqual(sensor.blackLevel, [66, 65.5, 64, 64.25])
    XCTAssertEqual(sensor.whiteLevel, 1023)
    XCTAssertEqual(sensor.whiteBalance, [2, 1, 1.6])
    XCTAssertEqual(sensor.orientation, 6)
    // D65's matrix, not A's, with the analogue gains.
    XCTAssertEqual(sensor.colorMatrix, [2, -0.5, 0, 0, 1, 0, 0, 0, 1])
    XCTAssertEqual(try DNG(tiff()).cfa, .gbrg)
  }

  func test_dng_that_is_cut_off_is_refused() throws {
    let whole = tiff()
    for length in stride(from: 0, to: whole.count, by: 7) {
      XCTAssertThrowsError(try DNG(whole.prefix(length)).sensor(cfa: .gbrg), "\(length) bytes")
    }
  }

  func test_mosaic_with_values_above_the_white_level_is_refused() throws {
    let sensor = try DNG(tiff()).sensor(cfa: .gbrg)
    XCTAssertNoThrow(try mosaic([1023, 0, 64, 500], width: 2).check(against: sensor))
    XCTAssertThrowsError(try mosaic([16383, 0, 64, 500], width: 2).check(against: sensor))
  }

  func test_linear_pixels_are_seen_through_the_layout() throws {
    let pixels: [UInt16] = [1, 2, 3, 9, 11, 12, 13, 9, 21, 22, 23, 9, 31, 32, 33, 9]
    let made = try pixels.withUnsafeBytes { try Mosaic(linear: $0, width: 2, height: 2, rowStride: 16, cfa: .grbg) }
    XCTAssertEqual(made.values, [2, 11, 23, 32])
  }

  func test_binned_mosaic_has_the_means_of_each_colour() throws {
    var values: [UInt16] = []
    for y in 0..<8 {
      for x in 0..<8 { values.append(UInt16(x % 2 * 100 + y % 2 * 1000 + y / 4)) }
    }
    let small = try mosaic(values, width: 8).binned(by: 2)
    XCTAssertEqual([small.width, small.height], [4, 4])
    XCTAssertEqual(small.values, [0, 100, 0, 100, 1000, 1100, 1000, 1100, 1, 101, 1, 101, 1001, 1101, 1001, 1101])
    XCTAssertEqual(try mosaic(values, width: 8).binned(by: 9), try mosaic(values, width: 8))
  }

  func test_shots_are_kept_until_they_are_removed() throws {
    let store = ShotStore(folder)
    XCTAssertEqual(store.names, [])
    let shot = Shot(
      dng: tiff(), phones: Data([1, 2]), mosaic: try mosaic([500, 100, 900, 300], width: 2), cfa: .gbrg)
    XCTAssertThrowsError(try store.keep(shot, taken: Date(), free: 9)) {
      XCTAssertEqual($0 as? Failure, .noRoom(needed: shot.dng.count + 2 + 8))
    }
    let name = try store.keep(shot, taken: Date(), free: 1 << 20)
    XCTAssertEqual(store.names, [name])
    let read = try store.read(name)
    XCTAssertEqual(read.dng, shot.dng)
    XCTAssertEqual(read.phones, shot.phones)
    XCTAssertEqual(read.mosaic, shot.mosaic)
    XCTAssertEqual(try read.frame().size, Size(height: 1, width: 1))
    XCTAssertEqual(try Data(contentsOf: store.dng(name)), shot.dng)
    try store.remove(name)
    XCTAssertEqual(store.names, [])
  }

  /// A DNG's tags, little endian: a first page with the colour, and a sub-page with the mosaic's levels.
  private func tiff() -> Data {
    var (data, extra) = (Data([0x49, 0x49, 42, 0, 8, 0, 0, 0]), Data())
    func put(_ value: Int, _ width: Int, _ to: inout Data) {
      for byte in 0..<width { to.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    /// Fractions have the denominator 1000.
    func page(_ entries: [(Int, Int, [Double])]) -> Data {
      var own = Data()
      let widths = [1: 1, 3: 2, 4: 4]
      put(entries.count, 2, &own)
      for (tag, type, values) in entries {
        var bytes = Data()
        for value in values {
          let isFraction = type == 5 || type == 10
          put(Int(isFraction ? value * 1000 : value), isFraction ? 4 : widths[type]!, &bytes)
          if isFraction { put(1000, 4, &bytes) }
        }
        put(tag, 2, &own)
        put(type, 2, &own)
        put(values.count, 4, &own)
        if bytes.count <= 4 {
          own.append(bytes + Data(count: 4 - bytes.count))
        } else {
          put(1000 + extra.count, 4, &own)
          extra.append(bytes)
        }
      }
      put(0, 4, &own)
      return own
    }
    data += page(
      [
        (274, 3, [6]), (330, 4, [400]), (50721, 10, [9, 9, 9, 9, 9, 9, 9, 9, 9]),
        (50722, 10, [1, -0.25, 0, 0, 1, 0, 0, 0, 1]), (50727, 5, [2, 1, 1]), (50728, 5, [0.5, 1, 0.625]),
        (50778, 3, [17]), (50779, 3, [21]),
      ])
    data += Data(count: 400 - data.count)
    // In reading order of the block: G, B, R, G.
    data += page(
      [
        (262, 3, [32803]), (33422, 1, [1, 2, 0, 1]), (50713, 3, [2, 2]), (50714, 5, [64, 64.25, 66, 65.5]),
        (50717, 3, [1023]),
      ])
    data += Data(count: 1000 - data.count)
    return data + extra
  }
}
