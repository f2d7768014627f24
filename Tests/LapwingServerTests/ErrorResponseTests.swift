import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

/// A provider's error and what the client is told.
struct ProviderFailure: Sendable, CustomTestStringConvertible {
    var error: any Error & Sendable
    var status: Int
    var type: String
    var code: String
    var param: String?
    var retryAfter: String?

    var testDescription: String { code }
}

struct ForeignError: Error, CustomStringConvertible {
    var description: String { "secret prompt" }
}

@Suite("Errors of a provider", .timeLimit(.minutes(1)))
struct ErrorResponseTests {
    static let failures: [ProviderFailure] = [
        .init(
            error: RequestError.unknownModel(name: "x", known: ["m"]), status: 404, type: "invalid_request_error",
            code: "model_not_found", param: "model"),
        .init(
            error: RequestError.contextOverflow(promptTokens: 9, maxTokens: 8, contextLength: 10), status: 400,
            type: "invalid_request_error", code: "context_length_exceeded", param: "messages"),
        .init(
            error: RequestError.authenticationFailed(reason: "no key"), status: 401, type: "invalid_request_error",
            code: "invalid_api_key"),
        .init(
            error: RequestError.permissionDenied(reason: "not yours"), status: 403, type: "permission_error",
            code: "permission_denied"),
        .init(
            error: RequestError.rateLimited(.tokens, limit: 5, retryAfter: .milliseconds(2500)), status: 429,
            type: "tokens", code: "rate_limit_exceeded", retryAfter: "3"),
        .init(
            error: RequestError.rateLimited(.tokens, limit: 5, retryAfter: nil), status: 429, type: "tokens",
            code: "rate_limit_exceeded"),
        .init(
            error: RequestError.budgetExceeded(
                .day, limit: NanoUSD(5), left: NanoUSD(2), needed: NanoUSD(3), retryAfterSeconds: 9), status: 429,
            type: "insufficient_quota", code: "insufficient_quota", retryAfter: "9"),
        .init(
            error: RequestError.overloaded(what: "The queue", retryAfterSeconds: 2), status: 429,
            type: "rate_limit_error", code: "rate_limit_exceeded", retryAfter: "2"),
        .init(
            error: RequestError.unavailable(what: "gpt", reason: "no key", retryAfterSeconds: 30), status: 503,
            type: "server_error", code: "unavailable", retryAfter: "30"),
        .init(
            error: RequestError.upstreamFailed(model: "gpt", status: 500, reason: "broken"), status: 502,
            type: "upstream_error", code: "upstream_failed"),
        .init(
            error: RequestError.upstreamUnreachable(model: "gpt", reason: "connection refused"), status: 502,
            type: "upstream_error", code: "upstream_unreachable"),
        .init(
            error: RequestError.upstreamRefused(model: "gpt", isTooLong: true, reason: "too long"), status: 400,
            type: "invalid_request_error", code: "context_length_exceeded"),
        .init(
            error: RequestError.upstreamRefused(model: "gpt", isTooLong: false, reason: "bad field"), status: 400,
            type: "invalid_request_error", code: "invalid_value"),
        .init(
            error: RequestError.upstreamTimedOut(model: "gpt", stage: "connecting"), status: 504,
            type: "upstream_error", code: "upstream_timeout"),
        .init(
            error: RequestError.internal(reason: "secret"), status: 500, type: "server_error", code: "internal_error"),
        .init(error: ForeignError(), status: 500, type: "server_error", code: "internal_error"),
        .init(error: CancellationError(), status: 499, type: "server_error", code: "cancelled"),
    ]

    func check(_ failure: ProviderFailure, _ reply: Reply) throws {
        #expect(reply.status == failure.status)
        let error = try reply.error
        #expect(error.type == failure.type && error.code == failure.code && error.param == failure.param)
        #expect(reply.header("retry-after") == failure.retryAfter)
        #expect(!error.message.isEmpty && !error.message.contains("secret"))
        #expect(reply.header("x-lapwing-request-id") == ServerHarness.requestID)
    }

    @Test("An error before the answer has its proper status, streaming or not", arguments: failures)
    func beforeTheAnswer(_ failure: ProviderFailure) async throws {
        let harness = ServerHarness(provider: ScriptedProvider { _, _ in throw failure.error })
        try check(failure, try await harness.chat(chatBody()))
        try check(failure, try await harness.chat(chatBody(#""stream":true"#)))
    }

    @Test("An error within the answer still has its status where nothing was sent yet", arguments: failures)
    func withinTheAnswer(_ failure: ProviderFailure) async throws {
        let committed = ScriptedProvider.Step.answer([])[0]
        let part = ScriptedProvider.Step.event(.delta(choice: 0, text: "half", tokens: []))
        try check(failure, try await ServerHarness([committed, part, .fail(failure.error)]).chat(chatBody()))
        try check(
            failure, try await ServerHarness([committed, .fail(failure.error)]).chat(chatBody(#""stream":true"#)))
    }

    @Test("An error within a stream is one error frame and no [DONE]", arguments: failures)
    func withinTheStream(_ failure: ProviderFailure) async throws {
        let part = ScriptedProvider.Step.event(.delta(choice: 0, text: "half", tokens: []))
        let reply = try await ServerHarness([part, .fail(failure.error)]).chat(chatBody(#""stream":true"#))
        #expect(reply.status == 200)
        let chunks = try reply.chunks
        #expect(chunks.count == 3 && chunks[1]["choices"]?[0]?["delta"]?["content"]?.string == "half")
        #expect(chunks[2]["error"]?["code"]?.string == failure.code)
        #expect(reply.text.hasSuffix("}}\n\n") && !reply.text.contains("[DONE]") && !reply.text.contains("secret"))
    }

    @Test("A stream that ends without its last event is a failure, never a clean end")
    func endedEarly() async throws {
        let part = ScriptedProvider.Step.event(.delta(choice: 0, text: "half", tokens: []))
        #expect(try await ServerHarness([part]).chat(chatBody()).status == 500)
        let stream = try await ServerHarness([part]).chat(chatBody(#""stream":true"#))
        #expect(!stream.text.contains("[DONE]"))
        #expect(try stream.chunks.last?["error"]?["code"]?.string == "internal_error")
    }

    @Test("A prompt too long for the context names the endpoint's own field")
    func promptField() async throws {
        let provider = ScriptedProvider { _, _ in
            throw RequestError.contextOverflow(promptTokens: 9, maxTokens: nil, contextLength: 8)
        }
        let error = try await ServerHarness(provider: provider).complete(completionBody()).error
        #expect(error.param == "prompt")
        #expect(error.message == "The context length is 8 tokens, but the prompt has 9.")
    }
}
