import AsyncHTTPClient
import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

/// One client for all tests; it lives as long as the process.
private let client = HTTPClient.forUpstreams()

private func provider(
    _ upstream: ScriptedUpstream, key: String? = nil, clock: any Clock<Duration> = ManualClock(),
    options: UpstreamOptions = .init()
) throws -> OpenAICompatibleProvider {
    OpenAICompatibleProvider(
        model: "m", endpoint: try UpstreamEndpoint(url: upstream.url, key: key, model: "m"),
        options: options, client: client, clock: clock)
}

private func ask(_ provider: OpenAICompatibleProvider) async throws -> GenerationStream {
    let request = GenerationRequest(
        model: "vendor/m", prompts: [.messages([ChatMessage(role: "user", content: "Say hello, please.")])])
    return try await provider.generate(request, context: RequestContext(requestID: "r1"))
}

/// The text, the reason and the usage of a stream, and how it failed.
private struct Collected: Equatable {
    var text = ""
    var reason: FinishReason?
    var usage: Usage?
    var error: RequestError?
}

private func collect(_ stream: GenerationStream) async -> Collected {
    var found = Collected()
    do {
        for try await event in stream {
            switch event {
            case .delta(_, let text, _): found.text += text
            case .finished(_, let reason): found.reason = reason
            case .completed(_, let usage, _): found.usage = usage
            case .committed, .prompt, .reasoning, .toolCall, .checked: Issue.record("a provider sent \(event)")
            }
        }
    } catch {
        found.error = error as? RequestError ?? .internal(reason: "\(error)")
    }
    return found
}

private let whole = Collected(
    text: "Hello, wörld", reason: .stop, usage: Usage(promptTokens: 11, completionTokens: 2))
private let good = piece("Hello, ") + piece("wörld") + stopEvent + usageEvent + doneEvent
/// The same as a reply after which the connection stays open.
private let kept = reply("200 OK", good, headers: "content-type: text/event-stream\r\n")
private let hungUp = RequestError.upstreamUnreachable(model: "m", reason: "it hung up before it answered")
private let endedEarly = RequestError.upstreamFailed(
    model: "m", status: nil, reason: "its answer ended before it was complete")
private let connectionBroke = RequestError.upstreamFailed(model: "m", status: nil, reason: "the connection broke")

@Suite("OpenAICompatibleProvider")
struct OpenAICompatibleProviderTests {
    @Test("A good stream, with comments between its events")
    func goodStream() async throws {
        let upstream = try await ScriptedUpstream([
            .send(streamHead + ": waiting\n\n" + piece("Hello, ") + ": waiting\n\n"),
            .send(piece("wörld") + stopEvent + usageEvent + doneEvent), .close,
        ])
        #expect(await collect(try ask(provider(upstream, key: "sk-1"))) == whole)
        let request = try #require(upstream.all.first)
        #expect(request.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(request.lowercased().contains("authorization: bearer sk-1\r\n"))
        #expect(request.contains(#""model":"vendor\/m""#) || request.contains(#""model":"vendor/m""#))
        #expect(request.contains("Say hello, please."))
    }

    @Test("The same stream, a byte a packet, in chunks")
    func everyByte() async throws {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        let chunk = String(good.utf8.count, radix: 16) + "\r\n" + good + "\r\n0\r\n\r\n"
        let upstream = try await ScriptedUpstream([.trickle(head + chunk)])
        #expect(await collect(try ask(provider(upstream))) == whole)
    }

