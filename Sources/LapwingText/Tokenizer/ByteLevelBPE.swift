/// Byte-level byte-pair encoding: words by the model's pattern, then merges of their bytes.
struct ByteLevelBPE: TextScheme {
    private let preTokenizer: PreTokenizer
    private let tokens: TokenTable
    private let merges: MergeTable
    /// The token of each byte, -1 where the vocabulary has none.
    private let byteTokens: [Int32]

    init(_ vocabulary: Vocabulary, preTokenizer: PreTokenizer, tokens: TokenTable) throws(TextError) {
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        merges = try MergeTable(vocabulary.merges, family: .byteLevelBPE, tokens: tokens)
        byteTokens = tokens.byteTokens()
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, into result: inout [Int32]) {
        var encoder = WordEncoder(merges: merges)
        var scanner = WordScanner(text, range: text.indices, preTokenizer: preTokenizer)
        while let range = scanner.next() {
            let word = UnsafeBufferPointer(rebasing: text[range])
            if preTokenizer.ignoresMerges, let token = tokens.token(word) {
                result.append(token)
                continue
            }
            encoder.begin()
            for byte in word { encoder.append(byteTokens[Int(byte)]) }
            encoder.finish(into: &result)
        }
    }
}
