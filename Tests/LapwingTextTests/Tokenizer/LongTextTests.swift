import LapwingText
import Testing

/// Texts made to be slow: each takes far more than the time limit where a step is quadratic.
@Suite(.timeLimit(.minutes(1))) struct LongTextTests {
    static let texts = [
        String(repeating: "e\u{301}\u{316}", count: 100_000), String(repeating: "\u{301}\u{316}", count: 100_000),
        String(repeating: "A\u{FF76}\u{FF9E}", count: 60_000), String(repeating: " \u{3000}", count: 100_000),
        String(repeating: "👩\u{200D}", count: 60_000), String(repeating: "\u{1100}\u{1161}\u{11A8}", count: 60_000),
        String(repeating: "<s> ", count: 80_000), String(repeating: "\u{2581}", count: 100_000),
        String(repeating: "<s", count: 100_000), String(repeating: "ab", count: 200_000),
    ]

    private func finishes(_ vocabulary: Vocabulary) throws {
        let tokenizer = try Tokenizer(vocabulary)
        for text in Self.texts {
            let ids = tokenizer.encode(text)
            #expect(ids.count <= text.utf8.count + 1)
            #expect(tokenizer.decode(ids).utf8.count <= 4 * text.utf8.count)
        }
    }

    @Test("No family takes more than a pass for a million characters without a space", arguments: ["llama", "t5"])
    func sentencePiece(model: String) throws {
        var vocabulary = SentencePieceTests.vocabulary(seed: 1, model: model)
        vocabulary.leftStripping = [1]
        vocabulary.rightStripping = [1]
        try finishes(vocabulary)
        vocabulary.splitsAtSpaces = true
        vocabulary.normalization = [
            .compatiblyComposed, .characterMap(try CharacterMap(CharacterMapTests.bytes(), matching: .graphemes)),
            .characterMap(try CharacterMap(CharacterMapTests.bytes())), .lowercase, .stripAccents,
            .replaceSpaces(least: 2, with: "\u{2581}"), .joinWhiteSpace, .trim(start: true, end: true),
            .replace("\u{2581}", with: " "),
        ]
        try finishes(vocabulary)
    }

    @Test("BERT's neither")
    func bert() throws {
        var vocabulary = WordPieceTests.vocabulary()
        vocabulary.wordLimit = .max
        try finishes(vocabulary)
    }
}
