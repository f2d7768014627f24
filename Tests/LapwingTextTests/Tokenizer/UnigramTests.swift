import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct UnigramTests {
    @Test("Tokens are the likeliest of all ways to cut a word")
    func equalsDefinition() throws {
        for seed in UInt64(0)..<20 {
            var vocabulary = SentencePieceTests.vocabulary(seed: seed, model: "t5")
            // No two ways may have the same sum.
            var random = SplitMix64(seed: seed)
            vocabulary.scores = vocabulary.scores.map { _ in -Double.random(in: 1...9, using: &random) }
            let tokenizer = try Tokenizer(vocabulary)
            for _ in 0..<20 {
                let text = SentencePieceTests.words(1, length: 9, &random)
                #expect(tokenizer.encode(text) == Self.naive(text, vocabulary), "seed \(seed), \(text)")
            }
        }
    }

    private static func naive(_ text: String, _ vocabulary: Vocabulary) -> [Int32] {
        if text.isEmpty { return [] }
        var best: (score: Double, ids: [Int32]) = (-.infinity, [])
        func cut(_ rest: Substring, _ score: Double, _ ids: [Int32]) {
            if rest.isEmpty, score > best.score { best = (score, ids) }
            for (id, token) in vocabulary.tokens.enumerated() where vocabulary.tokenTypes[id] == 1 {
                if rest.hasPrefix(token) {
                    cut(rest.dropFirst(token.count), score + vocabulary.scores[id], ids + [Int32(id)])
                }
            }
        }
        cut("\u{2581}\(text)", 0, [])
        return best.ids
    }

    @Test("What is no token is unknown once in a row, and costs more than any token")
    func unknown() throws {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: "t5", pieceCount: 9)
        let tokenizer = try Tokenizer(vocabulary)
        let mark = try #require(vocabulary.tokens.firstIndex(of: "\u{2581}")).asToken
        #expect(tokenizer.encode("😀x") == [mark, 0])
        #expect(tokenizer.encode("😀 x") == [mark, 0, mark, 0])
        vocabulary.unk = nil
        vocabulary.tokenTypes[0] = 3
        #expect(throws: TextError.missingUnknownToken(model: "t5")) { try Tokenizer(vocabulary) }
    }

    @Test("An end is added where the vocabulary does not say, a beginning is not")
    func sequenceEnds() throws {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: "t5", pieceCount: 9)
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true).last == 2)
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true).first != 1)
        vocabulary.addBOS = true
        vocabulary.addEOS = false
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true).first == 1)
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true).last != 2)
    }

    @Test("A million letters without a space cost a pass, also where tokens are long")
    func longWord() throws {
        let tokens = ["<unk>", "a", String(repeating: "a", count: 100), "b"]
        var vocabulary = Vocabulary(model: "t5", tokens: tokens, tokenTypes: [2, 1, 1, 1], unk: 0)
        vocabulary.scores = [0, -1, -1.5, -1]
        vocabulary.spacePrefix = .never
        #expect(try Tokenizer(vocabulary).encode(String(repeating: "a", count: 1_000_000)).count == 10_000)
    }

    @Test("Runs of spaces are one where the file says so")
    func joinedSpaces() throws {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: "t5", pieceCount: 9)
        try vocabulary.setUnigramNormalization(characterMap: nil, joinsSpaces: true)
        let tokenizer = try Tokenizer(vocabulary)
        #expect(tokenizer.encode("  a   b  ") == tokenizer.encode("a b"))
        #expect(tokenizer.decode(tokenizer.encode("  a   b  ")) == "a b")
        #expect(tokenizer.encode("   ") == [])
    }
}
