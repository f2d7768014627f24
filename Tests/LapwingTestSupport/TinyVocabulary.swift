/// A byte-level BPE vocabulary trained on one paragraph: control tokens, 256 bytes, then one token a merge.
package struct TinyVocabulary: Sendable {
    package static let controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    package let tokens: [String]
    /// GGUF token types: 1 normal, 3 control.
    package let types: [Int32]
    package let merges: [String]

    /// `size` is at least 259; where the text yields too few merges, the rest are unused tokens.
    package init(size: Int) {
        let bytes = (0...255).map { String(Self.character(for: UInt8($0))) }
        let mergeCount = size - Self.controlTokens.count - bytes.count
        precondition(mergeCount >= 0, "a vocabulary needs its control tokens and 256 bytes")
        let merges = Self.allMerges.prefix(mergeCount)
        let merged = merges.map { $0.0 + $0.1 }
        let unused = (0..<mergeCount - merged.count).map { "<|unused_\($0)|>" }
        tokens = Self.controlTokens + bytes + merged + unused
        types =
            Self.controlTokens.map { _ in 3 } + bytes.map { _ in 1 } + merged.map { _ in 1 } + unused.map { _ in 5 }
        self.merges = merges.map { "\($0.0) \($0.1)" }
    }

    /// GPT-2's printable stand-in for a byte: itself where it prints, else the next free character from U+0100.
    static func character(for byte: UInt8) -> Character {
        func prints(_ byte: UInt8) -> Bool { (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 }
        guard !prints(byte) else { return Character(Unicode.Scalar(byte)) }
        let rank = (0..<byte).count { !prints($0) }
        return Unicode.Scalar(UInt32(256 + rank)).map(Character.init) ?? "?"
    }

    /// A smaller vocabulary's merges are the first ones of a larger one's.
    private static let allMerges = train()

    private static func train() -> [(String, String)] {
        var words = text.split(separator: " ").map { word in
            Array("Ġ\(word)".map { String($0) })
        }
        var merges: [(String, String)] = []
        while true {
            var counts: [String: (pair: (String, String), count: Int)] = [:]
            for word in words {
                for pair in zip(word, word.dropFirst()) {
                    counts["\(pair.0) \(pair.1)", default: (pair, 0)].count += 1
                }
            }
            // The most frequent pair, the first in the alphabet among equals, whatever order the dictionary has.
            guard
                let best = counts.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })
            else { return merges }
            merges.append(best.value.pair)
            words = words.map { merge(best.value.pair, in: $0) }
        }
    }

    private static func merge(_ pair: (String, String), in word: [String]) -> [String] {
        var merged: [String] = []
        for piece in word {
            // A piece that was just merged cannot be the pair's left half: it is longer than it.
            if piece == pair.1, merged.last == pair.0 {
                merged[merged.count - 1] += piece
            } else {
                merged.append(piece)
            }
        }
        return merged
    }

    private static let text = """
        the lapwing is a bird of open fields and the lapwing calls its own name over the open land in the spring when \
        the fields are wet the bird runs then stops then runs again and where there is danger near the nest it feigns \
        a broken wing to lead the danger away from its young there are four eggs in the nest and the young run as soon \
        as they are dry the card has not arrived yet when will my card arrive and how do I pay with the card that has \
        arrived please tell me what the fee is and where the money has gone the transfer is not there and the payment \
        is still pending what should I do
        """
}
