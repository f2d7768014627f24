import LapwingAPI
import LapwingEngine
import Testing

/// A stream read to its end, and checked for the order that `GenerationEvent` promises.
struct Collected {
    struct Choice {
        var prompt: [ScoredToken]?
        var text = ""
        var deltas: [String] = []
        var tokens: [ScoredToken] = []
        var reason: FinishReason?

        var ids: [TokenID] { tokens.map(\.id) }
        var logProbabilities: [Double] { tokens.compactMap(\.logProbability) }
    }

    var choices: [Int: Choice] = [:]
    var model: String?
    var usage = Usage(promptTokens: 0, completionTokens: 0)

    init(_ stream: GenerationStream) async throws {
        for try await event in stream {
            #expect(model == nil, "nothing comes after `completed`")
            switch event {
            case .committed: Issue.record("an engine commits to nothing")
            case .reasoning, .toolCall, .checked: Issue.record("an engine only writes")
            case .prompt(let index, let tokens):
                #expect(choices[index] == nil, "`prompt` comes first")
                choices[index] = Choice(prompt: tokens)
            case .delta(let index, let text, let tokens):
                #expect(choices[index]?.reason == nil, "`finished` comes last")
                choices[index, default: Choice()].text += text
                choices[index]?.deltas.append(text)
                choices[index]?.tokens += tokens
            case .finished(let index, let reason):
                #expect(choices[index]?.reason == nil, "`finished` comes once")
                choices[index, default: Choice()].reason = reason
            case .completed(let name, let used, let receipt):
                #expect(receipt == nil)
                (model, usage) = (name, used)
            }
        }
        #expect(model != nil, "a stream without an error ends with `completed`")
        #expect(choices.values.allSatisfy { $0.reason != nil })
    }

    /// The answer of the only or first choice.
    var answer: Choice { choices[0] ?? Choice() }
}

extension Engine {
    func start(_ request: GenerationRequest) async throws -> GenerationStream {
        try await generate(request, context: RequestContext(requestID: "r"))
    }

    func answer(_ request: GenerationRequest) async throws -> Collected {
        try await Collected(start(request))
    }
}

extension GenerationRequest {
    /// Greedy, with log-probabilities of the best two tokens.
    static func greedy(_ prompt: Prompt, maxTokens: Int?) -> GenerationRequest {
        var request = GenerationRequest(model: "tiny", prompts: [prompt])
        request.sampling.temperature = 0
        request.topLogProbabilities = 2
        request.maxTokens = maxTokens
        request.ignoreEOS = true
        return request
    }
}
