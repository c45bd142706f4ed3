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
    let values = try mosaic([500, 100, 900, 300], width: 2)
    let shot = Shot(dng: tiff(), phones: Data([1, 2]), pixels: .success(Shot.Pixels(values, .gbrg)))
    XCTAssertThrowsError(try store.keep(shot, taken: Date(), free: 9)) {
      XCTAssertEqual($0 as? Failure, .noRoom(needed: shot.dng.count + 2 + 8))
    }
    let name = try store.keep(shot, taken: Date(), free: 1 << 20)
    XCTAssertEqual(store.names, [name])
    let read = try store.read(name)
    XCTAssertEqual(read.dng, shot.dng)
    XCTAssertEqual(read.phones, shot.phones)
    XCTAssertEqual(try read.pixels.get().mosaic, values)
    XCTAssertEqual(try read.frame().size, Size(height: 1, width: 1))
    XCTAssertEqual(try Data(contentsOf: store.dng(name)), shot.dng)
    try store.remove(name)
    XCTAssertEqual(store.names, [])
  }

  func test_shot_whose_pixels_cannot_be_used_is_kept_with_the_reason() throws {
    let store = ShotStore(folder)
    let unknown = Failure.unexpectedSensor("pixel format 42")
    let name = try store.keep(
      Shot(dng: tiff(), phones: nil, pixels: .failure(unknown)), taken: Date(), free: 1 << 20)
    let read = try store.read(name)
    XCTAssertEqual(read.dng, tiff())
    XCTAssertThrowsError(try read.frame()) { XCTAssertEqual($0 as? Failure, unknown) }
  }

  func test_shots_are_listed_newest_first() throws {
    let store = ShotStore(folder)
    let shot = Shot(dng: tiff(), phones: nil, pixels: .failure(.unexpectedSensor("x")))
    let kept = try [1_800_000_000, 1_700_000_000, 1_900_000_000].map {
      try store.keep(shot, taken: Date(timeIntervalSince1970: $0), free: 1 << 20)
    }
    XCTAssertEqual(store.names, [kept[2], kept[0], kept[1]])
  }

  func test_shot_that_did_not_fit_is_kept_once_there_is_room() throws {
    let store = ShotStore(folder)
    let shot = Shot(dng: tiff(), phones: nil, pixels: .failure(.unexpectedSensor("x")))
    XCTAssertThrowsError(try store.keep(shot, taken: Date(), free: 1))
    XCTAssertEqual(store.names, [])
    XCTAssertEqual(try store.read(try store.keep(shot, taken: Date(), free: 1 << 20)).dng, shot.dng)
  }

  /// A camera's shot in `camera.json`.
  private struct Told: Decodable {
    struct Calibration: Decodable {
      let illuminant: Double
      let color_matrix: [Double]
      let unit: [Double]?
    }
    struct Expected: Decodable {
      let cfa: String
      let black_level: [Double]
      let white_balance: [Double]
      let color_matrix: [Double]
    }
    let arrangement: Int
    let black: [Double]
    let white: Double
    let neutral: [Double]
    let calibrations: [Calibration]
    let sensor: Expected
  }

  func test_dngs_of_shots_say_what_python_reads_of_them() throws {
    let patterns: [[Double]] = [[0, 1, 1, 2], [1, 0, 2, 1], [1, 2, 0, 1], [2, 1, 1, 0]]
    let cases = try GoldenFiles.json("camera.json", as: [Told].self)
    XCTAssertGreaterThanOrEqual(cases.count, 3)
    for told in cases {
      var tags: [(Int, Int, [Double])] = [(330, 4, [400]), (50728, 12, told.neutral)]
      for (index, calibration) in told.calibrations.enumerated() {
        tags.append((50721 + index, 12, calibration.color_matrix))
        if let unit = calibration.unit { tags.append((50723 + index, 12, unit)) }
        tags.append((50778 + index, 3, [calibration.illuminant]))
      }
      let raw: [(Int, Int, [Double])] = [
        (262, 3, [32803]), (33422, 1, patterns[told.arrangement]), (50713, 3, [2, 2]), (50714, 12, told.black),
        (50717, 12, [told.white]),
      ]
      let dng = try DNG(tiff(tags.sorted { $0.0 < $1.0 }, raw))
      XCTAssertEqual(dng.cfa?.rawValue, told.sensor.cfa)
      let sensor = try dng.sensor(cfa: XCTUnwrap(dng.cfa))
      XCTAssertEqual(sensor.blackLevel, told.sensor.black_level)
      XCTAssertEqual(sensor.whiteLevel, told.white)
      XCTAssertEqual(sensor.whiteBalance, told.sensor.white_balance)
      for (got, expected) in zip(sensor.colorMatrix, told.sensor.color_matrix) {
        XCTAssertEqual(got, expected, accuracy: 1e-11)
      }
    }
  }

  /// A DNG's tags, little endian: a first page with the colour, and a sub-page with the mosaic's levels.
  private func tiff() -> Data {
    tiff(
      [
        (274, 3, [6]), (330, 4, [400]), (50721, 10, [9, 9, 9, 9, 9, 9, 9, 9, 9]),
        (50722, 10, [1, -0.25, 0, 0, 1, 0, 0, 0, 1]), (50727, 5, [2, 1, 1]), (50728, 5, [0.5, 1, 0.625]),
        (50778, 3, [17]), (50779, 3, [21]),
      ],
      // In reading order of the block: G, B, R, G.
      [
        (262, 3, [32803]), (33422, 1, [1, 2, 0, 1]), (50713, 3, [2, 2]), (50714, 5, [64, 64.25, 66, 65.5]),
        (50717, 3, [1023]),
      ])
  }

  /// The same of entries: tag, TIFF type and values. The sub-page is at byte 400, fractions have the denominator 1000.
  private func tiff(_ first: [(Int, Int, [Double])], _ raw: [(Int, Int, [Double])]) -> Data {
    var (data, extra) = (Data([0x49, 0x49, 42, 0, 8, 0, 0, 0]), Data())
    func put(_ value: Int, _ width: Int, _ to: inout Data) {
      for byte in 0..<width { to.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    func page(_ entries: [(Int, Int, [Double])]) -> Data {
      var own = Data()
      let widths = [1: 1, 3: 2, 4: 4]
      put(entries.count, 2, &own)
      for (tag, type, values) in entries {
        var bytes = Data()
        for value in values {
          switch type {
          case 5, 10:
            put(Int(value * 1000), 4, &bytes)
            put(1000, 4, &bytes)
          case 12: put(Int(truncatingIfNeeded: value.bitPattern), 8, &bytes)
          default: put(Int(value), widths[type]!, &bytes)
          }
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
    data += page(first)
    data += Data(count: 400 - data.count)
    data += page(raw)
    data += Data(count: 1000 - data.count)
    return data + extra
  }
}
