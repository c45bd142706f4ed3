import Foundation

/// A module of POS-ISP's chain; its parameters lie side by side in the context, from `first` on.
public struct Stage: Equatable, Sendable {
  /// A number that the context sets: `low` where the context is 0, `high` where it is 1, linear between.
  public struct Parameter: Equatable, Sendable {
    public let name: String
    public let low: Double
    public let high: Double
    public let unit: String
  }

  public let module: String
  public let first: Int
  public let parameters: [Parameter]
  /// Picture pixels around a pixel that it looks at.
  public let halo: Int
  /// The function that runs it after `tile`; nil where it is inside `tile`.
  public let function: String?

  /// Its part of a context.
  func part(_ context: [Float]) -> [Float] { Array(context[first..<first + parameters.count]) }

  /// What the module does with a context; nil where that stays inside the artifact.
  public func step(_ context: [Float]?) -> Step {
    guard let context else { return Step(module: module, settings: []) }
    let settings = zip(parameters, part(context)).map { parameter, raw in
      let value = Float(parameter.low) + Float(parameter.high - parameter.low) * raw
      return Step.Setting(name: parameter.name, value: value, unit: parameter.unit)
    }
    return Step(module: module, settings: settings)
  }
}

extension Stage {
  init(_ json: JSON) throws {
    let stage = try Fields(json, at: "chain", known: ["module", "first", "parameters", "halo", "function"])
    module = try stage.text("module")
    first = try stage.whole("first")
    halo = try stage.whole("halo")
    function = try stage.optional("function") == nil ? nil : stage.text("function")
    parameters = try stage.list("parameters").map {
      let fields = try Fields($0, at: "a parameter", known: ["name", "low", "high", "unit"])
      return try Parameter(
        name: fields.text("name"), low: fields.number("low"), high: fields.number("high"),
        unit: fields.optional("unit") == nil ? "" : fields.text("unit"))
    }
  }
}

/// What a module does to a frame.
public struct Step: Codable, Equatable, Sendable {
  /// A parameter as a frame has it, in physical units.
  public struct Setting: Codable, Equatable, Sendable {
    public let name: String
    public let value: Float
    public let unit: String
  }

  public let module: String
  /// Those of its parameters; none where they stay inside the artifact.
  public let settings: [Setting]

  /// The settings for people, three digits each: `deviation 0.00723, strength 0.5`. Lines break between settings only.
  public var text: String {
    settings.map { setting in
      let number = Double(setting.value).formatted(.number.precision(.significantDigits(1...3)))
      return [setting.name == module ? "" : setting.name, number, setting.unit]
        .filter { !$0.isEmpty }.joined(separator: " ").replacingOccurrences(of: " ", with: "\u{a0}")
    }.joined(separator: ", ")
  }
}

/// Contexts as running means, so that the noise of single frames of a preview does not move the whole picture; as
/// `edgeisp/render/sequence.py`, to the bit. Until `frames` have been seen the mean is that of all so far.
public actor Smoothing {
  private let frames: Int
  private var before: [String: [Float]] = [:]
  private var seen = 0

  public init(frames: Int) { self.frames = frames }

  /// The context to render with, given that of the next frame.
  public func next(_ context: [String: [Float]]) -> [String: [Float]] {
    seen += 1
    let share = Float(1 / Double(min(frames, seen)))
    for (name, new) in context {
      before[name] = before[name].map { zip(new, $0).map { share * $0 + (1 - share) * $1 } } ?? new
    }
    return before
  }
}
