import LapwingAPI

/// Measures OpenAI-compatible servers with the same work in turns, A B A B, so that what else the machine does meets all
/// of them alike.
package struct ServerBench: Sendable {
    /// One server, and what the model is called there.
    package struct Side: Sendable {
        package var engine: String
        package var model: String
        package var provider: any ChatProvider

        package init(engine: String, model: String, provider: any ChatProvider) {
            (self.engine, self.model, self.provider) = (engine, model, provider)
        }
    }

    /// The sizes that every server is asked for; `BenchPlan` has the rest.
    static let prefillLength = 512
    static let streamCount = 8

    private let plan: BenchPlan
    private let prompts: WordPrompts
    private let clock: any Clock<Duration>

    /// `tokenCount` says of how many tokens a server's prompt is, those that it adds by itself included.
    package init(
        plan: BenchPlan, clock: any Clock<Duration> = ContinuousClock(), tokenCount: @escaping @Sendable (String) -> Int
    ) {
        self.plan = plan
        prompts = WordPrompts(tokenCount: tokenCount)
        self.clock = clock
    }

    /// One report a side, in their order.
    package func run(_ sides: [Side], progress: @escaping (BenchProgress) -> Void) async throws -> [BenchReport] {
        let steps = BenchSteps(total: sides.count * (1 + plan.rounds * plan.parts.count), show: progress)
        var records = sides.map { _ in ServerRecord() }
        for side in sides {
            try steps.begin("warming up \(side.engine)")
            _ = try await ask(side, prompts.text(plan.streamPromptTokens), maxTokens: 8)
        }
        for round in 1...plan.rounds {
            for part in BenchPart.allCases where plan.parts.contains(part) {
                for (index, side) in sides.enumerated() {
                    try steps.begin("\(part.rawValue) of \(side.engine), round \(round) of \(plan.rounds)")
                    try await measure(part, of: side, into: &records[index])
                }
            }
        }
        return zip(sides, records).map { side, record in
            BenchReport(
                engine: side.engine, model: side.model, rounds: plan.rounds, figures: record.figures(plan: plan))
        }
    }

    private func measure(_ part: BenchPart, of side: Side, into record: inout ServerRecord) async throws {
        switch part {
        case .prefill:
            let measure = Measure.prefill(Self.prefillLength)
            let (answer, counted) = try await ask(side, prompts.text(Self.prefillLength), maxTokens: 1)
            record.check(counted, for: measure)
            record.add(measure, Double(counted.promptTokens) / answer.firstTokenSeconds)
        case .decode:
            let measure = Measure.decode(depth: 0)
            let (answer, counted) = try await ask(
                side, prompts.text(plan.tailTokens), maxTokens: plan.decodeTokens)
            record.check(counted, for: measure)
            if let rate = answer.decodeRate { record.add(measure, rate) }
        case .streams: try await measureStreams(of: side, into: &record)
        case .firstToken: try await measureFirstTokens(of: side, into: &record)
        }
    }

    private func measureStreams(of side: Side, into record: inout ServerRecord) async throws {
        let watch = Stopwatch(clock)
        let all = try await withThrowingTaskGroup(of: ServerCount.self) { group in
            for _ in 0..<Self.streamCount {
                group.addTask {
                    try await ask(
                        side, prompts.text(plan.streamPromptTokens), maxTokens: plan.streamTokens
                    ).counted
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let seconds = watch.elapsed() / .seconds(1)
        let measure = Measure.streams(Self.streamCount)
        for counted in all { record.check(counted, for: measure) }
        record.add(measure, Double(all.reduce(0) { $0 + $1.completionTokens }) / seconds)
    }

    /// Two requests that begin alike, a prefix that is new in each round.
    private func measureFirstTokens(of side: Side, into record: inout ServerRecord) async throws {
        let prefix = prompts.text(plan.prefixTokens)
        let (cold, first) = try await ask(side, "\(prefix) \(prompts.text(plan.tailTokens))", maxTokens: 1)
        let (warm, second) = try await ask(side, "\(prefix) \(prompts.text(plan.tailTokens))", maxTokens: 1)
        record.check(first, for: .firstTokenCold)
        record.check(second, for: .firstTokenWarm, isWarm: true)
        record.add(.firstTokenCold, cold.firstTokenSeconds * 1000)
        record.add(.firstTokenWarm, warm.firstTokenSeconds * 1000)
    }

    private func ask(
        _ side: Side, _ prompt: String, maxTokens: Int
    ) async throws -> (answer: TimedAnswer, counted: ServerCount) {
        var request = GenerationRequest(measuring: .text(prompt), of: side.model, maxTokens: maxTokens)
        // Drawn as most clients have it drawn. Greedy answers to such prompts repeat themselves, which would flatter a
        // server that guesses ahead.
        (request.sampling.temperature, request.sampling.topK) = (0.8, 40)
        let answer = try await TimedAnswer(to: request, of: side.provider, clock: clock)
        let expected = (prompt: prompts.tokenCount(prompt), completion: maxTokens)
        return (answer, ServerCount(usage: answer.usage, expected: expected))
    }
}
