/// A tokenizer's tables as a weight file holds them, not yet checked.
package struct Vocabulary: Sendable {
    /// `tokenizer.ggml.model`, such as `gpt2` or `llama`; see `TokenizerFamily`.
    package var model: String
    /// `tokenizer.ggml.pre`, for byte-level byte-pair encoding.
    package var preTokenizer: String
    /// The same from a file that spells it out and does not name it.
    package var spelledPreTokenizer: PreTokenizer?
    /// Token texts in the family's spelling; control and user-defined tokens as they stand.
    package var tokens: [String]
    /// One of `TokenType`'s raw values for each token. Empty: all are normal.
    package var tokenTypes: [Int32]
    /// `left right`, best first. Empty for SentencePiece, which merges by scores.
    package var merges: [String]
    /// One for each token, for SentencePiece: higher ones merge first, or are likelier.
    package var scores: [Double] = []
    package var bos: Int32?
    package var eos: Int32?
    package var eot: Int32?
    package var eom: Int32?
    package var unk: Int32?
    package var pad: Int32?
    /// What begins a text for a BERT model, and what ends or parts it.
    package var cls: Int32?
    package var sep: Int32?
    /// nil: as the family's models do.
    package var addBOS: Bool?
    package var addEOS: Bool?
    /// nil: as the family's models do.
    package var spacePrefix: SpacePrefix?
    package var normalization: [Normalization]?
    /// Whether each space begins a word that no token reaches beyond, for SentencePiece.
    package var splitsAtSpaces = false
    /// Whether what is unknown in a row is unknown once, for SentencePiece.
    package var fusesUnknown = true
    /// For WordPiece: longer words are unknown, in characters.
    package var wordLimit = Vocabulary.usualWordLimit
    /// Special tokens that take the white space before them, and after them.
    package var leftStripping: Set<Int32> = []
    package var rightStripping: Set<Int32> = []

    package init(
        model: String, preTokenizer: String = "default", tokens: [String], tokenTypes: [Int32] = [],
        merges: [String] = [], bos: Int32? = nil, eos: Int32? = nil, eot: Int32? = nil, eom: Int32? = nil,
        unk: Int32? = nil, pad: Int32? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.tokenTypes = tokenTypes
        self.merges = merges
        self.bos = bos
        self.eos = eos
        self.eot = eot
        self.eom = eom
        self.unk = unk
        self.pad = pad
        self.addBOS = addBOS
        self.addEOS = addEOS
    }
}

/// What a token is for, with GGUF's numbers.
package enum TokenType: Int32, Sendable {
    case undefined, normal, unknown
    /// Steers the model, such as `<|im_start|>`; not part of the text.
    case control
    /// Text that is always one token.
    case userDefined
    case unused
    /// One byte, written `<0x0A>`.
    case byte
}

extension Vocabulary {
    /// That of every published model, which weight files take for granted.
    package static let usualWordLimit = 100
    /// The most tokens, and the most merges, that are taken; the largest known vocabularies have a quarter of it.
    static let countLimit = 4 << 20

    /// Checks what can be checked without looking into the tokens' texts, and gives each token's type.
    func checkedTypes() throws(TextError) -> [TokenType] {
        guard !tokens.isEmpty else { throw .emptyVocabulary }
        let most = max(tokens.count, merges.count)
        guard most <= Vocabulary.countLimit else { throw .tooManyTokens(found: most, limit: Vocabulary.countLimit) }
        let roles = [
            ("bos", bos), ("eos", eos), ("eot", eot), ("eom", eom), ("unknown", unk), ("padding", pad), ("cls", cls),
            ("separator", sep),
        ]
        for case (let role, let id?) in roles where !tokens.indices.contains(Int(id)) {
            throw .specialTokenOutOfRange(role: role, id: id, vocabularySize: tokens.count)
        }
        if tokenTypes.isEmpty { return Array(repeating: .normal, count: tokens.count) }
        guard tokenTypes.count == tokens.count else {
            throw .tokenTypeCountMismatch(tokens: tokens.count, types: tokenTypes.count)
        }
        var types: [TokenType] = []
        types.reserveCapacity(tokens.count)
        for (token, raw) in tokenTypes.enumerated() {
            guard let type = TokenType(rawValue: raw) else { throw .unknownTokenType(token: token, type: raw) }
            types.append(type)
        }
        return types
    }

    /// One finite score for each token.
    func checkedScores() throws(TextError) -> [Double] {
        guard scores.count == tokens.count else {
            throw .scoreCountMismatch(tokens: tokens.count, scores: scores.count)
        }
        if let token = scores.firstIndex(where: { !$0.isFinite }) {
            throw .scoreNotFinite(token: token, score: "\(scores[token])")
        }
        return scores
    }
}
