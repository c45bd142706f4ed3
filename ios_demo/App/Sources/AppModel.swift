@preconcurrency import AVFoundation
import EdgeISPKit
import Foundation
import SwiftUI
import UIKit

/// What the screens show, and what their buttons do.
@MainActor
final class AppModel: ObservableObject {
  enum Phase: Equatable {
    case opening, ready, capturing
    /// A shot is in memory alone, because it could not be written.
    case unkept
    case rendering(done: Int, of: Int)
  }

  /// A picture beside the phone's.
  struct Rendered: Identifiable {
    let id: String
    let picture: Picture
    let image: CGImage?
    let phones: UIImage?
    let seconds: Double
    let ranOn: String
    /// What the model's modules did, in their order; empty for a network of one piece.
    let steps: [Step]
  }

  /// The latest picture of the preview, with the times of those before it.
  struct Preview {
    let image: CGImage?
    let meter: FrameMeter
  }

  @Published private(set) var phase = Phase.opening
  /// The camera, once the viewfinder is connected to it.
  @Published private(set) var device: AVCaptureDevice?
  @Published private(set) var kinds: [Camera.Kind] = []
  @Published private(set) var checked: Checked?
  @Published private(set) var thermal = Device.thermal
  @Published private(set) var kept: [String] = []
  @Published private(set) var preview: Preview?
  @Published var kind = Camera.Kind.bayer
  @Published var units = CoreMLEngine.Units.all
  @Published var rendered: Rendered?
  @Published var message: String?

  let camera = Camera()
  private let store = ShotStore(URL.applicationSupportDirectory.appendingPathComponent("shots"))
  /// Until it is on disk.
  private var unkept: Shot?
  private var work: Task<Void, Never>?
  @Published private var previews: Task<Void, Never>?

  var isBusy: Bool { phase != .ready }
  var isPreviewing: Bool { previews != nil }

  /// Opens camera and model; what fails is said, and the rest goes on.
  func start() async {
    kept = store.names
    await attempt { self.kinds = try await self.camera.start() }
    device = camera.device
    if let first = kinds.first, !kinds.contains(kind) { kind = first }
    await open()
    for await _ in NotificationCenter.default.notifications(named: ProcessInfo.thermalStateDidChangeNotification) {
      thermal = Device.thermal
      if thermal.stopsPreview { stopPreview() }
      if thermal.stopsRendering, case .rendering = phase {
        cancel()
        show(Failure.tooHot)
      }
    }
  }

  /// Opens the model on the chosen units, and tests it.
  func open() async {
    stopPreview()
    (phase, checked) = (.opening, nil)
    let units = units
    await attempt { self.checked = try await Artifact.bundled().open(units) }
    phase = .ready
  }

  /// Takes a shot, keeps it, and renders it.
  func shoot() {
    stopPreview()
    phase = .capturing
    work = Task {
      await attempt { try await self.take(self.camera.capture(self.kind)) }
      phase = unkept == nil ? .ready : .unkept
    }
  }

  /// Writes a shot that did not fit, again.
  func retry() {
    guard let shot = unkept else { return }
    phase = .capturing
    work = Task {
      await attempt { try await self.take(shot) }
      phase = unkept == nil ? .ready : .unkept
    }
  }

  /// Gives up a shot that did not fit.
  func discard() {
    unkept = nil
    phase = .ready
  }

  private func take(_ shot: Shot) async throws {
    unkept = shot
    let name = try await keep(shot)
    unkept = nil
    kept = store.names
    try await render(shot, name)
  }

  /// Renders a shot that was kept.
  func render(kept name: String) {
    stopPreview()
    phase = .rendering(done: 0, of: 0)
    work = Task {
      await attempt { try await self.render(self.read(name), name) }
      phase = .ready
    }
  }

  func cancel() { work?.cancel() }

