import Foundation

/// The mean of the middle two, or the middle one.
public func median(_ samples: [Double]) -> Double {
  let sorted = samples.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// The smallest sample that at least `share` of all samples do not exceed; no values are made up in between.
public func quantile(_ samples: [Double], _ share: Double) -> Double {
  let rank = (Double(samples.count) * share - 1e-9).rounded(.up)
  return samples.sorted()[max(0, Int(rank) - 1)]
}

/// How alike series are, in dB of peak 1; 200 where nothing differs, and NaN counts as infinitely wrong.
public func psnr(_ pairs: [(expected: [Float], got: [Float])]) -> Double {
  var (sum, count) = (0.0, 0)
  for (expected, got) in pairs {
    precondition(expected.count == got.count, "\(got.count) values, not \(expected.count)")
    for (e, g) in zip(expected, got) {
      let difference = Double(g) - Double(e)
      sum += difference * difference
    }
    count += expected.count
  }
  if sum.isNaN { return -.infinity }
  return sum == 0 ? 200 : -10 * log10(sum / Double(count))
}

/// Times of the latest frames of a preview, against a budget.
public struct FrameMeter: Sendable {
  private let budgetMs: Double
  private let latest: Int
  private var times: [Double] = []
  public private(set) var frames = 0
  /// Frames that took longer than the budget, or that came while another was being made.
  public private(set) var dropped = 0

  public init(budgetMs: Double, latest: Int = 120) { (self.budgetMs, self.latest) = (budgetMs, latest) }

  /// A frame was made in so many ms.
  public mutating func made(ms: Double) {
    frames += 1
    if ms > budgetMs { dropped += 1 }
    times.append(ms)
    if times.count > latest { times.removeFirst() }
  }

  /// A frame came while another was being made, and was let go.
  public mutating func skipped() {
    frames += 1
    dropped += 1
  }

  /// Nil before the first frame.
  public var medianMs: Double? { times.isEmpty ? nil : median(times) }
  public var p90Ms: Double? { times.isEmpty ? nil : quantile(times, 0.9) }
}

/// How hot the phone is: the four states of iOS.
public enum Thermal: Int, Comparable, Sendable, CaseIterable {
  case nominal, fair, serious, critical

  public static func < (a: Thermal, b: Thermal) -> Bool { a.rawValue < b.rawValue }

  /// The preview stops.
  public var stopsPreview: Bool { self >= .serious }
  /// Rendering stops as well; the RAW is kept.
  public var stopsRendering: Bool { self >= .critical }
}
