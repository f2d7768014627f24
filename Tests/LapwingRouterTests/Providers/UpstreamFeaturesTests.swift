import Foundation
import LapwingAPI
import LapwingRouter
import Testing

private func chunk(_ delta: String, _ more: String = "") -> [UInt8] {
    Array(#"{"choices":[{"index":0,"delta":\#(delta)\#(more)}]}"#.utf8)
}

/// The events that a recorded stream gives, in words.
private func words(_ chunks: [[UInt8]]) throws -> (words: [String], usage: Usage?) {
    var answer = UpstreamAnswer(model: "m", isChat: true, choiceCount: 1, estimatedPromptTokens: 3)
    var events: [GenerationEvent] = []
    for chunk in chunks { events += try answer.receive(chunk) }
    guard case .completed(_, let usage, _)? = try answer.completed().last else { return ([], nil) }
    return (events.map(StreamCommit.Action.send).words, usage)
}

@Suite("Tools and thoughts in OpenAI-compatible streams")
struct UpstreamFeaturesTests {
    @Test("A new id under the same number, or under none, is another call")
    func unnumberedCalls() throws {
        var answer = UpstreamAnswer(model: "m", isChat: true, choiceCount: 1, estimatedPromptTokens: 3)
        var calls: [ToolCallDelta] = []
        for part in [
            #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            #"{"index":0,"function":{"arguments":"1}"}}"#,
            #"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
            #"{"id":"c","function":{"name":"h","arguments":"{}"}}"#,
        ] {
            let chunk = #"{"choices":[{"index":0,"delta":{"tool_calls":[\#(part)]}}]}"#
            for event in try answer.receive(Array(chunk.utf8)) {
                if case .toolCall(_, let call) = event { calls.append(call) }
            }
        }
        #expect(calls.map(\.index) == [0, 0, 1, 2])
        #expect(calls.map(\.id) == ["a", nil, "b", "c"])
    }

    @Test("A refusal is told, and ends as what a filter has cut")
    func refusal() throws {
        var answer = UpstreamAnswer(model: "m", isChat: true, choiceCount: 1, estimatedPromptTokens: 3)
        var events: [GenerationEvent] = []
        for delta in [#"{"refusal":"I can"}"#, #"{"refusal":"not."}"#, "{}"] {
            let reason = delta == "{}" ? #""stop""# : "null"
            let chunk = #"{"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(reason)}]}"#
            events += try answer.receive(Array(chunk.utf8))
        }
        let text = events.map { if case .delta(_, let text, _) = $0 { text } else { "" } }.joined()
        #expect(text == "I cannot.")
        guard case .finished(_, .contentFilter)? = events.last else { return #expect(Bool(false), "\(events)") }
    }

    @Test("Calls come in pieces, with their place, id and name first")
    func toolCalls() throws {
        let (events, _) = try words([
            chunk(
                #"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}"#
            ),
            chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}"#),
            chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}"#),
            chunk(
                #"{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]}"#),
            chunk("{}", #","finish_reason":"tool_calls""#),
        ])
        #expect(events == ["0:f[]", #"0:[{"a":]"#, "0:[1}]", "1:g[{}]", "<tool_calls>"])
    }

    @Test("Servers that send each call whole may leave its place out")
    func wholeCalls() throws {
        let (events, _) = try words([
            chunk(
                #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g"}}]}"#,
                #","finish_reason":"tool_calls""#)
        ])
        #expect(events == ["0:f[{}]", "1:g[]", "<tool_calls>"])
    }

    @Test(
        "A model's thoughts come under either name, and are counted as written where usage is not told",
        arguments: ["reasoning_content", "reasoning"])
    func reasoning(name: String) throws {
        let (events, usage) = try words([
            chunk(#"{"role":"assistant","\#(name)":"Let"}"#), chunk(#"{"\#(name)":" me"}"#),
            chunk(#"{"content":"Yes","\#(name)":null}"#, #","finish_reason":"stop""#),
        ])
        #expect(events == ["(Let)", "( me)", "Yes", "<stop>"])
        #expect(usage == Usage(promptTokens: 3, completionTokens: 3, isEstimated: true))
    }

    @Test("Log-probabilities of a thought are not taken for the answer's")
    func unscoredThoughts() throws {
        let logprobs = #","logprobs":{"content":[{"token":"x","logprob":-1}]}"#
        var answer = UpstreamAnswer(model: "m", isChat: true, choiceCount: 1, estimatedPromptTokens: 3)
        let events = try answer.receive(chunk(#"{"reasoning_content":"x"}"#, logprobs))
        #expect(events.map(StreamCommit.Action.send).words == ["(x)"])
    }

    @Test("Tools, images, structured output and effort are sent as they came, in both dialects")
    func request() throws {
        var request = GenerationRequest(
            model: "v",
            prompts: [.messages([ChatMessage(role: "user", parts: [.image(ChatImage(source: .url("https://h/i")))])])])
        request.toolUse = ToolUse(tools: [Tool(name: "f")], choice: .required)
        request.responseFormat = .jsonObject
        request.reasoningEffort = "low"
        for dialect in [UpstreamDialect.openAI, .extended] {
            let body = try UpstreamRequest(request, dialect: dialect).body
            let json = try JSONDecoder().decode(JSONValue.self, from: Data(body))
            #expect(json["tools"] == [["type": "function", "function": ["name": "f"]]])
            #expect(json["tool_choice"] == "required" && json["parallel_tool_calls"] == nil)
            #expect(json["response_format"] == ["type": "json_object"] && json["reasoning_effort"] == "low")
            #expect(
                json["messages"]?[0]?["content"] == [["type": "image_url", "image_url": ["url": "https://h/i"]]])
        }
    }
}

@Suite("RetryAfter")
struct RetryAfterTests {
    @Test("Seconds are taken as they are, within a day")
    func seconds() {
        for (header, expected) in [(" 7 ", 7), ("-5", 0), ("999999", 86_400)] {
            #expect(RetryAfter.seconds(header, sentAt: nil) == expected)
        }
        #expect(RetryAfter.seconds(nil, sentAt: nil) == nil)
    }

    @Test("A date is held against the time at which the upstream sent it")
    func dates() {
        let sent = "Sun, 06 Nov 1994 08:49:37 GMT"
        for (header, expected) in [
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
            ("Mon, 07 Nov 1994 09:49:37 GMT", 86_400), ("Sun, 06 Nov 1994 08:50:07 CET", nil), ("soon", nil),
            ("Sun, 06 Foo 1994 08:50:07 GMT", nil), ("Sun, 06 Nov 1994 25:50:07 GMT", nil),
        ] as [(String, Int?)] {
            #expect(RetryAfter.seconds(header, sentAt: sent) == expected, "\(header)")
        }
        // Against our own clock this is long past.
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:50:07 GMT", sentAt: nil) == 0)
    }
}
