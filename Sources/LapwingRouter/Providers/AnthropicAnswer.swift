import Foundation
import LapwingAPI

/// Turns the events of a stream of Anthropic's Messages API into ours.
///
/// The answer is whole with `message_stop` and not before. An event that cannot be read ends it: a text comes in pieces of
/// any size, so that no count tells whether one is missing.
package struct AnthropicAnswer: AnswerReader {
    private enum Block {
        case text
        /// The call's place among the answer's calls.
        case call(Int)
        /// Thoughts, and whatever else is no part of an answer.
        case other
    }

    private let model: String
    private let key: UpstreamKey?
    private let estimatedPromptTokens: Int
    private var blocks: [Int: Block] = [:]
    private var callCount = 0
    /// Blocks of calls of which no argument has come.
    private var silentCalls: Set<Int> = []
    private(set) var tokenCount = 0
    private var usage = AnthropicEvent.Usage()
    private var reason: FinishReason?
    private let decoder = JSONDecoder()

    package private(set) var isDone = false
    package var isWhole: Bool { isDone }
    package var hasGap: Bool { false }

    /// What an error repeats of `key` is not passed on.
    package init(model: String, estimatedPromptTokens: Int, key: UpstreamKey? = nil) {
        self.model = model
        self.estimatedPromptTokens = estimatedPromptTokens
        self.key = key
    }

    package mutating func receive(_ data: [UInt8]) throws(RequestError) -> [GenerationEvent] {
        guard let event = try? decoder.decode(AnthropicEvent.self, from: Data(data)) else {
            throw failure("it sent an event that cannot be read")
        }
        let events = try events(of: event)
        tokenCount += events.reduce(0) { $0 + $1.tokenCount }
        return events
    }

    private mutating func events(of event: AnthropicEvent) throws(RequestError) -> [GenerationEvent] {
        switch event.type {
        case "message_start":
            usage.merge(event.message?.usage)
            // It counts what was written by then, which is next to nothing.
            usage.outputTokens = nil
            return []
        case "content_block_start": return try start(event)
        case "content_block_delta": return try delta(event)
        case "content_block_stop":
            // Clients read the arguments as JSON, and those of a function that takes none are an empty object.
            guard let index = event.index, silentCalls.remove(index) != nil, case .call(let call)? = blocks[index]
            else { return [] }
            return [.toolCall(choice: 0, ToolCallDelta(index: call, arguments: "{}"))]
        case "message_delta":
            usage.merge(event.usage)
            if let stopReason = event.delta?.stopReason { reason = try finish(stopReason) }
            return []
        case "message_stop":
            guard let reason else { throw failure("it ended its answer without a reason") }
            isDone = true
            return [.finished(choice: 0, reason: reason)]
        case "error": throw error(event.error)
        // `ping`, and what may be added: the API's versions promise that it may be passed over.
        default: return []
        }
    }

    private mutating func start(_ event: AnthropicEvent) throws(RequestError) -> [GenerationEvent] {
        guard let index = event.index, let block = event.contentBlock else {
            throw failure("it began a block that cannot be read")
        }
        switch block.type {
        case "text":
            blocks[index] = .text
            return text(block.text)
        case "tool_use":
            defer { callCount += 1 }
            blocks[index] = .call(callCount)
            silentCalls.insert(index)
            return [.toolCall(choice: 0, ToolCallDelta(index: callCount, id: block.id, name: block.name))]
        default:
            blocks[index] = .other
            return []
        }
    }

    private mutating func delta(_ event: AnthropicEvent) throws(RequestError) -> [GenerationEvent] {
        guard let index = event.index, let block = blocks[index], let delta = event.delta else {
            throw failure("it sent a part of a block that it had not begun")
        }
        switch (delta.type, block) {
        case ("text_delta", .text): return text(delta.text)
        case ("input_json_delta", .call(let call)):
            let piece = delta.partialJSON ?? ""
            if !piece.isEmpty { silentCalls.remove(index) }
            return piece.isEmpty ? [] : [.toolCall(choice: 0, ToolCallDelta(index: call, arguments: piece))]
        case ("thinking_delta", _):
            let thought = delta.thinking ?? ""
            return thought.isEmpty ? [] : [.reasoning(choice: 0, text: thought)]
        // Signatures of thoughts, and citations.
        default: return []
        }
    }

    private func text(_ text: String?) -> [GenerationEvent] {
        guard let text, !text.isEmpty else { return [] }
        return [.delta(choice: 0, text: text, tokens: [])]
    }

    private func finish(_ word: String) throws(RequestError) -> FinishReason {
        switch word {
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        // Of tools that the API runs itself, which are not asked for: what came is not the answer.
        case "pause_turn": throw failure("it paused its answer")
        // `end_turn`, `stop_sequence`, and what may be added.
        default: .stop
        }
    }

    package func completed() throws(RequestError) -> [GenerationEvent] {
        guard isDone else { throw .endedEarly(model: model) }
        let estimate = Usage(
            promptTokens: estimatedPromptTokens, completionTokens: tokenCount, isEstimated: true)
        return [.completed(model: model, usage: usage.reported ?? estimate, receipt: nil)]
    }

    private func failure(_ reason: String) -> RequestError {
        .upstreamFailed(model: model, status: nil, reason: reason)
    }

    /// An error in the place of the rest, when the status was sent already.
    private func error(_ error: AnthropicEvent.Failure?) -> RequestError {
        let words = error?.message ?? "it gave no reason"
        let said = UpstreamFailure.bounded(key?.redacting(words) ?? words)
        return switch error?.type {
        case "overloaded_error": .unavailable(what: model, reason: said, retryAfterSeconds: 1)
        case "rate_limit_error": .overloaded(what: "The upstream of '\(model)'", retryAfterSeconds: 1)
        default: failure(said)
        }
    }
}
