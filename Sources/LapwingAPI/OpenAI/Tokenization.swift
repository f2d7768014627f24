extension OpenAI {
    /// The answer to `POST /tokenize`, as vLLM gives it.
    package struct TokenizeResponse: Hashable, Sendable, Codable {
        package var count: Int
        package var maxModelLength: Int?
        package var tokens: [TokenID]

        package init(tokens: [TokenID], maxModelLength: Int?) {
            self.count = tokens.count
            self.tokens = tokens
            self.maxModelLength = maxModelLength
        }

        private enum CodingKeys: String, CodingKey {
            case count, tokens
            case maxModelLength = "max_model_len"
        }
    }

    /// The answer to `POST /detokenize`.
    package struct DetokenizeResponse: Hashable, Sendable, Codable {
        package var prompt: String

        package init(prompt: String) { self.prompt = prompt }
    }

    /// The answer to `GET /tokenizer_info`. Tokens that the vocabulary lacks are `null`, because clients look for the keys.
    package struct TokenizerInfo: Hashable, Sendable {
        package var bosToken: String?
        package var eosToken: String?
        package var padToken: String?
        package var chatTemplate: String?
        package var vocabularySize: Int
        package var maxModelLength: Int

        package init(_ description: TokenizerDescription) {
            bosToken = description.bosToken
            eosToken = description.eosToken
            padToken = description.padToken
            chatTemplate = description.chatTemplate
            vocabularySize = description.vocabularySize
            maxModelLength = description.contextLength
        }
    }
}

extension OpenAI.TokenizerInfo: Codable {
    private enum CodingKeys: String, CodingKey {
        case bosToken = "bos_token"
        case eosToken = "eos_token"
        case padToken = "pad_token"
        case chatTemplate = "chat_template"
        case vocabularySize = "vocab_size"
        case maxModelLength = "model_max_length"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(bosToken, forKey: .bosToken)
        try container.encode(eosToken, forKey: .eosToken)
        try container.encode(padToken, forKey: .padToken)
        try container.encode(chatTemplate, forKey: .chatTemplate)
        try container.encode(vocabularySize, forKey: .vocabularySize)
        try container.encode(maxModelLength, forKey: .maxModelLength)
    }
}
