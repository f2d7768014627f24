import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingEvaluation
import LapwingRouter
import NIOCore
import NIOHTTP1

/// A model or route behind an OpenAI-compatible server.
///
/// Given answers are scored by `/v1/completions` with `echo`, as the harness does it: by token ids where the server tells
/// them (`/tokenize` at its root), else by text.
struct RemoteExaminee: Examinee {
    let name: String
    private let chat: ProviderExaminee
    private let endpoint: UpstreamEndpoint
    private let client: HTTPClient
    private let price: @Sendable (Usage) -> NanoUSD?
    private let tokenizes: Bool

    /// `url` with or without its `/v1`.
    static func make(
        name: String, url: String, key: String?, client: HTTPClient, price: @escaping @Sendable (Usage) -> NanoUSD?
    ) async throws -> RemoteExaminee {
        let bare = url.hasSuffix("/") ? String(url.dropLast()) : url
        let base = bare.hasSuffix("/v1") ? String(bare.dropLast(3)) : bare
        let endpoint: UpstreamEndpoint
        do { endpoint = try UpstreamEndpoint(url: base, key: key, model: name) } catch {
            throw Failure("--url is '\(url)', expected an address such as http://127.0.0.1:8080")
        }
        var options = UpstreamOptions()
        options.timeouts.firstToken = .seconds(300)
        options.timeouts.total = .seconds(1200)
        let api = try UpstreamEndpoint(url: base, path: "/v1", key: key, model: name)
        let provider = OpenAICompatibleProvider(model: name, endpoint: api, options: options, client: client)
        let chat = ProviderExaminee(name: name, chat: provider, scoring: nil, price: price)
        let plain = RemoteExaminee(
            name: name, chat: chat, endpoint: endpoint, client: client, price: price, tokenizes: true)
        let tokenizes = (try? await plain.tokens(of: "a b")).map { !$0.isEmpty } ?? false
        return RemoteExaminee(
            name: name, chat: chat, endpoint: endpoint, client: client, price: price, tokenizes: tokenizes)
    }

    private init(
        name: String, chat: ProviderExaminee, endpoint: UpstreamEndpoint, client: HTTPClient,
        price: @escaping @Sendable (Usage) -> NanoUSD?, tokenizes: Bool
    ) {
        (self.name, self.chat, self.endpoint, self.client) = (name, chat, endpoint, client)
        (self.price, self.tokenizes) = (price, tokenizes)
    }

    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer {
        try await chat.answer(prompt, terms: terms)
    }

    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods {
        var prompts: [JSONValue] = []
        // Where each one's continuation begins: in tokens, or in bytes of text.
        var starts: [Int] = []
        if tokenizes {
            let pairs = try await TokenPairs.make(continuations, after: context) { try await tokens(of: $0) }
            prompts = pairs.continuations.map { .array((pairs.context + $0).map { .integer(Int64($0)) }) }
            starts = pairs.continuations.map { _ in pairs.context.count }
        } else {
            prompts = continuations.map { .string(context + $0) }
            starts = continuations.map { _ in context.utf8.count }
        }
        let body: JSONValue = [
            "model": .string(name), "prompt": .array(prompts), "max_tokens": 1, "logprobs": 1, "echo": true,
            "temperature": 0,
        ]
        let reply = try await post("/v1/completions", body)
        let choices = (reply["choices"]?.array ?? []).sorted {
            ($0["index"]?.integer ?? 0) < ($1["index"]?.integer ?? 0)
        }
        guard choices.count == continuations.count else {
            throw EvaluationError.noLikelihoods(model: name, task: "choices")
        }
        let sums = try zip(choices, zip(starts, prompts)).map { choice, place in
            try sum(choice, from: place.0, prompt: place.1)
        }
        let usage = Usage(
            promptTokens: Int(reply["usage"]?["prompt_tokens"]?.integer ?? 0),
            cachedPromptTokens: Int(
                reply["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer ?? 0),
            completionTokens: Int(reply["usage"]?["completion_tokens"]?.integer ?? 0))
        return Likelihoods(sums: sums, usage: usage, cost: price(usage))
    }

    /// The log-probabilities of a prompt's tokens from `start` on, without the one that was generated.
    ///
    /// Refuses an answer that does not repeat the whole prompt: servers that leave it out would score as chance does.
    private func sum(_ choice: JSONValue, from start: Int, prompt: JSONValue) throws -> Double {
        let refusal = EvaluationError.noLikelihoods(model: name, task: "choices")
        let values = choice["logprobs"]?["token_logprobs"]?.array ?? []
        if case .array(let ids) = prompt {
            guard values.count == ids.count + 1 else { throw refusal }
            return try values[start..<ids.count].reduce(0) { $0 + (try known($1)) }
        }
        let whole = prompt.string?.utf8.count ?? 0
        let tokens = choice["logprobs"]?["tokens"]?.array ?? []
        guard tokens.count == values.count, choice["text"]?.string?.hasPrefix(prompt.string ?? "") == true else {
            throw refusal
        }
        var (end, sum) = (0, 0.0)
        for (token, value) in zip(tokens, values) where end < whole {
            end += token.string?.utf8.count ?? 0
            if end > start, end <= whole { sum += try known(value) }
        }
        guard end == whole else { throw refusal }
        return sum
    }

    /// A server writes null for a probability of 0, which is no certainty.
    private func known(_ value: JSONValue) throws -> Double {
        guard let value = value.double else {
            throw EvaluationError.noLikelihoods(model: name, task: "choices")
        }
        return value
    }

    private func tokens(of text: String) async throws -> [TokenID] {
        let body: JSONValue = ["model": .string(name), "prompt": .string(text), "add_special_tokens": false]
        let reply = try await post("/tokenize", body)
        return (reply["tokens"]?.array ?? []).compactMap { $0.integer.map { TokenID(truncatingIfNeeded: $0) } }
    }

    private func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let url = endpoint.url(of: path)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key = endpoint.key?.header(for: url) { request.headers.add(name: key.name, value: key.value) }
        request.body = .bytes(ByteBuffer(bytes: body.text))
        let response = try await client.execute(request, timeout: .seconds(300))
        let bytes = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        guard response.status == .ok else {
            let text = (try? JSONParser.parse(bytes, maxDepth: 16))?["error"]?["message"]?.string ?? ""
            throw RequestError.upstreamFailed(
                model: name, status: Int(response.status.code), reason: "\(path): \(text)")
        }
        return try JSONParser.parse(bytes, maxDepth: 64)
    }
}
