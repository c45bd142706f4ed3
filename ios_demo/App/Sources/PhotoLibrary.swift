import CoreGraphics
import EdgeISPKit
import Foundation
import ImageIO
import Photos
import UniformTypeIdentifiers

extension Picture {
  /// sRGB, 8 bits.
  var image: CGImage? {
    guard let provider = CGDataProvider(data: Data(pixels) as CFData),
      let sRGB = CGColorSpace(name: CGColorSpace.sRGB)
    else { return nil }
    return CGImage(
      width: size.width, height: size.height, bitsPerComponent: 8, bitsPerPixel: 24, bytesPerRow: 3 * size.width,
      space: sRGB, bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.none.rawValue), provider: provider,
      decode: nil,
      shouldInterpolate: false, intent: .perceptual)
  }

  /// HEIC of high quality; nil where the system does not encode it.
  var heic: Data? {
    guard let image else { return nil }
    let data = NSMutableData()
    let type = UTType.heic.identifier as CFString
    guard let file = CGImageDestinationCreateWithData(data as CFMutableData, type, 1, nil) else { return nil }
    let options = [kCGImageDestinationLossyCompressionQuality: 0.95] as CFDictionary
    CGImageDestinationAddImage(file, image, options)
    return CGImageDestinationFinalize(file) ? Data(referencing: data) : nil
  }
}

/// The user's photos; pictures are added, none is read.
enum PhotoLibrary {
  /// Adds our picture, with the DNG as its RAW. Throws `Failure.denied` or `Failure.noRoom`.
  static func add(_ picture: Picture, dng: URL) async throws {
    let status = await PHPhotoLibrary.requestAuthorization(for: .addOnly)
    guard status == .authorized || status == .limited else { throw Failure.denied("Adding to Photos") }
    guard let heic = picture.heic else {
      throw Failure.unusable("The picture cannot be written as HEIC", cure: "Try again; the RAW is kept.")
    }
    let size = (try? dng.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    if heic.count + size > Device.free { throw Failure.noRoom(needed: heic.count + size) }
    try await PHPhotoLibrary.shared().performChanges {
      let request = PHAssetCreationRequest.forAsset()
      request.addResource(with: .photo, data: heic, options: nil)
      request.addResource(with: .alternatePhoto, fileURL: dng, options: nil)
    }
  }
}
