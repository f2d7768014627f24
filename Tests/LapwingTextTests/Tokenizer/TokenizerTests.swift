import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct TokenizerTests {
    /// Words of few letters, so that merges are many; long ones take the other path through the encoder.
    @Test(
        "A word's tokens are those that the definition of byte-pair encoding gives",
        arguments: [1, 12, 47, 48, 49, 50, 90])
    func equalsDefinition(length: Int) throws {
        for seed in UInt64(0)..<12 {
            let vocabulary = SeededVocabulary.make(seed: seed)
            let tokenizer = try Tokenizer(vocabulary)
            let naive = NaiveBytePairEncoder(vocabulary)
            var random = SplitMix64(seed: seed + 100)
            for _ in 0..<8 {
                let word = String((0..<length).map { _ in "abcdefé".randomElement(using: &random) ?? "a" })
                #expect(tokenizer.encode(word) == naive.encode(word: word), "seed \(seed), word \(word)")
            }
        }
    }

    @Test("Any text comes back byte for byte", arguments: ["gpt-2", "smollm", "llama-bpe", "qwen2"])
    func roundTrip(preTokenizer: String) throws {
        let tokenizer = try Tokenizer(SeededVocabulary.make(preTokenizer: preTokenizer))
        var random = SplitMix64(seed: 5)
        for _ in 0..<300 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<30, using: &random) {
                let value = UInt32.random(in: 0..<(Bool.random(using: &random) ? 0x80 : 0x110000), using: &random)
                text.unicodeScalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
            }
            let back = tokenizer.decode(tokenizer.encode(text), renderSpecial: true)
            #expect(Array(back.utf8) == Array(text.utf8))
        }
    }

    @Test("Composed and decomposed characters are different tokens")
    func noNormalization() throws {
        let tokenizer = try Tokenizer(SeededVocabulary.make())
        #expect(tokenizer.encode("\u{E9}") != tokenizer.encode("e\u{301}"))
        #expect(tokenizer.decode(tokenizer.encode("e\u{301}")).unicodeScalars.count == 2)
    }

    @Test("A word of a hundred thousand letters is encoded as its definition says")
    func longWord() throws {
        let vocabulary = Vocabulary(
            model: "gpt2", preTokenizer: "gpt-2", tokens: SeededVocabulary.byteAlphabet + ["aa", "aaaa"],
            tokenTypes: [],
            merges: ["a a", "aa aa"])
        let tokens = try Tokenizer(vocabulary).encode(String(repeating: "a", count: 100_003))
        #expect(tokens == Array(repeating: 257, count: 25_000) + [256, 97])
    }

    @Test("A word that is a token is taken whole where the pre-tokenizer ignores merges")
    func ignoredMerges() throws {
        var vocabulary = Vocabulary(
            model: "gpt2", preTokenizer: "llama-bpe", tokens: SeededVocabulary.byteAlphabet + ["abc"], tokenTypes: [],
            merges: [])
        #expect(try Tokenizer(vocabulary).encode("abc") == [256])
        vocabulary.preTokenizer = "qwen2"
        #expect(try Tokenizer(vocabulary).encode("abc") == [97, 98, 99])
    }

    @Test("Of a token in plain text and the same in bytes, merges and bytes mean the latter")
    func plainTokens() throws {
        let vocabulary = Vocabulary(
            model: "gpt2", preTokenizer: "gpt-2", tokens: ["\u{200D}"] + SeededVocabulary.byteAlphabet + ["âĢ", "âĢį"],
            tokenTypes: [], merges: ["â Ģ", "âĢ į"])
        #expect(try Tokenizer(vocabulary).encode("\u{200D}") == [258])
        #expect(try Tokenizer(vocabulary).decode([0, 258]) == "\u{200D}\u{200D}")
    }

    @Test("Bytes that are no token are left out")
    func missingBytes() throws {
        let vocabulary = Vocabulary(
            model: "gpt2", preTokenizer: "gpt-2", tokens: ["a", "b", "ab"], tokenTypes: [], merges: ["a b"])
        #expect(try Tokenizer(vocabulary).encode("abXa\u{0}b") == [2, 0, 1])
    }

    @Test("Beginning and end of sequence are added as the vocabulary says, and only when asked for")
    func sequenceEnds() throws {
        var vocabulary = SeededVocabulary.make()
        let bos = try #require(vocabulary.bos)
        let eos = try #require(vocabulary.eos)
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true) == [97])
        vocabulary.addBOS = true
        vocabulary.addEOS = true
        #expect(try Tokenizer(vocabulary).encode("a", addSpecialTokens: true) == [bos, 97, eos])
        #expect(try Tokenizer(vocabulary).encode("a") == [97])
        #expect(try Tokenizer(vocabulary).encode("<|begin|>a", addSpecialTokens: true) == [bos, 97, eos])
        vocabulary.preTokenizer = "llama-bpe"
        vocabulary.addBOS = nil
        #expect(try Tokenizer(vocabulary).encode("", addSpecialTokens: true) == [bos, eos])
    }

    @Test("A space is put before text where the vocabulary says so")
    func spacePrefix() throws {
        var vocabulary = SeededVocabulary.make(mergeCount: 0)
        vocabulary.spacePrefix = .everyUnspacedStretch
        let tokenizer = try Tokenizer(vocabulary)
        #expect(tokenizer.encode("a") == [32, 97])
        #expect(tokenizer.encode(" a") == [32, 97])
        #expect(tokenizer.encode("") == [])
        #expect(tokenizer.decode(tokenizer.encode("x<|end|>y"), renderSpecial: true) == " x<|end|> y")
    }

    @Test("Control tokens are silent, user-defined tokens are text, unknown ids are nothing")
    func bytesOfTokens() throws {
        let tokenizer = try Tokenizer(SeededVocabulary.make(mergeCount: 0))
        #expect(tokenizer.bytes(of: 256) == [])
        #expect(tokenizer.bytes(of: 256, renderSpecial: true) == Array("<|begin|>".utf8))
        #expect(tokenizer.bytes(of: 259) == [])
        #expect(tokenizer.bytes(of: 260) == Array("[[tool]]".utf8))
        #expect(tokenizer.bytes(of: 262) == [0x41])
        #expect(tokenizer.bytes(of: 263, renderSpecial: true) == [])
        #expect(tokenizer.bytes(of: 0xE9) == [0xE9])
        for outside in [Int32.min, -1, Int32(tokenizer.vocabularySize), Int32.max] {
            #expect(tokenizer.bytes(of: outside, renderSpecial: true) == [])
        }
        #expect(tokenizer.decode([0xC3, 0xA9, 0xC3, 97]) == "é\u{FFFD}a")
    }

    @Test("The longest special token takes its place first, and the rest is text")
    func specialTokens() throws {
        let tokenizer = try Tokenizer(SeededVocabulary.make(mergeCount: 0))
        #expect(tokenizer.encode("a<|begin|>b<|end|>") == [97, 256, 98, 257])
        #expect(tokenizer.encode("<|end|><|begin|><|end|>") == [258, 257])
        #expect(tokenizer.encode("<|begin|") == Array("<|begin|".utf8.map(Int32.init)))
        #expect(tokenizer.encode("[[tool]]x") == [260, 120])
        #expect(tokenizer.encode("<gap>") == Array("<gap>".utf8.map(Int32.init)))
    }

    @Test("Where special tokens overlap, the result is that of claiming places one by one, the longest token first")
    func overlappingSpecialTokens() throws {
        var random = SplitMix64(seed: 6)
        func letters(_ count: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: count, using: &random)).map { _ in "ab".randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<2000 {
            let specials = (0..<Int.random(in: 1...6, using: &random)).map { _ in letters(1...5) }
            let vocabulary = Vocabulary(
                model: "gpt2", preTokenizer: "gpt-2", tokens: SeededVocabulary.byteAlphabet + specials,
                tokenTypes: Array(repeating: 1, count: 256) + specials.map { _ in 3 }, merges: [])
            let text = letters(0...24)
            let expected = TokenizerTests.claims(Array(text.utf8), specials.map { Array($0.utf8) })
            #expect(try Tokenizer(vocabulary).encode(text) == expected, "\(specials) in \(text)")
        }
    }

    private static func claims(_ text: [UInt8], _ specials: [[UInt8]]) -> [Int32] {
        var tokens = text.map(Int32.init)
        var isTaken = text.map { _ in false }
        for length in (1...5).reversed() {
            for start in text.indices where start + length <= text.count {
                let range = start..<(start + length)
                guard !isTaken[range].contains(true), let index = specials.firstIndex(of: Array(text[range])) else {
                    continue
                }
                for place in range {
                    isTaken[place] = true
                    tokens[place] = place == start ? 256 + Int32(index) : -1
                }
            }
        }
        return tokens.filter { $0 >= 0 }
    }

    @Test("Long runs of what special tokens of every length are made of are cut in one pass")
    func runsOfBlanks() throws {
        let specials = (2...512).map { String(repeating: " ", count: $0) }
        let vocabulary = Vocabulary(
            model: "gpt2", preTokenizer: "gpt-2", tokens: SeededVocabulary.byteAlphabet + specials,
            tokenTypes: Array(repeating: 1, count: 256) + specials.map { _ in 4 }, merges: [])
        let tokens = try Tokenizer(vocabulary).encode(String(repeating: " ", count: 512 * 1000 + 3))
        let longest = [Int32](repeating: 766, count: 1000)
        #expect(tokens == longest + [257])
    }

    @Test("Ends of an answer are those that the file names and those known by their text")
    func endTokens() throws {
        let vocabulary = SeededVocabulary.make(mergeCount: 0)
        #expect(try Tokenizer(vocabulary).endOfGenerationTokens == [257])
        var typed = vocabulary
        typed.tokens += ["<|im_end|>", "</s>", "</s>"]
        typed.tokenTypes += [1, 1, 3]
        typed.eot = 260
        let tokenizer = try Tokenizer(typed)
        #expect(tokenizer.endOfGenerationTokens == [257, 260, 264, 266])
        #expect(tokenizer.encode("<|im_end|>") == [264])
        #expect(tokenizer.bytes(of: 264) == [])
    }
}
