import LapwingAPI
import LapwingEngine
import LapwingText
import Synchronization
import Testing

@Suite("Engine")
struct EngineTests {
    static let text = Prompt.text("the weather in the other inn")
    static let long = Prompt.text(String(repeating: "the inn there ", count: 20))

    @Test("A greedy answer has as many tokens as asked for, their log-probabilities, and says so in its usage")
    func greedyAnswer() async throws {
        let engine = try Fixture.engine()
        let result = try await engine.answer(.greedy(Self.text, maxTokens: 12))
        #expect(result.model == "tiny")
        #expect(result.answer.reason == .length)
        #expect(result.answer.tokens.count == 12)
        #expect(result.usage.completionTokens == 12)
        #expect(
            result.usage.promptTokens
                == (try await engine.tokenize("the weather in the other inn", model: "tiny", addSpecialTokens: false))
                .count)
        for token in result.answer.tokens {
            #expect(token.top.count == 2)
            #expect(token.top.first?.id == token.id)
            #expect(token.top.first?.logProbability == token.logProbability)
            #expect((token.logProbability ?? 1) < 0)
        }
        let whole = result.answer.ids.flatMap { engine.tokenizer.bytes(of: $0) }
        #expect(result.answer.text == String(decoding: whole, as: UTF8.self))
    }

    @Test("A conversation is rendered with the model's template")
    func conversation() async throws {
        let engine = try Fixture.engine()
        let chat = try await engine.answer(.greedy(.messages([ChatMessage(role: "user", content: "hi")]), maxTokens: 3))
        let rendered = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
        let plain = try await engine.answer(.greedy(.text(rendered), maxTokens: 3))
        #expect(chat.answer.ids == plain.answer.ids)
        #expect(chat.usage.promptTokens == plain.usage.promptTokens)
    }

    @Test("An answer that is to be gone on with stands where the model's own would, and is not closed")
    func continuesAnAnswer() async throws {
        let engine = try Fixture.engine()
        let messages = [ChatMessage(role: "user", content: "hi"), ChatMessage(role: "assistant", content: "the other")]
        var request = GenerationRequest.greedy(.messages(messages), maxTokens: 3)
        request.continuesLastMessage = true
        let rendered = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nthe other"
        let plain = try await engine.answer(.greedy(.text(rendered), maxTokens: 3))
        let chat = try await engine.answer(request)
        #expect(chat.answer.ids == plain.answer.ids)
        #expect(chat.usage.promptTokens == plain.usage.promptTokens)
    }

    @Test("What no model here does is refused by the field that asks for it, and an effort of none asks for nothing")
    func features() async throws {
        let engine = try Fixture.engine()
        let changes: [(String, (inout GenerationRequest) -> Void)] = [
            ("tools", { $0.toolUse = ToolUse(tools: [Tool(name: "f")]) }),
            ("response_format", { $0.responseFormat = .jsonObject }),
            ("reasoning_effort", { $0.reasoningEffort = "low" }),
        ]
        for (field, change) in changes {
            var request = GenerationRequest.greedy(Self.text, maxTokens: 1)
            change(&request)
            let error = await #expect(throws: RequestError.self) { try await engine.answer(request) }
            guard case .unsupported(field, _) = error else {
                Issue.record("\(field): found \(String(describing: error))")
                continue
            }
        }
        var request = GenerationRequest.greedy(Self.text, maxTokens: 1)
        request.reasoningEffort = "none"
        #expect(try await engine.answer(request).answer.tokens.count == 1)
    }

    @Test("Without log-probabilities asked for, tokens come without them")
    func noLogProbabilities() async throws {
        var request = GenerationRequest.greedy(Self.text, maxTokens: 3)
        request.topLogProbabilities = nil
        let result = try await Fixture.engine().answer(request)
        #expect(result.answer.tokens.count == 3)
        #expect(result.answer.tokens.allSatisfy { $0.logProbability == nil && $0.top.isEmpty })
    }

    @Test("Equal prompts of one request draw apart without a seed, and alike with one")
    func seedsOfEqualPrompts() async throws {
        let seeds = Mutex<UInt64>(0)
        let engine = try Fixture.engine { options in
            options.freshSeed = {
                seeds.withLock { seed in
                    seed += 1
                    return seed
                }
            }
        }
        var request = GenerationRequest.greedy(Self.text, maxTokens: 12)
        request.prompts = [Self.text, Self.text]
        request.sampling.temperature = Fixture.lively
        let drawn = try await engine.answer(request)
        #expect(drawn.choices[0]?.ids != drawn.choices[1]?.ids)
        request.sampling.seed = 7
        let seeded = try await engine.answer(request)
        #expect(seeded.choices[0]?.ids == seeded.choices[1]?.ids)
    }

    @Test("Ignored end tokens are not drawn at all, however flat the distribution")
    func ignoredEndTokens() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.text, maxTokens: 400)
        request.sampling.temperature = 100
        request.sampling.seed = 3
        let ignoring = try await engine.answer(request).answer
        #expect(ignoring.tokens.count == 400 && ignoring.ids.allSatisfy { !engine.endTokens.contains($0) })
        request.ignoreEOS = false
        #expect(try await engine.answer(request).answer.reason == .stop, "the seed would not have met an end token")
    }

    @Test("Without a limit the answer ends with the context")
    func fillsTheContext() async throws {
        let engine = try Fixture.engine { $0.contextLength = 40 }
        let result = try await engine.answer(.greedy(.tokens([5, 6, 7]), maxTokens: nil))
        #expect(result.answer.tokens.count == 37)
        #expect(result.answer.reason == .length)
    }

    @Test("The same seed gives the same answer alone and in company, another seed another")
    func seeds() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.text, maxTokens: 16)
        request.sampling.temperature = Fixture.lively
        request.sampling.seed = 7
        let alone = try await engine.answer(request)
        var other = request
        other.sampling.seed = 8
        let requests = [other, request, other, request]
        let together = try await withThrowingTaskGroup(of: (Int, Collected).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await engine.answer(request)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(together[1]?.answer.ids == alone.answer.ids)
        #expect(together[3]?.answer.ids == alone.answer.ids)
        #expect(together[0]?.answer.ids != alone.answer.ids)
        #expect(together[0]?.answer.ids == together[2]?.answer.ids)
    }

    @Test("Several choices differ, the first is as if alone, and their prompt is read and counted once")
    func choices() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.long, maxTokens: 10)
        request.sampling.temperature = Fixture.lively
        request.sampling.seed = 3
        request.cachePrompt = false
        let alone = try await engine.answer(request)
        let before = engine.statistics.computedTokens
        request.choiceCount = 3
        let result = try await engine.answer(request)
        #expect(result.choices.count == 3)
        #expect(result.choices[0]?.ids == alone.answer.ids)
        #expect(Set(result.choices.values.map(\.ids)).count == 3)
        #expect(result.usage.promptTokens == alone.usage.promptTokens)
        #expect(result.usage.completionTokens == 30)
        // Each of the others computes the prompt's last token, and each choice all its own but the last.
        let computed = Int(engine.statistics.computedTokens - before)
        #expect(computed == alone.usage.promptTokens + 2 + 3 * 9)
    }

    @Test("Several prompts are answered under their own numbers, as each would be alone")
    func prompts() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.text, maxTokens: 4)
        request.prompts = [Self.text, .tokens([9, 8, 7]), Self.long]
        request.choiceCount = 2
        request.sampling.temperature = Fixture.lively
        request.sampling.seed = 5
        let result = try await engine.answer(request)
        #expect(result.choices.keys.sorted() == [0, 1, 2, 3, 4, 5])
        var promptTokens = 0
        for (index, prompt) in request.prompts.enumerated() {
            var single = request
            single.prompts = [prompt]
            let alone = try await engine.answer(single)
            #expect(result.choices[2 * index]?.ids == alone.choices[0]?.ids)
            #expect(result.choices[2 * index + 1]?.ids == alone.choices[1]?.ids)
            promptTokens += alone.usage.promptTokens
        }
        #expect(result.usage.promptTokens == promptTokens)
    }

    @Test("A stop string across two tokens ends the text before it")
    func stopString() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.text, maxTokens: 40)
        request.sampling.temperature = Fixture.lively
        request.sampling.seed = 11
        let free = try await engine.answer(request)
        // Two neighbouring letters that two tokens brought.
        let pairs = zip(free.answer.deltas, free.answer.deltas.dropFirst())
        let pair = try #require(pairs.dropFirst(4).first { !$0.0.isEmpty && !$0.1.isEmpty })
        let stop = String(pair.0.suffix(1) + pair.1.prefix(1))
        request.stop = ["never", stop]
        let stopped = try await engine.answer(request)
        #expect(stopped.answer.reason == .stop)
        let end = try #require(free.answer.text.firstRange(of: stop)).lowerBound
        #expect(stopped.answer.text == String(free.answer.text[..<end]))
    }

    @Test("An end token ends the answer unless it is to be ignored")
    func endTokens() async throws {
        let engine = try Fixture.engine()
        let end = try #require(engine.tokenizer.endOfGenerationTokens.min())
        var request = GenerationRequest.greedy(Self.text, maxTokens: 5)
        request.sampling.logitBias = [end: 1000]
        #expect(try await engine.answer(request).answer.tokens.count == 5)
        request.ignoreEOS = false
        let result = try await engine.answer(request)
        #expect(result.answer.ids == [end])
        #expect(result.answer.text.isEmpty)
        #expect(result.answer.reason == .stop)
        #expect(result.usage.completionTokens == 1)
    }

    @Test("A warm prefix is reported, and requests that opt out neither read nor leave one")
    func prefixCache() async throws {
        let engine = try Fixture.engine()
        var request = GenerationRequest.greedy(Self.long, maxTokens: 2)
        request.cachePrompt = false
        #expect(try await engine.answer(request).usage.cachedPromptTokens == 0)
        request.cachePrompt = true
        #expect(try await engine.answer(request).usage.cachedPromptTokens == 0)
        let warm = try await engine.answer(request).usage
        #expect(warm.cachedPromptTokens == warm.promptTokens - 1)
        request.cachePrompt = false
        #expect(try await engine.answer(request).usage.cachedPromptTokens == 0)
    }

    @Test("The steps' time is divided among the requests to the last nanosecond")
    func computeTime() async throws {
        let ticks = Atomic<UInt64>(0)
        let engine = try Fixture.engine { options in
            options.now = { ticks.add(977, ordering: .relaxed).newValue }
        }
        let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
            for length in 1...5 {
                group.addTask {
                    let request = GenerationRequest.greedy(
                        .tokens((0..<TokenID(7 * length)).map { $0 }), maxTokens: length)
                    return try await engine.answer(request).usage.computeNanoseconds ?? -1
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum > 0)
        #expect(UInt64(sum) == engine.busyNanoseconds)
    }

    @Test("Machine time is told as it is spent, also to requests that are cut off, and comes to the engine's own")
    func computeTimeIsTold() async throws {
        let ticks = Atomic<UInt64>(0)
        let told = Atomic<Int64>(0)
        let tell: @Sendable (Int64) -> Void = { told.add($0, ordering: .relaxed) }
        let engine = try Fixture.engine { options in
            options.now = { ticks.add(977, ordering: .relaxed).newValue }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for length in 1...6 {
                group.addTask {
                    var context = RequestContext(requestID: "r\(length)")
                    context.onCompute = tell
                    let request = GenerationRequest.greedy(
                        .tokens((0..<TokenID(7 * length)).map { $0 }), maxTokens: 10 * length)
                    for try await _ in try await engine.generate(request, context: context) {
                        if length.isMultiple(of: 2) { break }
                    }
                }
            }
            try await group.waitForAll()
        }
        await engine.drain()
        #expect(told.load(ordering: .relaxed) > 0)
        #expect(UInt64(told.load(ordering: .relaxed)) == engine.busyNanoseconds)
    }
}
