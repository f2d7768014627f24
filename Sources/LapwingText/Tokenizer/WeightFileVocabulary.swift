/// What a weight file says of a vocabulary that a `tokenizer.json` spelled out: the way back from `HuggingFaceTokenizer`.
///
/// A weight file names a family and a few settings. What it has no word for is refused. Where the text of every file of its
/// kind is cut a little otherwise than the model's own tokenizer does it, a note says so.
package struct WeightFileVocabulary: Sendable {
    package let model: String
    package let preTokenizer: String
    /// One a token; empty where the family has none.
    package private(set) var scores: [Float] = []
    /// Empty where the merges follow from the scores.
    package private(set) var merges: [String] = []
    /// nil where the family has no such setting.
    package private(set) var addsSpacePrefix: Bool?
    package private(set) var bert: BertNormalization?
    /// Sentences for the user.
    package private(set) var notes: [String] = []

    package init(_ vocabulary: Vocabulary) throws(TextError) {
        model = vocabulary.model
        let types = try vocabulary.checkedTypes()
        switch try TokenizerFamily(name: model) {
        case .byteLevelBPE:
            preTokenizer = try Self.name(of: PreTokenizer(vocabulary))
            merges = vocabulary.merges
            try takeByteLevel(vocabulary)
        case .sentencePieceBPE:
            preTokenizer = Self.standard
            guard
                TokenTable(vocabulary.tokens, types: types, family: .sentencePieceBPE).byteTokens().allSatisfy({
                    $0 >= 0
                })
            else {
                throw Self.unsayable(
                    "vocabulary", "one without a token for each byte", "the 256 tokens <0x00> to <0xFF>")
            }
            let merges = try MergeScores(vocabulary, types)
            scores = merges.scores
            if let token = merges.tied {
                notes.append(
                    "merges that make tokens such as '\(token)' go from left to right, and not in their listed order")
            }
            try takeSpaces(vocabulary, types)
        case .wordPiece:
            preTokenizer = Self.standard
            try takeBert(vocabulary)
        case .unigram:
            throw Self.unsayable(
                "model", "Unigram, whose normalisation differs between the two forms", "BPE or WordPiece")
        }
    }

    /// Where a family has no pre-tokenizers.
    private static let standard = "default"

    static func unsayable(_ part: String, _ found: String, _ expected: String) -> TextError {
        .notForWeightFile(part: part, found: found, expected: expected)
    }

    private static func name(of preTokenizer: PreTokenizer) throws(TextError) -> String {
        guard let name = preTokenizer.fileName else {
            throw unsayable("pre-tokenizer", "a sequence of patterns that has no name there", "that of a known family")
        }
        return name
    }

    private mutating func takeByteLevel(_ vocabulary: Vocabulary) throws(TextError) {
        for step in vocabulary.normalization ?? [] {
            guard step == .composed else { throw Self.unsayable("normalizer", "\(step)", "none, or NFC") }
            notes.append("characters written in parts, such as e and an accent, are not joined first (NFC)")
        }
        guard let prefix = vocabulary.spacePrefix, prefix != .never else { return }
        addsSpacePrefix = true
        notes.append("llama.cpp puts no space before a text, as this tokenizer does")
    }

    private mutating func takeSpaces(_ vocabulary: Vocabulary, _ types: [TokenType]) throws(TextError) {
        let standard = TokenizerFamily.sentencePieceBPE.defaultNormalization
        if let step = vocabulary.normalization?.first(where: { !standard.contains($0) }) {
            throw Self.unsayable("normalizer", "\(step)", "none but that of spaces")
        }
        let tokens = TokenTable(vocabulary.tokens, types: types, family: .sentencePieceBPE)
        guard !vocabulary.splitsAtSpaces || !tokens.hasSpaceInside(types) else {
            throw Self.unsayable(
                "pre-tokenizer", "one that cuts at spaces, with tokens that have spaces inside", "no cuts")
        }
        switch vocabulary.spacePrefix ?? TokenizerFamily.sentencePieceBPE.defaultSpacePrefix {
        case .never: addsSpacePrefix = false
        case .everyStretch: addsSpacePrefix = true
        case .everyUnspacedStretch:
            addsSpacePrefix = true
            notes.append("a text that begins with a space gets another one before it")
        case .unspacedText:
            addsSpacePrefix = true
            notes.append("a space goes before the text after each special token, and not before the first alone")
        }
    }

    private mutating func takeBert(_ vocabulary: Vocabulary) throws(TextError) {
        let steps = vocabulary.normalization ?? TokenizerFamily.wordPiece.defaultNormalization
        guard case .bert(let steps) = steps.first, vocabulary.normalization?.count ?? 1 == 1 else {
            throw Self.unsayable("normalizer", "\(steps)", "BertNormalizer")
        }
        guard steps.cleansText, steps.spacesChinese else {
            throw Self.unsayable(
                "normalizer", "one without \(steps.cleansText ? "handle_chinese_chars" : "clean_text")", "both")
        }
        guard vocabulary.wordLimit == Vocabulary.usualWordLimit else {
            throw Self.unsayable(
                "max_input_chars_per_word", "\(vocabulary.wordLimit)", "\(Vocabulary.usualWordLimit)")
        }
        guard vocabulary.addBOS == true, vocabulary.addEOS == true, vocabulary.cls != nil, vocabulary.sep != nil else {
            throw Self.unsayable("post-processor", "one that does not put a token before and after", "[CLS] and [SEP]")
        }
        bert = steps
    }
}
