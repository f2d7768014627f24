import LapwingAPI

/// One event of a stream of Anthropic's Messages API, as far as anything of it is used.
struct AnthropicEvent: Decodable {
    struct Message: Decodable {
        var usage: Usage?
    }

    struct Block: Decodable {
        var type: String
        var text: String?
        var id: String?
        var name: String?
    }

    struct Delta: Decodable {
        var type: String?
        var text: String?
        var partialJSON: String?
        var thinking: String?
        var stopReason: String?

        private enum CodingKeys: String, CodingKey {
            case type, text, thinking
            case partialJSON = "partial_json"
            case stopReason = "stop_reason"
        }
    }

    struct Failure: Decodable {
        var type: String?
        var message: String?
    }

    /// Counts so far; each event that has one gives all that was used until then.
    struct Usage: Decodable {
        var inputTokens: Int?
        var cacheCreationTokens: Int?
        var cacheReadTokens: Int?
        var outputTokens: Int?

        init() {}

        private enum CodingKeys: String, CodingKey {
            case inputTokens = "input_tokens"
            case cacheCreationTokens = "cache_creation_input_tokens"
            case cacheReadTokens = "cache_read_input_tokens"
            case outputTokens = "output_tokens"
        }

        mutating func merge(_ later: Usage?) {
            inputTokens = later?.inputTokens ?? inputTokens
            cacheCreationTokens = later?.cacheCreationTokens ?? cacheCreationTokens
            cacheReadTokens = later?.cacheReadTokens ?? cacheReadTokens
            outputTokens = later?.outputTokens ?? outputTokens
        }

        /// nil where a count is missing, or is one that no call can have. `input_tokens` leaves out what a cache gave or took.
        var reported: LapwingAPI.Usage? {
            guard let inputTokens, let outputTokens else { return nil }
            let counts = [inputTokens, cacheCreationTokens ?? 0, cacheReadTokens ?? 0, outputTokens]
            guard counts.allSatisfy((0...UpstreamAnswer.mostTokens).contains) else { return nil }
            return LapwingAPI.Usage(
                promptTokens: counts[0] + counts[1] + counts[2], cachedPromptTokens: counts[2],
                completionTokens: outputTokens)
        }
    }

    var type: String
    var index: Int?
    var message: Message?
    var contentBlock: Block?
    var delta: Delta?
    var usage: Usage?
    var error: Failure?

    private enum CodingKeys: String, CodingKey {
        case type, index, message, delta, usage, error
        case contentBlock = "content_block"
    }
}
