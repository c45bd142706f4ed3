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
      .environmentObject(model)
      .task { await model.start() }
      .alert("edgeisp", isPresented: showsMessage) {
        Button("OK") { model.message = nil }
      } message: {
        Text(model.message ?? "")
      }
      .onChange(of: scene) { _, now in
        if now != .active { model.stopPreview() }
      }
    }
  }

  private var showsMessage: Binding<Bool> {
    Binding(get: { model.message != nil }, set: { if !$0 { model.message = nil } })
  }
}
