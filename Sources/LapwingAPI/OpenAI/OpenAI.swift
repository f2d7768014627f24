/// The OpenAI API's objects as they travel, for the server that reads requests and for the client that sends them.
///
/// Requests encode only what is set. Answers encode `null` where the API does, and decode what compatible servers leave out.
package enum OpenAI {}

extension OpenAI {
    /// What `usage` says in answers and in the last chunk of a stream.
    package struct Usage: Hashable, Sendable, Codable {
        package struct PromptDetails: Hashable, Sendable, Codable {
            package var cachedTokens: Int?

            package init(cachedTokens: Int?) { self.cachedTokens = cachedTokens }

            private enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
        }

        package var promptTokens: Int
        package var completionTokens: Int
        package var promptDetails: PromptDetails?

        /// Whatever an upstream claims, the sum is no trap.
        package var totalTokens: Int {
            let (sum, overflow) = promptTokens.addingReportingOverflow(completionTokens)
            return overflow ? .max : sum
        }

        package init(promptTokens: Int, completionTokens: Int, cachedTokens: Int? = nil) {
            self.promptTokens = promptTokens
            self.completionTokens = completionTokens
            self.promptDetails = cachedTokens.map(PromptDetails.init)
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            promptTokens = try container.decodeIfPresent(Int.self, forKey: .promptTokens) ?? 0
            completionTokens = try container.decodeIfPresent(Int.self, forKey: .completionTokens) ?? 0
            promptDetails = try container.decodeIfPresent(PromptDetails.self, forKey: .promptDetails)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(promptTokens, forKey: .promptTokens)
            try container.encode(completionTokens, forKey: .completionTokens)
            try container.encode(totalTokens, forKey: .totalTokens)
            try container.encodeIfPresent(promptDetails, forKey: .promptDetails)
        }

        private enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case totalTokens = "total_tokens"
            case promptDetails = "prompt_tokens_details"
        }
    }

    /// The body of every answer that is an error.
    package struct ErrorBody: Error, Hashable, Sendable, Codable {
        package struct Detail: Hashable, Sendable {
            package var message: String
            /// `invalid_request_error`, `server_error`, …
            package var type: String
            /// The field at fault.
            package var param: String?
            package var code: String?
        }

        package var error: Detail

        package init(message: String, type: String, param: String? = nil, code: String? = nil) {
            error = Detail(message: message, type: type, param: param, code: code)
        }
    }

    package struct StreamOptions: Hashable, Sendable {
        package var includeUsage: Bool?

        package init(includeUsage: Bool? = nil) { self.includeUsage = includeUsage }
    }
}

extension OpenAI.ErrorBody.Detail: Codable {
    private enum CodingKeys: CodingKey { case message, type, param, code }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        type = try container.decodeIfPresent(String.self, forKey: .type) ?? ""
        param = try? container.decodeIfPresent(String.self, forKey: .param)
        // vLLM and llama-server put the HTTP status here, as a number.
        switch try container.decodeIfPresent(JSONValue.self, forKey: .code) {
        case .string(let value): code = value
        case .integer(let value): code = String(value)
        default: code = nil
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message, forKey: .message)
        try container.encode(type, forKey: .type)
        try container.encode(param, forKey: .param)
        try container.encode(code, forKey: .code)
    }
}
