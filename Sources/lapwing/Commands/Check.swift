import ArgumentParser

/// `lapwing check`: reads the configuration and says what it found, and no more.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration file.",
        discussion: """
            Reads the file and says what it found. No model is loaded and nothing is called.

              lapwing check
              lapwing check --config /etc/lapwing/lapwing.yaml --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object, also for a file that is refused.") var json = false

    func run() throws {
        do {
            let configuration = try options.load()
            do {
                try configuration.checkCertificate()
                try configuration.checkRouteFiles()
            } catch let failure as Failure where json {
                let finding = Finding(line: nil, key: "", message: failure.message ?? "")
                throw ConfigurationError.invalid(file: configuration.file, findings: [finding])
            }
            if json {
                return try Output.standard.json(
                    Result(
                        file: configuration.file, isValid: true, findings: [], warnings: configuration.allWarnings,
                        routes: try configuration.targetLines()))
            }
            options.warn(of: configuration)
            for line in ConfigurationSummary.lines(of: configuration, terminal: Output.standard.terminal) {
                Output.standard.line(line)
            }
            let targets = try configuration.targetLines()
            for line in (targets.isEmpty ? [] : [""]) + targets { Output.standard.line(line) }
        } catch ConfigurationError.invalid(let file, let findings) where json {
            try Output.standard.json(Result(file: file, isValid: false, findings: findings, warnings: [], routes: []))
            throw Failure()
        }
    }

    private struct Result: Encodable {
        var file: String
        var isValid: Bool
        /// Why the file is refused.
        var findings: [Finding]
        var warnings: [Finding]
        /// What the routes' targets, watches, gates and heads come to, a line each.
        var routes: [String]

        private enum CodingKeys: String, CodingKey {
            case file, findings, warnings, routes
            case isValid = "valid"
        }
    }
}
