import LapwingModel
import LapwingTestSupport
import Testing

@Suite("A row's logits are the same bits")
struct InvarianceTests {
    /// Float, four-bit and exact-layout weights take different paths through every product; experts group rows.
    private static let models = [
        TinyModel(seed: 1, weights: .f32), TinyModel(seed: 2, weights: .q4_1, embedding: .q8_0),
        TinyModel(seed: 3, weights: .q5_0, embedding: .f16, hasTiedHead: false), mixture,
    ]
    private static let mixture: TinyModel = {
        var tiny = TinyModel(seed: 6, weights: .q4_0, embedding: .q8_0)
        tiny.experts = .init(count: 6, usedCount: 2)
        return tiny
    }()

    @Test("however the prompt is cut into chunks", arguments: models)
    func chunks(tiny: TinyModel) throws {
        let run = try TinyRun(tiny)
        let tokens = randomTokens(75, vocabulary: tiny.vocabularySize)
        let whole = run.logits(tokens, chunk: 75, pages: [0, 1, 2])
        for (chunk, pages) in [
            (1, [3, 4, 5]), (2, [8, 6, 7]), (31, [9, 11, 10]), (32, [3, 5, 4]), (33, [0, 1, 2]),
        ] {
            #expect(run.logits(tokens, chunk: chunk, pages: pages.map(Int32.init)) == whole, "chunks of \(chunk)")
        }
    }

    @Test("past the length at which attention is split, token by token and in long chunks")
    func splits() throws {
        let tiny = TinyModel(seed: 4, weights: .q4_1, embedding: .q8_0)
        let run = try TinyRun(tiny, pageCount: 80)
        let tokens = randomTokens(1_100, vocabulary: tiny.vocabularySize)
        let pages = (0..<35).map { Int32(79 - $0) }
        let whole = run.logits(tokens, chunk: 1_100, pages: (0..<35).map(Int32.init))
        #expect(run.logits(tokens, chunk: 15, pages: pages) == whole)
        #expect(run.logits(tokens, chunk: 300, pages: pages) == whole)
    }

    @Test("alone, and beside seven other sequences in prompts and single tokens", arguments: models)
    func company(tiny: TinyModel) throws {
        let run = try TinyRun(tiny, pageCount: 24)
        let prompts = (0..<8).map { randomTokens(3 + 9 * $0, vocabulary: tiny.vocabularySize, seed: UInt64($0)) }
        let alone = prompts.map { run.logits($0, chunk: 100, pages: [0, 1, 2]) }

        // All but the last token of each first, in one step; then the last ones, each a step's single row.
        let pages: [[Int32]] = (0..<8).map { index in (0..<3).map { Int32(3 * index + $0) } }
        let firsts = prompts.indices.map { index -> (tokens: [Int32], rows: SequenceRows) in
            let tokens = Array(prompts[index].dropLast())
            let logits = [LogitRows.all, .last, .none][index % 3]
            let rows = SequenceRows(rowCount: tokens.count, startPosition: 0, pages: pages[index], logits: logits)
            return (tokens, rows)
        }
        let found = run.step(firsts)
        var row = 0
        for (index, first) in firsts.enumerated() {
            for position in first.tokens.indices {
                let isLast = position == first.tokens.count - 1
                let isWanted = first.rows.logits == .all || first.rows.logits == .last && isLast
                #expect(found[row] == (isWanted ? alone[index][position] : nil))
                row += 1
            }
        }
        let lasts = run.step(
            prompts.indices.map { index in
                let position = prompts[index].count - 1
                let rows = SequenceRows(rowCount: 1, startPosition: position, pages: pages[index], logits: .last)
                return (Array(prompts[index].suffix(1)), rows)
            })
        for index in prompts.indices { #expect(lasts[index] == alone[index].last) }
    }

    @Test("when full pages of a prefix are shared by several sequences", arguments: models)
    func sharedPages(tiny: TinyModel) throws {
        let run = try TinyRun(tiny)
        let prefix = randomTokens(64, vocabulary: tiny.vocabularySize)
        let ends = (1...3).map { randomTokens(5, vocabulary: tiny.vocabularySize, seed: UInt64($0)) }
        let alone = ends.map { Array(run.logits(prefix + $0, chunk: 69, pages: [4, 5, 6]).suffix(5)) }
        _ = run.logits(prefix, chunk: 64, pages: [0, 1])
        let together = run.step(
            ends.enumerated().map { index, end in
                (end, SequenceRows(rowCount: 5, startPosition: 64, pages: [0, 1, Int32(7 + index)], logits: .all))
            })
        for (index, expected) in alone.enumerated() {
            #expect((0..<5).map { together[5 * index + $0] ?? [] } == expected)
        }
    }

    @Test("on any number of threads and with any kernels that this machine runs", arguments: models)
    func threadsAndKernels(tiny: TinyModel) throws {
        let tokens = randomTokens(40, vocabulary: tiny.vocabularySize)
        let expected = try TinyRun(tiny, kernels: "scalar", workers: 1).logits(tokens, chunk: 40, pages: [0, 1])
        for kernels in KernelTable.availableNames {
            for workers in [1, 2, 3] {
                let run = try TinyRun(tiny, kernels: kernels, workers: workers)
                #expect(run.logits(tokens, chunk: 40, pages: [0, 1]) == expected, "\(kernels), \(workers) threads")
            }
        }
    }

    @Test("when a step's rows, three experts each, go through in several tiles of slots")
    func expertTiles() throws {
        var tiny = TinyModel(seed: 7, weights: .q8_0)
        tiny.experts = .init(count: 4, usedCount: 3)
        let run = try TinyRun(tiny)
        let tokens = randomTokens(400, vocabulary: tiny.vocabularySize)
        let pages = (0..<13).map(Int32.init)
        let whole = run.logits(tokens, chunk: 400, pages: pages)
        #expect(run.logits(tokens, chunk: 37, pages: pages) == whole)
    }

    @Test("with stale values of another sequence in the rest of a page")
    func stalePages() throws {
        let tiny = Self.models[1]
        let run = try TinyRun(tiny)
        let tokens = randomTokens(20, vocabulary: tiny.vocabularySize)
        let fresh = run.logits(tokens, chunk: 20, pages: [0])
        _ = run.logits(randomTokens(32, vocabulary: tiny.vocabularySize, seed: 9), chunk: 32, pages: [1])
        #expect(run.logits(tokens, chunk: 7, pages: [1]) == fresh)
    }
}
