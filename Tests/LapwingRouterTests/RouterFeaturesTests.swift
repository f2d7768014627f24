import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

private func call(_ index: Int, _ name: String? = nil, _ arguments: String = "") -> GenerationEvent {
    .toolCall(choice: 0, ToolCallDelta(index: index, id: name.map { "id-\($0)" }, name: name, arguments: arguments))
}

/// An answer that calls one function.
private let calling: [GenerationEvent] = [
    call(0, "f"), call(0, nil, "{}"), .finished(choice: 0, reason: .toolCalls),
    .completed(model: "m", usage: Usage(promptTokens: 10, completionTokens: 3), receipt: nil),
]

private func request(
    _ model: String = "support", _ change: (inout GenerationRequest) -> Void = { $0.toolUse = tools }
) -> GenerationRequest {
    var request = GenerationRequest(
        model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
    request.stream = true
    change(&request)
    return request
}

private let tools = ToolUse(tools: [Tool(name: "f", parameters: ["type": "object"])])

private let context = RequestContext(requestID: "r1")

@Suite("Tools, images and structured output on routes", .timeLimit(.minutes(1)))
struct RouterFeaturesTests {
    @Test("What the open model cannot do goes to the closed one at once, and the open one is not asked")
    func goesToClosed() async throws {
        let house = try RouterHouse(open: steps(answer(["a"])), closed: steps(calling))
        let outcome = await Outcome(try await house.router.generate(request(), context: context))
        #expect(outcome.words == ["commit closed big", "0:f[]", "0:[{}]", "<tool_calls>", "completed"])
        #expect(outcome.receipt?.decision == .closed && outcome.receipt?.calls.count == 1)
        #expect(house.open.calls.isEmpty && house.closed.calls.first?.request.toolUse == tools)
    }

    @Test("Where nobody may answer who can, the field is named before anything is called or written")
    func refused() async throws {
        let image = ContentPart.image(ChatImage(source: .url("https://h/i")))
        let changes: [(String, (inout GenerationRequest) -> Void)] = [
            ("tools", { $0.toolUse = tools }), ("response_format", { $0.responseFormat = .jsonObject }),
            ("reasoning_effort", { $0.reasoningEffort = "low" }),
            (
                "messages[0].content[1].type",
                { $0.prompts = [.messages([ChatMessage(role: "user", parts: [.text("a"), image])])] }
            ),
            (
                "messages[0].role",
                {
                    var result = ChatMessage(role: "tool", content: "1")
                    result.toolCallID = "c"
                    $0.prompts = [.messages([result])]
                }
            ),
        ]
        let route = Route(name: "support", open: "small", closed: "big", escalateBelow: 0.5, tiers: ["gold"])
        let house = try RouterHouse(open: [], closed: [], route: route)
        for (field, change) in changes {
            for name in ["support", "small"] {
                let error = await #expect(throws: RequestError.self) {
                    try await house.router.generate(request(name, change), context: context)
                }
                guard case .unsupported(field, let reason) = error else {
                    Issue.record("\(field): found \(String(describing: error))")
                    continue
                }
                #expect(reason.contains("'small'"))
            }
        }
        #expect(house.open.calls.isEmpty && house.closed.calls.isEmpty)
        #expect(try await house.entries().isEmpty)
    }

    @Test("A request with tools or a schema is judged whole, and half a call is never gone on with")
    func policy() throws {
        var route = Route(name: "support", open: "one", closed: "two", hold: .tokens(7), escalateBelow: 0.9)
        route.continuation = .sameModels
        let models = ["one", "two"].map { ModelBinding(name: $0, provider: ScriptedProvider(), location: .remote) }
        let table = try RouteTable(routes: [route], models: models)
        for (change, hold, continues) in [
            ({ _ in }, .tokens(7), true), ({ $0.toolUse = tools }, .all, false),
            ({ $0.responseFormat = .jsonObject }, .all, true),
        ] as [((inout GenerationRequest) -> Void, Hold, Bool)] {
            let plan = try table.plan(for: request("support", change), tier: "default")
            #expect(plan.policy.hold == hold && (plan.continuation != nil) == continues)
            #expect(plan.wantsEvidence == continues, "servers refuse log-probabilities beside tools")
        }
    }

    @Test("An answer of which a call was shown ends with an error where it breaks, and what came of it is counted")
    func breaksInACall() async throws {
        let tool =
            #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#
            + "\n\n"
        let upstream = try await ScriptedUpstream([.send(streamHead + piece("Hello") + tool), .close])
        var route = Route(name: "support", open: "main")
        route.continuation = .sameModels
        let house = try PoolHouse(PoolHouse.Model("main", upstream), routes: [route])
        let outcome = await Outcome(try await house.router.generate(request(), context: context))
        #expect(outcome.words == ["commit open main", "Hello", "0:f[{]"])
        #expect(outcome.error != nil && upstream.all.count == 1)
        #expect(try await house.rows().map { $0.contains("+2 ") } == [true])
    }

    @Test("A thought is shown and counted as written, and an answer that broke off in one is not begun anew")
    func breaksInAThought() async throws {
        let thought = #"data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}"# + "\n\n"
        let upstream = try await ScriptedUpstream([.send(streamHead + thought), .close])
        let house = try PoolHouse(PoolHouse.Model("main", upstream))
        let outcome = await Outcome(try await house.router.generate(request("main") { _ in }, context: context))
        #expect(outcome.words == ["commit open main", "(Hm)"])
        #expect(outcome.error != nil && upstream.all.count == 1)
        #expect(try await house.rows() == ["main failed ~7+1 9000 upstream_failed"])
    }

    @Test("What is held of a budget counts tools, schemas, calls and images, each at more than it can come to")
    func reservations() async throws {
        func held(_ change: (inout GenerationRequest) -> Void) async throws -> Int64 {
            let folder = try TemporaryFolder()
            var draft = KeyDraft(name: "k")
            draft.limits.dailyBudget = NanoUSD(1_000_000_000_000)
            let key = try KeyStore(folder: folder.path).create(draft, at: 0).key
            let house = try RouterHouse(open: [], closed: steps(calling), folder: folder, hasAccounts: true)
            var context = RequestContext(requestID: "r")
            Caller(key: key).sign(&context)
            var asked = request("big", change)
            asked.maxTokens = 10
            _ = await Outcome(try await house.router.generate(asked, context: context))
            return try #require(try await house.entries().first?.reserved).rawValue
        }
        let plain = try await held { _ in }
        let tokens = { (more: Int64) in (more - plain) / 30_000 }
        let image = ChatImage(source: .data(mediaType: "image/png", base64: "AAAA"))
        #expect(
            tokens(
                try await held {
                    $0.prompts = [
                        .messages([ChatMessage(role: "user", parts: [.text("Hello there"), .image(image)])])
                    ]
                }) == 50_000)
        // The bytes of the tools' JSON, room for one tool, and what models are told of tools.
        #expect(tokens(try await held { $0.toolUse = tools }) == Int64(tools.json.text.count) + 16 + 1024)
        let format = ResponseFormat.jsonSchema(AnswerSchema(name: "n", schema: ["type": "object"]))
        #expect(tokens(try await held { $0.responseFormat = format }) == Int64(format.json.text.count) + 1024)
        var calls = ChatMessage(role: "user", content: "Hello there")
        calls.toolCalls = [ToolCall(id: "12", name: "345", arguments: "6789")]
        #expect(tokens(try await held { $0.prompts = [.messages([calls])] }) == 9 + 16)
    }

    @Test("An answer that calls functions gives no evidence, so that it follows what the route says of the unknown")
    func noEvidence() {
        var judge = AnswerJudge(
            policy: CommitPolicy(hold: .all, threshold: 0.5, unknown: .escalate), model: MeanConfidence())
        #expect(judge.observe(delta("sure", -0.1)) == nil)
        #expect(judge.observe(call(0, "f")) == nil)
        let judgement = judge.observe(.finished(choice: 0, reason: .toolCalls))
        #expect(judgement?.confidence == nil && judgement?.isUnderThreshold == true)
    }
}
