import EdgeISPKit
import Foundation
import UIKit

/// What the phone says of itself.
enum Device {
  static var thermal: Thermal {
    switch ProcessInfo.processInfo.thermalState {
    case .nominal: .nominal
    case .fair: .fair
    case .serious: .serious
    case .critical: .critical
    @unknown default: .critical
    }
  }

  /// Bytes that may be written.
  static var free: Int {
    let values = try? URL.documentsDirectory.resourceValues(forKeys: [.volumeAvailableCapacityForImportantUsageKey])
    return Int(values?.volumeAvailableCapacityForImportantUsage ?? 0)
  }

  /// The most physical memory that this app had until now, in bytes.
  @Sendable static func memory() -> Int? {
    var usage = rusage()
    let ofThisProcess: Int32 = 0  // RUSAGE_SELF
    return getrusage(ofThisProcess, &usage) == 0 ? usage.ru_maxrss : nil
  }
}
