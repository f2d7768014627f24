import ArgumentParser
import LapwingHub

/// `lapwing models verify`: reads models again, and holds them against what was kept when they were pulled.
struct VerifyModels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check models on the disk against the checksums they were pulled with.",
        discussion: """
            Of a model that `lapwing pull` did not fetch no checksum is known: it is checked that it opens and that its \
            tensors lie within its files. Without a name, all models of the configuration and of ./models are checked. Ends \
            with 1 where one is damaged.

              lapwing models verify
              lapwing models verify SmolLM2-360M-Instruct-Q8_0.gguf --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: ArgumentHelp("A model's name in the configuration, or its file or folder.", valueName: "name"))
    var name: String?
    @Flag(help: "Print one JSON object.") var json = false

    private struct Result: Encodable {
        var models: [Verification]
    }

    func run() async throws {
        let configuration = try options.loadIfPresent()
        let models = try name.map { [try NamedModel.find($0, configuration)] } ?? NamedModel.all(configuration)
        let results = try await cancellingOnInterrupt {
            try models.map { try Self.verify($0.model) }
        }
        if json {
            try Output.standard.json(Result(models: results))
        } else {
            for result in results { for line in Self.lines(result) { Output.standard.line(line) } }
            if results.isEmpty { Output.standard.line("No models: none in the configuration, and none in ./models.") }
        }
        let damaged = results.filter { $0.state == .damaged }.map(\.name)
        guard !damaged.isEmpty else { return }
        throw Failure(
            json ? nil : "damaged: \(damaged.joined(separator: ", ")); remove with `lapwing models rm`, and pull again")
    }

    private static func verify(_ model: StoredModel) throws -> Verification {
        let meter = PullMeter(label: model.name, output: .error)
        defer { meter.finish() }
        return try model.verify { progress in
            if Output.error.terminal.isInteractive { meter.update(progress) }
        }
    }

    private static func lines(_ result: Verification) -> [String] {
        switch result.state {
        case .verified:
            let source = [result.repository, result.commit.map { String($0.prefix(12)) }].compactMap(\.self)
            return ["\(result.name)  verified, as pulled from \(source.joined(separator: " at "))"]
        case .opens:
            return ["\(result.name)  opens, its tensors lie within it; no checksum is known, as it was not pulled here"]
        case .damaged: return ["\(result.name)  damaged"] + result.faults.map { "  \($0)" }
        }
    }
}
