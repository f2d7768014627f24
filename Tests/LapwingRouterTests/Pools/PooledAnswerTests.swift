import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

private let brokenOff = streamHead + piece("Hello, ")
private let rest = streamHead + piece("world") + stopEvent + usageEvent + doneEvent

@Suite("Answers of pools")
struct PooledAnswerTests {
    private func healthy() async throws -> ScriptedUpstream {
        try await ScriptedUpstream([.send(goodAnswer), .close])
    }

    @Test(
        "A second endpoint is asked beside a slow one; the first to speak is kept, the other is cancelled, both are priced"
    )
    func hedges() async throws {
        let slow = try await ScriptedUpstream([])
        let quick = try await healthy()
        let house = try PoolHouse(
            .init("main", slow, quick) {
                $0.options.hedge = .seconds(2)
                $0.options.endpoints.balance = .weighted
            })
        let stream = try await house.ask("main")
        _ = await slow.nextRequest()
        await house.clock.waitForSleepers(1)
        house.clock.advance(by: .milliseconds(1999))
        #expect(quick.all.isEmpty)
        house.clock.advance(by: .milliseconds(1))
        let outcome = await Outcome(stream)
        #expect(outcome.words == ["commit open main"] + goodWords)
        await slow.nextClosing()
        #expect(try await house.rows() == ["main discarded ~7+0 7000", "main kept 11+2 15000"])
        #expect(outcome.receipt?.cost == NanoUSD(22_000))
    }

