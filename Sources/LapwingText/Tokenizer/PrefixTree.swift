/// Tokens by their bytes, found by walking along a text byte by byte.
///
/// Nodes are numbered level by level, so a node's children lie together, in the order of their bytes.
struct PrefixTree: Sendable {
    /// The byte that leads to a node.
    private var labels: [UInt8] = [0]
    /// The token that ends at a node; -1 where none does.
    private var tokens: [Int32] = []
    /// Node i's children are `firstChildren[i] ..< firstChildren[i + 1]`.
    private var firstChildren: [Int32] = []

    static let root: Int32 = 0
    /// Bytes of the longest token that is taken; those of known models stay under a hundred.
    static let byteLimit = 512

    /// Of tokens with the same bytes the first counts. Those without bytes are left out.
    init(_ entries: [Int32], of table: TokenTable) throws(TextError) {
        for token in entries {
            let count = table.bytes(of: token).count
            guard count <= PrefixTree.byteLimit else {
                throw .tokenTooLong(id: token, byteCount: count, limit: PrefixTree.byteLimit)
            }
        }
        let sorted = table.sortedByBytes(entries)
        // The entries below each node of a level, which share their first `depth` bytes.
        var level = [sorted.indices]
        var depth = 0
        while !level.isEmpty {
            var next: [Range<Int>] = []
            for range in level {
                var rest = range
                var token: Int32 = -1
                while let first = rest.first, table.bytes(of: sorted[first]).count == depth {
                    if token < 0, depth > 0 { token = sorted[first] }
                    rest = rest.dropFirst()
                }
                tokens.append(token)
                firstChildren.append(Int32(truncatingIfNeeded: labels.count))
                while let first = rest.first {
                    let byte = PrefixTree.byte(of: sorted[first], at: depth, table)
                    let end = rest.first { PrefixTree.byte(of: sorted[$0], at: depth, table) != byte }
                    labels.append(byte)
                    next.append(first..<(end ?? rest.endIndex))
                    rest = (end ?? rest.endIndex)..<rest.endIndex
                }
            }
            level = next
            depth += 1
        }
        firstChildren.append(Int32(truncatingIfNeeded: labels.count))
    }

    private static func byte(of token: Int32, at depth: Int, _ table: TokenTable) -> UInt8 {
        let bytes = table.bytes(of: token)
        return bytes[bytes.startIndex + depth]
    }

    /// The node that `byte` leads to.
    @inline(__always)
    func child(of node: Int32, _ byte: UInt8) -> Int32? {
        var low = Int(firstChildren[Int(node)])
        var high = Int(firstChildren[Int(node) + 1])
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if labels[middle] < byte { low = middle + 1 } else { high = middle }
        }
        return low < end && labels[low] == byte ? Int32(truncatingIfNeeded: low) : nil
    }

    /// The token that ends at `node`.
    @inline(__always)
    func token(at node: Int32) -> Int32? {
        let token = tokens[Int(node)]
        return token >= 0 ? token : nil
    }
}
