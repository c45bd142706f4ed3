// Our own declarations of what the app uses of UIKit (and of Foundation on Apple's systems), so that Linux can
// type-check it; not Apple's.
@_exported import CoreGraphics

extension ProcessInfo {
  public enum ThermalState: Int { case nominal, fair, serious, critical }
  public var thermalState: ThermalState { .nominal }
  public class var thermalStateDidChangeNotification: NSNotification.Name { NSNotification.Name("thermal") }
}

extension NotificationCenter {
  public func notifications(named name: Notification.Name) -> AsyncStream<Notification> { AsyncStream { nil } }
}

extension URL {
  public static var applicationSupportDirectory: URL { URL(fileURLWithPath: "/") }
  public static var cachesDirectory: URL { URL(fileURLWithPath: "/") }
  public static var documentsDirectory: URL { URL(fileURLWithPath: "/") }
}

extension URLResourceKey {
  public static var volumeAvailableCapacityForImportantUsageKey: URLResourceKey { .nameKey }
}

extension URLResourceValues {
  public var volumeAvailableCapacityForImportantUsage: Int64? { nil }
}

public final class NSKeyValueObservation: NSObject {}
public struct NSKeyValueObservingOptions: OptionSet, Sendable {
  public let rawValue: UInt
  public init(rawValue: UInt) { self.rawValue = rawValue }
  public static let initial = NSKeyValueObservingOptions(rawValue: 4)
}
public struct NSKeyValueObservedChange<Value> {}
public protocol _KeyValueCodingAndObserving {}
extension NSObject: _KeyValueCodingAndObserving {}
extension _KeyValueCodingAndObserving {
  public func observe<Value>(
    _ path: KeyPath<Self, Value>, options: NSKeyValueObservingOptions = [],
    changeHandler: @escaping @Sendable (Self, NSKeyValueObservedChange<Value>) -> Void
  ) -> NSKeyValueObservation { NSKeyValueObservation() }
}

open class CALayer: NSObject {}

@MainActor
open class UIView: NSObject {
  open class var layerClass: AnyClass { CALayer.self }
  public var layer: CALayer { CALayer() }
}

public final class UIImage: NSObject {
  public convenience init?(data: Data) { nil }
}

public struct UIBackgroundTaskIdentifier: Sendable {}

@MainActor
public final class UIApplication {
  public static let shared = UIApplication()
  public func beginBackgroundTask(
    expirationHandler: (@MainActor @Sendable () -> Void)? = nil
  ) -> UIBackgroundTaskIdentifier { UIBackgroundTaskIdentifier() }
  public func endBackgroundTask(_ task: UIBackgroundTaskIdentifier) {}
}
