import Foundation
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import LapwingText
import Testing

/// A folder's tokenizer, written into a GGUF file and read from there.
@Suite("Tokenizers that are written")
struct WrittenVocabularyTests {
    private static let texts = [
        "the lapwing is a bird of open fields", "Éte\u{301} 12345 don't!\n\n  x", "a<|im_end|>b", " ", "日本 🐦", "ab ▁ab",
    ]

    /// A folder opened, a file of it opened, and where both lie.
    private struct Written {
        let folder: ModelFile
        let file: ModelFile
        let place: TemporaryFolder
    }

    /// Writes a folder with these files and a file of it.
    private func write(_ files: [String: String]) throws -> Written {
        let tiny = TinyModel(), folder = try TemporaryFolder()
        var writer = SafetensorsWriter()
        writer.tensors = tiny.folderTensors()
        _ = try folder.write(writer.bytes(), to: "model.safetensors")
        _ = try folder.write(Array(tiny.configuration().utf8), to: "config.json")
        for (name, text) in files { _ = try folder.write(Array(text.utf8), to: name) }
        let source = try ModelFile(toWrite: folder.path), path = "\(folder.path)/out.gguf"
        let (entries, _) = try ModelVocabulary(source).entries(for: source)
        try Quantization(source, to: .f32, adding: entries).write(to: path, workers: Workers(count: 1))
        return Written(folder: source, file: try ModelFile(path: path), place: folder)
    }

    private func json(_ members: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
    }

    private func numbered(_ tokens: [String]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
    }

    private func added(_ tokens: [String], isSpecial: Bool = true) -> [[String: Any]] {
        tokens.enumerated().map { ["id": $0, "content": $1, "special": isSpecial] }
    }

