import LapwingStatistics
import LapwingTestSupport
import LapwingText

/// A vocabulary made from a seed: the 256 bytes, random merges over a few letters, then special tokens.
enum SeededVocabulary {
    static let specials: [(text: String, type: TokenType)] = [
        ("<|begin|>", .control), ("<|end|>", .control), ("<|end|><|begin|>", .control), ("<unk>", .unknown),
        ("[[tool]]", .userDefined), ("tool]]x", .userDefined), ("<0x41>", .byte), ("<gap>", .unused),
    ]

    static func make(seed: UInt64 = 1, mergeCount: Int = 300, preTokenizer: String = "gpt-2") -> Vocabulary {
        var random = SplitMix64(seed: seed)
        var tokens = byteAlphabet
        var known = Set(tokens)
        var pool = "abcdef .Ġ'".map(String.init).filter { $0 != " " } + ["Ã", "©"]
        var merges: [String] = []
        while merges.count < mergeCount {
            guard let left = pool.randomElement(using: &random), let right = pool.randomElement(using: &random),
                known.insert(left + right).inserted
            else { continue }
            merges.append("\(left) \(right)")
            tokens.append(left + right)
            pool.append(left + right)
        }
        let types = tokens.map { _ in TokenType.normal } + specials.map(\.type)
        return Vocabulary(
            model: "gpt2", preTokenizer: preTokenizer, tokens: tokens + specials.map(\.text),
            tokenTypes: types.map(\.rawValue), merges: merges, bos: Int32(tokens.count), eos: Int32(tokens.count + 1))
    }

    /// GPT-2's stand-ins for the bytes, told a second time and another way than in the sources.
    static let byteAlphabet: [String] = {
        var shifted: UInt32 = 255
        return (UInt32(0)...255).map { byte in
            let isPrintable = byte > 32 && byte < 127 || byte > 160 && byte != 173
            if !isPrintable { shifted += 1 }
            return Unicode.Scalar(isPrintable ? byte : shifted).map { String(Character($0)) } ?? ""
        }
    }()
}

/// Byte-pair encoding by its definition: join every place of the best pair, one at a time, until none is left.
struct NaiveBytePairEncoder {
    private var ranks: [[String]: Int] = [:]
    private var ids: [String: Int32] = [:]

    init(_ vocabulary: Vocabulary) {
        for (rank, merge) in vocabulary.merges.enumerated() {
            ranks[merge.split(separator: " ").map(String.init)] = rank
        }
        for (id, token) in vocabulary.tokens.enumerated() where vocabulary.tokenTypes[id] == 1 {
            ids[token] = Int32(id)
        }
    }

    func encode(word: String) -> [Int32] {
        var parts = word.utf8.map { SeededVocabulary.byteAlphabet[Int($0)] }
        while true {
            let ranked = zip(parts.indices, zip(parts, parts.dropFirst())).compactMap { index, pair in
                ranks[[pair.0, pair.1]].map { (rank: $0, index: index) }
            }
            guard let best = ranked.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else { break }
            parts[best.index] += parts.remove(at: best.index + 1)
        }
        return parts.compactMap { ids[$0] }
    }
}
