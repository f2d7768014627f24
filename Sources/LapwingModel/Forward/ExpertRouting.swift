import CLapwingKernels

/// Which experts each row goes to, and with what weight, grouped by expert so that an expert is read once for all its rows.
///
/// As Mixtral routes (https://arxiv.org/abs/2401.04088, section 2.1): a row goes to the experts with the greatest logits,
/// weighted by the softmax over these logits, which is the softmax over all of them divided by the sum of the chosen.
/// Of equal logits the lower expert's counts as greater. A row's experts and weights follow from its own logits alone.
package struct ExpertRouting {
    /// One row's way through one expert.
    package struct Slot: Equatable {
        package let row: Int
        package let weight: Float
    }

    /// By expert, then by row.
    package let slots: [Slot]
    /// Where each expert's slots begin, and at the end where the last one's stop.
    private let starts: [Int]

    /// `logits` are [row, expert]. Weights that are not normalised are shares among all experts.
    package init(
        logits: UnsafeBufferPointer<Float>, expertCount: Int, usedCount: Int, normalizesWeights: Bool = true
    ) {
        precondition((1...expertCount).contains(usedCount), "a row goes to some of the experts")
        let rowCount = logits.count / expertCount
        var lists = [[Slot]](repeating: [], count: expertCount)
        for row in 0..<rowCount {
            let own = UnsafeBufferPointer(rebasing: logits[row * expertCount..<(row + 1) * expertCount])
            let chosen = Self.greatest(usedCount, of: own)
            // In the order of the experts, as all that is summed over experts.
            let top = own[chosen[0]]
            let shares = chosen.sorted().map { (expert: $0, share: lw_exp(own[$0] - top)) }
            let total = normalizesWeights ? shares.reduce(0) { $0 + $1.share } : own.reduce(0) { $0 + lw_exp($1 - top) }
            for (expert, share) in shares { lists[expert].append(Slot(row: row, weight: share / total)) }
        }
        slots = lists.flatMap { $0 }
        starts = lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// The experts that have slots in `tile`, ascending, with those slots counted from the tile's first.
    package func groups(in tile: Range<Int>) -> [(expert: Int, slots: Range<Int>)] {
        (0..<starts.count - 1).compactMap { expert in
            let own = (starts[expert]..<starts[expert + 1]).clamped(to: tile)
            guard !own.isEmpty else { return nil }
            return (expert, own.lowerBound - tile.lowerBound..<own.upperBound - tile.lowerBound)
        }
    }

    /// Indices of the greatest values, the greatest first; `count` different ones, whatever the values are.
    private static func greatest(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        var left = Array(values.indices)
        return (0..<count).map { _ in
            var best = 0
            for place in 1..<max(left.count, 1) where values[left[place]] > values[left[best]] { best = place }
            return left.remove(at: best)
        }
    }
}
