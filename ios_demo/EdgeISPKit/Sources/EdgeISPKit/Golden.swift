import Foundation

/// The self-test: calls with the answers that are expected (`golden.json`).
public struct Golden: Sendable {
  /// What a function was given and gave on the machine that verified the artifact; one entry for each call.
  public struct Calls: Sendable {
    public let inputs: [[String: [Float]]]
    public let outputs: [[String: [Float]]]
  }

  private static let version = 1

  public let leastPsnrDb: Double
  public let functions: [String: Calls]

  /// Reads `golden.json` and the files beside it, for an artifact of `manifest`.
  public static func read(_ url: URL, for manifest: Manifest) throws -> Golden {
    let name = url.lastPathComponent
    guard let data = try? Data(contentsOf: url) else { throw Failure.badGolden("\(name) is not there") }
    do {
      let top = try Fields(
        .parse(data), at: name, known: ["golden", "artifact", "least_psnr_db", "functions"])
      if try top.whole("golden") != version { throw Failure.badGolden("\(name) is of another version") }
      let artifact = try top.text("artifact")
      if artifact != manifest.artifact { throw Failure.badGolden("\(name) is of \(artifact)") }
      let folder = url.deletingLastPathComponent()
      let functions = try top.object("functions").map { key, json in
        guard let function = manifest.functions[key] else {
          throw Failure.badGolden("no function is called \(key)")
        }
        let fields = try Fields(json, at: key, known: ["count", "inputs", "outputs"])
        let count = try fields.whole("count", least: 1)
        let inputs = try calls(count, function.inputs, fields.object("inputs"), folder)
        return (
          key, Calls(inputs: inputs, outputs: try calls(count, function.outputs, fields.object("outputs"), folder))
        )
      }
      return Golden(
        leastPsnrDb: try top.number("least_psnr_db"), functions: Dictionary(uniqueKeysWithValues: functions))
    } catch let error as Malformed {
      throw Failure.badGolden("\(name): \(error.why)")
    }
  }

  /// How well `model` repeats each function, in dB. Throws `Failure.wrongNumbers` where that is below the limit.
  public func check(_ model: Model) async throws -> [String: Double] {
    var found: [String: Double] = [:]
    for (name, calls) in functions {
      var pairs: [(expected: [Float], got: [Float])] = []
      for (given, expected) in zip(calls.inputs, calls.outputs) {
        let got = try await model.run(name, given)
        for (output, values) in expected { pairs.append((values, got[output]!)) }
      }
      found[name] = psnr(pairs)
    }
    let broken = found.filter { $0.value < leastPsnrDb }.sorted { $0.key < $1.key }
    if !broken.isEmpty {
      let why = broken.map { "\($0.key) \(($0.value * 10).rounded() / 10) dB" }.joined(separator: ", ")
      throw Failure.wrongNumbers(runtime: model.ranOn, "\(why), at least \(leastPsnrDb) dB is wanted")
    }
    return found
  }

  private static func calls(
    _ count: Int, _ ports: [TensorSpec], _ files: [String: JSON], _ folder: URL
  ) throws -> [[String: [Float]]] {
    var made = [[String: [Float]]](repeating: [:], count: count)
    for port in ports {
      guard case .text(let name)? = files[port.name] else { throw Failure.badGolden("no values of \(port.name)") }
      let values = try floats(folder.appendingPathComponent(name))
      if values.count != count * port.size {
        throw Failure.badGolden("\(values.count) values in \(name), not \(count * port.size)")
      }
      for call in 0..<count {
        made[call][port.name] = Array(values[call * port.size..<(call + 1) * port.size])
      }
    }
    return made
  }
}

/// A model that has passed its self-test.
public struct Checked: Sendable {
  public let model: Model
  /// How well each function repeated its golden calls.
  public let psnrDb: [String: Double]
  /// Why the engines that were tried before were passed over.
  public let passedOver: [String]

  /// Opens an artifact by the first of `engines` that computes what it should. Throws the last one's failure.
  public static func open(
    _ manifest: Manifest, at artifact: URL, golden: Golden, engines: [any Engine]
  ) async throws -> Checked {
    var passedOver: [String] = []
    var last: any Error = Failure.unusable(
      "No runtime of this app opens \(artifact.lastPathComponent)", cure: "Export with --target coreml.")
    for engine in engines where artifact.lastPathComponent.hasSuffix(engine.suffix) {
      do {
        let program = try await engine.open(artifact, functions: manifest.functions.keys.sorted())
        let model = Model(manifest, program)
        return Checked(model: model, psnrDb: try await golden.check(model), passedOver: passedOver)
      } catch let failure as Failure {
        passedOver.append(failure.what)
        last = failure
      }
    }
    throw last
  }
}

/// float32, little endian.
public func floats(_ url: URL) throws -> [Float] {
  guard let data = try? Data(contentsOf: url) else {
    throw Failure.badGolden("\(url.lastPathComponent) is not there")
  }
  return data.withUnsafeBytes { bytes in
    (0..<bytes.count / 4).map {
      Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
    }
  }
}

/// float32, little endian.
public func bytes(_ values: [Float]) -> Data {
  var data = Data(capacity: 4 * values.count)
  for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
  return data
}
