import Foundation
import XCTest

@testable import EdgeISPKit

final class SensorTests: XCTestCase {
  private let identity: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]

  func test_sensors_that_make_no_picture_are_refused() throws {
    func sensor(
      black: [Double] = [64, 64, 64, 64], white: Double = 1023, balance: [Double] = [2, 1, 1.5],
      matrix: [Double]? = nil, orientation: Int = 1
    ) throws -> Sensor {
      try Sensor(
        cfa: .rggb, blackLevel: black, whiteLevel: white, whiteBalance: balance, colorMatrix: matrix ?? identity,
        orientation: orientation)
    }
    XCTAssertNoThrow(try sensor())
    XCTAssertThrowsError(try sensor(black: [64]))
    XCTAssertThrowsError(try sensor(black: [64, 64, 64, 1023]))
    XCTAssertThrowsError(try sensor(white: .infinity))
    XCTAssertThrowsError(try sensor(balance: [0, 1, 1]))
    XCTAssertThrowsError(try sensor(balance: [.nan, 1, 1]))
    XCTAssertThrowsError(try sensor(matrix: [1, 2]))
    XCTAssertThrowsError(try sensor(orientation: 9))
    XCTAssertThrowsError(try CameraColor.srgbFromCamera([Double](repeating: 0, count: 9)))
  }

  func test_memory_that_is_too_short_or_too_narrow_is_refused() throws {
    func mosaic(_ bytes: Int, width: Int = 4, height: Int = 2, stride: Int = 10) throws -> Mosaic {
      try [UInt8](repeating: 1, count: bytes).withUnsafeBytes {
        try Mosaic($0, width: width, height: height, rowStride: stride)
      }
    }
    // The last row may end with its pixels.
    XCTAssertEqual(try mosaic(18).values, [UInt16](repeating: 0x0101, count: 8))
    XCTAssertThrowsError(try mosaic(17))
    XCTAssertThrowsError(try mosaic(20, stride: 7))
    XCTAssertThrowsError(try mosaic(20, width: 1))
    XCTAssertThrowsError(try mosaic(20, height: 0))
  }

  func test_preview_counts_frames_that_were_late_or_let_go() {
    var meter = FrameMeter(budgetMs: 33, latest: 3)
    XCTAssertNil(meter.medianMs)
    for ms in [100.0, 10, 20, 40] { meter.made(ms: ms) }
    meter.skipped()
    XCTAssertEqual([meter.frames, meter.dropped], [5, 3])
    XCTAssertEqual(meter.medianMs, 20)
    XCTAssertEqual(meter.p90Ms, 40)
  }

  func test_heat_stops_the_preview_before_rendering() {
    XCTAssertEqual(Thermal.allCases.map(\.stopsPreview), [false, false, true, true])
    XCTAssertEqual(Thermal.allCases.map(\.stopsRendering), [false, false, false, true])
  }

  func test_every_failure_says_what_and_the_cure() {
    let all: [Failure] = [
      .newerManifest(version: 2), .badManifest("x"), .wrongFile("a", "is not there"), .unusable("x", cure: "y."),
      .notLoaded(runtime: "Core ML", "x"), .wrongNumbers(runtime: "Core ML", "x"), .badGolden("x"),
      .stopped(runtime: "Core ML", "x"), .noRaw,
      .unexpectedSensor("x"), .denied("The camera"), .noRoom(needed: 1_500_000), .tooHot,
    ]
    for failure in all {
      XCTAssertFalse(failure.what.isEmpty)
      XCTAssert(failure.cure.hasSuffix("."), failure.cure)
      XCTAssertEqual(failure.localizedDescription, "\(failure.what). \(failure.cure)")
    }
    XCTAssert(Failure.noRoom(needed: 1_500_000).what.contains("2 MB"))
  }
}
