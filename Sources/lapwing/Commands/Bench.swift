import ArgumentParser
import AsyncHTTPClient
import Foundation
import LapwingEngine
import LapwingRouter
import LapwingText

/// `lapwing bench`: how fast a model runs here.
package struct Bench: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Measure how fast a model runs on this machine, alone or beside a peer.",
        discussion: """
            What is measured, each the median of the rounds:

              prefill      reading prompts of 128, 512 and 2,048 tokens
              decode       writing 128 tokens behind 0, 1,024 and 4,096, and the share of memory's speed that it uses
              streams      1, 2, 4 and 8 requests of 32 + 64 tokens together, in tokens a second of all
              first-token  a prompt of 816 tokens, and another one with the same first 800; at most 6% is as it should be

            Loading and memory are read once. What does not fit the context shows a dash and why. Progress goes to \
            standard error; Ctrl-C ends it. Leave the machine alone meanwhile.

            With --against, this engine behind its own HTTP server and the peer do the same work in turns: 512 tokens read, \
            128 written, 8 streams, first tokens. Prompts are new each time, both are held to the same token counts, and \
            where a server counts otherwise the line says so. This engine's speculation is off, as it is in the measures \
            without a peer: made-up text repeats itself more than real text. Give both the same model file and the same \
            threads.

              lapwing bench
              lapwing bench --only prefill,decode --rounds 5
              lapwing bench --model models/file.gguf --threads 2 --json
              lapwing bench --against http://127.0.0.1:8081
              lapwing bench --peer .cache/peers/llama/bin/python
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "Threads to compute with; the default is one a core.") package var threads: Int?
    @Option(
        help: ArgumentHelp(
            "Only these of prefill, decode, streams and first-token, with commas between them.", valueName: "parts"))
    package var only = BenchParts.all
    @Option(help: "How often each is measured.") package var rounds = 3
    @Option(
        help: ArgumentHelp(
            "Tokens of context; prefill and decode may go beyond what the model was trained for.", valueName: "tokens"))
    package var context: Int?
    @Option(help: ArgumentHelp("Measure this OpenAI-compatible server beside it, in turns.", valueName: "url"))
    package var against: String?
    @Option(
        help: ArgumentHelp("What the server calls the model; the default is the first it lists.", valueName: "name"))
    package var againstModel: String?
    @Option(help: ArgumentHelp("Measure llama.cpp beside it, with this Python.", valueName: "python"))
    package var peer: String?
    @Flag(help: "Print one JSON object on one line.") package var json = false

    package init() {}

    package func validate() throws {
        for (name, value, range) in [
            ("threads", threads, 1...256), ("rounds", rounds, 1...1000), ("context", context, 1...1 << 24),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError("--\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound).")
        }
        if against != nil, peer != nil { throw ValidationError("--against and --peer are two peers, expected one.") }
        if against == nil, againstModel != nil {
            throw ValidationError("--against-model names a model of the server of --against, which is missing.")
        }
    }

    private var plan: BenchPlan {
        var plan = BenchPlan()
        (plan.parts, plan.rounds) = (only.parts, rounds)
        return plan
    }

    package func run() async throws {
        let comparison = try await cancellingOnInterrupt { try await measure() }
        if json {
            // On one line, as logs of many runs want it.
            try Output.standard.json(comparison, onOneLine: true)
        } else {
            for line in comparison.lines(for: Output.standard.terminal) { Output.standard.line(line) }
        }
    }

    /// What `run` prints.
    package func measure() async throws -> BenchComparison {
        let (name, local) = try model.find()
        let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
        guard let against else { return try await engine(name, local, threads: count) }
        return try await servers(name, local, threads: count, against: against)
    }

    private func engine(_ name: String, _ local: Configuration.Local, threads: Int) async throws -> BenchComparison {
        // Refuses a model that does not fit; the benchmark's own caches come on top.
        let share = try model.plan(LocalModel(name, local)).shares[0]
        let bench = try EngineBench(
            name: name, path: local.weights, contextLength: context ?? share.contextLength, pageCount: share.pageCount,
            threads: threads, kvCache: local.kvCache, packedCache: local.packedCache, plan: plan)
        let report = try await showingProgress { try await bench.run(progress: $0) }
        guard let peer else { return BenchComparison(lapwing: report) }
        if !json { Output.error.line("measuring llama.cpp") }
        let other = try await LlamaPeer.measure(
            python: peer, model: local.weights, threads: threads, plan: plan, context: bench.contextLength,
            measures: report.figures.map(\.measure))
        return BenchComparison(lapwing: report, peer: other)
    }

    private func servers(
        _ name: String, _ local: Configuration.Local, threads: Int, against: String
    ) async throws -> BenchComparison {
        // Before the peer is asked: a model that does not fit needs none.
        _ = try model.plan(LocalModel(name, local))
        var local = local
        local.context = context ?? local.context
        let memory = try model.memory ?? model.options.loadIfPresent()?.machine.memory
        let client = HTTPClient.forUpstreams()
        let reports: Result<[BenchReport], any Error>
        do {
            // Asked first: a wrong address need not wait for a model to load.
            let peer = try await PeerServer(url: against, client: client).side(model: againstModel)
            reports = .success(
                try await OwnServer.run(name, local, memory: memory, threads: threads) { url, engine in
                    let ours = try await PeerServer(url: url, client: client).side(engine: "lapwing", model: name)
                    let tokenizer = engine.tokenizer
                    let bench = ServerBench(plan: plan) { tokenizer.encode($0, addSpecialTokens: true).count }
                    return try await showingProgress { try await bench.run([ours, peer], progress: $0) }
                })
        } catch {
            reports = .failure(error)
        }
        try? await client.shutdown()
        var both = try reports.get()
        both[0].facts = ["\(threads) \(threads == 1 ? "thread" : "threads")", "over HTTP", "without speculation"]
        both[1].facts = ["model \(both[1].model)"]
        return BenchComparison(lapwing: both[0], peer: both[1])
    }

    /// A bar on a terminal, lines elsewhere, nothing beside JSON.
    private func showingProgress<Value>(
        _ body: (@escaping (BenchProgress) -> Void) async throws -> Value
    ) async throws -> Value {
        var display = json ? nil : ProgressDisplay(label: "measuring", output: .error)
        defer { display?.finish() }
        return try await body { progress in
            display?.update(done: Int64(progress.done), total: Int64(progress.total), detail: progress.detail)
        }
    }
}
