/// Text to tokens and back.
///
/// Ids equal those of llama.cpp and of Hugging Face's tokenizers for the same vocabulary. A value: encoding keeps its
/// working buffers to itself, so any number of threads may use one tokenizer.
package struct Tokenizer: Sendable {
    package let vocabularySize: Int
    /// Tokens after which an answer is over.
    package var endOfGenerationTokens: Set<Int32>
    /// What begins a text: for a BERT model its class token.
    package let bosToken: Int32?
    /// What ends a text: for a BERT model its separator.
    package let eosToken: Int32?
    package let unknownToken: Int32?
    package let paddingToken: Int32?
    /// Whether `encode` puts a beginning-of-sequence token first when asked for special tokens.
    package let addsBOS: Bool
    package let addsEOS: Bool

    private let tokens: TokenTable
    private let types: [TokenType]
    private let specialTokens: SpecialTokens
    private let preparation: TextPreparation
    private let scheme: any TextScheme
    /// Whether the first space of a decoded text is one that `encode` put there.
    private let dropsFirstSpace: Bool

    package init(_ vocabulary: Vocabulary) throws(TextError) {
        let family = try TokenizerFamily(name: vocabulary.model)
        var types = try vocabulary.checkedTypes()
        let ends = EndTokens(vocabulary, types: types)
        for token in ends.misfiled { types[Int(token)] = .control }
        let table = TokenTable(vocabulary.tokens, types: types, family: family)
        let unknown = vocabulary.unk ?? types.firstIndex(of: .unknown).map { Int32(truncatingIfNeeded: $0) }

        var preTokenizer: PreTokenizer?
        switch family {
        case .byteLevelBPE:
            let words = try PreTokenizer(vocabulary)
            preTokenizer = words
            scheme = try ByteLevelBPE(vocabulary, preTokenizer: words, tokens: table)
        case .sentencePieceBPE:
            scheme = try SentencePieceBPE(vocabulary, types: types, tokens: table, unknown: unknown)
        case .unigram:
            scheme = try Unigram(vocabulary, types: types, tokens: table, unknown: unknown)
        case .wordPiece:
            scheme = try WordPiece(vocabulary, types: types, tokens: table, unknown: unknown)
        }
        preparation = TextPreparation(
            normalization: vocabulary.normalization ?? family.defaultNormalization,
            spacePrefix: vocabulary.spacePrefix ?? family.defaultSpacePrefix)
        specialTokens = try SpecialTokens(types, of: table, vocabulary)

        self.tokens = table
        self.types = types
        endOfGenerationTokens = ends.all
        vocabularySize = types.count
        bosToken = family == .wordPiece ? vocabulary.cls ?? vocabulary.bos : vocabulary.bos
        eosToken = family == .wordPiece ? vocabulary.sep ?? vocabulary.eos : vocabulary.eos
        unknownToken = unknown
        paddingToken = vocabulary.pad
        addsBOS = vocabulary.addBOS ?? family.addsBOSByDefault(preTokenizer)
        addsEOS = vocabulary.addEOS ?? family.addsEOSByDefault
        dropsFirstSpace = family == .wordPiece || (family != .byteLevelBPE && preparation.spacePrefix != .never)
    }

    /// The text's tokens. Special tokens in the text are parsed.
    ///
    /// - Parameter addSpecialTokens: Adds the beginning and end of the sequence where the vocabulary says so. A
    ///   beginning that the text has already is not doubled, and of an empty text it is all that there is to begin with.
    package func encode(_ text: String, addSpecialTokens: Bool = false) -> [Int32] {
        var result = ordinaryTokens(of: text)
        guard addSpecialTokens else { return result }
        if let bosToken, result.first != bosToken, addsBOS || result.isEmpty { result.insert(bosToken, at: 0) }
        if addsEOS, let eosToken { result.append(eosToken) }
        return result
    }

    private func ordinaryTokens(of text: String) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(text.utf8.count / 3 + 2)
        var text = text
        text.withUTF8 { bytes in
            for piece in specialTokens.split(bytes) {
                switch piece {
                case .token(let token): result.append(token)
                case .text(let range):
                    let stretch = UnsafeBufferPointer(rebasing: bytes[range])
                    preparation.withPrepared(stretch, isFirst: range.lowerBound == 0) {
                        scheme.encode($0, into: &result)
                    }
                }
            }
        }
        return result
    }

    /// The token's own bytes, perhaps a part of a character. A control token is empty unless rendered; an id outside
    /// the vocabulary is empty.
    package func bytes(of token: Int32, renderSpecial: Bool = false) -> [UInt8] {
        guard types.indices.contains(Int(token)) else { return [] }
        switch types[Int(token)] {
        case .control, .unknown: return renderSpecial ? Array(tokens.bytes(of: token)) : []
        case .undefined, .unused: return []
        case .normal, .userDefined, .byte: return Array(tokens.bytes(of: token))
        }
    }

    /// The text of all tokens from the first on. Bytes that are not UTF-8 become U+FFFD, and a space that `encode` puts
    /// before text is dropped.
    package func decode(_ tokens: [Int32], renderSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        for token in tokens { bytes += self.bytes(of: token, renderSpecial: renderSpecial) }
        let text = dropsFirstSpace && bytes.first == UInt8(ascii: " ") ? bytes[1...] : bytes[...]
        return String(decoding: text, as: UTF8.self)
    }
}
