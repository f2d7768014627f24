/// Finds control and user-defined tokens in a text, which are cut out before any pre-tokenizer sees it.
///
/// As llama.cpp does, the longest token claims its places first, wherever it stands. Hugging Face's tokenizers go from
/// left to right instead; the two differ only where two special tokens overlap.
struct SpecialTokens: Sendable {
    enum Piece: Equatable {
        case text(Range<Int>)
        case token(Int32)
    }

    private struct Node {
        var children: [(byte: UInt8, node: Int)] = []
        var token: Int32?
    }

    private struct Match {
        var range: Range<Int>
        var token: Int32
    }

    /// A prefix tree; node 0 is the root.
    private var nodes = [Node()]
    /// Whether a token begins with the byte.
    private var isFirst = [Bool](repeating: false, count: 256)

    mutating func add(_ bytes: ArraySlice<UInt8>, token: Int32) {
        guard let first = bytes.first else { return }
        isFirst[Int(first)] = true
        var node = 0
        for byte in bytes {
            if let child = child(of: node, byte) {
                node = child
            } else {
                nodes.append(Node())
                nodes[node].children.append((byte, nodes.count - 1))
                node = nodes.count - 1
            }
        }
        if nodes[node].token == nil { nodes[node].token = token }
    }

    /// Cuts `text` into special tokens and the stretches between them; no stretch is empty.
    func split(_ text: UnsafeBufferPointer<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var end = 0
        for match in claims(among: matches(in: text), textCount: text.count) {
            if match.range.lowerBound > end { pieces.append(.text(end..<match.range.lowerBound)) }
            pieces.append(.token(match.token))
            end = match.range.upperBound
        }
        if end < text.count { pieces.append(.text(end..<text.count)) }
        return pieces
    }

    /// Every occurrence, overlapping or not, from left to right.
    private func matches(in text: UnsafeBufferPointer<UInt8>) -> [Match] {
        var matches: [Match] = []
        for start in text.indices where isFirst[Int(text[start])] {
            var node = 0
            var end = start
            while end < text.count, let next = child(of: node, text[end]) {
                node = next
                end += 1
                if let token = nodes[node].token { matches.append(Match(range: start..<end, token: token)) }
            }
        }
        return matches
    }

    /// Those that keep their places, from left to right.
    private func claims(among matches: [Match], textCount: Int) -> [Match] {
        guard matches.count > 1 else { return matches }
        var isTaken = [Bool](repeating: false, count: textCount)
        var claims: [Match] = []
        let byLength = Dictionary(grouping: matches, by: \.range.count).sorted { $0.key > $1.key }
        for match in byLength.lazy.flatMap(\.value) {
            // What is taken was taken by a match at least as long, so it covers one of this one's ends.
            if isTaken[match.range.lowerBound] || isTaken[match.range.upperBound - 1] { continue }
            for place in match.range { isTaken[place] = true }
            claims.append(match)
        }
        return claims.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        nodes[node].children.first { $0.byte == byte }?.node
    }
}