  /// Adds picture and RAW to Photos; after that the shot need not be kept. Whether that was done.
  func save(_ rendered: Rendered) async -> Bool {
    await attempt {
      try await PhotoLibrary.add(rendered.picture, dng: self.store.dng(rendered.id))
      try self.store.remove(rendered.id)
      self.kept = self.store.names
      self.message = "Saved to Photos: the picture, with its RAW."
    }
  }

  func remove(_ name: String) async {
    await attempt {
      try self.store.remove(name)
      self.kept = self.store.names
    }
  }

  func dng(_ name: String) -> URL { store.dng(name) }

  /// Renders one RAW after the other at a reduced size. iOS gives RAW by single photos alone, so that sets the pace.
  func startPreview() {
    guard previews == nil, phase == .ready, let model = checked?.model else { return }
    if thermal.stopsPreview { return show(Failure.tooHot) }
    previews = Task {
      await attempt {
        let renderer = try Renderer(model)
        var meter = FrameMeter(budgetMs: 1000)
        let smoothing = Smoothing(frames: 3)
        while !Task.isCancelled {
          let began = ContinuousClock.now
          let shot = try await self.camera.capture(self.kind, isQuiet: true)
          let picture = try await self.small(shot, renderer, smoothing)
          meter.made(ms: (ContinuousClock.now - began) / .milliseconds(1))
          if !Task.isCancelled { self.preview = Preview(image: picture.image, meter: meter) }
        }
      }
      // One that was stopped may end after the next has begun.
      if !Task.isCancelled { stopPreview() }
    }
  }

  func stopPreview() {
    previews?.cancel()
    (previews, preview) = (nil, nil)
  }

  private func render(_ shot: Shot, _ name: String) async throws {
    guard let model = checked?.model else {
      throw Failure.unusable("No model is open", cure: "The RAW is kept and can be rendered later.")
    }
    if Device.thermal.stopsRendering { throw Failure.tooHot }
    phase = .rendering(done: 0, of: 0)
    let began = ContinuousClock.now
    // Goes on for a while in the background; after that the shot waits on disk.
    let background = UIApplication.shared.beginBackgroundTask { [weak self] in self?.cancel() }
    defer { UIApplication.shared.endBackgroundTask(background) }
    let (picture, steps) = try await picture(of: shot, model)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    rendered = Rendered(
      id: name, picture: picture, image: picture.image, phones: shot.phones.flatMap { UIImage(data: $0) },
      seconds: seconds, ranOn: model.ranOn, steps: steps)
  }

  // Off the main thread: these read and write, or compute.
  private nonisolated func keep(_ shot: Shot) async throws -> String {
    try store.keep(shot, taken: Date(), free: Device.free)
  }

  private nonisolated func read(_ name: String) async throws -> Shot { try store.read(name) }

  private nonisolated func picture(of shot: Shot, _ model: Model) async throws -> (Picture, [Step]) {
    let (renderer, frame) = try (Renderer(model), shot.frame())
    let context = try await renderer.context(frame)
    let picture = try await renderer.render(frame, context) { await self.progress($0, $1) }
    return (picture, model.manifest.steps(context))
  }

  private nonisolated func small(
    _ shot: Shot, _ renderer: Renderer, _ smoothing: Smoothing
  ) async throws -> Picture {
    let frame = try shot.reduced(toSide: 1024)
    return try await renderer.render(frame, smoothing.next(renderer.context(frame)))
  }

  private func progress(_ done: Int, _ total: Int) { phase = .rendering(done: done, of: total) }

  /// Whether it was done.
  @discardableResult
  private func attempt(_ work: () async throws -> Void) async -> Bool {
    do {
      try await work()
      return true
    } catch is CancellationError {
    } catch {
      show(error)
    }
    return false
  }

  private func show(_ error: any Error) { message = error.localizedDescription }
}

extension Shot {
  /// The frame of a smaller mosaic, with no side above `side` by more than a factor of two.
  func reduced(toSide side: Int) throws -> Frame {
    let mosaic = try pixels.get().mosaic
    return try frame(reducedBy: max(1, max(mosaic.width, mosaic.height) / side))
  }
}
