import CLapwingKernels

extension ForwardPass {
    /// Floats of one attention state: weighted sums, greatest score, sum of weights.
    private var stateLength: Int { configuration.headLength + 2 }

    private func state(_ plan: AttentionPlan, row: Int, head: Int, slot: Int) -> UnsafeMutablePointer<Float> {
        let index = (row * configuration.headCount + head) * plan.slotCount + slot
        return scratch.states + index * stateLength
    }

    /// Fills the states of every row and query head. A split's sums have the same order whether one thread goes
    /// through all splits of a row or each split is an item of its own.
    func attend(_ layer: Int, window: Int?, plan: AttentionPlan) {
        // A thread takes splits that follow each other; of tiles, which differ, one at a time.
        let grain = plan.splitsApart ? max(1, plan.items.count / (3 * workers.count)) : 1
        workers.forEachRange(plan.items.count, grain: grain) { range in
            for item in plan.items[range] { attend(layer, window: window, plan: plan, item: item) }
        }
    }

    private func attend(_ layer: Int, window: Int?, plan: AttentionPlan, item: AttentionPlan.Item) {
        guard let table = tables.baseAddress else { return }
        let group = configuration.groupSize, count = item.rows.count * group
        let last = rows[item.rows.upperBound - 1].position + 1
        let tableStart = rows[item.rows.lowerBound].tableStart
        // Pages before all of the item's windows need not be read. Those before some are: it changes no bit of the others.
        let seen = firstPosition(item.rows.lowerBound, window: window) / KVCache.pageSize * KVCache.pageSize
        var pages = cache.pages(layer: layer, kvHead: item.kvHead, table: table + tableStart)
        let splits = item.split.map { $0..<$0 + 1 } ?? 0..<AttentionPlan.splitCount(position: last - 1)
        withUnsafeTemporaryAllocation(of: lw_attention_line.self, capacity: count) { lines in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count * stateLength) { spare in
                guard let base = lines.baseAddress, let spare = spare.baseAddress else { return }
                for split in splits {
                    // The first split goes straight to its slot; later ones of a whole item by way of spare states.
                    let direct = item.split != nil || split == 0
                    fill(
                        base, plan: plan, item: item, window: window, slot: item.split ?? 0, spare: direct ? nil : spare
                    )
                    let first = split * Scratch.splitLength, end = min(last, first + Scratch.splitLength)
                    guard max(first, seen) < end else { continue }
                    cache.attend(&pages, lines: base, count: count, positions: max(first, seen)..<end, by: kernels)
                    if !direct { merge(lines, after: first, plan: plan, item: item) }
                }
            }
        }
    }

    /// The first position that a row sees.
    private func firstPosition(_ row: Int, window: Int?) -> Int {
        window.map { max(0, rows[row].position + 1 - $0) } ?? 0
    }

    /// Lines of an item with fresh states, in their slots or in spare memory.
    private func fill(
        _ lines: UnsafeMutablePointer<lw_attention_line>, plan: AttentionPlan, item: AttentionPlan.Item, window: Int?,
        slot: Int, spare: UnsafeMutablePointer<Float>?
    ) {
        let c = configuration
        let stride = c.queryLength + 2 * c.keyLength
        var index = 0
        for row in item.rows {
            for head in item.kvHead * c.groupSize..<(item.kvHead + 1) * c.groupSize {
                let state =
                    spare.map { $0 + index * stateLength } ?? self.state(plan, row: row, head: head, slot: slot)
                state.update(repeating: 0, count: stateLength)
                state[c.headLength] = -.infinity
                lines[index] = lw_attention_line(
                    query: scratch.projections + row * stride + head * c.headLength, state: state,
                    limit: rows[row].position + 1, first: firstPosition(row, window: window), slope: model.slopes[head])
                index += 1
            }
        }
    }

    /// Folds a later split's spare states into the slots of the lines that see it.
    private func merge(
        _ lines: UnsafeMutableBufferPointer<lw_attention_line>, after first: Int, plan: AttentionPlan,
        item: AttentionPlan.Item
    ) {
        let group = configuration.groupSize
        for (index, line) in lines.enumerated() where line.limit > first {
            let row = item.rows.lowerBound + index / group, head = item.kvHead * group + index % group
            let target = state(plan, row: row, head: head, slot: 0)
            kernels.pointee.attend_merge(target, line.state, configuration.headLength)
        }
    }

    /// Joins the splits of each row and head, divides, and leaves the rows as the next product's input.
    func finishAttention(plan: AttentionPlan, for matrix: PackedMatrix) {
        let c = configuration
        workers.forEachRange(rows.count, grain: 4) { range in
            for r in range {
                let out = scratch.input.values + r * c.queryLength
                let splits = min(plan.slotCount, AttentionPlan.splitCount(position: rows[r].position))
                for head in 0..<c.headCount {
                    let first = state(plan, row: r, head: head, slot: 0)
                    for slot in 1..<max(splits, 1) {
                        kernels.pointee.attend_merge(first, first + slot * stateLength, c.headLength)
                    }
                    kernels.pointee.attend_finish(first, out + head * c.headLength, c.headLength)
                }
                if matrix.takesBlocks { scratch.input.quantize(row: r, width: c.queryLength, by: kernels) }
            }
        }
    }
}
