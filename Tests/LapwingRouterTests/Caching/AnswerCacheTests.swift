import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Kept answers")
struct AnswerCacheTests {
    /// Keys that differ in their prompt.
    private static let keys: [AnswerKey] = (0..<12).compactMap { number in
        let request = GenerationRequest(model: "m", prompts: [.text("\(number)")])
        let table = try? RouteTable(
            routes: [], models: [ModelBinding(name: "m", provider: ScriptedProvider(), location: .local)])
        guard let plan = try? table?.plan(for: request, tier: "default") else { return nil }
        return AnswerKey(request, plan: plan, tenant: "t")
    }

    private func answer(_ name: String, textBytes: Int = 100) -> KeptAnswer {
        var recording = AnswerRecording(byteLimit: 1 << 20)
        recording.append(.delta(choice: 0, text: String(repeating: "x", count: textBytes), tokens: []))
        recording.append(.finished(choice: 0, reason: .stop))
        let receipt = Receipt(
            requestID: name, route: "r", model: "m", decision: .open, confidence: nil, calls: [], counterfactual: nil)
        return KeptAnswer(recording, usage: Usage(promptTokens: 1, completionTokens: 1), receipt: receipt)
    }

    @Test("An answer is there until its time is over, counted from when it was kept, however often it is used")
    func timeToLive() {
        var cache = AnswerCache(.init(timeToLive: .seconds(60)))
        cache.keep(answer("a"), for: Self.keys[0], at: .seconds(100))
        #expect(cache.answer(to: Self.keys[0], at: .seconds(100))?.origin.requestID == "a")
        #expect(cache.answer(to: Self.keys[0], at: .milliseconds(159_999)) != nil)
        #expect(cache.answer(to: Self.keys[1], at: .seconds(100)) == nil)
        #expect(cache.answer(to: Self.keys[0], at: .seconds(160)) == nil)
        #expect(cache.count == 0 && cache.byteCount == 0)
    }

    @Test("An answer takes another's place, and one that alone is too large is not kept")
    func replaced() {
        var cache = AnswerCache(.init(timeToLive: .seconds(60), byteLimit: 4096))
        cache.keep(answer("a"), for: Self.keys[0], at: .zero)
        cache.keep(answer("b", textBytes: 300), for: Self.keys[0], at: .seconds(30))
        #expect(cache.count == 1 && cache.byteCount == answer("b", textBytes: 300).byteCount)
        #expect(cache.answer(to: Self.keys[0], at: .seconds(80))?.origin.requestID == "b")
        cache.keep(answer("c", textBytes: 4096), for: Self.keys[0], at: .seconds(80))
        #expect(cache.count == 0 && cache.byteCount == 0)
    }

    @Test("Bytes never pass the limit, and what was used longest ago goes first", arguments: UInt64(1)...8)
    func leastRecentlyUsed(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = 4 * 1024
        var cache = AnswerCache(.init(timeToLive: .seconds(1000), byteLimit: limit))
        // The newest last.
        var model: [(key: Int, name: String, byteCount: Int)] = []
        for step in 0..<2000 {
            let key = Int(random.next() % UInt64(Self.keys.count))
            let known = model.firstIndex { $0.key == key }
            if random.next() % 2 == 0 {
                let found = cache.answer(to: Self.keys[key], at: .zero)
                #expect(found?.origin.requestID == known.map { model[$0].name })
                if let known { model.append(model.remove(at: known)) }
            } else {
                let kept = answer("\(step)", textBytes: Int(random.next() % 900))
                cache.keep(kept, for: Self.keys[key], at: .zero)
                if let known { model.remove(at: known) }
                while model.reduce(kept.byteCount, { $0 + $1.byteCount }) > limit { model.removeFirst() }
                model.append((key, "\(step)", kept.byteCount))
            }
            #expect(cache.byteCount == model.reduce(0) { $0 + $1.byteCount } && cache.byteCount <= limit)
            #expect(cache.count == model.count)
        }
    }

    @Test("A recording joins the pieces of a choice, and gives up what is too long or was cut by a filter")
    func recording() {
        var recording = AnswerRecording(byteLimit: 4096)
        for event in [delta("a", -0.1), delta("b", -0.2), delta("c", -0.1, choice: 1), delta("d", -0.1)] {
            recording.append(event)
        }
        recording.append(.finished(choice: 0, reason: .length))
        recording.append(.finished(choice: 1, reason: .stop))
        let words = recording.events.map { [StreamCommit.Action.send($0)].words[0] }
        #expect(words == ["ab", "c", "d", "<length>", "<stop>"])
        guard case .delta(_, _, let tokens) = recording.events[0] else {
            Issue.record("\(recording.events[0])")
            return
        }
        #expect(tokens.map(\.logProbability) == [-0.1, -0.2])
        #expect(recording.isFit && recording.byteCount > 5 * MemoryLayout<ScoredToken>.stride)
        recording.restart()
        for event: GenerationEvent in [
            .reasoning(choice: 0, text: "Hm"), .delta(choice: 0, text: "a", tokens: []),
            .toolCall(choice: 0, ToolCallDelta(index: 0, id: "c", name: "f", arguments: "{}")),
        ] {
            recording.append(event)
        }
        #expect(recording.events.map { [StreamCommit.Action.send($0)].words[0] } == ["(Hm)", "a", "0:f[{}]"])
        recording.restart()
        #expect(recording.events.isEmpty && recording.byteCount == 0 && recording.isFit)
        recording.append(.delta(choice: 0, text: String(repeating: "x", count: 4097), tokens: []))
        #expect(!recording.isFit)
        recording.restart()
        recording.append(.finished(choice: 0, reason: .contentFilter))
        #expect(!recording.isFit)
    }
}
