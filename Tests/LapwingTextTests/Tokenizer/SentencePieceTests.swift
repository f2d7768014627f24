import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct SentencePieceTests {
    /// Letters, the mark and random pieces of them with random scores, of which some are equal; then bytes.
    static func vocabulary(seed: UInt64, model: String = "llama", pieceCount: Int = 120) -> Vocabulary {
        var random = SplitMix64(seed: seed)
        let letters = ["a", "b", "c", "d", "é", "\u{2581}"]
        var tokens = ["<unk>", "<s>", "</s>"] + letters
        var known = Set(tokens)
        while tokens.count < pieceCount {
            let count = Int.random(in: 2...6, using: &random)
            let piece = (0..<count).map { _ in letters.randomElement(using: &random) ?? "a" }.joined()
            // As SentencePiece's trainer does, no piece has a space after something else.
            let marksEnd = piece.drop { $0 == "\u{2581}" }
            if !marksEnd.contains("\u{2581}"), known.insert(piece).inserted { tokens.append(piece) }
        }
        var types: [Int32] = [2, 3, 3] + tokens.dropFirst(3).map { _ in 1 }
        var scores = tokens.map { _ in -Double(Int.random(in: 1...40, using: &random)) }
        if model == "llama" {
            tokens += bytes
            types += bytes.map { _ in 6 }
            scores += bytes.map { _ in 0 }
        }
        var vocabulary = Vocabulary(model: model, tokens: tokens, tokenTypes: types, bos: 1, eos: 2, unk: 0)
        vocabulary.scores = scores
        return vocabulary
    }

    static let bytes: [String] = (UInt8.min...UInt8.max).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(byte < 16 ? "0" : "")\(digits)>"
    }

    static func words(_ count: Int, length: Int, _ random: inout SplitMix64) -> String {
        (0..<count).map { _ in
            String(
                (0..<Int.random(in: 0...length, using: &random)).map { _ in "abcdé".randomElement(using: &random) ?? "a"
                })
        }.joined(separator: " ")
    }

    @Test("Tokens are those that the definition gives: the pair of the best joined score first, the leftmost of equals")
    func equalsDefinition() throws {
        for seed in UInt64(0)..<20 {
            let vocabulary = Self.vocabulary(seed: seed)
            let tokenizer = try Tokenizer(vocabulary)
            var random = SplitMix64(seed: seed + 50)
            for _ in 0..<20 {
                let text = Self.words(4, length: 12, &random)
                #expect(tokenizer.encode(text) == Self.naive(text, vocabulary), "seed \(seed), \(text)")
                #expect(tokenizer.decode(tokenizer.encode(text)) == text)
            }
        }
    }

    private static func naive(_ text: String, _ vocabulary: Vocabulary) -> [Int32] {
        if text.isEmpty { return [] }
        var ids: [String: Int] = [:]
        for (id, token) in vocabulary.tokens.enumerated() where vocabulary.tokenTypes[id] == 1 { ids[token] = id }
        var parts = (" " + text).map { $0 == " " ? "\u{2581}" : String($0) }
        while true {
            var best: (score: Double, index: Int)?
            for index in parts.indices.dropLast() {
                guard let id = ids[parts[index] + parts[index + 1]] else { continue }
                let score = vocabulary.scores[id]
                if score > best?.score ?? -.infinity { best = (score, index) }
            }
            guard let best else { break }
            parts[best.index] += parts.remove(at: best.index + 1)
        }
        return parts.compactMap { ids[$0].map(Int32.init) }
    }

    @Test("A character that is no token is its bytes; without byte tokens it is unknown, once in a row")
    func unknownCharacters() throws {
        var vocabulary = Self.vocabulary(seed: 1)
        let firstByte = try #require(vocabulary.tokens.firstIndex(of: "<0x00>"))
        let smile = "😀".utf8.map { Int32(firstByte) + Int32($0) }
        var tokenizer = try Tokenizer(vocabulary)
        #expect(tokenizer.encode("<s>😀").suffix(4) == smile[...])
        #expect(tokenizer.decode(tokenizer.encode("a😀\n")) == "a😀\n")
        #expect(tokenizer.bytes(of: smile[0]) == [0xF0])

        vocabulary.tokens.removeLast(256)
        vocabulary.tokenTypes.removeLast(256)
        vocabulary.scores.removeLast(256)
        tokenizer = try Tokenizer(vocabulary)
        #expect(tokenizer.encode("😀😀").last == 0)
        #expect(tokenizer.encode("😀😀").filter { $0 == 0 }.count == 1)
        vocabulary.fusesUnknown = false
        #expect(try Tokenizer(vocabulary).encode("😀😀").filter { $0 == 0 }.count == 2)
        vocabulary.unk = nil
        vocabulary.tokenTypes[0] = 3
        #expect(throws: TextError.missingUnknownToken(model: "llama")) { try Tokenizer(vocabulary) }
    }

    @Test("A space goes where the vocabulary says, and is dropped again from the text's beginning")
    func spacePrefix() throws {
        var vocabulary = Self.vocabulary(seed: 2, pieceCount: 9)
        let mark = try #require(vocabulary.tokens.firstIndex(of: "\u{2581}")).asToken
        let a = try #require(vocabulary.tokens.firstIndex(of: "a")).asToken
        func encode(_ text: String, _ prefix: SpacePrefix?) throws -> [Int32] {
            vocabulary.spacePrefix = prefix
            let tokenizer = try Tokenizer(vocabulary)
            if prefix == .everyStretch { #expect(tokenizer.decode(tokenizer.encode(text)).hasPrefix(text.prefix(1))) }
            return tokenizer.encode(text)
        }
        #expect(try encode("a<s> a", nil) == [mark, a, 1, mark, mark, a])
        #expect(try encode("a<s> a", .everyStretch) == [mark, a, 1, mark, mark, a])
        #expect(try encode("a<s> a<s>a", .everyUnspacedStretch) == [mark, a, 1, mark, a, 1, mark, a])
        #expect(try encode("a<s>a", .unspacedText) == [mark, a, 1, a])
        #expect(try encode("<s>a", .unspacedText) == [1, a])
        #expect(try encode("a", .never) == [a])
        // A mark in the text is a space, and a token streams with its space.
        #expect(try encode("a\u{2581}a", .never) == [a, mark, a])
        #expect(try Tokenizer(vocabulary).bytes(of: mark) == [0x20])
    }

    @Test("Special tokens take the white space beside them where the vocabulary says so")
    func stripping() throws {
        var vocabulary = Self.vocabulary(seed: 2, pieceCount: 9)
        vocabulary.spacePrefix = .never
        vocabulary.leftStripping = [1]
        vocabulary.rightStripping = [2]
        let tokenizer = try Tokenizer(vocabulary)
        let a = try #require(vocabulary.tokens.firstIndex(of: "a")).asToken
        #expect(tokenizer.encode("a \u{3000}\n<s>a</s>\t\u{2003}a") == [a, 1, a, 2, a])
        #expect(tokenizer.encode("  <s></s>  ") == [1, 2])
        // A token of white space keeps its own, also between two that take what is beside them.
        vocabulary.tokens.append(" \n")
        vocabulary.tokenTypes.append(4)
        vocabulary.scores.append(0)
        let newline = Int32(vocabulary.tokens.count - 1)
        #expect(try Tokenizer(vocabulary).encode("</s> \n <s>a") == [2, newline, 1, a])
    }

    @Test(
        "A million letters without a space are encoded as their definition says, whatever the tokens",
        arguments: ["a", "é"])
    func longWord(letter: String) throws {
        let tokens = ["<unk>", letter] + (1...8).map { String(repeating: letter, count: 1 << $0) }
        var vocabulary = Vocabulary(
            model: "llama", tokens: tokens, tokenTypes: [2] + Array(repeating: 1, count: 9), unk: 0)
        vocabulary.scores = tokens.indices.map { -Double($0) }
        vocabulary.spacePrefix = .never
        let ids = try Tokenizer(vocabulary).encode(String(repeating: letter, count: 256 * 4000 + 3))
        #expect(ids == Array(repeating: 9, count: 4000) + [2, 1])
    }

    @Test("Listed merges are used in place of scores")
    func listedMerges() throws {
        var vocabulary = Vocabulary(
            model: "gemma4", tokens: ["<unk>", "a", "b", "ab", "bb", "\u{2581}"], tokenTypes: [2, 1, 1, 1, 1, 1],
            merges: ["b b", "a b"], unk: 0)
        vocabulary.spacePrefix = .never
        #expect(try Tokenizer(vocabulary).encode("abb") == [1, 4])
        vocabulary.merges = ["a b", "b b"]
        #expect(try Tokenizer(vocabulary).encode("abb") == [3, 2])
    }
}

extension Int {
    var asToken: Int32 { Int32(self) }
}
