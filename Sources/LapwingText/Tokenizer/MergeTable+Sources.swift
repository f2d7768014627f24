extension MergeTable {
    /// Resolves the merges' texts to tokens.
    init(_ merges: [String], family: TokenizerFamily, tokens: TokenTable) throws(TextError) {
        self.init(capacity: merges.count)
        var joined: [UInt8] = []
        for (index, merge) in merges.enumerated() {
            let text = merge.utf8
            // The first byte may itself be a space in hand-made vocabularies.
            guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")),
                text.index(after: space) < text.endIndex
            else { throw .malformedMerge(index: index, merge: merge) }
            joined.removeAll(keepingCapacity: true)
            family.appendBytes(of: text[..<space], to: &joined)
            let cut = joined.count
            family.appendBytes(of: text[text.index(after: space)...], to: &joined)
            func token(_ bytes: ArraySlice<UInt8>) throws(TextError) -> Int32 {
                if let token = bytes.withUnsafeBufferPointer({ tokens.token($0) }) { return token }
                let missing = String(decoding: bytes, as: UTF8.self)
                throw .mergeNamesMissingToken(index: index, merge: merge, missing: missing)
            }
            let left = try token(joined[..<cut])
            let right = try token(joined[cut...])
            add(left, right, Merge(rank: Int32(truncatingIfNeeded: index), token: try token(joined[...])))
        }
    }

    /// The bytes of the longest token that is made by merges; those of known models stay under a hundred.
    static let mergedByteLimit = 512

    /// SentencePiece's merges, which its files do not list: any two tokens that joined are a token, by its score.
    /// Tokens of one score have one rank, so the leftmost goes first.
    init(scores: [Double], types: [TokenType], tokens: TokenTable) throws(TextError) {
        let order = types.indices.filter { types[$0] == .normal }.sorted { scores[$0] > scores[$1] }
        var found: [(left: Int32, right: Int32, merge: Merge)] = []
        found.reserveCapacity(order.count * 2)
        var rank: Int32 = 0
        for (place, index) in order.enumerated() {
            if place > 0, scores[index] < scores[order[place - 1]] { rank += 1 }
            let token = Int32(truncatingIfNeeded: index)
            let bytes = tokens.bytes(of: token)
            guard bytes.count <= MergeTable.mergedByteLimit else {
                throw .tokenTooLong(id: token, byteCount: bytes.count, limit: MergeTable.mergedByteLimit)
            }
            bytes.withUnsafeBufferPointer { text in
                for cut in text.indices.dropFirst() where text[cut] & 0xC0 != 0x80 {
                    guard let left = tokens.token(UnsafeBufferPointer(rebasing: text[..<cut])),
                        let right = tokens.token(UnsafeBufferPointer(rebasing: text[cut...]))
                    else { continue }
                    found.append((left, right, Merge(rank: rank, token: token)))
                }
            }
        }
        self.init(capacity: found.count)
        for (left, right, merge) in found { add(left, right, merge) }
    }
}
