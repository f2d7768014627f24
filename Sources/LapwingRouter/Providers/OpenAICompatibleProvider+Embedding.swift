import Foundation
import LapwingAPI

extension OpenAICompatibleProvider: EmbeddingProvider {
    /// Asks for base64, as the openai package does: a third of the bytes of numbers. Takes what comes.
    package func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
        var body = OpenAI.EmbeddingRequest(model: request.model, input: try OpenAI.TextInput(request.inputs))
        body.dimensions = request.dimensions
        body.encodingFormat = .base64
        let list: OpenAI.EmbeddingList = try await answer(to: body, path: "/embeddings", "a list of embeddings")
        let vectors = try vectors(of: list, for: request)
        let estimate = PromptSize.estimatedTokens(of: request.inputs.map(Prompt.init))
        return EmbeddingResult(
            model: request.model, vectors: vectors, usage: Usage(list.usage?.promptTokens, estimate: estimate))
    }

    /// One vector an input, in the inputs' order, all of the length that was asked for.
    private func vectors(of list: OpenAI.EmbeddingList, for request: EmbeddingRequest) throws -> [[Float]] {
        let data = list.data.sorted { $0.index < $1.index }
        guard data.map(\.index) == Array(request.inputs.indices) else {
            throw failure("it gave \(data.count) embeddings, not one for each of \(request.inputs.count) inputs")
        }
        let count = request.dimensions ?? data.first?.vector.count ?? 0
        guard count > 0, data.allSatisfy({ $0.vector.count == count }) else {
            let found = Set(data.map(\.vector.count)).sorted().map(String.init).joined(separator: ", ")
            throw failure(
                "it gave vectors of \(found) numbers, expected \(request.dimensions.map(String.init) ?? "one length")")
        }
        guard data.allSatisfy({ $0.vector.allSatisfy(\.isFinite) }) else {
            throw failure("it gave a vector with a number that is not finite")
        }
        return data.map(\.vector)
    }
}

extension OpenAICompatibleProvider: RerankProvider {
    package func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult {
        var body = Cohere.RerankRequest(model: request.model, query: request.query, documents: request.documents)
        body.tokensPerDocument = request.tokensPerDocument
        let response: Cohere.RerankResponse = try await answer(to: body, path: "/rerank", "a list of ranked documents")
        let results = response.results.sorted { $0.index < $1.index }
        guard results.map(\.index) == Array(request.documents.indices),
            results.allSatisfy({ $0.relevanceScore.isFinite })
        else {
            throw failure("it ranked \(results.count) documents, not each of \(request.documents.count) once")
        }
        // Each reads the query anew.
        let query = PromptSize.estimatedTokens(of: [.text(request.query)])
        let estimate =
            PromptSize.estimatedTokens(of: request.documents.map(Prompt.text)) + query * request.documents.count
        let reported = response.usage?.promptTokens ?? response.meta?.tokens?.inputTokens
        return RerankResult(
            model: request.model, scores: results.map(\.relevanceScore), method: .upstream,
            usage: Usage(reported, estimate: estimate))
    }
}

extension OpenAICompatibleProvider {
    /// Most bytes of such an answer: 2,048 vectors of 4,096 numbers as base64, or of 1,536 as text.
    private static let byteLimit = 64 << 20

    private func answer<Body: Encodable, Answer: Decodable>(
        to body: Body, path: String, _ expected: String
    ) async throws -> Answer {
        // Nothing is heard of it before it is whole.
        var timeouts = upstream.options.timeouts
        timeouts.firstToken = timeouts.total
        let call = upstream.call(
            path, body: Array(try JSONEncoder().encode(body)), accept: "application/json", timeouts)
        let data = try await call.body(atMost: Self.byteLimit)
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw failure("its answer is not \(expected)")
        }
    }

    private func failure(_ reason: String) -> RequestError {
        .upstreamFailed(model: upstream.model, status: nil, reason: reason)
    }
}

extension Usage {
    /// What an upstream reported, else our estimate. A count that no call can have is no report.
    fileprivate init(_ promptTokens: Int?, estimate: Int) {
        let reported = promptTokens.flatMap { (1...UpstreamAnswer.mostTokens).contains($0) ? $0 : nil }
        self.init(promptTokens: reported ?? estimate, completionTokens: 0, isEstimated: reported == nil)
    }
}

extension OpenAI.TextInput {
    /// The API takes texts or token ids in one request, not both.
    fileprivate init(_ inputs: [EmbeddingInput]) throws(RequestError) {
        var texts: [String] = []
        var lists: [[TokenID]] = []
        for input in inputs {
            switch input {
            case .text(let text): texts.append(text)
            case .tokens(let tokens): lists.append(tokens)
            }
        }
        guard texts.isEmpty || lists.isEmpty else {
            throw .invalid(
                field: "input", found: "\(texts.count) texts and \(lists.count) lists of tokens", expected: "one kind")
        }
        self = lists.isEmpty ? .texts(texts) : .tokenLists(lists)
    }
}
