import LapwingAPI
import LapwingEngine
import Synchronization
import Testing

@Suite("Sixty-four requests at once")
struct QueueTests {
    /// What an engine did, step by step: who had rows, and how many pages were in use after the step before.
    private final class StepRecord: Sendable {
        struct Step {
            var requests: Set<Int> = []
            var usedPages = 0
        }

        /// Not for ever: the engine's clock holds the record.
        private let engine = Mutex<Engine?>(nil)

        private let state = Mutex<[Step]>([])

        /// Picked out under the lock: the thread sanitizer does not see that an array still shared is copied before it is
        /// written to.
        var steps: [Step] { state.withLock { $0.filter { !$0.requests.isEmpty } } }

        /// The engine asks for the time when a step begins and when its rows are computed, and tells of its shares after.
        func tick() {
            let usedPages = engine.withLock { $0?.statistics.usedPages ?? 0 }
            state.withLock { $0.append(Step(usedPages: usedPages)) }
        }

        func watch(_ watched: Engine?) { engine.withLock { $0 = watched } }

        func note(_ request: Int) { state.withLock { _ = $0[$0.count - 1].requests.insert(request) } }
    }

    private static func recorded(
        _ change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> (engine: Engine, record: StepRecord) {
        let record = StepRecord()
        let engine = try Fixture.engine { options in
            change(&options)
            options.now = {
                record.tick()
                return 0
            }
        }
        record.watch(engine)
        return (engine, record)
    }

    private static func start(
        _ request: GenerationRequest, number: Int, _ recorded: (engine: Engine, record: StepRecord)
    ) async throws -> GenerationStream {
        var context = RequestContext(requestID: "r\(number)")
        context.onCompute = { [record = recorded.record] _ in record.note(number) }
        return try await recorded.engine.generate(request, context: context)
    }

    /// Prompts of all lengths, some with a common beginning, some scored, some with several answers.
    private static func request(_ number: Int) -> GenerationRequest {
        let common = number.isMultiple(of: 3) ? (0..<50).map { TokenID(5 + $0) } : []
        let own = (0..<(7 + 13 * number % 90)).map { TokenID(5 + ($0 * (number + 3)) % 90) }
        var request = GenerationRequest.greedy(.tokens(common + own), maxTokens: 4 + 7 * number % 80)
        request.sampling.temperature = number.isMultiple(of: 2) ? 0 : 1
        request.sampling.seed = UInt64(number)
        request.echo = number.isMultiple(of: 5)
        request.choiceCount = number.isMultiple(of: 7) ? 3 : 1
        return request
    }

    @Test("The oldest request has rows in every step, also where pages are so few that sequences are put back")
    func oldestAdvances() async throws {
        for pages in [9, 64] {
            let recorded = try Self.recorded {
                $0.contextLength = 256
                $0.pageCount = pages
            }
            var streams: [GenerationStream] = []
            for number in 0..<64 {
                streams.append(try await Self.start(Self.request(number), number: number, recorded))
            }
            for stream in streams { _ = try await Collected(stream) }
            let steps = recorded.record.steps
            var last: [Int: Int] = [:]
            for (index, step) in steps.enumerated() { for number in step.requests { last[number] = index } }
            #expect(last.count == 64)
            for (index, step) in steps.enumerated() {
                let oldest = last.filter { $0.value >= index }.keys.min()
                #expect(oldest.map(step.requests.contains) == true, "step \(index) of \(steps.count)")
            }
            #expect(recorded.engine.statistics.putBackSequences > 0 || pages > 9)
            #expect(recorded.engine.statistics.usedPages == 0)
            recorded.record.watch(nil)
        }
    }

    @Test("A request that is dropped has no rows and no pages from the next step on")
    func cancelFreesPages() async throws {
        let recorded = try Self.recorded {
            $0.contextLength = Fixture.trainedContextLength
            $0.speculates = false
        }
        let company = try await Self.start(LimitTests.endless(5), number: 0, recorded)
        do {
            let prompt = (0..<3_000).map { TokenID(5 + $0 * 7 % 90) }
            let request = GenerationRequest.greedy(.tokens(prompt), maxTokens: 60_000)
            var dropped = try await Self.start(request, number: 1, recorded).makeAsyncIterator()
            for _ in 0..<3 { _ = try await dropped.next() }
        }
        let countAtDrop = recorded.record.steps.count
        var steps = recorded.record.steps
        var end = try #require(steps.lastIndex { $0.requests.contains(1) })
        while steps.count < max(end, countAtDrop) + 3 {
            await Task.yield()
            steps = recorded.record.steps
            end = try #require(steps.lastIndex { $0.requests.contains(1) })
        }
        // Only the step that ran when it was dropped may still have its rows.
        #expect(end <= countAtDrop)
        // The step after that has taken it out, and the next one finds its pages free. The other one may have a page more.
        #expect(steps[end + 2].usedPages <= steps[end].usedPages - 3_000 / 32 + 1)
        withExtendedLifetime(company) {}
        recorded.record.watch(nil)
    }
}
