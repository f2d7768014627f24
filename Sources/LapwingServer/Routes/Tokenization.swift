import Hummingbird
import LapwingAPI

/// vLLM's tokenizer endpoints, at the root as there. Without `model` they speak of the default model.
extension Routes {
    func tokenize(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let model = try await tokenizerModel(exchange, try reader.string("model", atMost: options.maxModelBytes))
        let text = try reader.requiredString("prompt")
        guard text.utf8.count <= options.maxPromptBytes else {
            throw RequestError.invalid(
                field: "prompt", found: "\(text.utf8.count) bytes of text",
                expected: "at most \(options.maxPromptBytes)")
        }
        let addSpecialTokens = try reader.boolean("add_special_tokens") ?? true
        let tokens = try await services(for: exchange).tokenize(
            text, model: model.name, addSpecialTokens: addSpecialTokens)
        return try JSONBody.response(
            OpenAI.TokenizeResponse(tokens: tokens, maxModelLength: model.contextLength),
            headers: .ignoring(reader.unasked))
    }

    func detokenize(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let model = try await tokenizerModel(exchange, try reader.string("model", atMost: options.maxModelBytes))
        guard let elements = try reader.array("tokens") else {
            throw reader.missing("tokens", expected: "an array of token ids")
        }
        guard elements.count <= options.maxPromptTokens else {
            throw RequestError.invalid(
                field: "tokens", found: "\(elements.count) token ids", expected: "at most \(options.maxPromptTokens)")
        }
        let tokens = elements.isEmpty ? [] : try OpenAI.TextInput.tokens(elements, path: "tokens")
        return try JSONBody.response(
            OpenAI.DetokenizeResponse(prompt: try await services(for: exchange).detokenize(tokens, model: model.name)),
            headers: .ignoring(reader.unasked))
    }

    func tokenizerInfo(_ exchange: Exchange) async throws -> Response {
        let named = exchange.request.uri.queryParameters["model"].map(String.init)
        let model = try await tokenizerModel(exchange, named)
        return try JSONBody.response(
            OpenAI.TokenizerInfo(try await services(for: exchange).tokenizerDescription(model: model.name)))
    }

    /// The model that is named, else the configured default, else the first local model that is available.
    private func tokenizerModel(_ exchange: Exchange, _ named: String?) async throws -> ModelCard {
        let cards = await services(for: exchange).models()
        if let name = named ?? options.defaultModel {
            // A name that the catalogue does not know is for the provider to refuse.
            return cards.first { $0.name == name } ?? ModelCard(name: name, kind: .local)
        }
        guard let first = cards.first(where: { $0.kind == .local && $0.unavailable == nil }) else {
            throw RequestError.invalid(
                field: "model", found: "nothing", expected: "the name of a model, as there is no local one")
        }
        return first
    }
}
