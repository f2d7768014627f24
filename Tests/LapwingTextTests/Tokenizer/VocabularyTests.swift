import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct VocabularyTests {
    private func expectError(_ expected: TextError, _ change: (inout Vocabulary) -> Void) {
        var vocabulary = SeededVocabulary.make(mergeCount: 3)
        change(&vocabulary)
        #expect(throws: expected) { try Tokenizer(vocabulary) }
        #expect(expected.description.hasSuffix("."))
    }

    @Test("A tokenizer of another kind is refused by name")
    func otherModel() {
        let supported = ["gpt2", "llama", "gemma4", "t5", "bert"]
        expectError(.unsupportedTokenizer(model: "rwkv", supported: supported)) { $0.model = "rwkv" }
    }

    @Test("An unknown pre-tokenizer is refused by name, with those that are known and how to name one of them")
    func unknownPreTokenizer() throws {
        var vocabulary = SeededVocabulary.make()
        vocabulary.preTokenizer = "another"
        let error = #expect(throws: TextError.self) { try Tokenizer(vocabulary) }
        let sentence = try #require(error).description
        for name in ["another", "gguf-new-metadata --pre-tokenizer", "tekken", "smollm", "gpt-2", "llama-bpe", "qwen2"]
        { #expect(sentence.contains(name)) }
    }

    @Test("Counts that do not agree are refused")
    func counts() {
        expectError(.emptyVocabulary) { $0.tokens = [] }
        expectError(.tokenTypeCountMismatch(tokens: 267, types: 266)) { $0.tokenTypes.removeLast() }
        expectError(.unknownTokenType(token: 2, type: 7)) { $0.tokenTypes[2] = 7 }
        expectError(.unknownTokenType(token: 0, type: -1)) { $0.tokenTypes[0] = -1 }
    }

    @Test("Scores are one finite number for each token of SentencePiece", arguments: ["llama", "t5"])
    func scores(model: String) {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: model)
        let count = vocabulary.tokens.count
        vocabulary.scores[7] = .nan
        #expect(throws: TextError.scoreNotFinite(token: 7, score: "nan")) { try Tokenizer(vocabulary) }
        vocabulary.scores[7] = -.infinity
        #expect(throws: TextError.scoreNotFinite(token: 7, score: "-inf")) { try Tokenizer(vocabulary) }
        vocabulary.scores.removeLast()
        #expect(throws: TextError.scoreCountMismatch(tokens: count, scores: count - 1)) { try Tokenizer(vocabulary) }
        vocabulary.scores = []
        #expect(throws: TextError.scoreCountMismatch(tokens: count, scores: 0)) { try Tokenizer(vocabulary) }
    }

    @Test("A token of more bytes than a tokenizer takes is refused", arguments: ["llama", "t5", "bert"])
    func longToken(model: String) {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: model)
        vocabulary.scores = vocabulary.tokens.map { _ in 0 }
        vocabulary.tokens[8] = String(repeating: "x", count: 600)
        #expect(throws: TextError.tokenTooLong(id: 8, byteCount: 600, limit: 512)) { try Tokenizer(vocabulary) }
    }

    @Test("A special token outside the vocabulary is refused", arguments: [Int32.min, -1, 267, Int32.max])
    func specialOutOfRange(id: Int32) {
        expectError(.specialTokenOutOfRange(role: "bos", id: id, vocabularySize: 267)) { $0.bos = id }
        expectError(.specialTokenOutOfRange(role: "eom", id: id, vocabularySize: 267)) { $0.eom = id }
    }

    @Test("A special token of more than 512 bytes is refused")
    func longSpecialToken() throws {
        var vocabulary = SeededVocabulary.make(mergeCount: 3)
        vocabulary.tokens[266] = String(repeating: "x", count: 513)
        vocabulary.tokenTypes[266] = 3
        #expect(throws: TextError.tokenTooLong(id: 266, byteCount: 513, limit: 512)) {
            try Tokenizer(vocabulary)
        }
        vocabulary.tokens[266].removeLast()
        #expect(throws: Never.self) { try Tokenizer(vocabulary) }
    }

    @Test("A merge that is not two tokens is refused", arguments: ["", " ", "a", "ab", "a ", " a"])
    func malformedMerge(merge: String) {
        expectError(.malformedMerge(index: 3, merge: merge)) { $0.merges.append(merge) }
    }

    @Test("A merge that names a missing token is refused with the token")
    func missingToken() {
        expectError(.mergeNamesMissingToken(index: 3, merge: "zz b", missing: "zz")) { $0.merges.append("zz b") }
        expectError(.mergeNamesMissingToken(index: 3, merge: "a Ġzz", missing: " zz")) { $0.merges.append("a Ġzz") }
        expectError(.mergeNamesMissingToken(index: 3, merge: "y z", missing: "yz")) { $0.merges.append("y z") }
    }

    @Test(
        "Random vocabularies are refused or work, and never trap", arguments: ["gpt2", "llama", "gemma4", "t5", "bert"])
    func randomVocabularies(model: String) {
        var random = SplitMix64(seed: 3)
        let texts = [
            "", "a", "b", "ab", "Ġ", "é", "\u{143}", "\u{144}", "Ä", "<0x4>", "<0xZZ>", "<0x+1>", "<|im_end|>", " ",
            "\u{2581}",
            "\u{2581}a", "a\u{2581}",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 0..<12, using: &random)
            let tokens = (0..<count).map { _ in texts.randomElement(using: &random) ?? "" }
            var vocabulary = Vocabulary(
                model: model, preTokenizer: "smollm", tokens: tokens,
                tokenTypes: (0..<count).map { _ in Int32.random(in: 0...6, using: &random) },
                merges: Bool.random(using: &random) ? [] : ["a b"], bos: Int32.random(in: -1...12, using: &random))
            vocabulary.scores = tokens.map { _ in Double(Int.random(in: -5...5, using: &random)) }
            vocabulary.unk = Bool.random(using: &random) ? nil : Int32.random(in: -1...12, using: &random)
            guard let tokenizer = try? Tokenizer(vocabulary) else { continue }
            for id in tokenizer.encode("ab a<|im_end|>é\u{143}") { #expect(tokens.indices.contains(Int(id))) }
        }
    }
}