    @Test("A connection whose answer ended is used again")
    func reuse() async throws {
        let upstream = try await ScriptedUpstream([.send(kept)])
        let provider = try provider(upstream)
        for _ in 0..<3 { #expect(await collect(try ask(provider)) == whole) }
        #expect(upstream.all.count == 3)
    }

    @Test("A kept connection that ends before a byte of the answer is no failure: the request is sent once more")
    func staleConnection() async throws {
        for end in [ScriptedUpstream.Step.close, .reset] {
            let upstream = try await ScriptedUpstream([.send(kept)], [end], [.send(streamHead + good), .close])
            let provider = try provider(upstream)
            for _ in 0..<2 { #expect(await collect(try ask(provider)) == whole) }
            #expect(upstream.all.count == 3)
            #expect(Set(upstream.all.dropFirst()).count == 1)
        }
    }

    @Test("What fails on a new connection, a second time, or with an answer begun, is not sent again")
    func sentOnce() async throws {
        let new = try await ScriptedUpstream([.close], [.send(streamHead + good), .close])
        #expect(await collect(try ask(provider(new))) == Collected(error: hungUp))
        #expect(new.all.count == 1)

        let twice = try await ScriptedUpstream([.send(kept)], [.close], [.close])
        let begun = try await ScriptedUpstream([.send(kept)], [.send(streamHead), .reset])
        for (upstream, error, count) in [(twice, hungUp, 3), (begun, connectionBroke, 2)] {
            let provider = try provider(upstream)
            #expect(await collect(try ask(provider)) == whole)
            #expect(await collect(try ask(provider)) == Collected(error: error))
            #expect(upstream.all.count == count)
        }
    }

    @Test("An answer that is not HTTP is told as such")
    func otherProtocol() async throws {
        let upstream = try await ScriptedUpstream([.send("SSH-2.0-OpenSSH_9.9\r\n"), .close])
        let error = RequestError.upstreamFailed(model: "m", status: nil, reason: "what it sent is not HTTP")
        #expect(await collect(try ask(provider(upstream))) == Collected(error: error))
    }

    @Test("Without [DONE] an answer that gave its reason to finish is whole; its usage may be missing")
    func missingDone() async throws {
        let withUsage = try await ScriptedUpstream([
            .send(streamHead + piece("Hello, ") + piece("wörld") + stopEvent + usageEvent), .close,
        ])
        #expect(await collect(try ask(provider(withUsage))) == whole)

        let bare = try await ScriptedUpstream([
            .send(streamHead + piece("Hello, ") + piece("wörld") + stopEvent), .close,
        ])
        var expected = whole
        // "Say hello, please." is 18 bytes: five tokens, and four for the message.
        expected.usage = Usage(promptTokens: 9, completionTokens: 2, isEstimated: true)
        #expect(await collect(try ask(provider(bare))) == expected)

        let reset = try await ScriptedUpstream([
            .send(streamHead + piece("Hello, ") + piece("wörld") + stopEvent + #"data: {"id":"#), .close,
        ])
        #expect(await collect(try ask(provider(reset))) == expected)
    }

    @Test("A whole answer whose connection stays open is not waited for")
    func staysOpen() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let upstream = try await ScriptedUpstream([
            .send(streamHead + piece("Hello, ") + piece("wörld") + stopEvent), .wait(gate),
        ])
        let stream = try await ask(provider(upstream, clock: clock))
        var iterator = stream.makeAsyncIterator()
        for _ in 0..<3 { _ = try await iterator.next() }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(2))
        guard case .completed(_, let usage, _) = try await iterator.next() else {
            Issue.record("the answer did not end")
            return
        }
        #expect(usage.isEstimated)
        gate.open()
    }

    @Test("Neither a reason to finish nor [DONE], or [DONE] alone, is a failure")
    func endsEarly() async throws {
        for end in ["", doneEvent] {
            let upstream = try await ScriptedUpstream([.send(streamHead + piece("Hello, ") + end), .close])
            let found = await collect(try ask(provider(upstream)))
            #expect(found == Collected(text: "Hello, ", error: endedEarly))
        }
    }

    @Test("A connection cut in mid-stream is a failure, by reset and in mid-chunk")
    func cut() async throws {
        // A reset throws away what the reader has not taken yet, so it waits for that.
        let gate = Gate()
        let upstream = try await ScriptedUpstream([.send(streamHead + piece("Hello, ")), .wait(gate), .reset])
        var iterator = try await ask(provider(upstream)).makeAsyncIterator()
        _ = try await iterator.next()
        gate.open()
        await #expect(throws: connectionBroke) { while try await iterator.next() != nil {} }

        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        let chunked = try await ScriptedUpstream([.send(head + "1000\r\n" + piece("Hello, ")), .close])
        let broken = await collect(try ask(provider(chunked)))
        #expect(broken == Collected(text: "Hello, ", error: connectionBroke))
    }

    @Test("An event that cannot be read is a failure in the end, and a text with a hole is not delivered")
    func invalidEvent() async throws {
        let upstream = try await ScriptedUpstream([
            .send(streamHead + piece("Hello, ") + "data: {\"choices\":[{\n\n"),
            .send(piece("and ") + piece("bye") + stopEvent + usageEvent + doneEvent), .close,
        ])
        let error = RequestError.upstreamFailed(
            model: "m", status: nil, reason: "it sent an event that cannot be read")
        #expect(await collect(try ask(provider(upstream))) == Collected(text: "Hello, ", error: error))
    }

    @Test(
        "An error status is told as what it means",
        arguments: [
            (
                reply("401 Unauthorized", #"{"error":{"message":"bad key sk-1"}}"#),
                RequestError.upstreamFailed(model: "m", status: 401, reason: "it refused the key or the access")
            ),
            (
                reply("404 Not Found", #"{"error":{"message":"The model does not exist","code":404}}"#),
                .upstreamFailed(model: "m", status: 404, reason: "The model does not exist")
            ),
            (
                reply("429 Too Many Requests", "", headers: "retry-after: 2\r\n"),
                .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 2)
            ),
            (
                reply("500 Internal Server Error", "oops", headers: ""),
                .upstreamFailed(model: "m", status: 500, reason: "it gave no reason")
            ),
            (
                reply("302 Found", "", headers: "location: http://127.0.0.1:1/\r\n"),
                .upstreamFailed(model: "m", status: 302, reason: "it answered with a redirect, which is not followed")
            ),
            (
                reply("200 OK", #"{"choices":[]}"#),
                .upstreamFailed(
                    model: "m", status: nil,
                    reason: "it answered with 'application/json' where a stream of events was asked for")
            ),
        ])
    func errorStatuses(reply: String, error: RequestError) async throws {
        let upstream = try await ScriptedUpstream([.send(reply), .close])
        #expect(await collect(try ask(provider(upstream, key: "sk-1"))) == Collected(error: error))
        #expect(upstream.all.count == 1)
    }

    @Test("An address where nobody listens is a failure at once")
    func refusedConnection() async throws {
        let endpoint = try UpstreamEndpoint(url: "http://127.0.0.1:1/v1", model: "m")
        let provider = OpenAICompatibleProvider(model: "m", endpoint: endpoint, client: client, clock: ManualClock())
        #expect(
            await collect(try ask(provider))
                == Collected(error: .upstreamUnreachable(model: "m", reason: "connection refused")))
    }

    @Test("An upstream that accepts and never answers is given up, and its connection closed")
    func hangsBeforeHead() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let upstream = try await ScriptedUpstream([.wait(gate)])
        var options = UpstreamOptions()
        options.timeouts.firstToken = .seconds(10)
        options.timeouts.afterWhole = .seconds(10)
        let stream = try await ask(provider(upstream, clock: clock, options: options))
        _ = await upstream.nextRequest()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(10))
        let error = RequestError.upstreamTimedOut(model: "m", stage: "before the first token")
        #expect(await collect(stream) == Collected(error: error))
        await upstream.nextClosing()
        gate.open()
    }

