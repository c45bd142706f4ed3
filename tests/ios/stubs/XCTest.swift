// Our own declarations of what the benchmarks use of XCTest on Apple's systems, so that Linux can type-check them.
@_exported import Foundation

open class XCTestCase: NSObject {
  public func add(_ attachment: XCTAttachment) {}
}
public final class XCTAttachment: NSObject {
  public enum Lifetime { case keepAlways, deleteOnSuccess }
  public convenience init(string: String) { self.init() }
  public var name: String?
  public var lifetime = Lifetime.deleteOnSuccess
}
public struct XCTSkip: Error { public init(_ message: String) {} }
public func XCTUnwrap<Value>(_ value: Value?) throws -> Value { value! }
public func XCTAssertFalse(_ value: Bool) {}
public func XCTAssertGreaterThanOrEqual<Value: Comparable>(_ a: Value, _ b: Value, _ message: String) {}
