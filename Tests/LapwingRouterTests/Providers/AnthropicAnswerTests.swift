import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingTestSupport
import Testing

/// A stream as the API sends it: a thought, a text in two pieces, and two calls.
let anthropicEvents = [
    #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-x","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":3,"cache_read_input_tokens":7,"output_tokens":1}}}"#,
    #"{"type":"ping"}"#,
    #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}"#,
    #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
    #"{"type":"content_block_stop","index":0}"#,
    #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me"}}"#,
    #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" see."}}"#,
    #"{"type":"content_block_stop","index":1}"#,
    #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}"#,
    #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}"#,
    #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"Bern\"}"}}"#,
    #"{"type":"content_block_stop","index":2}"#,
    #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#,
    #"{"type":"content_block_stop","index":3}"#,
    #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}"#,
    #"{"type":"message_stop"}"#,
]

private func play(_ events: [String]) throws -> (words: [String], usage: Usage?) {
    var answer = AnthropicAnswer(model: "m", estimatedPromptTokens: 17)
    var found: [GenerationEvent] = []
    for event in events { found += try answer.receive(Array(event.utf8)) }
    guard case .completed(_, let usage, _)? = try answer.completed().last else { return ([], nil) }
    return (found.map(StreamCommit.Action.send).words, usage)
}

/// The recorded stream with another end.
private func ending(_ delta: String) -> [String] {
    anthropicEvents.dropLast(2) + [#"{"type":"message_delta","delta":\#(delta)}"#, #"{"type":"message_stop"}"#]
}

@Suite("AnthropicAnswer")
struct AnthropicAnswerTests {
    @Test("A recorded stream gives its thought, its text, its calls, its reason and its counts")
    func recorded() throws {
        let (words, usage) = try play(anthropicEvents)
        #expect(
            words == [
                "(Hm.)", "Let me", " see.", "0:weather[]", #"0:[{"city":]"#, #"0:["Bern"}]"#, "1:now[]", "1:[{}]",
                "<tool_calls>",
            ])
        #expect(usage == Usage(promptTokens: 35, cachedPromptTokens: 7, completionTokens: 89))
    }

    @Test(
        "Each stop reason has its word",
        arguments: [
            ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("tool_use", "tool_calls"),
            ("refusal", "content_filter"), ("model_context_window_exceeded", "length"), ("something_new", "stop"),
        ])
    func reasons(theirs: String, ours: String) throws {
        #expect(try play(ending(#"{"stop_reason":"\#(theirs)"}"#)).words.last == "<\(ours)>")
    }

    @Test("An answer that was paused, or ended without a reason, is not whole")
    func unfinished() {
        for delta in [#"{"stop_reason":"pause_turn"}"#, #"{"stop_reason":null}"#] {
            #expect(throws: RequestError.self) { try play(ending(delta)) }
        }
    }

    @Test("A stream that ends before its last event is broken, wherever it ends")
    func cut() {
        for count in anthropicEvents.indices {
            #expect(
                throws: RequestError.upstreamFailed(
                    model: "m", status: nil, reason: "its answer ended before it was complete")
            ) { try play(Array(anthropicEvents.prefix(count))) }
        }
    }

    @Test("Counts that no call can have are no report")
    func impossibleUsage() throws {
        var events = anthropicEvents
        events[17] = #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":-4}}"#
        let usage = try #require(try play(events).usage)
        #expect(usage.isEstimated && usage.promptTokens == 17 && usage.completionTokens > 0)
    }

    @Test("An error in the stream says whether it will pass, in the upstream's words and without the key")
    func errors() throws {
        let origin = try #require(Origin(url: "http://127.0.0.1:1"))
        for (type, expected) in [
            ("overloaded_error", .unavailable(what: "m", reason: "Overloaded [key]", retryAfterSeconds: 1)),
            ("rate_limit_error", .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 1)),
            ("api_error", .upstreamFailed(model: "m", status: nil, reason: "Overloaded [key]")),
        ] as [(String, RequestError)] {
            var answer = AnthropicAnswer(
                model: "m", estimatedPromptTokens: 1, key: UpstreamKey("sk-ant-1", origin: origin))
            #expect(throws: expected) {
                try answer.receive(
                    Array(#"{"type":"error","error":{"type":"\#(type)","message":"Overloaded sk-ant-1"}}"#.utf8))
            }
        }
    }

    @Test("Events that may be added are passed over; one that cannot be read ends the answer")
    func unknownEvents() throws {
        #expect(try play([#"{"type":"message_note","x":[1]}"#] + anthropicEvents).words.count == 9)
        for text in ["", "{", "[]", "7", #"{"type":7}"#, #"{"type":"content_block_delta","index":0}"#] {
            #expect(throws: RequestError.self) { try play([text] + anthropicEvents) }
        }
    }

    @Test("Whatever happens to its bytes, the reader neither crashes nor takes a cut stream for a whole one")
    func fuzz() {
        let whole = Array(anthropicEvents.map { "event: x\ndata: \($0)\n\n" }.joined().utf8)
        var random = SplitMix64(seed: 20)
        // Without the last event's closing brace there is no last event.
        let lastByte = whole.count - 3
        for round in 0..<4000 {
            var bytes = whole
            let isCut = round % 2 == 0
            if isCut {
                bytes = Array(bytes.prefix(Int(random.next() % UInt64(lastByte))))
            } else {
                for _ in 0...(random.next() % 4) {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            var (events, answer) = (
                ServerSentEvents(limit: 1 << 16), AnthropicAnswer(model: "m", estimatedPromptTokens: 1)
            )
            do {
                for data in try events.append(bytes) where !answer.isDone { _ = try answer.receive(data) }
                if !answer.isDone, let rest = try events.finish() { _ = try answer.receive(rest) }
                _ = try answer.completed()
                if isCut { Issue.record("round \(round): a stream of \(bytes.count) bytes was taken for whole") }
            } catch {}
        }
    }
}
