import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("The router embeds and ranks", .timeLimit(.minutes(1)))
struct RouterEmbeddingTests {
    /// `small` also embeds and ranks; `big`, behind HTTP, embeds.
    private func house() throws -> RouterHouse {
        try RouterHouse(open: []) { configuration in
            let open = configuration.models[0].provider as? ScriptedProvider
            let closed = configuration.models[1].provider as? ScriptedProvider
            (configuration.models[0].embedding, configuration.models[0].reranking) = (open, open)
            configuration.models[1].embedding = closed
        }
    }

    private func context(_ id: String = "r1") -> RequestContext {
        var context = RequestContext(requestID: id)
        context.user = "ada"
        context.metadata = ["feature": "search"]
        return context
    }

    private static let two = EmbeddingRequest(
        model: "support", inputs: [.text("ab"), .tokens([7, 8, 9])], dimensions: 2)

    @Test("Embeddings are the open model's, asked for by its own name, and entered with tokens and machine time")
    func embeds() async throws {
        let house = try house()
        let result = try await house.router.embed(Self.two, context: context())
        #expect(result.vectors.map(\.first) == [2, 3])
        #expect(result.model == "small")
        var sent = Self.two
        sent.model = "m"
        #expect(house.open.embeddingCalls == [sent])
        let receipt = try #require(result.receipt)
        // 3,600 nanoseconds of an hour at 0.10 dollars are 0.1 nano-dollars.
        #expect(receipt.calls.map(\.cost) == [.zero] && receipt.calls.map(\.priceSource) == ["machine time"])
        #expect(receipt.calls.first?.usage.promptTokens == 5)
        let entry = try #require(try await house.entries().first)
        #expect(entry.request.endpoint == "embeddings" && entry.request.route == "support")
        #expect(entry.request.user == "ada" && entry.request.metadata == ["feature": "search"])
        #expect(entry.status == .completed && entry.decision == .open && entry.confidence == nil)
        #expect(entry.calls == receipt.calls && entry.counterfactual == nil)
    }

    @Test("A remote model's embeddings are priced by its tokens")
    func remote() async throws {
        let house = try house()
        let result = try await house.router.embed(
            EmbeddingRequest(model: "big", inputs: [.text("abcd")]), context: context())
        // Four tokens at 30 dollars a million.
        #expect(result.receipt?.cost == NanoUSD(120_000))
        #expect(house.closed.embeddingCalls.map(\.model) == ["vendor/big"])
        #expect(try await house.entries().map(\.decision) == [.closed])
    }

    @Test("Ranking is entered under its own name")
    func reranks() async throws {
        let house = try house()
        let request = RerankRequest(model: "support", query: "q", documents: ["a", "bb"])
        let result = try await house.router.rerank(request, context: context())
        #expect(result.scores == [0.01, 0.02] && result.receipt?.model == "small")
        #expect(try await house.entries().map(\.request.endpoint) == ["rerank"])
    }

    @Test("What a model does not serve is refused with what it does, and leaves no entry")
    func incapable() async throws {
        let house = try RouterHouse(open: []) { configuration in
            configuration.models[0].embedding = configuration.models[0].provider as? ScriptedProvider
            configuration.models[0].provider = nil
        }
        await #expect(throws: RequestError.incapable(model: "small", of: .chat, serves: [.embeddings])) {
            _ = try await house.ask("support")
        }
        await #expect(throws: RequestError.incapable(model: "big", of: .embeddings, serves: [.chat])) {
            try await house.router.embed(EmbeddingRequest(model: "big", inputs: [.text("a")]), context: context())
        }
        let error = RequestError.incapable(model: "small", of: .rerank, serves: [.embeddings])
        #expect("\(error)" == "The model 'small' does not serve rerank, only embeddings.")
        await #expect(throws: error) {
            try await house.router.rerank(
                RerankRequest(model: "support", query: "q", documents: ["a"]), context: context())
        }
        #expect(await house.router.models().map(\.capabilities) == [[.embeddings], [.embeddings], nil])
        #expect(try await house.entries().isEmpty)
    }

    @Test("A request that fails is entered as failed, without tokens that nobody read")
    func failure() async throws {
        let house = try house()
        let error = RequestError.tooLong(field: "input", tokens: 600, limit: 512)
        house.open.beforeEmbedding { throw error }
        await #expect(throws: error) { try await house.router.embed(Self.two, context: context()) }
        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .failed && entry.errorCode == "context_length_exceeded")
        #expect(entry.calls.map(\.role) == [.failed] && entry.calls.map(\.usage.promptTokens) == [0])
    }

    @Test("A client that goes away is entered as cancelled, with the time that was spent")
    func cancelled() async throws {
        let house = try house()
        let asked = Gate()
        house.open.beforeEmbedding {
            asked.open()
            try await Gate().wait()
        }
        let task = Task { try await house.router.embed(Self.two, context: context()) }
        try await asked.wait()
        house.open.contexts.first?.onCompute?(36_000_000)
        task.cancel()
        await #expect(throws: RequestError.cancelled) { try await task.value }
        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .cancelled)
        #expect(entry.calls.map(\.usage.computeNanoseconds) == [36_000_000])
        #expect(entry.calls.map(\.cost) == [NanoUSD(1000)])
    }

    @Test("A request that never ended is entered as lost, with an estimate of its tokens")
    func lost() async throws {
        let house = try house()
        let (asked, proceed) = (Gate(), Gate())
        house.open.beforeEmbedding {
            asked.open()
            try await proceed.wait()
        }
        let task = Task { try await house.router.embed(Self.two, context: context()) }
        try await asked.wait()
        let copy = try house.copyOfLedger()
        #expect(try copy.recover(at: 1_717_200_000_001) == 1)
        var entries: [LedgerEntry] = []
        try copy.reader.forEachEntry { entries.append($0.entry) }
        #expect(entries.map(\.status) == [.lost])
        #expect(entries.first?.calls.map(\.usage.promptTokens) == [4])
        proceed.open()
        _ = try await task.value
    }
}
