import SwiftUI

@main
struct EdgeISPApp: App {
  @StateObject private var model = AppModel()
  @Environment(\.scenePhase) private var scene

  var body: some Scene {
    WindowGroup {
      TabView {
        CameraScreen().tabItem { Label("Camera", systemImage: "camera") }
        ShotsScreen().tabItem { Label("RAW files", systemImage: "photo.stack") }
        BenchmarkScreen().tabItem { Label("Benchmark", systemImage: "speedometer") }
      }
      .sheet(item: $model.rendered) { CompareScreen(rendered: $0) }
      .environmentObject(model)
      .task { await model.start() }
      .message(of: model, isOnTop: model.rendered == nil)
      .onChange(of: scene) { _, now in
        if now != .active { model.stopPreview() }
      }
    }
  }
}

extension View {
  /// Shows what the model has to say, unless a sheet covers this view, which then does.
  func message(of model: AppModel, isOnTop: Bool = true, read: @escaping @MainActor () -> Void = {}) -> some View {
    let isShown = Binding(get: { isOnTop && model.message != nil }, set: { if !$0 { model.message = nil } })
    return alert("edgeisp", isPresented: isShown) {
      Button("OK") {
        model.message = nil
        read()
      }
    } message: {
      Text(model.message ?? "")
    }
  }
}
