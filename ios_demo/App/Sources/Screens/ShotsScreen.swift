import EdgeISPKit
import SwiftUI

/// RAW files that are on this phone: to render again, to give away, to delete.
struct ShotsScreen: View {
  @EnvironmentObject private var model: AppModel

  var body: some View {
    NavigationStack {
      List {
        if model.kept.isEmpty { Text("Every RAW is in Photos, or none was taken.") }
        ForEach(model.kept, id: \.self) { name in
          VStack(alignment: .leading) {
            Text(taken(name))
            HStack(spacing: 24) {
              Button("Render") { model.render(kept: name) }.disabled(model.isBusy)
              ShareLink("DNG", item: model.dng(name))
              Button("Delete", role: .destructive) { Task { await model.remove(name) } }
            }
            .buttonStyle(.borderless)
          }
        }
        if case .rendering(let done, let total) = model.phase {
          ProgressView(value: Double(done), total: Double(max(total, 1)))
          Button("Cancel") { model.cancel() }
        }
      }
      .navigationTitle("RAW files")
    }
  }

  /// Names begin with milliseconds since 1970.
  private func taken(_ name: String) -> String {
    guard let ms = name.split(separator: "-").first.flatMap({ Double($0) }) else { return name }
    return Date(timeIntervalSince1970: ms / 1000).formatted(date: .abbreviated, time: .standard)
  }
}
