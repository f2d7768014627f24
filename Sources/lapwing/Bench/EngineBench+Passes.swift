import LapwingAPI
import LapwingEngine
import LapwingModel

/// Prefill and decode: forward passes over a cache of their own, without the engine around them.
extension EngineBench {
    func passFigures(_ steps: BenchSteps) throws -> [BenchFigure] {
        var figures: [BenchFigure] = []
        if plan.parts.contains(.prefill) {
            for length in plan.prefillLengths {
                try steps.begin("prefill of \(Figures.grouped(length)) tokens")
                figures.append(try prefill(length))
            }
        }
        guard plan.parts.contains(.decode) else { return figures }
        for depth in plan.depths {
            try steps.begin("decode at depth \(Figures.grouped(depth))")
            figures.append(try decode(at: depth))
        }
        try steps.begin("memory speed")
        return figures + (try bandwidth(of: figures))
    }

    /// Tokens a second of reading a prompt, in the engine's chunks.
    private func prefill(_ length: Int) throws -> BenchFigure {
        let measure = Measure.prefill(length)
        if let obstacle = obstacle(needing: length, of: contextLength) {
            return BenchFigure(measure, nil, note: "\(obstacle); --context \(length) goes beyond")
        }
        let passes = try Passes(of: self, length: length)
        passes.run(0..<min(8, length))
        return BenchFigure(measure, median: try rounds { try rate(of: length) { try passes.fill(0..<length) } })
    }

    /// Tokens a second of writing one sequence whose cache holds `depth` tokens already.
    private func decode(at depth: Int) throws -> BenchFigure {
        let measure = Measure.decode(depth: depth)
        let end = depth + plan.decodeTokens
        if let obstacle = obstacle(needing: end, of: contextLength) {
            return BenchFigure(measure, nil, note: "\(obstacle); --context \(end) goes beyond")
        }
        let passes = try Passes(of: self, length: end)
        passes.run(0..<min(8, end))
        try passes.fill(0..<depth)
        let rates = try rounds {
            try rate(of: plan.decodeTokens) {
                for position in depth..<end {
                    try Task.checkCancellation()
                    passes.run(position..<position + 1)
                }
            }
        }
        return BenchFigure(measure, median: rates)
    }

    /// Each token reads its weights and its sequence's keys and values once.
    private func bandwidth(of figures: [BenchFigure]) throws -> [BenchFigure] {
        let speed = MemoryBandwidth.measure(workers: model.workers)
        let perToken = cacheBytesPerToken(try ModelFootprint(model.file))
        let shares = plan.depths.compactMap { depth -> BenchFigure? in
            guard let rate = figures.first(where: { $0.measure == .decode(depth: depth) })?.value else { return nil }
            let read =
                rate
                * (Double(model.weightByteCountPerToken) + perToken * (Double(depth) + Double(plan.decodeTokens) / 2))
            return BenchFigure(
                .decodeBandwidth(depth: depth), read / speed * 100,
                note: "\(gigabytes(read)) of \(gigabytes(speed)) GB/s")
        }
        return shares + [BenchFigure(.memorySpeed, speed / 1e9, note: "as `lapwing doctor` measures it")]
    }

    private func gigabytes(_ bytes: Double) -> String { Figures.fixed(bytes / 1e9, places: 1) }

    private func rounds(_ body: () throws -> Double) rethrows -> [Double] {
        try (0..<plan.rounds).map { _ in try body() }
    }

    private func rate(of count: Int, _ body: () throws -> Void) rethrows -> Double {
        let watch = Stopwatch(ContinuousClock())
        try body()
        return Double(count) / (watch.elapsed() / .seconds(1))
    }
}

/// One sequence and its cache.
private struct Passes {
    private let model: LanguageModel
    private let cache: KVCache
    private let tokens: [Int32]
    private let chunk = EngineOptions().prefillChunk

    init(of bench: EngineBench, length: Int) throws {
        model = bench.model
        tokens = bench.tokens(length)
        cache = try model.makeCache(
            pageCount: (length + KVCache.pageSize - 1) / KVCache.pageSize, format: bench.kvCache)
    }

    /// One pass over these positions; those before them are in the cache.
    func run(_ range: Range<Int>) {
        let pageCount = (range.upperBound + KVCache.pageSize - 1) / KVCache.pageSize
        let rows = SequenceRows(
            rowCount: range.count, startPosition: range.lowerBound, pages: Array(0..<Int32(pageCount)), logits: .last)
        model.forward(ModelStep(tokens: Array(tokens[range]), sequences: [rows]), cache: cache) { _, _ in }
    }

    func fill(_ range: Range<Int>) throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
            try Task.checkCancellation()
            run(start..<min(start + chunk, range.upperBound))
        }
    }
}