    @Test("Headers and comments are no tokens")
    func hangsBeforeFirstToken() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let upstream = try await ScriptedUpstream([.send(streamHead + ": waiting\n\n"), .wait(gate)])
        var options = UpstreamOptions()
        options.timeouts.firstToken = .seconds(10)
        options.timeouts.afterWhole = .seconds(10)
        let stream = try await ask(provider(upstream, clock: clock, options: options))
        _ = await upstream.nextRequest()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(10))
        #expect(
            await collect(stream).error == .upstreamTimedOut(model: "m", stage: "before the first token"))
        gate.open()
    }

    @Test("A stream that falls silent is given up, and so is one that never ends", arguments: [true, false])
    func hangsInMidStream(isSilent: Bool) async throws {
        let clock = ManualClock()
        let gate = Gate()
        let upstream = try await ScriptedUpstream([.send(streamHead + piece("Hello, ")), .wait(gate)])
        var options = UpstreamOptions()
        options.timeouts.betweenTokens = .seconds(isSilent ? 10 : 1000)
        options.timeouts.total = .seconds(isSilent ? 1000 : 10)
        options.timeouts.afterWhole = .seconds(10)
        let stream = try await ask(provider(upstream, clock: clock, options: options))
        var iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(10))
        let stage = isSilent ? "between two tokens" : "before the answer was whole"
        await #expect(throws: RequestError.upstreamTimedOut(model: "m", stage: stage)) {
            while try await iterator.next() != nil {}
        }
        gate.open()
    }

    @Test("A thought is progress")
    func thinks() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let thought = #"data: {"choices":[{"index":0,"delta":{"reasoning":"Hm"}}]}"# + "\n\n"
        let upstream = try await ScriptedUpstream([.send(streamHead + thought), .wait(gate)])
        var options = UpstreamOptions()
        options.timeouts.betweenTokens = .seconds(10)
        options.timeouts.afterWhole = .seconds(10)
        let stream = try await ask(provider(upstream, clock: clock, options: options))
        var iterator = stream.makeAsyncIterator()
        guard case .reasoning(0, "Hm") = try await iterator.next() else {
            Issue.record("the thought did not come")
            return
        }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(10))
        await #expect(throws: RequestError.upstreamTimedOut(model: "m", stage: "between two tokens")) {
            while try await iterator.next() != nil {}
        }
        gate.open()
    }

    @Test("Dropping the stream closes the connection")
    func drop() async throws {
        let gate = Gate()
        let upstream = try await ScriptedUpstream([.send(streamHead + piece("Hello, ")), .wait(gate)])
        do {
            var iterator = try await ask(provider(upstream)).makeAsyncIterator()
            _ = try await iterator.next()
        }
        await upstream.nextClosing()
        gate.open()
    }

    @Test("An endless line and an endless answer are cut off")
    func endless() async throws {
        var options = UpstreamOptions()
        options.eventByteLimit = 1000
        let line = try await ScriptedUpstream([.send(streamHead + "data: " + String(repeating: "x", count: 2000))])
        #expect(
            await collect(try ask(provider(line, options: options))).error
                == .upstreamFailed(model: "m", status: nil, reason: "it sent an event of more than 1000 bytes"))
        options.answerByteLimit = 3000
        let pieces = try await ScriptedUpstream([
            .send(streamHead + String(repeating: piece("Hello"), count: 100))
        ])
        #expect(
            await collect(try ask(provider(pieces, options: options))).error
                == .upstreamFailed(model: "m", status: nil, reason: "its answer is longer than 3000 bytes"))
    }
}
