import CLapwingKernels

/// Consecutive input rows and the network that they go through: all rows of a dense layer, or those of one expert.
struct NetworkRows {
    let network: FeedForward
    let rows: Range<Int>
}

extension ForwardPass {
    /// Floats of one tile of gate or up values, so that both stay in the first-level cache.
    private static let tileFloats = 4_096
    /// Rows that go through a tile of hidden values together.
    private static let tileRows = 64
    /// Strips that one thread takes at least: a few, so that a call is some work, and even, as kernels take them in pairs.
    private static let unitStrips = 4

    /// The second half of a layer: from the residual, added to the residual.
    func feedForward(_ layer: DecoderLayer) {
        switch layer.feedForward {
        case .dense(let network):
            normalize(by: layer.feedForwardNorm, asBlocks: network.inputTakesBlocks)
            fillHidden([NetworkRows(network: network, rows: 0..<rows.count)], from: scratch.input)
            add(network.down, of: scratch.hidden, norm: layer.postFeedForwardNorm)
        case .mixture(let mixture):
            normalize(
                by: layer.feedForwardNorm,
                asBlocks: mixture.router.takesBlocks || mixture.experts.contains { $0.inputTakesBlocks }
                    || mixture.shared?.network.inputTakesBlocks ?? false)
            mix(mixture)
            if let shared = mixture.shared { add(shared) }
        }
    }

    /// activation(gate x) * (up x) into `scratch.hidden`: both products and the activation in one parallel loop.
    private func fillHidden(_ groups: [NetworkRows], from input: Activations) {
        guard let width = groups.first?.network.gate.matrix.rows else { return }
        if let squares { for group in groups { squares.add(input, rows: group.rows, readBy: group.network.inputs) } }
        let unit = Self.unitStrips * Int(LW_STRIP_ROWS)
        forEachItem(groups, unitCount: (width + unit - 1) / unit) { group, units in
            let tileRows = min(group.rows.count, Self.tileRows)
            let unitsAtOnce = max(1, Self.tileFloats / (unit * tileRows))
            let capacity = tileRows * unitsAtOnce * unit
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * capacity) { tile in
                guard let gates = tile.baseAddress else { return }
                for start in stride(from: units.lowerBound, to: units.upperBound, by: unitsAtOnce) {
                    let columns = start * unit..<min(min(start + unitsAtOnce, units.upperBound) * unit, width)
                    for row in stride(from: group.rows.lowerBound, to: group.rows.upperBound, by: tileRows) {
                        let tileRange = row..<min(row + tileRows, group.rows.upperBound)
                        hidden(
                            group.network, input, rows: tileRange, columns: columns, gates: gates,
                            ups: gates + capacity)
                    }
                }
            }
        }
        guard let last = groups.last, groups.contains(where: { $0.network.down.matrix.takesBlocks }) else { return }
        workers.forEachRange(last.rows.upperBound, grain: Self.rowGrain) { range in
            for row in range { scratch.hidden.quantize(row: row, width: width, by: kernels) }
        }
    }

    /// One tile of hidden values: `gates` and `ups` hold it as [row][column] on the way.
    private func hidden(
        _ network: FeedForward, _ input: Activations, rows: Range<Int>, columns: Range<Int>,
        gates: UnsafeMutablePointer<Float>, ups: UnsafeMutablePointer<Float>
    ) {
        let strip = Int(LW_STRIP_ROWS), width = network.gate.matrix.rows
        let strips = columns.lowerBound / strip..<(columns.upperBound + strip - 1) / strip
        func fill(_ target: UnsafeMutablePointer<Float>, from projection: Projection) {
            var input = input.rows(from: rows.lowerBound, width: projection.matrix.columns)
            // The kernel counts outputs from the matrix's first row.
            let outputs = target - columns.lowerBound
            var output = lw_output(values: outputs, stride: columns.count, add: false)
            var packed = projection.matrix.strips
            kernels.pointee.matmul(&packed, &input, rows.count, &output, strips.lowerBound, strips.upperBound)
            guard let bias = projection.bias else { return }
            for row in 0..<rows.count {
                for column in columns { outputs[row * columns.count + column] += bias.values[column] }
            }
        }
        fill(gates, from: network.gate)
        if let up = network.up { fill(ups, from: up) }
        activate(gates, network.up == nil ? nil : ups, count: rows.count * columns.count)
        for row in rows {
            let values = gates + (row - rows.lowerBound) * columns.count
            (scratch.hidden.values + row * width + columns.lowerBound).update(from: values, count: columns.count)
        }
    }

    /// gates = activation(gates) * ups
    private func activate(_ gates: UnsafeMutablePointer<Float>, _ ups: UnsafeMutablePointer<Float>?, count: Int) {
        switch (configuration.activation, ups) {
        case (.silu, let ups?): kernels.pointee.swiglu(gates, ups, gates, count)
        case (.silu, nil): preconditionFailure("no family has SiLU without a gate")
        case (.gelu, _): kernels.pointee.gelu(gates, ups, gates, count)
        case (.geluErf, _): kernels.pointee.gelu_erf(gates, ups, gates, count)
        }
    }

    private func forEachItem(
        _ groups: [NetworkRows], unitCount: Int, _ body: (_ group: NetworkRows, _ units: Range<Int>) -> Void
    ) {
        let items = WorkItem.cut(rowCounts: groups.map(\.rows.count), unitCount: unitCount, threads: workers.count)
        workers.forEachRange(items.count, grain: 1) { range in
            for item in items[range] { body(groups[item.group], item.units) }
        }
    }
}

