// Our own declarations of what the app uses of CoreGraphics, so that Linux can type-check it; not Apple's.
@_exported import Foundation

public typealias CFData = Data
public typealias CFString = String
public typealias CFMutableData = NSMutableData
public typealias CFDictionary = [String: Double]

public final class CGDataProvider {
  public init?(data: CFData) { nil }
}

public final class CGColorSpace {
  public static let sRGB: CFString = "sRGB"
  public init?(name: CFString) { nil }
}

public enum CGImageAlphaInfo: UInt32 { case none }

public struct CGBitmapInfo {
  public init(rawValue: UInt32) {}
}

public enum CGColorRenderingIntent { case perceptual }

public final class CGImage: Sendable {
  public init?(
    width: Int, height: Int, bitsPerComponent: Int, bitsPerPixel: Int, bytesPerRow: Int, space: CGColorSpace,
    bitmapInfo: CGBitmapInfo, provider: CGDataProvider, decode: UnsafePointer<CGFloat>?, shouldInterpolate: Bool,
    intent: CGColorRenderingIntent
  ) { nil }
}
