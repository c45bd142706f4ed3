import EdgeISPKit
import SwiftUI

/// What the model decided for a shot: its modules in their order, with their settings.
struct Decided: View {
  let steps: [Step]

  var body: some View {
    ScrollView {
      VStack(alignment: .leading, spacing: 4) {
        Text("What the model decided for this shot").font(.footnote.bold())
        ForEach(Array(steps.enumerated()), id: \.offset) { index, step in
          Text("\(index + 1). \(step.module): \(said(step))").font(.footnote)
        }
      }
      .frame(maxWidth: .infinity, alignment: .leading)
    }
    .frame(maxHeight: 130)
  }

  private func said(_ step: Step) -> String {
    step.settings.isEmpty ? "its settings stay inside the model" : step.text
  }
}
