import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingRouter
import LapwingServer
import LapwingStore
import Logging
import Synchronization

/// One run of the demo: server, questions, receipt.
package struct DemoRun: Sendable {
    let configuration: Configuration
    /// The route or model that is asked.
    let name: String
    let questions: [Question]
    let maxTokens: Int
    let concurrency: Int
    let output: Output

    package init(
        configuration: Configuration, name: String, questions: [Question], maxTokens: Int, concurrency: Int,
        output: Output
    ) {
        self.configuration = configuration
        self.name = name
        self.questions = questions
        self.maxTokens = maxTokens
        self.concurrency = concurrency
        self.output = output
    }

    package func run() async throws {
        let start = ContinuousClock.now
        let startedAt = Int64(Date().timeIntervalSince1970 * 1000)
        let assembly = try await Assembly.make(configuration)
        for line in opening(assembly, loading: start.duration(to: .now)) { output.line(line) }
        let address = AsyncStream<Int>.makeStream()
        var options = configuration.server
        (options.host, options.port, options.tls) = ("127.0.0.1", 0, nil)
        let serving = try Serving(
            assembly, gatekeeper: OpenDoor(), options: options, logger: CommandLog.make(.critical)
        ) { port in
            address.continuation.yield(port)
            address.continuation.finish()
        }
        let failures = try await withThrowingTaskGroup(of: Tally?.self) { group in
            group.addTask {
                try await serving.run()
                return nil
            }
            group.addTask {
                guard let port = await address.stream.first(where: { _ in true }) else { throw CancellationError() }
                return try await askAll(at: "http://127.0.0.1:\(port)")
            }
            var failures = 0
            for try await result in group {
                guard let tally = result else { continue }
                failures = tally.failures
                try finish(assembly, tally, startedAt: startedAt, elapsed: start.duration(to: .now))
                await serving.stop()
            }
            return failures
        }
        if failures > 0 { throw Failure("\(failures) of \(questions.count) questions got no answer") }
    }

    private func opening(_ assembly: Assembly, loading: Duration) -> [String] {
        let terminal = output.terminal
        let route = configuration.routes.first { $0.name == name }
        let open = configuration.model(named: route?.open ?? name)
        var lines = [
            terminal.paint("Lapwing demo", .bold) + ": \(questions.count) support questions, \(concurrency) at a time"
        ]
        let weights = open?.local.map { URL(filePath: $0.weights).lastPathComponent }
        lines.append(
            "open model    \(open?.name ?? name)\(weights.map { ", \($0)" } ?? ""), "
                + "loaded in \(Figures.fixed(loading / .seconds(1), places: 2)) s")
        if let closed = route?.closed.flatMap(configuration.model(named:)) {
            let upstream = closed.remote?.upstream ?? closed.name
            lines.append(
                "closed model  \(closed.name), \(upstream): "
                    + (closed.unavailable.map { "not called, because \($0)" }
                        ?? "called for unsure answers, and costs money"))
        }
        if let escalation = route?.escalation, case .below(let threshold) = escalation.target {
            let tiers = escalation.tiers.map { " (tiers \($0.joined(separator: ", ")))" } ?? ""
            lines.append(
                "escalates     answers less than \(Figures.fixed(threshold * 100, places: 0))% sure\(tiers)")
        }
        return lines + ["", terminal.paint(DecisionLine(terminal: terminal).header, .dim)]
    }

    /// What the ledger does not tell.
    private struct Tally {
        var done = 0
        var failures = 0
        var unsure = KeptUnsure()

        mutating func add(_ outcome: SupportClient.Outcome) {
            done += 1
            switch outcome.result {
            case .failure: failures += 1
            case .success(let answer) where answer.decision == .wouldEscalate || answer.decision == .unavailable:
                unsure.add(cost: answer.cost, saved: answer.saved)
            case .success: break
            }
        }
    }

    private func askAll(at baseURL: String) async throws -> Tally {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let client = SupportClient(http: http, baseURL: baseURL, route: name, maxTokens: maxTokens)
        let lines = DecisionLine(terminal: output.terminal)
        var display = ProgressDisplay(label: "asking", output: output)
        var tally = Tally()
        func showProgress() {
            guard output.terminal.isInteractive else { return }
            display.update(
                done: Int64(tally.done), total: Int64(questions.count), detail: "\(tally.done) of \(questions.count)")
        }
        showProgress()
        do {
            try await withThrowingTaskGroup(of: SupportClient.Outcome.self) { group in
                var waiting = questions.makeIterator()
                for question in waiting.take(concurrency) { group.addTask { await client.ask(question) } }
                while let outcome = try await group.next() {
                    try Task.checkCancellation()
                    if let question = waiting.next() { group.addTask { await client.ask(question) } }
                    tally.add(outcome)
                    display.print(lines.text(outcome, number: tally.done))
                    showProgress()
                }
            }
        } catch {
            display.finish()
            try? await http.shutdown()
            throw error
        }
        display.finish()
        try await http.shutdown()
        return tally
    }

    private func finish(_ assembly: Assembly, _ tally: Tally, startedAt: Int64, elapsed: Duration) throws {
        let reader = assembly.ledger.reader
        let report = try reader.report(ReportQuery(period: Period(since: startedAt)))
        let check = try reader.verify()
        let receipt = DemoReceipt(
            figures: report.total, configuration: configuration, name: name, unsure: tally.unsure, check: check,
            elapsed: elapsed, prices: configuration.withOwnPrices(try reader.priceBook()))
        for line in receipt.lines(for: output.terminal) { output.line(line) }
        if let failure = check.failure { throw Failure("the ledger is damaged: \(failure.reason)") }
    }
}

extension IndexingIterator {
    /// The next `count` elements, or as many as there are.
    fileprivate mutating func take(_ count: Int) -> [Element] {
        var taken: [Element] = []
        while taken.count < count, let element = next() { taken.append(element) }
        return taken
    }
}
