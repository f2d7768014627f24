import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

@Suite("What a kept answer hangs on")
struct AnswerKeyTests {
    typealias Change = @Sendable (inout GenerationRequest) -> Void

    /// One change of each field. `stream` and `cachePrompt` change no answer.
    static let changes: [String: Change] = [
        "model": { $0.model = "other" },
        "prompts": { $0.prompts = [.text("Hello")] },
        "maxTokens": { $0.maxTokens = 8 },
        "stop": { $0.stop = ["."] },
        "choiceCount": { $0.choiceCount = 2 },
        "topLogProbabilities": { $0.topLogProbabilities = 0 },
        "promptTopLogProbabilities": { $0.promptTopLogProbabilities = 0 },
        "echo": { $0.echo = true },
        "ignoreEOS": { $0.ignoreEOS = true },
        "continuesLastMessage": { $0.continuesLastMessage = true },
        "toolUse": { $0.toolUse = ToolUse(tools: [Tool(name: "f")]) },
        "responseFormat": { $0.responseFormat = .jsonObject },
        "labels": { $0.labels = ["a", "b"] },
        "reasoningEffort": { $0.reasoningEffort = "low" },
    ]
    static let unimportant: [String: Change] = [
        "cachePrompt": { $0.cachePrompt = false }, "stream": { $0.stream = true },
    ]
    static let samplingChanges: [String: Change] = [
        "temperature": { $0.sampling.temperature = 0 },
        "topP": { $0.sampling.topP = 0.5 },
        "topK": { $0.sampling.topK = 4 },
        "minP": { $0.sampling.minP = 0.1 },
        "seed": { $0.sampling.seed = 7 },
        "repetitionPenalty": { $0.sampling.repetitionPenalty = 1.1 },
        "presencePenalty": { $0.sampling.presencePenalty = 0.1 },
        "frequencyPenalty": { $0.sampling.frequencyPenalty = 0.1 },
        "logitBias": { $0.sampling.logitBias = [5: 1] },
    ]
    private static let request = GenerationRequest(
        model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])

    private func table(
        _ route: Route = Route(name: "support", open: "small", closed: "big", escalateBelow: 0.5, tiers: ["gold"]),
        upstream: String = "vendor/big"
    ) throws -> RouteTable {
        try RouteTable(
            routes: [route, Route(name: "other", open: "small")],
            models: [
                ModelBinding(name: "small", provider: ScriptedProvider(), location: .local),
                ModelBinding(name: "big", provider: ScriptedProvider(), location: .remote, upstreamName: upstream),
            ])
    }

    private func key(
        _ change: Change = { _ in }, tenant: String = "acme", tier: String = "default", table: RouteTable? = nil
    ) throws -> AnswerKey {
        var request = Self.request
        change(&request)
        // The model here takes none of these, and the key is to differ by them wherever they go.
        var plain = request
        (plain.toolUse, plain.responseFormat, plain.reasoningEffort, plain.labels) = (nil, nil, nil, nil)
        let plan = try (table ?? self.table()).plan(for: plain, tier: tier)
        return try #require(AnswerKey(request, plan: plan, tenant: tenant))
    }

    @Test("Equal requests have one key, however often they are encoded")
    func equal() throws {
        let biased: Change = { $0.sampling.logitBias = [9: 1, 4: -2, 70: 0.5, 1: 3, 2: 2] }
        for _ in 0..<20 {
            #expect(try key() == key())
            #expect(try key(biased) == key(biased))
        }
    }

    @Test("Every field of a request has a change here, and is part of the key unless it changes no answer")
    func fields() throws {
        let fields = Set(Mirror(reflecting: Self.request).children.compactMap(\.label))
        #expect(fields == Set(Self.changes.keys).union(Self.unimportant.keys).union(["sampling"]))
        let sampling = Set(Mirror(reflecting: Self.request.sampling).children.compactMap(\.label))
        #expect(sampling == Set(Self.samplingChanges.keys))
        var seen: [AnswerKey: String] = [try key(): "nothing"]
        for (name, change) in Self.changes.merging(Self.samplingChanges, uniquingKeysWith: { first, _ in first }) {
            let key = try key(change)
            #expect(seen[key] == nil, "\(name) and \(seen[key] ?? "")")
            seen[key] = name
        }
        for (name, change) in Self.unimportant { #expect(try key(change) == key(), "\(name)") }
    }

    @Test("Prompts differ by kind, role, name and content")
    func prompts() throws {
        let prompts: [Prompt] = [
            .text("a"), .tokens([97]), .messages([ChatMessage(role: "user", content: "a")]),
            .messages([ChatMessage(role: "system", content: "a")]),
            .messages([ChatMessage(role: "user", content: "a", name: "n")]),
            .messages([ChatMessage(role: "user", content: "a"), ChatMessage(role: "user", content: "")]),
            .text("\u{e9}"), .text("e\u{301}"),
        ]
        let keys = try prompts.map { prompt in try key { $0.prompts = [prompt] } }
        #expect(Set(keys).count == prompts.count)
    }

    @Test("A schema's members in another order are another schema: the answer follows it")
    func schemas() throws {
        func key(_ schema: JSONValue) throws -> AnswerKey {
            try self.key { $0.responseFormat = .jsonSchema(AnswerSchema(name: "s", schema: schema)) }
        }
        #expect(try key(["a": 1, "b": 2]) == key(["a": 1, "b": 2]))
        #expect(try key(["a": 1, "b": 2]) != key(["b": 2, "a": 1]))
    }

    @Test("Another set of labels, and another version of the head that chooses among them, is another key")
    func labels() throws {
        func key(_ labels: RouteLabels) throws -> AnswerKey {
            var route = Route(name: "support", open: "small")
            route.labels = labels
            let provider = ScriptedProvider()
            let model = ModelBinding(
                name: "small", provider: provider, scoring: provider, tokenizing: provider, location: .local)
            return try self.key(table: RouteTable(routes: [route], models: [model]))
        }
        var newer = LabelHead.fitted(["a", "b"], .scores(LabelScale()))
        newer.version = 2
        let keys = try [
            RouteLabels.scored(["a", "b"]), .scored(["a", "c"]), .head(.fitted(["a", "b"], .scores(LabelScale()))),
            .head(newer),
        ].map(key)
        #expect(Set(keys).count == 4)
    }

    @Test("Tenants, routes, and models that may answer are kept apart; tiers only where they escalate differently")
    func surroundings() throws {
        #expect(try key() != key(tenant: "other"))
        #expect(try key(tier: "gold") != key(tier: "default"))
        #expect(try key(tier: "silver") == key(tier: "default"))
        #expect(try key(tier: "gold") != key(tier: "gold", table: table(upstream: "vendor/bigger")))
        let stricter = Route(name: "support", open: "small", closed: "big", escalateBelow: 0.6, tiers: ["gold"])
        #expect(try key(tier: "gold") != key(tier: "gold", table: table(stricter)))
    }

    @Test("A request with a number that has no words is not kept")
    func notANumber() throws {
        var request = Self.request
        request.sampling.temperature = .nan
        #expect(AnswerKey(request, plan: try table().plan(for: request, tier: "default"), tenant: "t") == nil)
    }
}
