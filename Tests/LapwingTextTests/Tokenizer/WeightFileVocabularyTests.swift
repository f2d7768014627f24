import LapwingTestSupport
import LapwingText
import Testing

/// What a weight file can say of a folder's tokenizer.
@Suite struct WeightFileVocabularyTests {
    private func read(_ json: String, _ changes: [(String, String)] = []) throws -> Vocabulary {
        let text = changes.reduce(json) { text, change in
            #expect(text.contains(change.0), "nothing is changed")
            return text.replacing(change.0, with: change.1)
        }
        return try HuggingFaceTokenizer(tokenizer: Array(text.utf8)).vocabulary
    }

    /// The part that is refused, and what was found.
    private func refusal(_ vocabulary: Vocabulary) -> (part: String, found: String)? {
        do {
            _ = try WeightFileVocabulary(vocabulary)
        } catch {
            if case .notForWeightFile(let part, let found, _) = error { return (part, found) }
            Issue.record("\(error)")
        }
        return nil
    }

    // MARK: Byte-level

    private static let byteLevel = #"""
        {"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
        "model":{"type":"BPE","ignore_merges":false,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
        """#
    @Test("A pre-tokenizer that is spelled out gets its name, and merges are kept as they are")
    func names() throws {
        let told = try WeightFileVocabulary(read(Self.byteLevel))
        #expect(told.preTokenizer == "gpt-2" && told.merges == ["a b"] && told.scores.isEmpty)
        #expect(told.addsSpacePrefix == nil && told.notes.isEmpty)
        let digits =
            #"{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","#
            + #""add_prefix_space":false,"use_regex":true}]}"#
        let plain = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#
        #expect(try WeightFileVocabulary(read(Self.byteLevel, [(plain, digits)])).preTokenizer == "smollm")
    }

    @Test("A pre-tokenizer without a name is refused: no word says where it cuts")
    func refusesPreTokenizer() throws {
        // Cut as GPT-2 does, but a word that is a token is that token: no family is so.
        let odd = try read(Self.byteLevel, [("\"ignore_merges\":false", "\"ignore_merges\":true")])
        #expect(refusal(odd)?.part == "pre-tokenizer")
    }

    @Test("Joining characters and a space before the text are told in a note, other normalisation is refused")
    func notesByteLevel() throws {
        let joined = try WeightFileVocabulary(
            read(Self.byteLevel, [("\"normalizer\":null", #""normalizer":{"type":"NFC"}"#)]))
        #expect(joined.notes.count == 1 && joined.notes[0].contains("NFC"))
        let spaced = try WeightFileVocabulary(
            read(Self.byteLevel, [("\"add_prefix_space\":false", "\"add_prefix_space\":true")]))
        #expect(spaced.addsSpacePrefix == true && spaced.notes.count == 1)
        let lowered = try read(Self.byteLevel, [("\"normalizer\":null", #""normalizer":{"type":"Lowercase"}"#)])
        #expect(refusal(lowered)?.part == "normalizer")
    }

    // MARK: SentencePiece

    /// Characters, all bytes, and these tokens with these merges.
    private func pieces(
        _ tokens: [String], merges: [String], special: [String] = [], prefix: String = "never", split: Bool = false
    ) throws -> Vocabulary {
        let bytes = (0..<256).map { "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>" }
        let all = ["<unk>", "<s>", "</s>"] + bytes + ["▁", "a", "b", "c"] + special + tokens
        let vocabulary = all.enumerated().map { "\"\($0.element)\":\($0.offset)" }.joined(separator: ",")
        let added = special.map { text in
            "{\"id\":\(all.firstIndex(of: text) ?? 0),\"content\":\"\(text)\",\"special\":false}"
        }
        return try read(
            """
            {"added_tokens":[\(added.joined(separator: ","))],"normalizer":null,"pre_tokenizer":{"type":"Metaspace",
            "replacement":"▁","prepend_scheme":"\(prefix)","split":\(split)},"model":{"type":"BPE","unk_token":"<unk>",
            "byte_fallback":true,"vocab":{\(vocabulary)},
            "merges":[\(merges.map { "\"\($0)\"" }.joined(separator: ","))]}}
            """)
    }

    @Test("Merges become scores that make them in their order, token by token")
    func scores() throws {
        let vocabulary = try pieces(["ab", "abc", "▁a"], merges: ["▁ a", "a b", "ab c"])
        let told = try WeightFileVocabulary(vocabulary)
        #expect(told.merges.isEmpty && told.preTokenizer == "default" && told.addsSpacePrefix == false)
        func score(_ text: String) throws -> Float { told.scores[try #require(vocabulary.tokens.firstIndex(of: text))] }
        #expect(try score("▁a") > score("ab") && score("ab") > score("abc") && score("abc") > score("c"))

        var scored = vocabulary
        (scored.merges, scored.scores) = ([], told.scores.map(Double.init))
        let (listed, derived) = (try Tokenizer(vocabulary), try Tokenizer(scored))
        for text in ["abc", " ab a bc", "aabbcc  abc\n", "d é"] { #expect(listed.encode(text) == derived.encode(text)) }
    }

    @Test("Merges that the tokens' texts do not give are refused with the pair")
    func refusesMerges() throws {
        // "b c" is not listed, though "bc" is a token.
        let missing = refusal(try pieces(["ab", "bc"], merges: ["a b"]))
        #expect(missing?.part == "list of merges" && missing?.found.contains("'b c'") == true)
        // What makes a special token never happens: its text is cut out before.
        #expect(refusal(try pieces(["ab", "bc"], merges: ["a b", "b ab", "b c"], special: ["bab"])) == nil)
    }

    @Test("Tokens whose merges are listed in turns get one score, which a note tells")
    func tiesScores() throws {
        let vocabulary = try pieces(
            ["ab", "bc", "abc", "▁a", "ca"], merges: ["a b", "b c", "a bc", "▁ a", "ab c", "c a"])
        let told = try WeightFileVocabulary(vocabulary)
        func score(_ text: String) throws -> Float { told.scores[try #require(vocabulary.tokens.firstIndex(of: text))] }
        #expect(try score("abc") == score("▁a") && score("bc") > score("abc") && score("▁a") > score("ca"))
        #expect(told.notes.count == 1 && told.notes[0].contains("'▁a'"))
        let apart = try pieces(["ab", "bc", "abc"], merges: ["a b", "b c", "a bc", "ab c"])
        #expect(try WeightFileVocabulary(apart).notes.isEmpty)
    }

    @Test("A token so long that looking for its merges would take minutes is refused")
    func refusesLong() throws {
        let vocabulary = try pieces([String(repeating: "a", count: 513)], merges: [])
        #expect(throws: TextError.tokenTooLong(id: 263, byteCount: 513, limit: 512)) {
            try WeightFileVocabulary(vocabulary)
        }
    }

    @Test("Without a token for each byte there is no word for a character that is none")
    func refusesWithoutBytes() throws {
        let json = HuggingFaceTokenizerTests.bpe
        #expect(refusal(try read(json))?.part == "vocabulary")
    }

    @Test("Where the space goes before a text is told in a note where the file can say it nearly")
    func notesSpaces() throws {
        for (scheme, notes) in [("never", 0), ("always", 1), ("first", 1)] {
            let told = try WeightFileVocabulary(pieces(["ab"], merges: ["a b"], prefix: scheme))
            #expect(told.notes.count == notes && told.addsSpacePrefix == (notes > 0))
        }
        #expect(refusal(try pieces(["ab"], merges: ["a b"], split: true)) == nil)
        let spaced = refusal(try pieces(["a▁"], merges: ["a ▁"], split: true))
        #expect(spaced?.part == "pre-tokenizer")
    }

    // MARK: Others

    @Test("BERT's folding of text is told, and what no file says is refused")
    func bert() throws {
        let json = HuggingFaceTokenizerTests.wordPiece
        let limit = ("\"max_input_chars_per_word\":5", "\"max_input_chars_per_word\":100")
        let told = try WeightFileVocabulary(read(json, [limit]))
        #expect(told.bert?.lowercases == true && told.bert?.stripsAccents == true && told.notes.isEmpty)
        #expect(refusal(try read(json))?.part == "max_input_chars_per_word")
        let raw = (#""lowercase":true"#, #""lowercase":true,"clean_text":false"#)
        #expect(refusal(try read(json, [limit, raw]))?.found == "one without clean_text")
        let silent = (#""type":"BertProcessing","sep":["[SEP]",2],"#, #""type":"ByteLevel","#)
        #expect(refusal(try read(json, [limit, silent]))?.part == "post-processor")
    }

    @Test("A unigram model is refused")
    func unigram() throws { #expect(refusal(try read(HuggingFaceTokenizerTests.unigram))?.part == "model") }
}
