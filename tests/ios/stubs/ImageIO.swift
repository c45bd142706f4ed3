// Our own declarations of what the app uses of ImageIO, so that Linux can type-check it; not Apple's.
@_exported import CoreGraphics

public final class CGImageDestination {}
public let kCGImageDestinationLossyCompressionQuality: CFString = "quality"
public func CGImageDestinationCreateWithData(
  _ data: CFMutableData, _ type: CFString, _ count: Int, _ options: CFDictionary?
) -> CGImageDestination? { nil }
public func CGImageDestinationAddImage(_ file: CGImageDestination, _ image: CGImage, _ options: CFDictionary?) {}
public func CGImageDestinationFinalize(_ file: CGImageDestination) -> Bool { false }
