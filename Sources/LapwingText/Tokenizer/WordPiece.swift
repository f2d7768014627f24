/// WordPiece: words of text that is normalised as BERT does, each by its longest tokens from left to right.
///
/// As in weight files, a token that begins a word begins with a space, and one that goes on does not.
struct WordPiece: TextScheme {
    private let tree: PrefixTree
    /// Where the walk for a word's first token begins; nil where no token begins a word.
    private let wordStart: Int32?
    private let unknown: Int32
    /// Words of more characters are unknown.
    private let wordLimit: Int

    init(_ vocabulary: Vocabulary, types: [TokenType], tokens: TokenTable, unknown: Int32?) throws(TextError) {
        guard let unknown else { throw .missingUnknownToken(model: vocabulary.model) }
        let ordinary = types.indices.filter { types[$0] == .normal }.map { Int32(truncatingIfNeeded: $0) }
        tree = try PrefixTree(ordinary, of: tokens)
        wordStart = tree.child(of: PrefixTree.root, UInt8(ascii: " "))
        self.unknown = unknown
        wordLimit = vocabulary.wordLimit
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
        let scalars = ScalarView(text)
        var offset = 0
        var word = 0
        while offset < text.count {
            let scalar = scalars.scalar(at: offset)
            let kind = BertClass(scalar.value)
            if kind == .space || kind == .punctuation {
                encodeWord(text, word..<offset, into: &tokens)
                if kind == .punctuation { encodeWord(text, offset..<scalar.end, into: &tokens) }
                word = scalar.end
            }
            offset = scalar.end
        }
        encodeWord(text, word..<text.count, into: &tokens)
    }

    private func encodeWord(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, into tokens: inout [Int32]) {
        if word.isEmpty { return }
        let count = tokens.count
        var start = word.lowerBound
        var node = wordStart
        if word.count > wordLimit, text.characterCount(in: word) > wordLimit { node = nil }
        while start < word.upperBound {
            var match: (token: Int32, end: Int)?
            var offset = start
            while let here = node, offset < word.upperBound {
                node = tree.child(of: here, text[offset])
                offset += 1
                if let node, let token = tree.token(at: node) { match = (token, offset) }
            }
            guard let match else {
                // One part that is no token makes the whole word unknown.
                tokens.removeSubrange(count...)
                tokens.append(unknown)
                return
            }
            tokens.append(match.token)
            start = match.end
            node = PrefixTree.root
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func characterCount(in range: Range<Int>) -> Int {
        range.count { self[$0] & 0xC0 != 0x80 }
    }
}
