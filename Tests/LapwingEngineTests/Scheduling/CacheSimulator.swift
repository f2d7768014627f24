import LapwingAPI
import LapwingEngine

/// Stands for the model and its cache: each slot holds a digest of all tokens up to its position, read through the page
/// table as attention would read it. A wrong page, a page overwritten while in use or a skipped token shows as a wrong digest.
struct CacheSimulator {
    let pageSize: Int
    private var slots: [UInt64]
    private(set) var failures: [String] = []

    init(pageCount: Int, pageSize: Int) {
        self.pageSize = pageSize
        slots = Array(repeating: 0, count: pageCount * pageSize)
    }

    static func digest(of tokens: some Sequence<TokenID>) -> UInt64 {
        tokens.reduce(1) { extended($0, by: $1) }
    }

    /// Writes a step's rows, and compares with `known`, the tokens that each sequence is said to have.
    mutating func run(_ plan: StepPlan, known: (SequenceID) -> [TokenID]) {
        for copy in plan.copies {
            for offset in 0..<pageSize {
                slots[Int(copy.destination) * pageSize + offset] = slots[Int(copy.source) * pageSize + offset]
            }
        }
        for rows in plan.rows {
            let tokens = known(rows.id)
            let given = rows.tokens.dropLast(rows.draftCount)
            if tokens[rows.start..<rows.start + given.count] != given {
                failures.append("\(rows.id.rawValue): the plan's tokens are not the sequence's")
            }
            var digest = Self.digest(of: [])
            for position in 0..<rows.start {
                digest = Self.extended(digest, by: tokens[position])
                if slots[slot(position, rows.pages)] != digest {
                    failures.append("\(rows.id.rawValue): position \(position) is not in the cache")
                }
            }
            for (offset, token) in rows.tokens.enumerated() {
                digest = Self.extended(digest, by: token)
                slots[slot(rows.start + offset, rows.pages)] = digest
            }
        }
    }

    private func slot(_ position: Int, _ pages: [PageIndex]) -> Int {
        Int(pages[position / pageSize]) * pageSize + position % pageSize
    }

    private static func extended(_ digest: UInt64, by token: TokenID) -> UInt64 {
        (digest ^ UInt64(UInt32(bitPattern: token))) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }
}
