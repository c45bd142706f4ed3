@preconcurrency import AVFoundation
import EdgeISPKit
import SwiftUI
import UIKit

/// Viewfinder, the self-test's banner, and the shutter.
struct CameraScreen: View {
  @EnvironmentObject private var model: AppModel

  var body: some View {
    NavigationStack {
      VStack(spacing: 12) {
        SelfTestBanner(checked: model.checked, isOpening: model.phase == .opening)
        ZStack {
          Viewfinder(session: model.camera.session, device: model.device)
          if let preview = model.preview { LearnedPreview(preview: preview, thermal: model.thermal) }
        }
        controls
      }
      .padding()
      .navigationTitle("edgeisp")
    }
  }

  private var controls: some View {
    VStack(spacing: 12) {
      Picker("RAW", selection: $model.kind) {
        ForEach(model.kinds) { Text($0.rawValue).tag($0) }
      }
      .pickerStyle(.segmented)
      Picker("Compute units", selection: $model.units) {
        ForEach(CoreMLEngine.Units.allCases) { Text($0.rawValue).tag($0) }
      }
      .disabled(model.isBusy)
      .onChange(of: model.units) { Task { await model.open() } }
      switch model.phase {
      case .rendering(let done, let total):
        ProgressView(value: Double(done), total: Double(max(total, 1))) { Text("Tile \(done) of \(total)") }
        Button("Cancel") { model.cancel() }
      case .opening, .capturing:
        ProgressView()
      case .unkept:
        Text("This RAW is not on disk yet. Make room, in the tab RAW files or elsewhere, and leave this app open.")
          .font(.footnote)
        HStack(spacing: 24) {
          Button("Try again") { model.retry() }.buttonStyle(.borderedProminent)
          Button("Give it up", role: .destructive) { model.discard() }
        }
      case .ready:
        HStack(spacing: 24) {
          Button("Shoot") { model.shoot() }
            .buttonStyle(.borderedProminent)
            .disabled(model.kinds.isEmpty)
          Button(model.isPreviewing ? "Stop preview" : "Preview") {
            if model.isPreviewing { model.stopPreview() } else { model.startPreview() }
          }
          .disabled(model.kinds.isEmpty || model.checked == nil)
        }
      }
    }
  }
}

/// Whether the runtime computes what the artifact computes.
struct SelfTestBanner: View {
  let checked: Checked?
  let isOpening: Bool

  var body: some View {
    Label(text, systemImage: checked == nil ? "exclamationmark.triangle" : "checkmark.seal")
      .font(.footnote)
      .frame(maxWidth: .infinity, alignment: .leading)
      .padding(8)
      .background(color.opacity(0.2))
      .accessibilityIdentifier("self-test")
  }

  private var text: String {
    guard let checked else { return isOpening ? "Self-test is running" : "No model has passed the self-test" }
    let least = checked.psnrDb.values.min() ?? 0
    let passed =
      "\(checked.model.ranOn): self-test passed, \(least.formatted(.number.precision(.fractionLength(1)))) dB"
    return ([passed] + checked.passedOver.map { "Passed over: \($0)" }).joined(separator: "\n")
  }

  private var color: Color {
    guard let checked else { return isOpening ? .gray : .red }
    return checked.passedOver.isEmpty ? .green : .orange
  }
}

/// The latest rendered preview, with its times.
struct LearnedPreview: View {
  let preview: AppModel.Preview
  let thermal: Thermal

  var body: some View {
    ZStack(alignment: .bottomLeading) {
      PictureView(image: preview.image)
      Text(overlay)
        .font(.caption.monospacedDigit())
        .padding(6)
        .background(.black.opacity(0.6))
        .foregroundStyle(.white)
    }
  }

  private var overlay: String {
    let meter = preview.meter
    func ms(_ value: Double?) -> String { value.map { "\(Int($0.rounded())) ms" } ?? "–" }
    return """
      median \(ms(meter.medianMs)), p90 \(ms(meter.p90Ms)) from shutter to picture
      \(meter.frames) frames, \(meter.dropped) over 1 s; \(thermal)
      """
  }
}

/// What the camera sees, level however the phone is held.
struct Viewfinder: UIViewRepresentable {
  let session: AVCaptureSession
  /// nil until the session has it.
  let device: AVCaptureDevice?

  final class LayerView: UIView {
    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }
    var previewLayer: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }
    private var coordinator: AVCaptureDevice.RotationCoordinator?
    private var observation: NSKeyValueObservation?

    func follow(_ device: AVCaptureDevice) {
      guard coordinator == nil else { return }
      let made = AVCaptureDevice.RotationCoordinator(device: device, previewLayer: previewLayer)
      coordinator = made
      // It tells of changes on the main thread.
      observation = made.observe(\.videoRotationAngleForHorizonLevelPreview, options: .initial) { [weak self] _, _ in
        MainActor.assumeIsolated { self?.turn() }
      }
    }

    private func turn() {
      guard let angle = coordinator?.videoRotationAngleForHorizonLevelPreview,
        let connection = previewLayer?.connection, connection.isVideoRotationAngleSupported(angle)
      else { return }
      connection.videoRotationAngle = angle
    }
  }

  func makeUIView(context: Context) -> LayerView {
    let view = LayerView()
    view.previewLayer?.session = session
    view.previewLayer?.videoGravity = .resizeAspect
    return view
  }

  func updateUIView(_ view: LayerView, context: Context) {
    if let device { view.follow(device) }
  }
}

/// A picture that fills what room there is.
struct PictureView: View {
  let image: CGImage?

  var body: some View {
    if let image {
      Image(decorative: image, scale: 1).resizable().scaledToFit()
    } else {
      Text("This picture cannot be shown")
    }
  }
}
