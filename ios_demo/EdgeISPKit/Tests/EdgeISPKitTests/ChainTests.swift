import Foundation
import XCTest

@testable import EdgeISPKit

final class ChainTests: XCTestCase {
  private struct Cases: Decodable {
    struct Decided: Decodable {
      let chain: [JSON]
      let context: [Float]
      let steps: [Told]
    }
    struct Told: Decodable {
      let module: String
      let names: [String]
      let values: [Float]
      let units: [String]
    }
    struct Smoothed: Decodable {
      let frames: Int
      let contexts: [[Float]]
      let steady: [[Float]]
    }
    let decided: [Decided]
    let smoothed: Smoothed
  }

  func test_what_a_context_means_is_pythons() throws {
    for one in try GoldenFiles.json("chain.json", as: Cases.self).decided {
      let steps = try one.chain.map { try Stage($0).step(one.context) }
      XCTAssertEqual(steps.map(\.module), one.steps.map(\.module))
      for (step, told) in zip(steps, one.steps) {
        XCTAssertEqual(step.settings.map(\.name), told.names)
        XCTAssertEqual(step.settings.map(\.unit), told.units)
        assertBits(step.settings.map(\.value), told.values, step.module)
      }
    }
  }

  func test_contexts_follow_each_other_as_pythons() async throws {
    let one = try GoldenFiles.json("chain.json", as: Cases.self).smoothed
    let smoothing = Smoothing(frames: one.frames)
    for (context, steady) in zip(one.contexts, one.steady) {
      let made = await smoothing.next(["context": context])
      assertBits(made["context"]!, steady)
    }
  }

  func test_steps_are_told_with_three_digits_and_their_unit() {
    let exposure = Step(module: "exposure", settings: [Step.Setting(name: "exposure", value: 1.2345, unit: "EV")])
    XCTAssertEqual(exposure.text, "1.23\u{a0}EV")
    let denoise = Step(
      module: "guided-denoise",
      settings: [
        Step.Setting(name: "deviation", value: 0.0072345, unit: ""),
        Step.Setting(name: "strength", value: 0.5, unit: ""),
      ])
    XCTAssertEqual(denoise.text, "deviation\u{a0}0.00723, strength\u{a0}0.5")
  }
}
