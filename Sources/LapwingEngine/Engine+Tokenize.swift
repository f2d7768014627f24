import LapwingAPI
import LapwingText

extension Engine: TokenizingProvider {
    package nonisolated func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        encoder.tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
    }

    package nonisolated func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        try encoder.check(tokens, field: "tokens")
        return encoder.tokenizer.decode(tokens, renderSpecial: true)
    }

    package nonisolated func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        TokenizerDescription(
            bosToken: encoder.tokenTexts.bos, eosToken: encoder.tokenTexts.eos, padToken: encoder.tokenTexts.pad,
            chatTemplate: encoder.templateSource, vocabularySize: encoder.tokenizer.vocabularySize,
            contextLength: contextLength)
    }
}

extension Engine {
    package nonisolated var tokenizer: Tokenizer { encoder.tokenizer }
}
