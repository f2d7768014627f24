import ArgumentParser
import Foundation
import LapwingAPI
import LapwingServer
import LapwingStore

/// `lapwing demo`: support questions through the real server, and the receipt.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer 40 support questions with an open model and print the receipt.",
        discussion: """
            Starts the server on a free port of this machine, sends the questions over HTTP, eight at a time, and ends. A \
            closed model is called only where its key is set. Writes a lapwing.yaml where there is none.

              lapwing demo
              lapwing demo --queries tickets.csv --limit 100
            """)

    static let questions = "Examples/support-questions.csv"

    @OptionGroup var options: ConfigurationOptions
    @Option(
        help: ArgumentHelp(
            "A CSV file with a header; the column question, text, query or prompt, else the first.", valueName: "file"))
    var queries = Demo.questions
    @Option(help: "How many questions to ask at most.") var limit = 40
    @Option(help: "The route or model to ask; the default is the configuration's first route, else its first model.")
    var route: String?
    @Option(help: "Most tokens of an answer.") var maxTokens = 120
    @Option(help: "Questions under way at the same time.") var concurrency = 8

    func validate() throws {
        for (name, value, range) in [
            ("limit", limit, 1...100_000), ("max-tokens", maxTokens, 1...4096), ("concurrency", concurrency, 1...256),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound).")
        }
    }

    func run() async throws {
        let questions = try QuestionFile.read(path: queries, limit: limit)
        let configuration = try prepareConfiguration()
        let name = try self.name(in: configuration)
        let demo = DemoRun(
            configuration: configuration, name: name, questions: questions, maxTokens: maxTokens,
            concurrency: concurrency, output: .standard)
        try await cancellingOnInterrupt { try await demo.run() }
    }

    /// What is asked; a wrong name is told here once, and not by each question.
    private func name(in configuration: Configuration) throws -> String {
        let names = configuration.routes.map(\.name) + configuration.models.map(\.name)
        guard let name = route ?? names.first else { throw Failure("the configuration has no model") }
        guard names.contains(name) else {
            let hint = suggestion(for: name, among: names)
            throw Failure("--route is '\(name)'\(hint), expected one of \(names.joined(separator: ", "))")
        }
        return name
    }

    private func prepareConfiguration() throws -> Configuration {
        if options.config == ConfigurationOptions.defaultPath, !FileManager.default.fileExists(atPath: options.config) {
            try DefaultConfiguration.text.write(toFile: options.config, atomically: true, encoding: .utf8)
            Output.standard.line("wrote \(options.config)")
        }
        // What is not set is said below, in the demo's own words.
        return try Configuration.read(path: options.config)
    }
}
