/// A tokenizer's tables as a weight file holds them, not yet checked.
package struct Vocabulary: Sendable {
    /// `tokenizer.ggml.model`: `gpt2` for byte-level byte-pair encoding.
    package var model: String
    /// `tokenizer.ggml.pre`.
    package var preTokenizer: String
    /// Token texts in the byte alphabet of GPT-2; control and user-defined tokens as they stand.
    package var tokens: [String]
    /// One of `TokenType`'s raw values for each token. Empty: all are normal.
    package var tokenTypes: [Int32]
    /// `left right`, best first.
    package var merges: [String]
    package var bos: Int32?
    package var eos: Int32?
    package var eot: Int32?
    package var eom: Int32?
    package var unk: Int32?
    package var pad: Int32?
    /// nil: as the pre-tokenizer's models do.
    package var addBOS: Bool?
    package var addEOS: Bool
    /// Whether text that does not begin with a space gets one.
    package var addSpacePrefix: Bool

    package init(
        model: String, preTokenizer: String, tokens: [String], tokenTypes: [Int32], merges: [String],
        bos: Int32? = nil, eos: Int32? = nil, eot: Int32? = nil, eom: Int32? = nil, unk: Int32? = nil,
        pad: Int32? = nil, addBOS: Bool? = nil, addEOS: Bool = false, addSpacePrefix: Bool = false
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
        self.addSpacePrefix = addSpacePrefix
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
    /// The most tokens, and the most merges, that are taken; the largest known vocabularies have a quarter of it.
    static let countLimit = 4 << 20

    /// Checks what can be checked without looking into the tokens' texts, and gives each token's type.
    func checkedTypes() throws(TextError) -> [TokenType] {
        guard model == "gpt2" else { throw .unsupportedTokenizer(model: model, supported: ["gpt2"]) }
        guard !tokens.isEmpty else { throw .emptyVocabulary }
        let most = max(tokens.count, merges.count)
        guard most <= Vocabulary.countLimit else { throw .tooManyTokens(found: most, limit: Vocabulary.countLimit) }
        let roles = [("bos", bos), ("eos", eos), ("eot", eot), ("eom", eom), ("unknown", unk), ("padding", pad)]
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
}
