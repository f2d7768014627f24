import ArgumentParser
import Foundation

/// `lapwing bench`: how fast a model runs here.
package struct Bench: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Measure how fast a model runs on this machine.",
        discussion: """
            Reads a prompt of 512 tokens, writes 128 tokens, and answers eight requests at once, three times each, and says \
            the median; loading and memory are read once. Leave the machine alone meanwhile.

              lapwing bench
              lapwing bench --model models/file.gguf --threads 2 --json
              lapwing bench --peer .cache/peers/llama/bin/python
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "Threads to compute with; the default is one a core.") var threads: Int?
    @Option(help: ArgumentHelp("Measure llama.cpp beside it, with this Python.", valueName: "python")) var peer: String?
    @Flag(help: "Print one JSON object on one line.") var json = false

    package init() {}

    package func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads is \(threads), expected 1 to 256.")
        }
    }

    package func run() async throws {
        let (name, local) = try model.find()
        let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let bench = try EngineBench(
            name: name, path: local.weights, contextLength: local.context, threads: count)
        let figures = try await bench.run { step in if !json { Output.error.line(step) } }
        let other = try peer.map { python in
            if !json { Output.error.line("llama.cpp") }
            return try LlamaPeer.measure(python: python, model: local.weights, threads: count)
        }
        guard json else {
            for line in Self.lines(figures, peer: other, terminal: Output.standard.terminal) {
                Output.standard.line(line)
            }
            return
        }
        // On one line, as logs of many runs want it.
        if let other {
            try Output.standard.json(Comparison(lapwing: figures, peer: other), onOneLine: true)
        } else {
            try Output.standard.json(figures, onOneLine: true)
        }
    }

    private struct Comparison: Encodable {
        var lapwing: BenchFigures
        var peer: LlamaPeer
    }

    package static func lines(_ figures: BenchFigures, peer: LlamaPeer?, terminal: Terminal = .plain) -> [String] {
        var table = Table([(figures.model, .left), ("lapwing", .right)])
        if peer != nil { table.columns += [("llama.cpp", .right), ("ratio", .right)] }
        func row(_ label: String, _ ours: Double, _ theirs: Double? = nil) -> [String] {
            let other =
                peer == nil
                ? []
                : [
                    theirs.map { Figures.fixed($0, places: 1) } ?? "–",
                    theirs.map { Figures.fixed(ours / $0, places: 2) } ?? "–",
                ]
            return [label, Figures.fixed(ours, places: 1)] + other
        }
        table.rows = [
            row("prefill of 512, tokens/s", figures.prefillTokensPerSecond, peer?.prefillTokensPerSecond),
            row("decode, tokens/s", figures.decodeTokensPerSecond, peer?.decodeTokensPerSecond),
            row(
                "eight streams, tokens/s", figures.eightStreamsTokensPerSecond, peer?.eightStreamsTokensPerSecond),
            row("first token, ms", figures.firstTokenSeconds * 1000),
            row("load, ms", figures.loadSeconds * 1000),
        ]
        if let resident = figures.residentMegabytes {
            table.rows.append(row("resident, MiB", resident, peer?.residentMegabytes))
        }
        return table.lines(for: terminal) + ["", "\(figures.threads) threads, \(figures.kernels) kernels"]
    }
}
