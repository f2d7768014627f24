/// The merges by the pair that they join.
///
/// A vocabulary has up to half a million of them and a word asks a dozen times, so the table is one flat array with
/// open addressing: a question is one multiplication and mostly one cache line.
struct MergeTable: Sendable {
    struct Merge {
        /// Lower merges first.
        var rank: Int32
        /// The token that the pair becomes.
        var token: Int32
    }

    private struct Slot {
        var pair: UInt64
        var merge: Merge
    }

    /// No pair has this key: ids are not negative.
    private static let free = UInt64.max
    private var slots: [Slot]
    private let shift: UInt64
    /// Odd and drawn anew: the merges come from anywhere, and must not be made for slots that collide.
    private let multiplier = UInt64.random(in: 0 ... .max) | 1

    init(capacity: Int) {
        var bits = 4
        while 1 << bits < capacity * 2 { bits += 1 }
        slots = Array(
            repeating: Slot(pair: MergeTable.free, merge: Merge(rank: 0, token: 0)), count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    /// Adds a merge; a pair that is there already keeps its first, better rank.
    mutating func add(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let pair = MergeTable.key(left, right)
        var index = home(of: pair)
        while slots[index].pair != MergeTable.free {
            if slots[index].pair == pair { return }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = Slot(pair: pair, merge: merge)
    }

    /// What `left` and `right` become; nil where they do not merge, or one of them is no token (negative).
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        guard left | right >= 0 else { return nil }
        let pair = MergeTable.key(left, right)
        var index = home(of: pair)
        while true {
            let slot = slots[index]
            if slot.pair == pair { return slot.merge }
            if slot.pair == MergeTable.free { return nil }
            index = (index + 1) & (slots.count - 1)
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Multiply-shift hashing: the product's high bits (Dietzfelbinger and others 1997).
    private func home(of pair: UInt64) -> Int {
        Int(truncatingIfNeeded: (pair &* multiplier) >> shift)
    }
}
