import Foundation
import XCTest

@testable import EdgeISPKit

/// What Python computes, byte for byte.
final class GoldenTests: XCTestCase {
  func test_layouts_are_pythons() throws {
    struct Case: Decodable {
      let cfa: String
      let positions: [Int]
      let flips: [Bool]
      let block: [Int]
      let planes: [Int]
      let shifted: [String: String]
    }
    let cases: [Case] = try GoldenFiles.json("bayer.json")
    XCTAssertEqual(Set(cases.map(\.cfa)), Set(CFA.allCases.map(\.rawValue)))
    for one in cases {
      let cfa = try XCTUnwrap(CFA(rawValue: one.cfa))
      XCTAssertEqual(cfa.positions, one.positions)
      XCTAssertEqual([cfa.flipsRows, cfa.flipsColumns], one.flips)
      XCTAssertEqual(cfa.byPlane(one.block), one.planes)
      for (steps, name) in one.shifted {
        let by = steps.split(separator: ",").map { Int($0)! }
        XCTAssertEqual(cfa.shifted(rows: by[0], columns: by[1]).rawValue, name)
      }
    }
  }

  func test_planes_windows_and_thumbnails_are_pythons() throws {
    struct Case: Decodable {
      struct Window: Decodable {
        let window: [Int]
        let canonical: String
      }
      struct Thumbnail: Decodable {
        let size: [Int]
        let values: String
      }
      let shape: [Int]
      let planes: String
      let windows: [Window]
      let thumbnails: [Thumbnail]
    }
    let cases: [Case] = try GoldenFiles.json("packing.json")
    let shots: [GoldenShot] = try GoldenFiles.json("packing.json")
    for (one, shot) in zip(cases, shots) {
      let frame = try shot.frame()
      XCTAssertEqual([frame.size.height, frame.size.width], one.shape)
      assertBits(frame.planes(), try GoldenFiles.floats(one.planes), one.planes)
      for window in one.windows {
        let w = window.window
        let got = frame.window(top: w[0], left: w[1], Size(height: w[2], width: w[3]))
        assertBits(got, try GoldenFiles.floats(window.canonical), window.canonical)
      }
      for thumbnail in one.thumbnails {
        let got = frame.thumbnail(Size(height: thumbnail.size[0], width: thumbnail.size[1]))
        assertBits(got, try GoldenFiles.floats(thumbnail.values), thumbnail.values)
      }
    }
  }

  func test_tile_plans_are_pythons() throws {
    struct Plan: Decodable {
      let length: Int
      let tile: Int
      let halo: Int
      let stride: Int
      let spans: [[Int]]
    }
    struct Refused: Decodable {
      let tile: Int
      let halo: Int
      let stride: Int
    }
    struct Mirrored: Decodable {
      let start: Int
      let count: Int
      let length: Int
      let indices: [Int]
    }
    struct Crops: Decodable {
      let length: Int
      let crop: Int
      let starts: [Int]
    }
    struct Cases: Decodable {
      let spans: [Plan]
      let refused: [Refused]
      let mirrored: [Mirrored]
      let crops: [Crops]
    }
    let cases: Cases = try GoldenFiles.json("tiles.json")
    for one in cases.spans {
      let got = try spans(length: one.length, tile: one.tile, halo: one.halo, stride: one.stride)
      XCTAssertEqual(got.map { [$0.read, $0.start, $0.stop] }, one.spans)
    }
    for one in cases.refused {
      XCTAssertThrowsError(try spans(length: 100, tile: one.tile, halo: one.halo, stride: one.stride))
    }
    for one in cases.mirrored {
      XCTAssertEqual(mirrored(start: one.start, count: one.count, length: one.length), one.indices)
    }
    for one in cases.crops { XCTAssertEqual(cropStarts(length: one.length, crop: one.crop), one.starts) }
  }

  func test_colour_is_pythons() throws {
    struct Case: Decodable {
      let color_matrix: [Double]?
      let color: [Double]?
      let white_balance: [Double]?
      let plane_gains: [Double]?
    }
    let cases: [Case] = try GoldenFiles.json("color.json")
    for one in cases {
      if let matrix = one.color_matrix {
        assertBits(try CameraColor.srgbFromCamera(matrix), try XCTUnwrap(one.color).map { Float($0) })
      } else {
        let gains = CameraColor.planeGains(try XCTUnwrap(one.white_balance))
        assertBits(gains, try XCTUnwrap(one.plane_gains).map { Float($0) })
      }
    }
  }

  func test_eight_bits_are_pythons() throws {
    struct Case: Decodable {
      struct Quantized: Decodable {
        let top: Int
        let left: Int
        let size: [Int]
        let dither: String
        let rgb: String
        let codes: String
      }
      let quantized: Quantized
    }
    let one = try GoldenFiles.json("picture.json", as: Case.self).quantized
    let (height, width) = (one.size[0], one.size[1])
    let noise = (0..<height * width).map { dither(row: one.top + $0 / width, column: one.left + $0 % width) }
    assertBits(noise, try GoldenFiles.floats(one.dither), "dither")
    let rgb = try GoldenFiles.floats(one.rgb)
    let codes = (0..<3 * height * width).map { code(rgb[$0 % 3 * height * width + $0 / 3], noise[$0 / 3]) }
    XCTAssertEqual(codes, try GoldenFiles.bytes(one.codes))
  }

  func test_orientations_are_pythons() throws {
    struct Case: Decodable {
      struct Turned: Decodable {
        let orientation: Int
        let size: [Int]
        let pixels: [Int]
      }
      struct Upright: Decodable {
        let size: [Int]
        let pixels: [Int]
        let turned: [Turned]
      }
      let upright: Upright
    }
    let one = try GoldenFiles.json("picture.json", as: Case.self).upright
    let size = Size(height: one.size[0], width: one.size[1])
    let count = size.height * size.width
    // A code's own value and dither below 1 give that code again.
    let planar = (0..<3 * count).map { Float(one.pixels[$0 % count * 3 + $0 / count]) / 255 }
    for turned in one.turned {
      let placement = Placement(
        grid: size, flipsRows: false, flipsColumns: false, kept: size, orientation: turned.orientation)
      XCTAssertEqual([placement.size.height, placement.size.width], turned.size)
      var picture = Picture(size: placement.size, pixels: [UInt8](repeating: 255, count: 3 * count))
      placement.put(
        planar, tile: size, Span(read: 0, start: 0, stop: (size.height + 1) / 2),
        Span(read: 0, start: 0, stop: (size.width + 1) / 2), in: &picture)
      for (got, expected) in zip(picture.pixels, turned.pixels) {
        XCTAssertLessThanOrEqual(abs(Int(got) - expected), 1, "orientation \(turned.orientation)")
      }
    }
  }

  func test_statistics_are_pythons() throws {
    struct Cases: Decodable {
      struct Latency: Decodable {
        let samples_ms: [Double]
        let median_ms: Double
        let p90_ms: Double
      }
      struct Likeness: Decodable {
        let expected: [Float]
        let got: [Float]
        let psnr_db: Double
      }
      let latency: [Latency]
      let psnr: [Likeness]
    }
    let cases: Cases = try GoldenFiles.json("statistics.json")
    for one in cases.latency {
      XCTAssertEqual(median(one.samples_ms), one.median_ms)
      XCTAssertEqual(quantile(one.samples_ms, 0.9), one.p90_ms)
    }
    for one in cases.psnr { XCTAssertEqual(psnr([(one.expected, one.got)]), one.psnr_db, accuracy: 1e-9) }
    XCTAssertEqual(psnr([([1], [.nan])]), -.infinity)
  }
}
