import EdgeISPKit
import SwiftUI
import UIKit

/// Our picture and the phone's, with a line between them to drag.
struct CompareScreen: View {
  private enum Saving { case no, running, done }

  let rendered: AppModel.Rendered
  @EnvironmentObject private var model: AppModel
  @Environment(\.dismiss) private var dismiss
  @State private var share = 0.5
  @State private var saving = Saving.no

  var body: some View {
    NavigationStack {
      VStack(spacing: 12) {
        GeometryReader { room in
          ZStack {
            if let phones = rendered.phones { Image(uiImage: phones).resizable().scaledToFit() }
            PictureView(image: rendered.image)
              .mask(alignment: .leading) {
                Rectangle().frame(width: room.size.width * (rendered.phones == nil ? 1 : share))
              }
          }
          .frame(width: room.size.width, height: room.size.height)
        }
        if rendered.phones == nil {
          Text("The phone gave no picture of its own for this shot.").font(.footnote)
        } else {
          HStack {
            Text("edgeisp")
            Slider(value: $share, in: 0...1)
            Text("phone")
          }
        }
        Text(facts).font(.footnote)
        if !rendered.steps.isEmpty { Decided(steps: rendered.steps) }
        Button("Save to Photos") {
          saving = .running
          Task { saving = await model.save(rendered) ? .done : .no }
        }
        .buttonStyle(.borderedProminent)
        .disabled(saving != .no)
      }
      .padding()
      .navigationTitle("Side by side")
      .toolbar { Button("Close") { dismiss() } }
      .message(of: model) { if saving == .done { dismiss() } }
    }
  }

  private var facts: String {
    let size = rendered.picture.size
    let seconds = rendered.seconds.formatted(.number.precision(.fractionLength(1)))
    return "\(size.width) x \(size.height) in \(seconds) s on \(rendered.ranOn)"
  }
}
