import Foundation

/// Any JSON value.
enum JSON: Decodable, Equatable {
  case null
  case flag(Bool)
  case whole(Int)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let whole = try? value.decode(Int.self) {
      self = .whole(whole)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSON].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSON].self))
    }
  }

  static func parse(_ data: Data) throws -> JSON {
    do {
      return try JSONDecoder().decode(JSON.self, from: data)
    } catch {
      throw Malformed("not JSON")
    }
  }
}

/// Why a JSON value is not what it should be.
struct Malformed: Error {
  let why: String

  init(_ why: String) { self.why = why }
}

/// The fields of a JSON object, each of which must be known.
struct Fields {
  private let fields: [String: JSON]
  private let place: String

  /// Throws `Malformed` where `json` is no object, or has a field that is not among `known`.
  init(_ json: JSON, at place: String, known: Set<String>) throws {
    guard case .object(let fields) = json else { throw Malformed("\(place) is no object") }
    if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
      throw Malformed("unknown field \(unknown) in \(place)")
    }
    (self.fields, self.place) = (fields, place)
  }

  /// The value of a field; nil where it is null or absent.
  func optional(_ name: String) -> JSON? {
    fields[name].flatMap { $0 == .null ? nil : $0 }
  }

  func value(_ name: String) throws -> JSON {
    guard let value = optional(name) else { throw Malformed("no \(name) in \(place)") }
    return value
  }

  func text(_ name: String) throws -> String {
    guard case .text(let text) = try value(name) else { throw wrong(name, "text") }
    return text
  }

  /// A text that is one of `allowed`; the first of these where it is absent and `defaulted`.
  func text(_ name: String, of allowed: [String], defaulted: Bool = false) throws -> String {
    if defaulted, optional(name) == nil { return allowed[0] }
    let found = try text(name)
    if !allowed.contains(found) { throw wrong(name, "one of \(allowed.joined(separator: ", "))") }
    return found
  }

  /// A whole number of `least` or more.
  func whole(_ name: String, least: Int = 0) throws -> Int {
    try Self.whole(value(name), least) ?? { throw wrong(name, "a whole number of \(least) or more") }()
  }

  func number(_ name: String) throws -> Double {
    switch try value(name) {
    case .whole(let whole): Double(whole)
    case .number(let number): number
    default: throw wrong(name, "a number")
    }
  }

  func list(_ name: String) throws -> [JSON] {
    guard case .list(let list) = try value(name) else { throw wrong(name, "a list") }
    return list
  }

  func sizes(_ name: String) throws -> [Int] {
    try list(name).map { try Self.whole($0, 1) ?? { throw wrong(name, "a list of sizes") }() }
  }

  func texts(_ name: String) throws -> [String] {
    try list(name).map {
      guard case .text(let text) = $0 else { throw wrong(name, "a list of texts") }
      return text
    }
  }

  /// The object in a field, by its own keys; empty where it is absent and `defaulted`.
  func object(_ name: String, defaulted: Bool = false) throws -> [String: JSON] {
    if defaulted, optional(name) == nil { return [:] }
    guard case .object(let object) = try value(name) else { throw wrong(name, "an object") }
    return object
  }

  private static func whole(_ json: JSON, _ least: Int) -> Int? {
    guard case .whole(let whole) = json, whole >= least else { return nil }
    return whole
  }

  private func wrong(_ name: String, _ wanted: String) -> Malformed {
    Malformed("\(name) in \(place) is not \(wanted)")
  }
}
