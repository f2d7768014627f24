import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct HuggingFaceTokenizerTests {
    static let bpe = #"""
        {"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true,"rstrip":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,
        "vocab":{"<unk>":0,"<s>":1,"▁":2,"a":3,"b":4,"▁a":5,"ab":6,"<0x0A>":7},"merges":["▁ a",["a","b"]]}}
        """#
    static let unigram = #"""
        {"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first",
        "split":true},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["▁",-2],["a",-1.5],["▁a",-2.5]]}}
        """#
    static let wordPiece = #"""
        {"added_tokens":[{"id":0,"content":"[UNK]","special":true},{"id":1,"content":"[CLS]","special":true},
        {"id":2,"content":"[SEP]","special":true}],"normalizer":{"type":"BertNormalizer","lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",2],
        "cls":["[CLS]",1]},"model":{"type":"WordPiece","unk_token":"[UNK]","max_input_chars_per_word":5,
        "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##b":4}}}
        """#
    static let byteLevel = #"""
        {"added_tokens":[{"id":2,"content":"<|end|>","special":true}],"pre_tokenizer":{"type":"ByteLevel",
        "add_prefix_space":false},"model":{"type":"BPE","vocab":{"a":0,"Ġ":1},"merges":[]}}
        """#

    private func read(_ json: String, _ configuration: String? = nil) throws(TextError) -> HuggingFaceTokenizer {
        try HuggingFaceTokenizer(tokenizer: Array(json.utf8), configuration: configuration.map { Array($0.utf8) })
    }

    private func tokenizer(_ json: String) throws(TextError) -> Tokenizer { try Tokenizer(read(json).vocabulary) }

    @Test("Each family's file is read into the tables that a weight file gives")
    func families() throws {
        let bpe = try tokenizer(Self.bpe)
        #expect(bpe.encode("ab <s> ab\n", addSpecialTokens: true) == [1, 5, 4, 2, 1, 5, 4, 7])
        #expect(bpe.decode([5, 4, 7]) == "ab\n")
        let unigram = try tokenizer(Self.unigram)
        #expect(unigram.encode("a a  a") == [3, 3, 1, 3])
        let wordPiece = try tokenizer(Self.wordPiece)
        #expect(wordPiece.encode("AB abbbbb", addSpecialTokens: true) == [1, 3, 4, 0, 2])
        #expect(try tokenizer(Self.byteLevel).encode("a a<|end|>") == [0, 1, 0, 2])
    }

    @Test("The settings beside it name the special tokens and the chat template")
    func settings() throws {
        let read = try read(
            Self.byteLevel,
            #"{"eos_token":{"content":"<|end|>"},"pad_token":"a","add_eos_token":true,"chat_template":"{{ x }}"}"#)
        #expect(read.chatTemplate == "{{ x }}")
        #expect(read.vocabulary.eos == 2)
        #expect(read.vocabulary.pad == 0)
        #expect(try Tokenizer(read.vocabulary).encode("a", addSpecialTokens: true) == [0, 2])
        let named = #"{"chat_template":[{"name":"tools","template":"t"},{"name":"default","template":"d"}]}"#
        #expect(try self.read(Self.byteLevel, named).chatTemplate == "d")
    }

    @Test("Tokens that Unicode takes for equal are apart")
    func equivalentTokens() throws {
        let json = Self.byteLevel.replacing(
            #"{"a":0,"Ġ":1}"#, with: #"{"\u00e9":0,"e\u0301":1,"Ã©":3}"#)
        #expect(try read(json).vocabulary.tokens.count == 4)
    }

    private func expectError(_ expected: TextError, _ json: String, replacing old: String, with new: String) {
        #expect(json.contains(old))
        #expect(throws: expected) { try tokenizer(json.replacing(old, with: new)) }
        #expect(expected.description.hasSuffix("."))
    }

    @Test("Ids with gaps, ids that occur twice and ids out of range are refused")
    func ids() {
        expectError(.tokenIDMissing(id: 7, tokens: 9), Self.bpe, replacing: #""<0x0A>":7"#, with: #""<0x0A>":8"#)
        expectError(.tokenIDTwice(id: 6), Self.bpe, replacing: #""<0x0A>":7"#, with: #""<0x0A>":6"#)
        expectError(.tokenIDOutOfRange(id: -1, tokens: 10), Self.bpe, replacing: #""<0x0A>":7"#, with: #""<0x0A>":-1"#)
        expectError(.tokenIDOutOfRange(id: 70, tokens: 10), Self.bpe, replacing: #""<0x0A>":7"#, with: #""<0x0A>":70"#)
        expectError(.tokenIDTwice(id: 0), Self.bpe, replacing: #"0,"content":"<unk>""#, with: #"0,"content":"<UNK>""#)
    }

    @Test("Merges that are dangling, circular or no pair are refused")
    func merges() {
        let old = #""▁ a""#
        expectError(
            .mergeNamesMissingToken(index: 0, merge: "▁ x", missing: "x"), Self.bpe, replacing: old, with: #""▁ x""#)
        expectError(
            .mergeNamesMissingToken(index: 0, merge: "b a", missing: "ba"), Self.bpe, replacing: old, with: #""b a""#)
        // A merge of something and nothing would give what it is made of, again and again.
        expectError(.malformedMerge(index: 0, merge: "a "), Self.bpe, replacing: old, with: #"["a",""]"#)
        expectError(.malformedMerge(index: 0, merge: " a"), Self.bpe, replacing: old, with: #"["","a"]"#)
        expectError(.malformedMerge(index: 0, merge: "ab"), Self.bpe, replacing: old, with: #""ab""#)
        for other in [#"["a"]"#, "7", #"["a","b","c"]"#] {
            #expect(throws: TextError.self) { try tokenizer(Self.bpe.replacing(old, with: other)) }
        }
    }

    @Test("A part that is not supported is refused by its name")
    func unsupportedParts() {
        for (json, old, new) in [
            (Self.bpe, #""type":"Prepend""#, #""type":"Nmt""#),
            (Self.bpe, #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"Digits"}"#),
            (Self.unigram, #""type":"Unigram""#, #""type":"WordLevel""#),
            (Self.wordPiece, "BertPreTokenizer", "Whitespace"),
            (Self.wordPiece, "BertProcessing", "Other"),
            (Self.byteLevel, #"{"type":"ByteLevel","#, #"{"type":"Punctuation","#),
        ] {
            let error = #expect(throws: TextError.self) { try tokenizer(json.replacing(old, with: new)) }
            guard case .unsupportedTokenizerPart = error else {
                Issue.record("\(String(describing: error)) for \(new)")
                continue
            }
        }
    }

    @Test("Scores that are no numbers, a missing unknown token and missing parts are refused")
    func missingParts() {
        expectError(.missingUnknownToken(model: "t5"), Self.unigram, replacing: #""unk_id":0,"#, with: "")
        expectError(.tokenIDOutOfRange(id: 9, tokens: 4), Self.unigram, replacing: #""unk_id":0"#, with: #""unk_id":9"#)
        for (json, old, new) in [
            (Self.unigram, #"["a",-1.5]"#, #"["a","x"]"#), (Self.unigram, #"["a",-1.5]"#, #"["a"]"#),
            (Self.bpe, #""model""#, #""other""#), (Self.bpe, #""vocab""#, #""other""#),
            (Self.bpe, #""merges""#, #""other""#),
            (Self.bpe, #""ids":[1]"#, #""ids":[]"#), (Self.bpe, #""content":"<s>""#, #""text":"<s>""#),
        ] {
            let error = #expect(throws: TextError.self) { try tokenizer(json.replacing(old, with: new)) }
            guard case .malformedTokenizerFile("tokenizer.json", _) = error else {
                Issue.record("\(String(describing: error)) for \(new)")
                continue
            }
        }
    }

    @Test("What is no JSON is refused with the place")
    func syntax() {
        for json in [
            "", "{", "[1,]", #"{"a":1,}"#, "nul", #""\x""#, #""\ud800""#, "01x", "1e999", "{} {}", #"{"a"}"#, "\"\n\"",
            String(repeating: "[", count: 100_000), "\u{FEFF}{}", #"{"a":"\u12"}"#,
        ] {
            let error = #expect(throws: TextError.self) { try read(json) }
            guard case .malformedTokenizerFile("tokenizer.json", let reason) = error else {
                Issue.record("\(json.prefix(20))")
                continue
            }
            #expect(reason.contains("at byte"))
        }
        #expect(throws: TextError.self) { try HuggingFaceTokenizer(tokenizer: [0x22, 0xFF, 0x22]) }
        #expect(throws: TextError.self) { try read(Self.bpe, "{") }
    }

    @Test("Damaged files are refused or work, and never trap", arguments: [bpe, unigram, wordPiece, byteLevel])
    func damage(json: String) {
        var random = SplitMix64(seed: 4)
        let sound = Array(json.utf8)
        let pieces = [
            "\"", "{", "}", "[", "]", ",", ":", "0", "-1", "1e99", "null", "true", "\"type\"", "\\u0000", "▁",
            "9999999999",
        ]
        for _ in 0..<4000 {
            var bytes = sound
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.insert(contentsOf: pieces[random.below(pieces.count)].utf8, at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
                default:
                    let length = min(1 + random.below(24), bytes.count - place)
                    bytes.insert(contentsOf: bytes[place..<(place + length)], at: random.below(bytes.count))
                }
            }
            guard let tokenizer = try? Tokenizer(HuggingFaceTokenizer(tokenizer: bytes).vocabulary) else { continue }
            let ids = tokenizer.encode("ab <s>a\n [CLS] é我", addSpecialTokens: true)
            #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
            _ = tokenizer.decode(ids, renderSpecial: true)
        }
    }
}
