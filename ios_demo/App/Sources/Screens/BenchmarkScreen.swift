import EdgeISPKit
import SwiftUI

/// Times each function of the model on each of the compute units.
struct BenchmarkScreen: View {
  private struct Row: Identifiable {
    let id: String
    let timing: Timing?
    let failure: String?
    let heat: String
  }

  private static let runs = 50
  private static let budgetMs = 33.0

  @EnvironmentObject private var model: AppModel
  @State private var rows: [Row] = []
  @State private var running: Task<Void, Never>?

  var body: some View {
    NavigationStack {
      List {
        ForEach(rows) { row in
          VStack(alignment: .leading) {
            Text(row.id).font(.headline)
            Text(row.timing.map(Self.summary) ?? row.failure ?? "").font(.footnote.monospacedDigit())
            Text(row.heat).font(.caption)
          }
        }
        if let running {
          ProgressView()
          Button("Stop") { running.cancel() }
        } else {
          Button("Run") { run() }.disabled(model.isBusy)
        }
        if let report { ShareLink("JSON", item: report) }
      }
      .navigationTitle("Benchmark")
    }
  }

  private func run() {
    rows = []
    model.stopPreview()
    running = Task {
      do {
        let artifact = try Artifact.bundled()
        for units in CoreMLEngine.Units.allCases {
          for (name, calls) in artifact.golden.functions.sorted(by: { $0.key < $1.key }) {
            rows.append(try await row(artifact, units, name, calls))
          }
        }
      } catch is CancellationError {
      } catch {
        model.message = error.localizedDescription
      }
      running = nil
    }
  }

  private func row(
    _ artifact: Artifact, _ units: CoreMLEngine.Units, _ name: String, _ calls: Golden.Calls
  ) async throws -> Row {
    let function = artifact.manifest.functions[name]!
    let inputs = function.inputs.map { Tensor($0, calls.inputs[0][$0.name] ?? []) }
    let before = Device.thermal
    let title = "\(name) on \(units.rawValue)"
    do {
      let (timing, _) = try await Benchmark(CoreMLEngine(units: units), memory: Device.memory).time(
        artifact.url, name, inputs, outputs: function.outputs.map(\.name), warmup: 3, runs: Self.runs)
      return Row(id: title, timing: timing, failure: nil, heat: "heat: \(before), then \(Device.thermal)")
    } catch let failure as Failure {
      return Row(id: title, timing: nil, failure: failure.localizedDescription, heat: "heat: \(Device.thermal)")
    }
  }

  private static func summary(_ timing: Timing) -> String {
    func ms(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(1))) + " ms" }
    let samples = timing.samplesMs
    let late = samples.count { $0 > budgetMs }
    return """
      median \(ms(median(samples))), p90 \(ms(quantile(samples, 0.9))); first \(ms(timing.firstMs))
      \(late) of \(samples.count) over \(ms(budgetMs)); \((timing.peakBytes ?? 0) / 1_000_000) MB at most
      """
  }

  /// Everything measured, by title.
  private var report: String? {
    let timings = Dictionary(uniqueKeysWithValues: rows.compactMap { row in row.timing.map { (row.id, $0) } })
    guard !timings.isEmpty, let data = try? JSONEncoder().encode(timings) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
