// Our own declarations of what the app uses of UniformTypeIdentifiers, so that Linux can type-check it; not Apple's.
public struct UTType: Sendable {
  public static var heic: UTType { UTType() }
  public var identifier: String { "" }
}
