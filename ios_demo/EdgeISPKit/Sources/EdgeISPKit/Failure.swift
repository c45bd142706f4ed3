import Foundation

/// What can go wrong and is the user's to mend. No captured RAW is lost by any of these.
public enum Failure: Error, Equatable, Sendable {
  /// The manifest is of a schema that this app does not know.
  case newerManifest(version: Int)
  /// The manifest is not JSON, or does not say what a manifest says.
  case badManifest(String)
  /// A file of the artifact is absent or not the one that the manifest tells of.
  case wrongFile(String, String)
  /// What the artifact does, or how it is cut, is not what this app can use.
  case unusable(String, cure: String)
  /// The runtime does not load the artifact, or is not in this build of the app.
  case notLoaded(runtime: String, String)
  /// The runtime gave up while it computed.
  case stopped(runtime: String, String)
  /// A runtime does not compute what the artifact computes.
  case wrongNumbers(runtime: String, String)
  /// The self-test's files are absent or do not fit the artifact.
  case badGolden(String)
  /// No camera gives RAW.
  case noRaw
  /// The sensor's data is not what was expected.
  case unexpectedSensor(String)
  /// A permission was denied.
  case denied(String)
  /// No room for a picture; in bytes.
  case noRoom(needed: Int)
  /// The phone is too hot.
  case tooHot

  /// What is wrong.
  public var what: String {
    switch self {
    case .newerManifest(let version):
      "The manifest is of version \(version), this app reads \(Manifest.version)"
    case .badManifest(let why): "The manifest is damaged: \(why)"
    case .wrongFile(let name, let why): "\(name) \(why)"
    case .unusable(let why, _): why
    case .notLoaded(let runtime, let why): "\(runtime) does not load the model: \(why)"
    case .stopped(let runtime, let why): "\(runtime) gave up: \(why)"
    case .wrongNumbers(let runtime, let why): "\(runtime) computes something else: \(why)"
    case .badGolden(let why): "The self-test cannot run: \(why)"
    case .noRaw: "No camera of this phone gives RAW to apps"
    case .unexpectedSensor(let why): "The sensor's data cannot be used: \(why)"
    case .denied(let what): "\(what) was not allowed"
    case .noRoom(let needed): "Storage is full: \((needed + 999_999) / 1_000_000) MB are needed"
    case .tooHot: "The phone is too hot to render"
    }
  }

  /// What to do about it.
  public var cure: String {
    switch self {
    case .newerManifest: "Take a newer app, or export again."
    case .badManifest: "Export again; manifests are not made by hand."
    case .wrongFile: "Put the artifact and its manifest in place again; they belong together."
    case .unusable(_, let cure): cure
    case .notLoaded, .stopped, .wrongNumbers: "Choose another compute unit in the settings."
    case .badGolden: "Put the model in with `edgeisp app ios`."
    case .noRaw: "Try a phone whose camera offers Bayer RAW or ProRAW."
    case .unexpectedSensor: "The DNG is kept; `edgeisp render` may read it."
    case .denied: "Allow it in the Settings of this app."
    case .noRoom: "Make room; the RAW is kept until then."
    case .tooHot: "Let it cool; the RAW is kept and can be rendered later."
    }
  }
}

extension Failure: LocalizedError {
  public var errorDescription: String? { "\(what). \(cure)" }
}