// MARK: Experts

extension ForwardPass {
    /// Every row's chosen experts, weighted, added to the residual in the order of the experts, so that a row's sum does
    /// not depend on the other rows. `Scratch.rowLimit` slots go through together, which bounds the memory: an expert
    /// that the cut between two tiles divides is read twice, every other one once.
    private func mix(_ mixture: ExpertMixture) {
        let count = mixture.experts.count
        let router = Projection(matrix: mixture.router, bias: nil)
        multiply(scratch.input, by: Product(router, to: scratch.routerLogits, stride: count))
        let logits = UnsafeBufferPointer(start: scratch.routerLogits, count: rows.count * count)
        let routing = ExpertRouting(
            logits: logits, expertCount: count, usedCount: mixture.counts.usedCount,
            normalizesWeights: mixture.counts.normalizesWeights)
        for start in stride(from: 0, to: routing.slots.count, by: Scratch.rowLimit) {
            let tile = start..<min(start + Scratch.rowLimit, routing.slots.count)
            let groups = routing.groups(in: tile).map {
                NetworkRows(network: mixture.experts[$0.expert], rows: $0.slots)
            }
            gather(routing.slots[tile])
            fillHidden(groups, from: scratch.gathered)
            multiplyDown(groups)
            addWeighted(routing.slots[tile])
        }
    }

    /// Copies the slots' input rows to where an expert's rows lie end to end.
    private func gather(_ slots: ArraySlice<ExpertRouting.Slot>) {
        workers.forEachRange(slots.count, grain: Self.rowGrain) { range in
            for index in range {
                let row = slots[slots.startIndex + index].row
                scratch.gathered.copy(row: row, of: scratch.input, to: index, width: configuration.embeddingLength)
            }
        }
    }

    /// Each group's hidden rows with its expert's last matrix, into `scratch.expertOutputs`.
    private func multiplyDown(_ groups: [NetworkRows]) {
        let width = configuration.embeddingLength, unit = Self.unitStrips
        let stripCount = (width + Int(LW_STRIP_ROWS) - 1) / Int(LW_STRIP_ROWS)
        if let squares {
            for group in groups { squares.add(scratch.hidden, rows: group.rows, readBy: [group.network.down.matrix]) }
        }
        forEachItem(groups, unitCount: (stripCount + unit - 1) / unit) { group, units in
            let down = group.network.down.matrix, first = group.rows.lowerBound
            var matrix = down.strips
            var input = scratch.hidden.rows(from: first, width: down.columns)
            var output = lw_output(values: scratch.expertOutputs + first * width, stride: width, add: false)
            kernels.pointee.matmul(
                &matrix, &input, group.rows.count, &output, units.lowerBound * unit,
                min(units.upperBound * unit, stripCount))
        }
    }

    private func addWeighted(_ slots: ArraySlice<ExpertRouting.Slot>) {
        let width = configuration.embeddingLength
        // Threads share the columns out, not the rows: a row's slots lie apart, and their order must be kept.
        workers.forEachRange(width, grain: max(64, width / workers.count)) { columns in
            for (index, slot) in slots.enumerated() {
                let values = scratch.expertOutputs + index * width, sums = scratch.residual + slot.row * width
                for column in columns { sums[column] += slot.weight * values[column] }
            }
        }
    }

    private func add(_ shared: SharedExpert) {
        let width = configuration.embeddingLength
        fillHidden([NetworkRows(network: shared.network, rows: 0..<rows.count)], from: scratch.input)
        multiply(scratch.hidden, by: Product(shared.network.down, to: scratch.branch, stride: width))
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let input = scratch.input.values + r * width
                let product = (0..<width).reduce(Float(0)) { $0 + input[$1] * shared.gate.values[$1] }
                let share = 1 / (1 + lw_exp(-product))
                let values = scratch.branch + r * width, sums = scratch.residual + r * width
                for column in 0..<width { sums[column] += share * values[column] }
            }
        }
    }
}
