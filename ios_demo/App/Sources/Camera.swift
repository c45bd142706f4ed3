@preconcurrency import AVFoundation
import EdgeISPKit
import Foundation

/// The camera at the back: Bayer RAW or ProRAW, each with the phone's own picture of the same shot.
///
/// All work on the session happens on one queue; what is stored is touched there alone.
final class Camera: NSObject, @unchecked Sendable {
  enum Kind: String, CaseIterable, Identifiable, Sendable {
    case bayer = "Bayer RAW"
    case proRAW = "ProRAW"

    var id: String { rawValue }
  }

  let session = AVCaptureSession()
  let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: .back)
  private let output = AVCapturePhotoOutput()
  private let queue = DispatchQueue(label: "dev.edgeisp.camera")
  private var collectors: [Int64: Collector] = [:]

  /// Asks for permission, and starts. The kinds of RAW that this camera gives.
  func start() async throws -> [Kind] {
    guard await AVCaptureDevice.requestAccess(for: .video) else { throw Failure.denied("The camera") }
    return try await onQueue { [self] in
      if session.inputs.isEmpty { try configure() }
      if !session.isRunning { session.startRunning() }
      let kinds = Kind.allCases.filter { rawFormat($0) != nil }
      if kinds.isEmpty { throw Failure.noRaw }
      return kinds
    }
  }

  func stop() async {
    try? await onQueue { [self] in session.stopRunning() }
  }

  /// One shot. `isQuiet` is for previews: no shutter sound where the system allows that, no picture by the phone.
  func capture(_ kind: Kind, isQuiet: Bool = false) async throws -> Shot {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        guard let format = rawFormat(kind) else { return continuation.resume(throwing: Failure.noRaw) }
        let settings: AVCapturePhotoSettings
        if isQuiet {
          settings = AVCapturePhotoSettings(rawPixelFormatType: format)
          settings.isShutterSoundSuppressionEnabled = output.isShutterSoundSuppressionSupported
        } else {
          let codec: AVVideoCodecType = output.availablePhotoCodecTypes.contains(.hevc) ? .hevc : .jpeg
          settings = AVCapturePhotoSettings(
            rawPixelFormatType: format, processedFormat: [AVVideoCodecKey: codec])
          settings.maxPhotoDimensions = output.maxPhotoDimensions
        }
        // Bayer RAW allows no other.
        if kind == .bayer { settings.photoQualityPrioritization = .speed }
        if let device, let connection = output.connection(with: .video) {
          let angle = AVCaptureDevice.RotationCoordinator(device: device, previewLayer: nil)
            .videoRotationAngleForHorizonLevelCapture
          if connection.isVideoRotationAngleSupported(angle) { connection.videoRotationAngle = angle }
        }
        let id = settings.uniqueID
        collectors[id] = Collector { [self] result in
          queue.async { self.collectors[id] = nil }
          continuation.resume(with: result)
        }
        output.capturePhoto(with: settings, delegate: collectors[id]!)
      }
    }
  }

  private func configure() throws {
    guard let device else { throw Failure.noRaw }
    try connect(device)
    // The format is the preset's only after the configuration was committed.
    let sizes = device.activeFormat.supportedMaxPhotoDimensions
    if let largest = sizes.max(by: { $0.width * $0.height < $1.width * $1.height }) {
      output.maxPhotoDimensions = largest
    }
  }

  private func connect(_ device: AVCaptureDevice) throws {
    session.beginConfiguration()
    defer { session.commitConfiguration() }
    session.sessionPreset = .photo
    let input = try AVCaptureDeviceInput(device: device)
    guard session.canAddInput(input), session.canAddOutput(output) else { throw Failure.noRaw }
    session.addInput(input)
    session.addOutput(output)
    output.isAppleProRAWEnabled = output.isAppleProRAWSupported
  }

  private func rawFormat(_ kind: Kind) -> OSType? {
    output.availableRawPhotoPixelFormatTypes.first {
      switch kind {
      case .bayer: AVCapturePhotoOutput.isBayerRAWPixelFormat($0)
      case .proRAW: AVCapturePhotoOutput.isAppleProRAWPixelFormat($0)
      }
    }
  }

  private func onQueue<Made: Sendable>(_ work: @escaping @Sendable () throws -> Made) async throws -> Made {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }
}

/// Gathers the photos of one shot, which come one by one, and says when the last has come.
private final class Collector: NSObject, AVCapturePhotoCaptureDelegate {
  private let done: (Result<Shot, any Error>) -> Void
  private var raw: Result<(Data, Result<Shot.Pixels, Failure>), any Error>?
  private var phones: Data?

  init(_ done: @escaping (Result<Shot, any Error>) -> Void) { self.done = done }

  func photoOutput(
    _ output: AVCapturePhotoOutput, didFinishProcessingPhoto photo: AVCapturePhoto, error: (any Error)?
  ) {
    if photo.isRawPhoto {
      raw = Result { try Self.raw(photo, error) }
    } else if error == nil {
      phones = photo.fileDataRepresentation()
    }
  }

  func photoOutput(
    _ output: AVCapturePhotoOutput, didFinishCaptureFor settings: AVCaptureResolvedPhotoSettings, error: (any Error)?
  ) {
    let shot = raw ?? .failure(error ?? Failure.unexpectedSensor("the camera gave no RAW"))
    done(shot.map { [phones] in Shot(dng: $0.0, phones: phones, pixels: $0.1) })
  }

  /// The DNG, whatever its pixels are like.
  private static func raw(
    _ photo: AVCapturePhoto, _ error: (any Error)?
  ) throws -> (Data, Result<Shot.Pixels, Failure>) {
    if let error { throw error }
    guard let dng = photo.fileDataRepresentation() else {
      throw Failure.unexpectedSensor("the camera gave no DNG")
    }
    do {
      return (dng, .success(try pixels(photo)))
    } catch let failure as Failure {
      return (dng, .failure(failure))
    }
  }

  private static func pixels(_ photo: AVCapturePhoto) throws -> Shot.Pixels {
    guard let buffer = photo.pixelBuffer else { throw Failure.unexpectedSensor("the RAW has no pixels") }
    CVPixelBufferLockBaseAddress(buffer, .readOnly)
    defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
    guard let base = CVPixelBufferGetBaseAddress(buffer) else {
      throw Failure.unexpectedSensor("the RAW has no pixels")
    }
    let (width, height) = (CVPixelBufferGetWidth(buffer), CVPixelBufferGetHeight(buffer))
    let rowStride = CVPixelBufferGetBytesPerRow(buffer)
    let memory = UnsafeRawBufferPointer(start: base, count: rowStride * height)
    let format = CVPixelBufferGetPixelFormatType(buffer)
    if let cfa = layouts[format] {
      return Shot.Pixels(try Mosaic(memory, width: width, height: height, rowStride: rowStride), cfa)
    }
    if format == kCVPixelFormatType_64RGBALE {
      let mosaic = try Mosaic(linear: memory, width: width, height: height, rowStride: rowStride, cfa: .rggb)
      return Shot.Pixels(mosaic, .rggb)
    }
    throw Failure.unexpectedSensor("pixel format \(format)")
  }

  private static let layouts: [OSType: CFA] = [
    kCVPixelFormatType_14Bayer_RGGB: .rggb, kCVPixelFormatType_14Bayer_GRBG: .grbg,
    kCVPixelFormatType_14Bayer_GBRG: .gbrg, kCVPixelFormatType_14Bayer_BGGR: .bggr,
  ]
}
