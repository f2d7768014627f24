/// Text to tokens and back by byte-level byte-pair encoding.
///
/// Ids equal those of llama.cpp and of Hugging Face's tokenizers for the same vocabulary. A value: encoding keeps its
/// working buffers to itself, so any number of threads may use one tokenizer.
package struct Tokenizer: Sendable {
    package let vocabularySize: Int
    /// Tokens after which an answer is over.
    package var endOfGenerationTokens: Set<Int32>
    package let bosToken: Int32?
    package let eosToken: Int32?
    package let unknownToken: Int32?
    package let paddingToken: Int32?
    /// Whether `encode` puts a beginning-of-sequence token first when asked for special tokens.
    package let addsBOS: Bool
    package let addsEOS: Bool

    private let preTokenizer: PreTokenizer
    private let tokens: TokenTable
    private let types: [TokenType]
    private let merges: MergeTable
    private let byteTokens: [Int32]
    private let specialTokens: SpecialTokens
    private let addsSpacePrefix: Bool

    package init(_ vocabulary: Vocabulary) throws(TextError) {
        var types = try vocabulary.checkedTypes()
        preTokenizer = try PreTokenizer(name: vocabulary.preTokenizer)
        let ends = EndTokens(vocabulary, types: types)
        for token in ends.misfiled { types[Int(token)] = .control }
        let table = TokenTable(vocabulary.tokens, types: types)
        merges = try MergeTable(vocabulary.merges, tokens: table)

        let special: [Int32] = types.indices.compactMap { index in
            let type = types[index]
            let isCutOut = type == .control || type == .userDefined || type == .unknown
            return isCutOut ? Int32(truncatingIfNeeded: index) : nil
        }
        specialTokens = try SpecialTokens(special, of: table)
        byteTokens = (UInt8.min...UInt8.max).map { byte in
            withUnsafePointer(to: byte) { table.token(UnsafeBufferPointer(start: $0, count: 1)) ?? -1 }
        }
        self.tokens = table
        self.types = types
        endOfGenerationTokens = ends.all
        vocabularySize = types.count
        bosToken = vocabulary.bos
        eosToken = vocabulary.eos
        unknownToken = vocabulary.unk
        paddingToken = vocabulary.pad
        addsBOS = vocabulary.addBOS ?? preTokenizer.addsBOSByDefault
        addsEOS = vocabulary.addEOS
        addsSpacePrefix = vocabulary.addSpacePrefix
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
            var words = WordEncoder(merges: merges, byteTokens: byteTokens)
            for piece in specialTokens.split(bytes) {
                switch piece {
                case .token(let token): result.append(token)
                case .text(let range): encode(bytes, range, with: &words, into: &result)
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

    /// The tokens' text. Bytes that are not UTF-8 become U+FFFD.
    package func decode(_ tokens: [Int32], renderSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        for token in tokens { bytes += self.bytes(of: token, renderSpecial: renderSpecial) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func encode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, with words: inout WordEncoder,
        into result: inout [Int32]
    ) {
        if addsSpacePrefix, bytes[range.lowerBound] != UInt8(ascii: " ") {
            var prefixed = [UInt8(ascii: " ")] + bytes[range]
            prefixed.withUnsafeMutableBufferPointer {
                encodeWords(UnsafeBufferPointer($0), 0..<$0.count, with: &words, into: &result)
            }
        } else {
            encodeWords(bytes, range, with: &words, into: &result)
        }
    }

    private func encodeWords(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, with words: inout WordEncoder,
        into result: inout [Int32]
    ) {
        var scanner = WordScanner(bytes, range: range, preTokenizer: preTokenizer)
        while let word = scanner.next() {
            let word = UnsafeBufferPointer(rebasing: bytes[word])
            if preTokenizer.ignoresMerges, let token = tokens.token(word) {
                result.append(token)
            } else {
                words.encode(word, into: &result)
            }
        }
    }
}
