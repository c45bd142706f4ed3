// Our own declarations of what the app uses of AVFoundation, so that Linux can type-check it; not Apple's.
@_exported import Foundation
import UIKit

public typealias OSType = UInt32
public let kCVPixelFormatType_14Bayer_GRBG: OSType = 1
public let kCVPixelFormatType_14Bayer_RGGB: OSType = 2
public let kCVPixelFormatType_14Bayer_BGGR: OSType = 3
public let kCVPixelFormatType_14Bayer_GBRG: OSType = 4
public let kCVPixelFormatType_64RGBALE: OSType = 5

public final class CVPixelBuffer {}
public struct CVPixelBufferLockFlags: OptionSet, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let readOnly = CVPixelBufferLockFlags(rawValue: 1)
}
@discardableResult
public func CVPixelBufferLockBaseAddress(_ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags) -> Int32 { 0 }
@discardableResult
public func CVPixelBufferUnlockBaseAddress(_ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags) -> Int32 { 0 }
public func CVPixelBufferGetBaseAddress(_ buffer: CVPixelBuffer) -> UnsafeMutableRawPointer? { nil }
public func CVPixelBufferGetWidth(_ buffer: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetHeight(_ buffer: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetBytesPerRow(_ buffer: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetPixelFormatType(_ buffer: CVPixelBuffer) -> OSType { 0 }

public struct AVMediaType: Sendable { public static let video = AVMediaType() }
public struct AVVideoCodecType: Sendable, Equatable {
  public static let hevc = AVVideoCodecType()
  public static let jpeg = AVVideoCodecType()
}
public let AVVideoCodecKey = "AVVideoCodecKey"
public struct CMVideoDimensions: Sendable { public var width: Int32 = 0, height: Int32 = 0 }

public class AVCaptureInput: NSObject {}
public class AVCaptureOutput: NSObject {
  public func connection(with type: AVMediaType) -> AVCaptureConnection? { nil }
}
public final class AVCaptureConnection: NSObject {
  public var videoRotationAngle: CGFloat = 0
  public func isVideoRotationAngleSupported(_ angle: CGFloat) -> Bool { false }
}
public final class AVCaptureDevice: NSObject {
  public struct DeviceType: Sendable { public static let builtInWideAngleCamera = DeviceType() }
  public enum Position { case back, front }
  public final class Format: NSObject { public var supportedMaxPhotoDimensions: [CMVideoDimensions] { [] } }
  public var activeFormat: Format { get { Format() } set {} }
  public class func requestAccess(for type: AVMediaType) async -> Bool { false }
  public class func `default`(_ kind: DeviceType, for type: AVMediaType?, position: Position) -> AVCaptureDevice? { nil }

  public final class RotationCoordinator: NSObject {
    public init(device: AVCaptureDevice, previewLayer: CALayer?) {}
    public var videoRotationAngleForHorizonLevelCapture: CGFloat { 0 }
    public var videoRotationAngleForHorizonLevelPreview: CGFloat { 0 }
  }
}
public final class AVCaptureDeviceInput: AVCaptureInput {
  public init(device: AVCaptureDevice) throws {}
}
public final class AVCaptureSession: NSObject {
  public struct Preset: Sendable { public static let photo = Preset() }
  public var sessionPreset = Preset.photo
  public var isRunning: Bool { false }
  public var inputs: [AVCaptureInput] { [] }
  public func beginConfiguration() {}
  public func commitConfiguration() {}
  public func canAddInput(_ input: AVCaptureInput) -> Bool { false }
  public func canAddOutput(_ output: AVCaptureOutput) -> Bool { false }
  public func addInput(_ input: AVCaptureInput) {}
  public func addOutput(_ output: AVCaptureOutput) {}
  public func startRunning() {}
  public func stopRunning() {}
}
public final class AVCapturePhoto: NSObject {
  public var isRawPhoto: Bool { false }
  public var pixelBuffer: CVPixelBuffer? { nil }
  public func fileDataRepresentation() -> Data? { nil }
}
public final class AVCaptureResolvedPhotoSettings: NSObject {}
public final class AVCapturePhotoSettings: NSObject {
  public convenience init(rawPixelFormatType: OSType) { self.init() }
  public convenience init(rawPixelFormatType: OSType, processedFormat: [String: Any]?) { self.init() }
  public var uniqueID: Int64 { 0 }
  public var isShutterSoundSuppressionEnabled = false
  public var maxPhotoDimensions = CMVideoDimensions()
  public var photoQualityPrioritization = AVCapturePhotoOutput.QualityPrioritization.balanced
}
public protocol AVCapturePhotoCaptureDelegate: NSObjectProtocol {
  func photoOutput(
    _ output: AVCapturePhotoOutput, didFinishProcessingPhoto photo: AVCapturePhoto, error: (any Error)?)
  func photoOutput(
    _ output: AVCapturePhotoOutput, didFinishCaptureFor settings: AVCaptureResolvedPhotoSettings, error: (any Error)?)
}
public final class AVCapturePhotoOutput: AVCaptureOutput {
  public enum QualityPrioritization: Int, Sendable { case speed = 1, balanced, quality }
  public var maxPhotoDimensions = CMVideoDimensions()
  public var availableRawPhotoPixelFormatTypes: [OSType] { [] }
  public var availablePhotoCodecTypes: [AVVideoCodecType] { [] }
  public var isAppleProRAWSupported: Bool { false }
  public var isAppleProRAWEnabled = false
  public var isShutterSoundSuppressionSupported: Bool { false }
  public class func isBayerRAWPixelFormat(_ format: OSType) -> Bool { false }
  public class func isAppleProRAWPixelFormat(_ format: OSType) -> Bool { false }
  public func capturePhoto(with settings: AVCapturePhotoSettings, delegate: any AVCapturePhotoCaptureDelegate) {}
}
public struct AVLayerVideoGravity: Sendable { public static let resizeAspect = AVLayerVideoGravity() }
public final class AVCaptureVideoPreviewLayer: CALayer {
  public var session: AVCaptureSession?
  public var connection: AVCaptureConnection? { nil }
  public var videoGravity = AVLayerVideoGravity.resizeAspect
}
