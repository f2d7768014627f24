import LapwingAPI
import LapwingEngine
import LapwingModel

/// Streams and first tokens: whole requests through the engine, sampling included; and the memory that all takes.
extension EngineBench {
    func requestFigures(_ steps: BenchSteps) async throws -> [BenchFigure] {
        guard !plan.parts.isDisjoint(with: [.streams, .firstToken]) else { return try memoryFigures() }
        var options = EngineOptions()
        options.contextLength = min(contextLength, model.configuration.contextLength)
        options.pageCount = pageCount
        options.kvCache = kvCache
        // Greedy answers to made-up prompts repeat themselves, and would be guessed as no real text is.
        options.speculates = false
        options.maxRunning = max(options.maxRunning, plan.streamCounts.max() ?? 1)
        let engine = try Engine(name: name, model: model, options: options)
        let figures: Result<[BenchFigure], any Error>
        do {
            figures = .success(try await requestFigures(of: engine, steps))
        } catch {
            figures = .failure(error)
        }
        await engine.shutDown()
        return try figures.get()
    }

    private func requestFigures(of engine: Engine, _ steps: BenchSteps) async throws -> [BenchFigure] {
        var figures: [BenchFigure] = []
        if plan.parts.contains(.streams) {
            for count in plan.streamCounts {
                try steps.begin(count == 1 ? "1 stream" : "\(count) streams together")
                figures.append(try await streams(count, of: engine))
            }
        }
        if plan.parts.contains(.firstToken) {
            try steps.begin("first token")
            figures += try await firstTokens(of: engine)
        }
        return figures + (try memoryFigures())
    }

    /// Tokens of all streams a second, prompts included in the time.
    private func streams(_ count: Int, of engine: Engine) async throws -> BenchFigure {
        if let obstacle = obstacle(needing: plan.streamContext, of: engine.contextLength) {
            return BenchFigure(.streams(count), nil, note: obstacle)
        }
        var rates: [Double] = []
        for _ in 0..<plan.rounds {
            let watch = Stopwatch(ContinuousClock())
            let written = try await withThrowingTaskGroup(of: Int.self) { group in
                for stream in 0..<count {
                    var request = request(tokens(plan.streamPromptTokens, salt: stream), maxTokens: plan.streamTokens)
                    request.cachePrompt = false
                    group.addTask { [request] in try await answer(request, of: engine).usage.completionTokens }
                }
                return try await group.reduce(0, +)
            }
            rates.append(Double(written) / (watch.elapsed() / .seconds(1)))
        }
        return BenchFigure(.streams(count), median: rates)
    }

    /// Two requests that begin alike, a prefix that is new in each round.
    private func firstTokens(of engine: Engine) async throws -> [BenchFigure] {
        let measures: [Measure] = [.firstTokenCold, .firstTokenWarm, .warmShare]
        if let obstacle = obstacle(needing: plan.firstTokenContext, of: engine.contextLength) {
            return measures.map { BenchFigure($0, nil, note: obstacle) }
        }
        var cold: [Double] = []
        var warm: [Double] = []
        var spared = 0
        for round in 0..<plan.rounds {
            let prefix = tokens(plan.prefixTokens, salt: 100 + round)
            let prompts = (0..<2).map { prefix + tokens(plan.tailTokens, salt: 10 * round + $0) }
            cold.append(try await answer(request(prompts[0], maxTokens: 1), of: engine).firstTokenSeconds * 1000)
            let second = try await answer(request(prompts[1], maxTokens: 1), of: engine)
            warm.append(second.firstTokenSeconds * 1000)
            spared = second.usage.cachedPromptTokens
        }
        return BenchFigure.firstTokens(cold: cold, warm: warm, spared: spared, plan: plan)
    }

    private func request(_ tokens: [Int32], maxTokens: Int) -> GenerationRequest {
        GenerationRequest(measuring: .tokens(tokens), of: name, maxTokens: maxTokens)
    }

    private func answer(_ request: GenerationRequest, of engine: Engine) async throws -> TimedAnswer {
        try await TimedAnswer(to: request, of: engine, clock: ContinuousClock())
    }
}

extension BenchFigure {
    /// The share is of the medians, so that the three figures agree.
    static func firstTokens(cold: [Double], warm: [Double], spared: Int?, plan: BenchPlan) -> [BenchFigure] {
        let length = Figures.grouped(plan.prefixTokens + plan.tailTokens)
        let share = warm.median.flatMap { warm in cold.median.map { warm / $0 * 100 } }
        let note = spared.map { "\(Figures.grouped($0)) of \(length) tokens were in the cache" } ?? ""
        return [
            BenchFigure(.firstTokenCold, median: cold, note: "a prompt of \(length) tokens"),
            BenchFigure(.firstTokenWarm, median: warm, note: note),
            BenchFigure(.warmShare, share),
        ]
    }
}
