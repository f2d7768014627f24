/// Scores that stand for a list of merges in a weight file, where any two neighbours whose texts joined are a token become that
/// token, the best score first and among equal ones the leftmost.
struct MergeScores {
    private(set) var scores: [Float]
    /// One of those tokens whose merges are listed in turns with others', so that they get one score; nil where there is none.
    private(set) var tied: String?

    /// Throws where the list is not what the tokens' texts give.
    init(_ vocabulary: Vocabulary, _ types: [TokenType]) throws(TextError) {
        scores = [Float](repeating: 0, count: vocabulary.tokens.count)
        var ids: [[UInt8]: Int] = [:]
        for (index, text) in vocabulary.tokens.enumerated() where types[index] != .byte {
            ids[Array(text.utf8)] = index
        }
        let listed = try rank(vocabulary, types, ids)
        for (index, type) in types.enumerated() where type == .normal {
            let text = Array(vocabulary.tokens[index].utf8)
            guard text.count <= MergeTable.mergedByteLimit else {
                throw .tokenTooLong(
                    id: Int32(truncatingIfNeeded: index), byteCount: text.count, limit: MergeTable.mergedByteLimit)
            }
            try Self.check(text, listed, ids)
        }
    }

    /// Gives each token that merges make a score by their places, all others the least, and gives the list as a set.
    private mutating func rank(
        _ vocabulary: Vocabulary, _ types: [TokenType], _ ids: [[UInt8]: Int]
    ) throws(TextError) -> Set<[UInt8]> {
        var listed: Set<[UInt8]> = []
        var places: [Int: ClosedRange<Int>] = [:]
        for (index, merge) in vocabulary.merges.enumerated() {
            let text = Array(merge.utf8)
            guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")) else {
                throw .malformedMerge(index: index, merge: merge)
            }
            let joined = Array(text[..<space] + text[(space + 1)...])
            guard let token = ids[joined] else {
                let missing = String(decoding: joined, as: UTF8.self)
                throw .mergeNamesMissingToken(index: index, merge: merge, missing: missing)
            }
            // A special token is cut out of a text before merges could make it.
            guard types[token] == .normal, listed.insert(text).inserted else { continue }
            places[token] = (places[token]?.lowerBound ?? index)...index
        }
        var (score, end) = (Float(0), -1)
        for (token, range) in places.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) {
            if range.lowerBound > end { score -= 1 } else { tied = tied ?? vocabulary.tokens[token] }
            end = max(end, range.upperBound)
            scores[token] = score
        }
        for token in scores.indices where scores[token] == 0 { scores[token] = score - 1 }
        return listed
    }

    /// Throws where two parts that may stand side by side join to the text, and are not listed.
    private static func check(
        _ text: [UInt8], _ listed: Set<[UInt8]>, _ ids: [[UInt8]: Int]
    ) throws(TextError) {
        let cuts = text.indices.dropFirst().filter { text[$0] & 0xC0 != 0x80 }
        for cut in cuts {
            // Characters are there from the beginning, tokens or not.
            guard cut == cuts.first || ids[Array(text[..<cut])] != nil,
                cut == cuts.last || ids[Array(text[cut...])] != nil
            else { continue }
            let merge = Array(text[..<cut] + [UInt8(ascii: " ")] + text[cut...])
            guard listed.contains(merge) else {
                throw WeightFileVocabulary.unsayable(
                    "list of merges", "one without '\(String(decoding: merge, as: UTF8.self))'",
                    "every pair that makes a token")
            }
        }
    }
}
