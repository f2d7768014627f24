import Foundation
import LapwingAPI

/// Where each call of an answer stands. Some servers number every call 0 or not at all; a new id then begins a new call.
private struct CallPlaces {
    private var ids: [String?] = []
    /// The place of the last call that came under an upstream's number.
    private var latest: [Int: Int] = [:]

    mutating func place(of part: ToolCallDelta) -> Int {
        let id = part.id.flatMap { $0.isEmpty ? nil : $0 }
        if let place = latest[part.index], id == nil || ids[place] == nil || ids[place] == id {
            if ids[place] == nil { ids[place] = id }
            return place
        }
        ids.append(id)
        latest[part.index] = ids.count - 1
        return ids.count - 1
    }
}

/// Turns the events of an OpenAI-compatible stream into ours, and knows when the answer is whole.
package struct UpstreamAnswer: AnswerReader {
    private let model: String
    private let isChat: Bool
    private let key: UpstreamKey?
    private let estimatedPromptTokens: Int
    private var isFinished: [Bool]
    private var isRefused: Set<Int> = []
    private var places: [Int: CallPlaces] = [:]
    /// Of the answer so far, with what is held back.
    private(set) var tokenCount = 0
    /// Whether an event came that cannot be read, and may have held a part of the answer.
    package private(set) var hasGap = false
    /// What came after such an event: nobody sees a text with a hole, and what was shown can be gone on with.
    private var heldBack: [GenerationEvent] = []
    private var usage: OpenAI.Usage?
    private let decoder = JSONDecoder()
    /// Far beyond any context.
    static let mostTokens = 1 << 40
    private static let errorMember = Array("\"error\"".utf8)

    /// `[DONE]` has come.
    package private(set) var isDone = false

    /// What an error repeats of `key` is not passed on.
    package init(
        model: String, isChat: Bool, choiceCount: Int, estimatedPromptTokens: Int, key: UpstreamKey? = nil
    ) {
        self.model = model
        self.key = key
        self.isChat = isChat
        self.estimatedPromptTokens = estimatedPromptTokens
        isFinished = Array(repeating: false, count: choiceCount)
    }

    /// Every choice has given its reason to finish; what may follow is the usage.
    package var isWhole: Bool { !isFinished.contains(false) }

    /// Reads one event's data. Throws `upstreamFailed` for an error event. What cannot be read is passed over: whether it
    /// held a part of the answer, `completed` finds out, and gives what followed.
    package mutating func receive(_ data: [UInt8]) throws(RequestError) -> [GenerationEvent] {
        if data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return []
        }
        if isChat {
            guard let chunk = try decode(OpenAI.ChatChunk.self, data) else { return [] }
            usage = chunk.usage ?? usage
            var found: [GenerationEvent] = []
            for choice in chunk.choices {
                found += try events(
                    choice.index, choice.delta, choice.logprobs?.scored ?? [], choice.finishReason)
            }
            return passed(found)
        }
        guard let chunk = try decode(OpenAI.Completion.self, data) else { return [] }
        usage = chunk.usage ?? usage
        var found: [GenerationEvent] = []
        for choice in chunk.choices {
            found += try events(
                choice.index, .init(content: choice.text), choice.logprobs?.scored ?? [], choice.finishReason)
        }
        return passed(found)
    }

    private mutating func passed(_ found: [GenerationEvent]) -> [GenerationEvent] {
        guard hasGap else { return found }
        heldBack += found
        return []
    }

    /// The last events, once the stream is over. Throws `upstreamFailed` where it broke off, or a part may be missing.
    package func completed() throws(RequestError) -> [GenerationEvent] {
        guard !hasGap || isWhole && usage?.completionTokens == tokenCount else {
            throw .upstreamFailed(model: model, status: nil, reason: "it sent an event that cannot be read")
        }
        guard isWhole else { throw .endedEarly(model: model) }
        if let usage {
            let reported = Usage(
                promptTokens: usage.promptTokens, cachedPromptTokens: usage.promptDetails?.cachedTokens ?? 0,
                completionTokens: usage.completionTokens)
            // Counts that no call can have are no report; they would be priced, and summed up for years.
            let counts = [reported.promptTokens, reported.cachedPromptTokens, reported.completionTokens]
            if counts.allSatisfy((0...Self.mostTokens).contains) {
                return heldBack + [.completed(model: model, usage: reported, receipt: nil)]
            }
        }
        let estimate = Usage(
            promptTokens: estimatedPromptTokens, completionTokens: tokenCount, isEstimated: true)
        return heldBack + [.completed(model: model, usage: estimate, receipt: nil)]
    }

    /// Reasons of servers that gave up: the answer is not whole, however tidily its stream ends.
    private static let failures: Set = ["abort", "aborted", "cancelled", "error"]

    private mutating func events(
        _ choice: Int, _ delta: OpenAI.ChatChunk.Delta, _ tokens: [ScoredToken], _ finish: String?
    ) throws(RequestError) -> [GenerationEvent] {
        guard isFinished.indices.contains(choice), !isFinished[choice] else { return [] }
        var events: [GenerationEvent] = []
        // In the place of an answer: told as text, and ended as what a filter has cut, so that nobody takes it for one.
        let refusal = delta.refusal ?? ""
        if !refusal.isEmpty { isRefused.insert(choice) }
        let text = (delta.content ?? "") + refusal
        if let reasoning = delta.reasoning, !reasoning.isEmpty {
            events.append(.reasoning(choice: choice, text: reasoning))
        }
        if !text.isEmpty || (!tokens.isEmpty && events.isEmpty && delta.toolCalls.isEmpty) {
            events.append(.delta(choice: choice, text: text, tokens: tokens))
        }
        for call in delta.toolCalls {
            var call = call
            call.index = places[choice, default: CallPlaces()].place(of: call)
            events.append(.toolCall(choice: choice, call))
        }
        // The log-probabilities of a thought and of a call are no part of the answer's text, but count its tokens.
        tokenCount += max(tokens.count, events.reduce(0) { $0 + $1.tokenCount })
        if let finish {
            guard !Self.failures.contains(finish) else {
                throw .upstreamFailed(model: model, status: nil, reason: "it gave up, with the reason '\(finish)'")
            }
            isFinished[choice] = true
            // Words of single servers, such as `eos`, all mean that the model came to its end.
            events.append(
                .finished(
                    choice: choice,
                    reason: isRefused.contains(choice) ? .contentFilter : FinishReason(rawValue: finish) ?? .stop))
        }
        return events
    }

    private mutating func decode<Value: Decodable>(
        _ type: Value.Type, _ data: [UInt8]
    ) throws(RequestError) -> Value? {
        // An error is looked for first: chunks decode with nearly everything left out.
        let mayBeError = data.indices.contains {
            data[$0] == Self.errorMember[0] && data[$0...].starts(with: Self.errorMember)
        }
        let data = Data(data)
        if mayBeError,
            let failure = try? decoder.decode(OpenAI.ErrorBody.self, from: data)
        {
            let said = failure.error.message
            throw .upstreamFailed(
                model: model, status: nil, reason: UpstreamFailure.bounded(key?.redacting(said) ?? said))
        }
        let value = try? decoder.decode(type, from: data)
        // What comes after the last choice's end is no part of the answer.
        if value == nil, !isWhole { hasGap = true }
        return value
    }
}

