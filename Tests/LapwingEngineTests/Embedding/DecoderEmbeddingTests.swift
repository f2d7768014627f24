import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import Testing

@Suite struct DecoderEmbeddingTests {
    private static let texts: [[TokenID]] = [
        [5, 9, 200], [17], Array(repeating: 40, count: 33) + [41, 42], Array(3..<67), [5, 9, 201],
    ]

    private func rows(_ texts: [[TokenID]], _ pooling: DecoderPooling, maximumLength: Int = 64) throws -> [[Float]] {
        try DecoderEmbedding(Fixture.model(), pooling: pooling, maximumLength: maximumLength).rows(
            of: texts.map { EncoderSequence($0) })
    }

    @Test("A text's vector is the same bits alone and in any company", arguments: DecoderPooling.allCases)
    func company(
        pooling: DecoderPooling
    ) throws {
        let alone = try Self.texts.map { try rows([$0], pooling)[0] }
        // With room for two pages only, company is divided among several passes.
        #expect(try rows(Self.texts, pooling) == alone)
        #expect(try rows(Self.texts.reversed(), pooling, maximumLength: 2048) == alone.reversed())
        #expect(Set(alone).count == alone.count)
    }

    @Test("Vectors are the pooled states of the model, as long as 1", arguments: DecoderPooling.allCases)
    func states(
        pooling: DecoderPooling
    ) throws {
        let model = try Fixture.model()
        let tokens = Self.texts[2]
        let cache = try model.makeCache(pageCount: 2, format: .f16)
        let step = ModelStep(
            tokens: tokens,
            sequences: [SequenceRows(rowCount: tokens.count, startPosition: 0, pages: [0, 1], logits: .all)])
        var states: [[Double]] = []
        model.forwardStates(step, cache: cache) { _, state in states.append(state.map(Double.init)) }
        let pooled =
            switch pooling {
            case .last: states[tokens.count - 1]
            case .mean: states[0].indices.map { index in states.reduce(0) { $0 + $1[index] } / Double(tokens.count) }
            }
        let length = pooled.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let vector = try rows([tokens], pooling)[0]
        #expect(vector.count == model.configuration.embeddingLength)
        #expect(zip(vector, pooled).allSatisfy { abs(Double($0) - $1 / length) < 1e-6 })
    }

    @Test("An engine embeds by the weights of the one that answers, and counts the memory that it takes")
    func engine()
        async throws
    {
        let engine = try Fixture.engine()
        let embedding = try engine.embedding(pooling: .mean, maximumLength: 64)
        let request = EmbeddingRequest(model: "tiny", inputs: [.text("the lapwing"), .tokens([5, 9])])
        let result = try await embedding.embed(request, context: RequestContext(requestID: "r"))
        #expect(result.model == "tiny" && result.vectors.count == 2)
        #expect(abs(result.vectors[0].cosine(result.vectors[0]) - 1) < 1e-9)
        let footprint = try ModelFootprint(Fixture.model().file)
        let pages = DecoderEmbedding.byteCount(footprint, maximumLength: 64)
        #expect(pages == 2 * footprint.pageByteCount(.f16) + footprint.scratchByteCount(pageCount: 2))
    }
}
