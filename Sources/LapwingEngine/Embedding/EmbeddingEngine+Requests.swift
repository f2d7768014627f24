import Foundation
import LapwingAPI
import LapwingText

extension EmbeddingEngine: EmbeddingProvider {
    package func embed(
        _ request: EmbeddingRequest, context: RequestContext
    ) async throws -> EmbeddingResult {
        guard case .vectors(let dimensionCount) = model.head else {
            throw RequestError.incapable(model: name, of: .embeddings, serves: capabilities)
        }
        if let asked = request.dimensions, !(1...dimensionCount).contains(asked) {
            throw RequestError.invalid(
                field: "dimensions", found: "\(asked)", expected: "1 to \(dimensionCount), the model's own")
        }
        var sequences: [EncoderSequence] = []
        for (index, input) in request.inputs.enumerated() {
            try Task.checkCancellation()
            let field = request.inputs.count == 1 ? "input" : "input[\(index)]"
            sequences.append(EncoderSequence(try tokens(of: input, field: field)))
        }
        let result = try await checkedRows(of: sequences, field: "input", context)
        let vectors = request.dimensions.map { count in result.rows.map { $0.unit(count) } } ?? result.rows
        return EmbeddingResult(model: name, vectors: vectors, usage: result.usage)
    }
}

extension EmbeddingEngine: RerankProvider {
    /// A model without a head for pairs ranks by the cosine of its vectors.
    package func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult {
        let query = tokenizer.encode(request.query, addSpecialTokens: true)
        try checkLength(query.count, field: "query")
        var documents: [[TokenID]] = []
        for document in request.documents {
            try Task.checkCancellation()
            documents.append(tokens(of: document, atMost: request.tokensPerDocument))
        }
        switch model.head {
        case .vectors:
            let sequences = try documents.enumerated().map { index, tokens in
                try checkLength(tokens.count, field: "documents[\(index)]")
                return EncoderSequence(tokens)
            }
            let result = try await checkedRows(of: [EncoderSequence(query)] + sequences, field: "documents", context)
            let scores = result.rows.dropFirst().map { result.rows[0].cosine($0) }
            return RerankResult(model: name, scores: scores, method: .cosine, usage: result.usage)
        case .relevance:
            let pairs = try documents.enumerated().map { index, tokens in
                // The second text does not begin anew, but has an end of its own.
                let pair = EncoderSequence(query + tokens.dropFirst(), secondStart: query.count)
                try checkLength(pair.tokens.count, field: "documents[\(index)]", with: " with the query")
                return pair
            }
            let result = try await checkedRows(of: pairs, field: "documents", context)
            let scores = result.rows.map { row in row.first.map(sigmoid) ?? 0 }
            return RerankResult(model: name, scores: scores, method: .crossEncoder, usage: result.usage)
        }
    }

    /// A document's tokens, of those of its text only the first where so many are wanted.
    private func tokens(of document: String, atMost limit: Int?) -> [TokenID] {
        guard let limit else { return tokenizer.encode(document, addSpecialTokens: true) }
        let text = tokenizer.encode(document, addSpecialTokens: false)
        let whole = tokenizer.encode(document, addSpecialTokens: true)
        guard text.count > limit, let start = whole.firstRange(of: text) else { return whole }
        return Array(whole[..<start.lowerBound] + text.prefix(limit) + whole[start.upperBound...])
    }
}

extension EmbeddingEngine {
    package var capabilities: [ModelCapability] {
        switch model.head {
        case .vectors: [.embeddings, .rerank]
        case .relevance: [.rerank]
        }
    }

    private func tokens(of input: EmbeddingInput, field: String) throws(RequestError) -> [TokenID] {
        let tokens: [TokenID]
        switch input {
        case .text(let text): tokens = tokenizer.encode(text, addSpecialTokens: true)
        case .tokens(let given):
            try tokenizer.check(given, field: field)
            tokens = given
        }
        guard !tokens.isEmpty else {
            throw .invalid(field: field, found: "no tokens", expected: "at least one token")
        }
        try checkLength(tokens.count, field: field)
        return tokens
    }

    private func checkLength(
        _ count: Int, field: String, with addition: String = ""
    ) throws(RequestError) {
        guard count <= model.maximumLength else {
            throw .tooLong(field: field, with: addition, tokens: count, limit: model.maximumLength)
        }
    }

    private func checkedRows(
        of sequences: [EncoderSequence], field: String, _ context: RequestContext
    ) async throws -> (rows: [[Float]], usage: Usage) {
        let count = sequences.reduce(0) { $0 + $1.tokens.count }
        guard count <= options.requestTokens else {
            throw RequestError.invalid(
                field: field, found: "\(count) tokens", expected: "at most \(options.requestTokens) in one request")
        }
        let (rows, nanoseconds) = try await rows(of: sequences, onCompute: context.onCompute)
        let usage = Usage(promptTokens: count, completionTokens: 0, computeNanoseconds: nanoseconds)
        return (rows, usage)
    }
}

extension EmbeddingEngine: TokenizingProvider {
    package func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
    }

    package func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        try tokenizer.check(tokens, field: "tokens")
        return tokenizer.decode(tokens, renderSpecial: true)
    }

    package func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        TokenizerDescription(
            bosToken: nil, eosToken: nil, padToken: nil, chatTemplate: nil, vocabularySize: tokenizer.vocabularySize,
            contextLength: self.model.maximumLength)
    }
}

private func sigmoid(_ logit: Float) -> Double { 1 / (1 + exp(-Double(logit))) }

extension [Float] {
    /// The first numbers, made as long as 1. What has no length stays as it is.
    fileprivate func unit(_ count: Int) -> [Float] {
        let first = prefix(count)
        let length = first.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? first.map { Float(Double($0) / length) } : Array(first)
    }

    package func cosine(_ other: [Float]) -> Double {
        var (product, own, others) = (0.0, 0.0, 0.0)
        for (a, b) in zip(self, other) {
            product += Double(a) * Double(b)
            own += Double(a) * Double(a)
            others += Double(b) * Double(b)
        }
        let scale = (own * others).squareRoot()
        return scale > 0 ? Swift.min(1, Swift.max(-1, product / scale)) : 0
    }
}