extension OpenAI.ChatLogprobs {
    fileprivate var scored: [ScoredToken] {
        content.map { token in
            ScoredToken(
                upstream: token.bytes ?? Array(token.token.utf8), logProbability: token.logprob,
                top: token.top.map { ($0.bytes ?? Array($0.token.utf8), $0.logprob) })
        }
    }
}

extension OpenAI.CompletionLogprobs {
    fileprivate var scored: [ScoredToken] {
        tokens.enumerated().map { index, token in
            let top = topLogprobs.indices.contains(index) ? topLogprobs[index] : nil
            return ScoredToken(
                upstream: Array(token.utf8),
                logProbability: tokenLogprobs.indices.contains(index) ? tokenLogprobs[index] : nil,
                top: (top ?? [:]).map { (Array($0.key.utf8), $0.value) })
        }
    }
}

extension ScoredToken {
    /// The API does not say a token's id. A negative number made of its bytes (FNV-1a) stands for it, so that equal tokens
    /// are equal and none is taken for one of a vocabulary.
    fileprivate init(upstream bytes: [UInt8], logProbability: Double?, top: [(bytes: [UInt8], value: Double)]) {
        let alternatives = top.sorted { $0.value > $1.value }.map {
            TokenAlternative(id: Self.standIn(for: $0.bytes), bytes: $0.bytes, logProbability: $0.value)
        }
        self.init(id: Self.standIn(for: bytes), bytes: bytes, logProbability: logProbability, top: alternatives)
    }

    private static func standIn(for bytes: [UInt8]) -> TokenID {
        let hash = bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return TokenID(bitPattern: hash | 0x8000_0000)
    }
}
