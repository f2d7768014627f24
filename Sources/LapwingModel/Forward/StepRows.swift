import CLapwingKernels

/// One row of a pass, taken out of its sequence.
struct Row {
    let token: Int32
    let position: Int
    /// Where its sequence's page table starts in the pass's tables.
    let tableStart: Int
    /// Index into the step's tokens.
    let index: Int
    let wantsLogits: Bool
}

/// A step's rows in order, with the page tables of all its sequences end to end.
struct StepRows {
    private(set) var rows: [Row] = []
    private(set) var tables: [Int32] = []

    /// Traps when the step does not fit the cache or the vocabulary: the caller plans both.
    init(_ step: ModelStep, cache: KVCache, vocabularySize: Int) {
        rows.reserveCapacity(step.tokens.count)
        for sequence in step.sequences {
            let end = sequence.startPosition + sequence.rowCount
            precondition(sequence.rowCount >= 0 && sequence.startPosition >= 0, "rows count up from position 0")
            precondition(sequence.pages.count * KVCache.pageSize >= end, "the page table covers every row")
            precondition(
                sequence.pages.allSatisfy { (0..<Int32(cache.pageCount)).contains($0) }, "pages are in the cache")
            precondition(rows.count + sequence.rowCount <= step.tokens.count, "every row has a token")
            for offset in 0..<sequence.rowCount {
                let index = rows.count
                let token = step.tokens[index]
                precondition(token >= 0 && token < vocabularySize, "tokens are in the vocabulary")
                let wants = sequence.logits == .all || sequence.logits == .last && offset == sequence.rowCount - 1
                rows.append(
                    Row(
                        token: token, position: sequence.startPosition + offset, tableStart: tables.count,
                        index: index, wantsLogits: wants))
            }
            tables.append(contentsOf: sequence.pages)
        }
        precondition(rows.count == step.tokens.count, "every token has a row")
    }
}

/// How a pass's attention is cut into work items that threads take in turn.
struct AttentionPlan {
    /// Consecutive rows of one sequence with one kv head, over one split or over all of them.
    struct Item {
        let rows: Range<Int>
        let kvHead: Int
        let split: Int?
    }

    /// Rows of a tile share each page while it is in the first-level cache.
    private static let tileRows = 16

    private(set) var items: [Item] = []
    /// Whether items are splits.
    let splitsApart: Bool
    /// States kept for each row and head.
    let slotCount: Int

    init(rows: [Row], kvHeadCount: Int) {
        splitsApart = rows.count <= Scratch.splitRowLimit
        slotCount = splitsApart ? rows.map { Self.splitCount(position: $0.position) }.max() ?? 1 : 1
        var start = 0
        while start < rows.count {
            var end = start + 1
            while end < rows.count, end - start < Self.tileRows, rows[end].tableStart == rows[start].tableStart,
                rows[end].position == rows[end - 1].position + 1
            { end += 1 }
            let splits = Self.splitCount(position: rows[end - 1].position)
            for kvHead in 0..<kvHeadCount {
                if splitsApart {
                    items += (0..<splits).map { Item(rows: start..<end, kvHead: kvHead, split: $0) }
                } else {
                    items.append(Item(rows: start..<end, kvHead: kvHead, split: nil))
                }
            }
            start = end
        }
        // Later rows of a prompt see more positions: the long items first leave short ones to even the threads out. Splits
        // are as good as even, and in order they read memory in order.
        if !splitsApart { items.reverse() }
    }

    /// Splits that a row at that position sees.
    static func splitCount(position: Int) -> Int { position / Scratch.splitLength + 1 }
}
