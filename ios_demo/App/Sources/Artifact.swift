import EdgeISPKit
import Foundation

/// What was exported and put into `Resources/Artifact`: the artifact, its manifest and its golden files.
struct Artifact: Sendable {
  let manifest: Manifest
  let url: URL
  let golden: Golden

  /// The one inside the app.
  static func bundled() throws -> Artifact {
    let folder = Bundle.main.bundleURL.appendingPathComponent("Artifact")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let manifests = names.filter { $0.hasSuffix(Manifest.suffix) }.sorted()
    guard let name = manifests.first else {
      throw Failure.unusable(
        "There is no model in this app", cure: "Put one in with `edgeisp app ios` and build again.")
    }
    let manifest = try Manifest.read(folder.appendingPathComponent(name))
    let golden = try Golden.read(folder.appendingPathComponent("golden.json"), for: manifest)
    return Artifact(manifest: manifest, url: folder.appendingPathComponent(manifest.artifact), golden: golden)
  }

  /// Opened on the chosen units, or on the CPU where these fail the self-test.
  func open(_ units: CoreMLEngine.Units) async throws -> Checked {
    try await Checked.open(manifest, at: url, golden: golden, engines: Artifact.engines(units))
  }

  static func engines(_ units: CoreMLEngine.Units) -> [any Engine] {
    var engines: [any Engine] = [CoreMLEngine(units: units)]
    if units != .cpu { engines.append(CoreMLEngine(units: .cpu)) }
    #if canImport(ExecuTorch)
      engines.append(ExecuTorchEngine())
    #endif
    return engines
  }
}
