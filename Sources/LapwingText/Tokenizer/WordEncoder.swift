/// Byte-pair encoding of one word at a time, with buffers that are used again for the next.
///
/// Always joins the pair of the lowest rank, the leftmost among equals. Short words look for it along the row; long
/// ones keep the pairs in a heap, so that a word of a million bytes costs n log n.
struct WordEncoder {
    private let merges: MergeTable
    private var symbols: [Int32] = []
    private var pairs: [MergeTable.Merge] = []
    // For long words: a linked list over `symbols` and a heap of rank and place.
    private var nextSymbol: [Int32] = []
    private var previousSymbol: [Int32] = []
    private var heap = RankHeap()

    /// From here on the heap wins; measured on words of letters and of blanks.
    private static let rowLimit = 48
    private static let none = MergeTable.Merge(rank: .max, token: -1)

    init(merges: MergeTable) { self.merges = merges }

    /// Begins a word, whose symbols are appended next.
    mutating func begin() { symbols.removeAll(keepingCapacity: true) }

    /// Appends a token of the smallest kind, or -1 for what is none.
    mutating func append(_ symbol: Int32) { symbols.append(symbol) }

    var last: Int32? { symbols.last }

    /// Appends the word's tokens. What is no token is left out, as the reference implementations do.
    mutating func finish(into tokens: inout [Int32]) {
        if symbols.count > 1 {
            pairs.removeAll(keepingCapacity: true)
            for index in 1..<symbols.count { pairs.append(pair(symbols[index - 1], symbols[index])) }
            if symbols.count <= WordEncoder.rowLimit { mergeRow() } else { mergeHeap() }
        }
        for symbol in symbols where symbol >= 0 { tokens.append(symbol) }
    }

    private func pair(_ left: Int32, _ right: Int32) -> MergeTable.Merge {
        merges.merge(left, right) ?? WordEncoder.none
    }

    /// `pairs[i]` is the merge of symbols i and i + 1.
    private mutating func mergeRow() {
        while true {
            var best = -1
            var bestRank = Int32.max
            for index in pairs.indices where pairs[index].rank < bestRank {
                best = index
                bestRank = pairs[index].rank
            }
            guard best >= 0 else { return }
            symbols[best] = pairs[best].token
            symbols.remove(at: best + 1)
            pairs.remove(at: best)
            if best > 0 { pairs[best - 1] = pair(symbols[best - 1], symbols[best]) }
            if best < pairs.count { pairs[best] = pair(symbols[best], symbols[best + 1]) }
        }
    }

    /// `pairs[i]` is the merge of the symbol that starts at i and the one after it. A heap entry whose rank is no
    /// longer its place's is out of date.
    private mutating func mergeHeap() {
        let count = symbols.count
        pairs.append(WordEncoder.none)
        nextSymbol = (0..<count).map { Int32(truncatingIfNeeded: $0 + 1) }
        previousSymbol = (0..<count).map { Int32(truncatingIfNeeded: $0 - 1) }
        heap.removeAll()
        for index in pairs.indices where pairs[index].rank != .max { heap.push(rank: pairs[index].rank, place: index) }

        var joined = [Bool](repeating: false, count: count)
        while let (rank, place) = heap.pop() {
            guard pairs[place].rank == rank else { continue }
            let right = Int(nextSymbol[place])
            let after = Int(nextSymbol[right])
            symbols[place] = pairs[place].token
            joined[right] = true
            pairs[right] = WordEncoder.none
            nextSymbol[place] = Int32(truncatingIfNeeded: after)
            pairs[place] = WordEncoder.none
            if after < count {
                previousSymbol[after] = Int32(truncatingIfNeeded: place)
                renew(place, symbols[place], symbols[after])
            }
            let before = Int(previousSymbol[place])
            if before >= 0 { renew(before, symbols[before], symbols[place]) }
        }
        var index = 0
        symbols.removeAll { _ in
            defer { index += 1 }
            return joined[index]
        }
    }

    private mutating func renew(_ place: Int, _ left: Int32, _ right: Int32) {
        pairs[place] = pair(left, right)
        if pairs[place].rank != .max { heap.push(rank: pairs[place].rank, place: place) }
    }
}

/// A binary heap of ranks and places: the lowest rank first, the leftmost place among equals.
private struct RankHeap {
    /// Rank in the high half, place in the low half.
    private var entries: [UInt64] = []

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    mutating func push(rank: Int32, place: Int) {
        let entry = UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
        var hole = entries.count
        entries.append(entry)
        while hole > 0 {
            let parent = (hole - 1) / 2
            if entries[parent] <= entry { break }
            entries[hole] = entries[parent]
            hole = parent
        }
        entries[hole] = entry
    }

    mutating func pop() -> (rank: Int32, place: Int)? {
        guard let top = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty { sink(last) }
        return (Int32(truncatingIfNeeded: top >> 32), Int(top & 0xFFFF_FFFF))
    }

    private mutating func sink(_ entry: UInt64) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
            if entry <= entries[child] { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = entry
    }
}