    @Test(
        "What is lost while calls are made again is entered with one call to each model; what broke off counts beside the next"
    )
    func intents() async throws {
        let primary = try await ScriptedUpstream(
            [.send(errorReply("503 Service Unavailable")), .close],
            [.send(brokenOff), .close], [])
        let house = try PoolHouse(.init("main", primary))
        let stream = try await house.ask("main", stream: false, maxTokens: 100)
        func lost() throws -> [String] {
            let copy = try house.copyOfLedger()
            _ = try copy.recover(at: 5)
            var rows: [[String]] = []
            try copy.reader.forEachEntry { rows.append($0.entry.calls.map(\.row)) }
            return rows.last ?? []
        }
        let expected = "main failed ~7+100 207000 lost"
        for (pause, count) in [(Duration.milliseconds(125), 1), (.milliseconds(250), 1)] {
            await house.clock.waitForSleepers(1)
            #expect(try lost() == Array(repeating: expected, count: count))
            house.clock.advance(by: pause)
        }
        for _ in 0..<3 { _ = await primary.nextRequest() }
        #expect(try lost() == [expected, expected])
        withExtendedLifetime(stream) {}
        house.router.cancelAll()
        #expect(
            try await house.rows() == [
                "main failed ~0+0 0 upstream_503", "main failed ~7+1 9000 upstream_failed",
                "main kept ~7+0 7000",
            ])
    }

    @Test(
        "Who reads one body gets a whole answer, however far the first one came, and hears nothing of that"
    )
    func body() async throws {
        let first = try await ScriptedUpstream([.send(brokenOff), .close])
        let second = try await healthy()
        let house = try PoolHouse(
            .init("main", first, second) { $0.options.endpoints.balance = .weighted })
        let outcome = await Outcome(try house.ask("main", stream: false))
        #expect(outcome.words == ["commit open main"] + goodWords)
        #expect(outcome.usage == Usage(promptTokens: 11, completionTokens: 2))
        #expect(
            try await house.rows() == ["main failed ~7+1 9000 upstream_failed", "main kept 11+2 15000"])
    }

    @Test(
        "A stream that breaks off is gone on with at another endpoint, which is given the text so far as the answer's beginning"
    )
    func goesOn() async throws {
        let first = try await ScriptedUpstream([.send(brokenOff), .close])
        let second = try await ScriptedUpstream([.send(rest), .close])
        var route = Route(name: "support", open: "main")
        route.continuation = .sameModels
        let house = try PoolHouse(
            .init("main", first, second) { $0.options.endpoints.balance = .weighted }, routes: [route])
        let outcome = await Outcome(try house.ask("support", maxTokens: 10))
        #expect(outcome.words == ["commit open main"] + goodWords)
        #expect(outcome.usage == Usage(promptTokens: 7, completionTokens: 3, isEstimated: true))
        #expect(outcome.receipt?.isContinued == true)
        let request = try #require(second.all.first)
        #expect(
            request.contains(#""continue_final_message":true"#)
                && request.contains(#""add_generation_prompt":false"#))
        #expect(request.contains(#""role":"assistant""#) && request.contains(#""content":"Hello, ""#))
        #expect(request.contains(#""max_tokens":9"#))
        #expect(
            try await house.rows() == [
                "main continued ~7+1 9000 upstream_failed", "main kept 11+2 15000",
            ])
        let entries = try await house.entries()
        #expect(entries.map(\.status) == [.completed])
        // Which endpoint each call went to, and nothing else of its address.
        #expect(entries[0].calls.map(\.endpoint) == house.pools[0].endpoints.map(\.name))
        #expect(entries[0].calls[0].endpoint?.wholeMatch(of: /127\.0\.0\.1:[0-9]+/) != nil)
        #expect(outcome.receipt.map { OpenAI.ReceiptObject($0) }.map { "\($0)" }?.contains("127.0.0.1") == false)
    }

    @Test(
        "Where what follows does not agree with what was sent, the stream ends with the error of the break"
    )
    func differs() async throws {
        let first = try await ScriptedUpstream([.send(brokenOff), .close])
        let other = streamHead + piece("Good day") + stopEvent + usageEvent + doneEvent
        let spare = try await ScriptedUpstream(
            [.send(errorReply("400 Bad Request")), .close], [.send(other), .close])
        var route = Route(name: "support", open: "main")
        route.continuation = .model("spare")
        let house = try PoolHouse(.init("main", first), .init("spare", spare), routes: [route])
        let outcome = await Outcome(try house.ask("support"))
        #expect(outcome.words == ["commit open main", "Hello, "])
        #expect(
            outcome.error
                == .upstreamFailed(
                    model: "main", status: nil, reason: "its answer ended before it was complete"))
        let entry = try #require(try await house.entries().last)
        #expect(entry.status == .aborted)
        #expect(entry.calls.map(\.role) == [.failed, .failed, .discarded])
    }

    @Test("Without `continue` nothing goes on, and nobody else is asked")
    func endsSafely() async throws {
        let first = try await ScriptedUpstream([.send(brokenOff), .close])
        let second = try await healthy()
        let house = try PoolHouse(
            .init("main", first, second) { $0.options.endpoints.balance = .weighted })
        #expect(await Outcome(try house.ask("main")).error != nil)
        #expect(second.all.isEmpty)
    }

    @Test("Requests that begin alike go to one endpoint")
    func affinity() async throws {
        let upstreams = [try await healthy(), try await healthy(), try await healthy()]
        let house = try PoolHouse(
            .init("main", upstreams[0], upstreams[1], upstreams[2]) { $0.options.affinityBytes = 64 })
        for index in 0..<6 { _ = await Outcome(try house.ask("main", id: "r\(index)")) }
        #expect(upstreams.map(\.all.count).sorted() == [0, 0, 6])
    }

    @Test("A failed embedding is asked for again and entered call by call")
    func embedding() async throws {
        let vectors =
            #"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[1]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#
        let first = try await ScriptedUpstream([.send(errorReply("503 Service Unavailable")), .close])
        let second = try await ScriptedUpstream([.send(reply("200 OK", vectors)), .close])
        let house = try PoolHouse(
            .init("main", first, second) { $0.options.endpoints.balance = .weighted })
        let result = try await house.router.embed(
            EmbeddingRequest(model: "main", inputs: [.text("a b")]),
            context: RequestContext(requestID: "e1"))
        #expect(result.vectors == [[1]])
        #expect(try await house.rows() == ["main failed ~0+0 0 upstream_503", "main kept 5+0 5000"])
    }

    @Test(
        "A client that goes away during a pause leaves one cancelled entry, and no call is made after it"
    )
    func goneWhileWaiting() async throws {
        let upstream = try await ScriptedUpstream([
            .send(errorReply("503 Service Unavailable")), .close,
        ])
        let house = try PoolHouse(.init("main", upstream))
        var stream: GenerationStream? = try await house.ask("main")
        await house.clock.waitForSleepers(1)
        stream = nil
        _ = stream
        let entry = try #require(try await house.entries().last)
        #expect(entry.status == .cancelled)
        #expect(entry.calls.map(\.row) == ["main failed ~0+0 0 upstream_503"])
        #expect(upstream.all.count == 1)
    }
}
