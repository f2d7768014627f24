import Foundation
import LapwingAPI
import LapwingRouter
import NIOCore
import Testing

private func chunk(_ json: String) -> [UInt8] { Array(json.utf8) }

private func chatAnswer(choices: Int = 1) -> UpstreamAnswer {
    UpstreamAnswer(model: "m", isChat: true, choiceCount: choices, estimatedPromptTokens: 17)
}

/// nil where the event is not an answer's last one.
private func usage(of events: [GenerationEvent]) -> Usage? {
    if case .completed(_, let usage, nil)? = events.last { usage } else { nil }
}

@Suite("UpstreamAnswer")
struct UpstreamAnswerTests {
    @Test("A server that gave up has no whole answer, however tidily its stream ends", arguments: ["abort", "error"])
    func givesUp(reason: String) throws {
        var answer = chatAnswer()
        #expect(
            throws: RequestError.upstreamFailed(
                model: "m", status: nil, reason: "it gave up, with the reason '\(reason)'")
        ) {
            try answer.receive(
                chunk(#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"\#(reason)"}]}"#))
        }
        #expect(!answer.isWhole)
    }

    @Test("What an error frame repeats of the key is not passed on")
    func redacts() throws {
        let origin = try #require(Origin(url: "http://127.0.0.1:1"))
        var answer = UpstreamAnswer(
            model: "m", isChat: true, choiceCount: 1, estimatedPromptTokens: 1,
            key: UpstreamKey("sk-live-0123456789", origin: origin))
        let error = #expect(throws: RequestError.self) {
            try answer.receive(chunk(#"{"error":{"message":"Incorrect API key provided: sk-live-0123456789"}}"#))
        }
        #expect(error?.description.contains("Incorrect API key") == true)
        #expect(error?.description.contains("0123456789") == false)
    }

    @Test("Log-probabilities become tokens with their bytes and alternatives, best first")
    func logprobs() throws {
        var answer = chatAnswer()
        let events = try answer.receive(
            chunk(
                """
                {"choices":[{"index":0,"delta":{"content":"é"},"logprobs":{"content":[{"token":"é","logprob":-0.5,
                "bytes":[195,169],"top_logprobs":[{"token":"e","logprob":-1.5,"bytes":[101]},
                {"token":"é","logprob":-0.5,"bytes":[195,169]}]}]}}]}
                """))
        guard case .delta(0, "é", let tokens) = try #require(events.first) else {
            Issue.record("found \(events)")
            return
        }
        #expect(tokens.map(\.bytes) == [[195, 169]])
        #expect(tokens[0].logProbability == -0.5)
        #expect(tokens[0].top.map(\.logProbability) == [-0.5, -1.5])
        // Ids stand for spelling: the chosen token is its own best alternative, and the other one differs.
        #expect(tokens[0].top[0].id == tokens[0].id)
        #expect(tokens[0].top[1].id != tokens[0].id)
        #expect(tokens[0].id < 0)
    }

    @Test("Completions bring their log-probabilities in lists")
    func completions() throws {
        var answer = UpstreamAnswer(model: "m", isChat: false, choiceCount: 2, estimatedPromptTokens: 1)
        let events = try answer.receive(
            chunk(
                """
                {"choices":[{"index":1,"text":" a b","finish_reason":"length","logprobs":{"tokens":[" a"," b"],
                "token_logprobs":[-0.1,-0.2],"top_logprobs":[{" a":-0.1,"c":-3},null],"text_offset":[0,2]}}]}
                """))
        #expect(events.count == 2)
        guard case .delta(1, " a b", let tokens) = events[0], case .finished(1, .length) = events[1] else {
            Issue.record("found \(events)")
            return
        }
        #expect(tokens.map(\.logProbability) == [-0.1, -0.2])
        #expect(tokens.map(\.top.count) == [2, 0])
        #expect(!answer.isWhole)
    }

    @Test("Usage is taken where it comes, and estimated where it does not")
    func usageComes() throws {
        var reported = chatAnswer()
        _ = try reported.receive(chunk(#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#))
        _ = try reported.receive(
            chunk(
                #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":8}}}"#
            ))
        _ = try reported.receive(chunk("[DONE]"))
        #expect(reported.isDone)
        #expect(
            try usage(of: reported.completed()) == Usage(promptTokens: 9, cachedPromptTokens: 8, completionTokens: 4))

        var silent = chatAnswer()
        _ = try silent.receive(chunk(#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#))
        _ = try silent.receive(chunk(#"{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"eos"}]}"#))
        #expect(try usage(of: silent.completed()) == Usage(promptTokens: 17, completionTokens: 2, isEstimated: true))
    }

    @Test(
        "Counts that no call can have are passed over, and no trap",
        arguments: [
            #"{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}"#,
            #"{"prompt_tokens":-1,"completion_tokens":4}"#,
            #"{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":9223372036854775807}}"#,
        ])
    func impossibleUsage(claim: String) throws {
        var answer = chatAnswer()
        _ = try answer.receive(chunk(#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#))
        _ = try answer.receive(chunk(#"{"choices":[],"usage":\#(claim)}"#))
        #expect(
            try usage(of: answer.completed())
                == Usage(promptTokens: 17, completionTokens: 1, isEstimated: true))
    }

    @Test("An answer is whole when every choice has ended, and broken before")
    func whole() throws {
        var answer = chatAnswer(choices: 2)
        _ = try answer.receive(chunk(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#))
        #expect(!answer.isWhole)
        #expect(throws: RequestError.self) { try answer.completed() }
        _ = try answer.receive(chunk(#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#))
        #expect(answer.isWhole)
        #expect(throws: Never.self) { try answer.completed() }
    }

    @Test("Choices that were not asked for and words after a choice's end are dropped")
    func strays() throws {
        var answer = chatAnswer()
        #expect(try answer.receive(chunk(#"{"choices":[{"index":3,"delta":{"content":"x"}}]}"#)).isEmpty)
        _ = try answer.receive(chunk(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#))
        #expect(try answer.receive(chunk(#"{"choices":[{"index":0,"delta":{"content":"x"}}]}"#)).isEmpty)
        #expect(try answer.receive(chunk(#"{"choices":[{"index":0,"delta":{"role":"assistant"}}]}"#)).isEmpty)
    }

    @Test("An error event is a failure, in its own words")
    func errorEvent() {
        var answer = chatAnswer()
        #expect(throws: RequestError.upstreamFailed(model: "m", status: nil, reason: "The engine died")) {
            try answer.receive(chunk(#"{"error":{"message":"The engine died.","type":"server_error"}}"#))
        }
    }

    @Test(
        "What follows an event that cannot be read is given once the upstream's own count says that no token is missing",
        arguments: ["{\"choices\":[", "nonsense", "[]", "7", ""])
    func unreadable(text: String) throws {
        let unreadable = RequestError.upstreamFailed(
            model: "m", status: nil, reason: "it sent an event that cannot be read")
        for (reported, isWhole) in [(2, true), (3, false), (1, false), (nil, false)] as [(Int?, Bool)] {
            var answer = chatAnswer()
            for event in [
                #"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#, text,
                #"{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}"#,
            ] {
                let given = try answer.receive(chunk(event))
                #expect(given.isEmpty == answer.hasGap)
            }
            if let reported {
                let usage =
                    #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":\#(reported),"total_tokens":9}}"#
                _ = try answer.receive(chunk(usage))
            }
            if isWhole {
                let texts = try answer.completed().compactMap {
                    if case .delta(_, let text, _) = $0 { text } else { nil }
                }
                #expect(texts == ["b"])
            } else {
                #expect(throws: unreadable) { try answer.completed() }
            }
        }
    }
}

@Suite("UpstreamFailure")
struct UpstreamFailureTests {
    private func failure(_ status: Int, retryAfter: Int? = nil, body: String = "") -> RequestError {
        UpstreamFailure.status(status, retryAfter: retryAfter, body: Array(body.utf8), model: "m", key: nil)
    }

    @Test("Each status has its own meaning")
    func statuses() {
        #expect(
            failure(429, retryAfter: 7)
                == .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 7))
        #expect(failure(429) == .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 1))
        #expect(
            failure(503, retryAfter: 3)
                == .unavailable(what: "m", reason: "its upstream is overloaded", retryAfterSeconds: 3))
        #expect(failure(503) == .upstreamFailed(model: "m", status: 503, reason: "it gave no reason"))
        #expect(
            failure(500, body: #"{"error":{"message":"Out of memory."}}"#)
                == .upstreamFailed(model: "m", status: 500, reason: "Out of memory"))
        #expect(
            failure(422, body: #"{"detail":"bad field"}"#)
                == .upstreamRefused(model: "m", isTooLong: false, reason: "bad field"))
        #expect(failure(413) == .upstreamRefused(model: "m", isTooLong: false, reason: "it gave no reason"))
        #expect(
            failure(404, body: "<html>")
                == .upstreamFailed(model: "m", status: 404, reason: "it has no such model or path"))
        #expect(
            failure(302)
                == .upstreamFailed(
                    model: "m", status: 302, reason: "it answered with a redirect, which is not followed"))
    }

    @Test(
        "A prompt that is too long for the upstream is told as such, in each server's way of saying it",
        arguments: [
            #"{"error":{"message":"Too many tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            #"{"error":{"message":"the request exceeds it","type":"exceed_context_size_error","code":400}}"#,
            #"{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}"#,
        ])
    func tooLong(body: String) {
        guard case .upstreamRefused("m", let isTooLong, let reason) = failure(400, body: body) else {
            Issue.record("found \(failure(400, body: body))")
            return
        }
        #expect(isTooLong && !reason.isEmpty)
    }

    @Test("A refused key is the upstream's matter, never the client's, and is not repeated", arguments: [401, 403])
    func refusedKey(status: Int) {
        #expect(
            failure(status, body: #"{"error":{"message":"Incorrect API key provided: sk-a***z"}}"#)
                == .upstreamFailed(model: "m", status: status, reason: "it refused the key or the access"))
    }

    @Test("Why a connection could not be made is told without its address, and one that broke is no such failure")
    func transport() {
        func transport(_ error: any Error) -> RequestError {
            UpstreamFailure.transport(error, model: "m", hasAnswered: false)
        }
        struct OtherError: Error { let host = "10.0.0.1" }
        for (error, reason) in [
            (IOError(errnoCode: ECONNREFUSED, reason: "connect to 10.0.0.1"), "connection refused"),
            (IOError(errnoCode: EHOSTUNREACH, reason: "connect to 10.0.0.1"), "no route to host"),
            (OtherError(), "OtherError"),
        ] as [(any Error, String)] {
            #expect(transport(error) == .upstreamUnreachable(model: "m", reason: reason))
        }
        for error in [ChannelError.ioOnClosedChannel, IOError(errnoCode: EPIPE, reason: "write")] as [any Error] {
            #expect(
                transport(error)
                    == .upstreamUnreachable(model: "m", reason: "it hung up before it answered"))
        }
    }

    @Test("An upstream's words are cut, on one line, and without the key")
    func bounded() throws {
        #expect(UpstreamFailure.bounded("a\r\nb\u{1B}[31m.") == "a  b [31m")
        #expect(UpstreamFailure.bounded(String(repeating: "x", count: 500)).count == 301)
        let key = try #require(UpstreamEndpoint(url: "http://a/v1", key: "sk-1", model: "m").key)
        let error = UpstreamFailure.status(
            400, retryAfter: nil, body: Array(#"{"error":{"message":"bad key sk-1"}}"#.utf8), model: "m", key: key)
        #expect(error == .upstreamRefused(model: "m", isTooLong: false, reason: "bad key [key]"))
    }
}
