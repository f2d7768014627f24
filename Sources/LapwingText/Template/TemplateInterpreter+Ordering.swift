/// Filters that order, compare or add up items.
extension TemplateInterpreter {
    func ordered(
        _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        let path = arguments.named.first { $0.name == "attribute" }?.value
        let foldsCase = arguments.named.first { $0.name == "case_sensitive" }?.value.isTrue != true
        func key(_ item: TemplateValue) throws(TextError) -> TemplateValue {
            let part = try path.map { path throws(TextError) in try self.part(path, of: item) } ?? item
            try charge(1)
            guard foldsCase, filter != .sum, case .string(let text) = part else { return part }
            try charge(byteCount: text.utf8.count)
            return .string(text.lowercased())
        }
        let items = try sequence(value).items
        var keyed: [(key: TemplateValue, item: TemplateValue)] = []
        for item in items { keyed.append((try key(item), item)) }
        switch filter {
        case .sum:
            var total = arguments.named.first { $0.name == "start" }?.value ?? .int(0)
            for (key, _) in keyed { total = try apply(.add, total, key) }
            return total
        case .unique:
            var kept: [(key: TemplateValue, item: TemplateValue)] = []
            for pair in keyed {
                try requireKey(pair.key)
                var isNew = true
                for other in kept where try equal(pair.key, other.key) { isNew = false }
                if isNew { kept.append(pair) }
            }
            return .list(kept.map(\.item))
        case .sort:
            let isReversed = arguments.value(0, "reverse")?.isTrue == true
            let sorted = try mergeSorted(keyed, isReversed: isReversed)
            return .list(sorted.map(\.item))
        default:
            guard var best = keyed.first else { return .undefined(hint: "there is no item") }
            for pair in keyed.dropFirst() {
                let isBetter = try filter == .min ? isLess(pair.key, best.key) : isLess(best.key, pair.key)
                if isBetter { best = pair }
            }
            return best.item
        }
    }

    /// Stable; the standard library's `sort` takes no closure that throws a typed error and stays stable by contract.
    private func mergeSorted(
        _ pairs: [(key: TemplateValue, item: TemplateValue)], isReversed: Bool
    ) throws(TextError) -> [(key: TemplateValue, item: TemplateValue)] {
        guard pairs.count > 1 else { return pairs }
        let middle = pairs.count / 2
        let left = try mergeSorted(Array(pairs[..<middle]), isReversed: isReversed)
        let right = try mergeSorted(Array(pairs[middle...]), isReversed: isReversed)
        var merged: [(key: TemplateValue, item: TemplateValue)] = []
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            let takesRight =
                try isReversed ? isLess(left[i].key, right[j].key) : isLess(right[j].key, left[i].key)
            merged.append(takesRight ? right[j] : left[i])
            if takesRight { j += 1 } else { i += 1 }
        }
        return merged + left[i...] + right[j...]
    }
}
