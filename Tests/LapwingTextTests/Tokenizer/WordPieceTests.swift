import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct WordPieceTests {
    static let tokens = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u{2581}un", "aff", "able", "\u{2581}a", "\u{2581},", "\u{2581}我", "ab",
        "a",
    ]

    static func vocabulary() -> Vocabulary {
        var vocabulary = Vocabulary(
            model: "bert", tokens: tokens, tokenTypes: [3, 2, 3, 3] + tokens.dropFirst(4).map { _ in 1 }, unk: 1, pad: 0
        )
        vocabulary.cls = 2
        vocabulary.sep = 3
        return vocabulary
    }

    @Test("A word is its longest tokens from left to right, and unknown as a whole where a part is none")
    func words() throws {
        let tokenizer = try Tokenizer(Self.vocabulary())
        #expect(tokenizer.encode("unaffable") == [4, 5, 6])
        #expect(tokenizer.encode("UNÁFFABLE,a我a") == [4, 5, 6, 8, 7, 9, 7])
        #expect(tokenizer.encode("unaffablex un") == [1, 4])
        #expect(tokenizer.encode("  \u{0} \n") == [])
        // The greedy choice "ab" leaves "le", which is no token, though "a" and others might go on.
        #expect(tokenizer.encode("unable unabl") == [4, 6, 1])
    }

    @Test("A text stands between the class token and the separator")
    func sequenceEnds() throws {
        let tokenizer = try Tokenizer(Self.vocabulary())
        #expect(tokenizer.encode("un", addSpecialTokens: true) == [2, 4, 3])
        #expect(tokenizer.encode("", addSpecialTokens: true) == [2, 3])
        #expect(tokenizer.encode("un[SEP]a") == [4, 3, 7])
        #expect(tokenizer.decode([2, 4, 5, 6, 8, 7, 3]) == "unaffable , a")
    }

    @Test("A word of more than a hundred characters is unknown, and a million without a space cost a pass")
    func longWord() throws {
        var vocabulary = Self.vocabulary()
        #expect(try Tokenizer(vocabulary).encode("a" + String(repeating: "ab", count: 49) + "a").count == 51)
        #expect(try Tokenizer(vocabulary).encode("a" + String(repeating: "ab", count: 50)) == [1])
        vocabulary.wordLimit = .max
        #expect(try Tokenizer(vocabulary).encode(String(repeating: "a", count: 1_000_000)).count == 1_000_000)
    }

    @Test("A vocabulary without an unknown token is refused")
    func missingUnknown() {
        var vocabulary = Self.vocabulary()
        vocabulary.unk = nil
        vocabulary.tokenTypes[1] = 3
        #expect(throws: TextError.missingUnknownToken(model: "bert")) { try Tokenizer(vocabulary) }
    }

    @Test("Text is folded as BERT does, and only so far as the model wants")
    func folding() throws {
        func normalized(_ text: String, _ change: (inout BertNormalization) -> Void = { _ in }) -> String {
            var bert = BertNormalization()
            change(&bert)
            return String(decoding: bert.applied(to: Array(text.utf8)), as: UTF8.self)
        }
        #expect(normalized("Héllo\tWÖRLD\u{7F}\u{200D}\u{A0}x") == "hello world x")
        // Letter by letter, so the sigma at the end is as any other.
        #expect(normalized("ÅÄ İI \u{391}\u{3A3}") == "aa ii \u{3B1}\u{3C3}")
        #expect(normalized("各ab我") == " 各 ab 我 ")
        #expect(
            normalized(
                "Hé我",
                {
                    $0.lowercases = false; $0.stripsAccents = false
                }) == "Hé 我 ")
        #expect(
            normalized(
                "Hé我",
                {
                    $0.spacesChinese = false; $0.stripsAccents = false
                }) == "hé我")
        #expect(normalized("a\u{0}\u{FFFD}\tb", { $0.cleansText = false }) == "a\u{0}\u{FFFD}\tb")
        #expect(
            normalized(String(repeating: "e\u{301}\u{316}", count: 10_000)) == String(repeating: "e", count: 10_000))
    }
}