    /// Of 300 tokens, with the control tokens first.
    private func byteLevel() throws -> String {
        let tiny = TinyVocabulary(size: 300)
        return try json([
            "added_tokens": added(TinyVocabulary.controlTokens),
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
            "decoder": ["type": "ByteLevel"],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [["SpecialToken": ["id": "<|im_start|>"]], ["Sequence": ["id": "A"]]],
                "special_tokens": ["<|im_start|>": ["id": "<|im_start|>", "ids": [1]]],
            ],
            "model": ["type": "BPE", "vocab": numbered(tiny.tokens), "merges": tiny.merges],
        ])
    }

    private func sentencePiece() throws -> String {
        let bytes = (0..<256).map { "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>" }
        let tokens =
            ["<unk>", "<s>", "</s>"] + bytes + ["▁", "a", "b", "l", "p", "▁a", "ab", "la", "lap", "▁ab"]
        return try json([
            "added_tokens": added(["<unk>", "<s>", "</s>"]),
            "normalizer": [
                "type": "Sequence",
                "normalizers": [
                    ["type": "Prepend", "prepend": "▁"],
                    ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
                ],
            ],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [["SpecialToken": ["id": "<s>"]], ["Sequence": ["id": "A"]]],
                "special_tokens": ["<s>": ["id": "<s>", "ids": [1]]],
            ],
            "model": [
                "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true, "vocab": numbered(tokens),
                "merges": ["▁ a", "a b", "l a", "la p", "▁a b", "▁ ab"],
            ],
        ])
    }

    private func wordPiece(lowercases: Bool) throws -> String {
        let tokens =
            [
                "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "lap", "##wing", "is", "a", "bird", "##s", "É", "e", "ete",
                "!", "x",
            ]
        return try json([
            "added_tokens": added(["[PAD]", "[UNK]", "[CLS]", "[SEP]"]),
            "normalizer": ["type": "BertNormalizer", "lowercase": lowercases],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "post_processor": ["type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]] as [String: Any],
            "model": [
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": numbered(tokens),
            ],
        ])
    }

    /// Both give the same tokens for the same texts.
    private func expectSame(_ written: Written) throws -> Vocabulary {
        let told = try ModelVocabulary(written.file), own = try ModelVocabulary(written.folder)
        let (found, expected) = (try Tokenizer(told.vocabulary), try Tokenizer(own.vocabulary))
        for text in Self.texts {
            for special in [false, true] {
                #expect(
                    found.encode(text, addSpecialTokens: special) == expected.encode(text, addSpecialTokens: special),
                    "\(text)")
            }
        }
        #expect(told.chatTemplate == own.chatTemplate)
        #expect(found.paddingToken == expected.paddingToken && found.unknownToken == expected.unknownToken)
        #expect(found.bosToken == expected.bosToken && found.eosToken == expected.eosToken)
        #expect(found.endOfGenerationTokens == expected.endOfGenerationTokens)
        return withExtendedLifetime(written.place) { told.vocabulary }
    }

    @Test("A byte-level tokenizer gives the same tokens from the file, with its template and rows that have none")
    func byteLevelAgrees() throws {
        let settings = #"{"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": "{{ 'one' }}"}"#
        let written = try write(["tokenizer.json": byteLevel(), "tokenizer_config.json": settings])
        let vocabulary = try expectSame(written)
        #expect(vocabulary.preTokenizer == "gpt-2" && vocabulary.addBOS == true && vocabulary.eos == 2)
        #expect(
            vocabulary.tokens.count == 384 && vocabulary.tokens[299] != "[PAD299]"
                && vocabulary.tokens[300] == "[PAD300]")
        #expect(vocabulary.tokenTypes[300] == TokenType.unused.rawValue)
        #expect(try ModelVocabulary(written.file).chatTemplate == "{{ 'one' }}")
        _ = try Engine(name: "tiny", model: LanguageModel(file: written.file))
    }

    @Test("A SentencePiece tokenizer gives the same tokens from the file, its merges by scores")
    func sentencePieceAgrees() throws {
        let vocabulary = try expectSame(
            write(["tokenizer.json": sentencePiece(), "tokenizer_config.json": #"{"eos_token": "</s>"}"#]))
        #expect(vocabulary.merges.isEmpty && vocabulary.scores.count == 384 && vocabulary.bos == 1)
    }

    @Test(
        "A WordPiece tokenizer gives the same tokens from the file, with capitals or without", arguments: [true, false])
    func wordPieceAgrees(lowercases: Bool) throws {
        let vocabulary = try expectSame(
            write([
                "tokenizer.json": wordPiece(lowercases: lowercases),
                "tokenizer_config.json": #"{"pad_token": "[PAD]"}"#,
            ]))
        #expect(vocabulary.cls == 2 && vocabulary.sep == 3 && vocabulary.pad == 0)
    }

    @Test("A tokenizer without an end, without its file, or with more tokens than rows is refused")
    func refuses() throws {
        let noEnd = try byteLevel()
        #expect { try write(["tokenizer.json": noEnd]) } throws: { "\($0)".contains("eos_token") }
        #expect { try write([:]) } throws: { "\($0)".contains("tokenizer.json") }
        let tokens = (0..<400).map { "t\($0)" }
        let long = try json([
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
            "model": ["type": "BPE", "vocab": numbered(tokens), "merges": [] as [String]],
        ])
        #expect(throws: EngineError.vocabularyMismatch(tokenizer: 400, model: 384)) {
            try write(["tokenizer.json": long])
        }
    }

    @Test("Special tokens that take white space with them are told in a note")
    func notes() throws {
        let stripping = try byteLevel().replacing(
            #""content":"<|im_end|>""#, with: #""content":"<|im_end|>","rstrip":true"#)
        #expect(stripping.contains("rstrip"))
        let written = try write([
            "tokenizer.json": stripping, "tokenizer_config.json": #"{"eos_token": "<|im_end|>"}"#,
        ])
        let notes = try ModelVocabulary(written.folder).entries(for: written.folder).notes
        #expect(written.place.path == written.folder.folder)
        #expect(notes == ["white space beside <|im_end|> is kept"])
    }
}
