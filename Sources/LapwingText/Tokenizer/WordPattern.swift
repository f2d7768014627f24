/// One way in which a word may look, as a published pattern's alternative says it.
enum WordPattern: Sendable, Hashable {
    /// One scalar of `lead` where there is one, `count` of `set`, and any number of `tail`: ` ?\p{L}+` is
    /// `.run(.letter, after: .blank)`. With `needsLead` the first is not optional.
    case run(
        ScalarSet, count: ClosedRange<Int> = 1...Int.max, after: ScalarSet = [], needsLead: Bool = false,
        tail: ScalarSet = [])
    /// `'s|'t|'re|'ve|'m|'ll|'d`, where `foldsCase` in capitals too.
    case contraction(foldsCase: Bool)
    /// A word as English writes them, which a capital begins: `[^\r\n\p{L}\p{N}]?`, then `U*L+` or, failing that,
    /// `U+L*`, where letters without case and marks are both U and L; with `contracts`, a contraction at its end.
    case cased(contracts: Bool)
    /// `\s*[\r\n]+`
    case lineBreaks
    /// `\s+(?!\S)|\s+`
    case spaces
    /// `\s+$`
    case spacesAtEnd
}

/// Tells whether a pattern is found at a place, as a backtracking matcher would, but without going back far.
struct WordMatcher {
    let text: ScalarView
    private let table = ScalarTable.shared

    init(_ text: ScalarView) {
        self.text = text
    }

    @inline(__always)
    func scalar(at offset: Int) -> (set: ScalarSet, end: Int) {
        let (value, end) = text.scalar(at: offset)
        return (table.set(of: value), end)
    }

    /// The end of the pattern's match at `start`, of which `first` is the scalar there; nil where there is none.
    func end(
        of pattern: WordPattern, from start: Int, first: (set: ScalarSet, end: Int), limit: Int
    ) -> Int? {
        switch pattern {
        case .run(let set, let count, let lead, let needsLead, let tail):
            if first.set.meets(lead), let end = run(of: set, count, from: first.end, limit: limit) {
                return tail.isEmpty ? end : skip(tail, from: end, limit: limit)
            }
            guard !needsLead, first.set.meets(set), let end = run(of: set, count, from: start, limit: limit)
            else { return nil }
            return tail.isEmpty ? end : skip(tail, from: end, limit: limit)
        case .contraction(let foldsCase):
            return contraction(at: start, limit: limit, foldsCase: foldsCase)
        case .cased(let contracts):
            return cased(from: start, first: first, limit: limit).map { end in
                contracts && end < limit ? contraction(at: end, limit: limit, foldsCase: true) ?? end : end
            }
        case .lineBreaks: return first.set.meets(.space) ? lineBreaks(from: start, limit: limit) : nil
        case .spaces: return first.set.meets(.space) ? spaces(from: start, limit: limit) : nil
        case .spacesAtEnd:
            guard first.set.meets(.space) else { return nil }
            return skip(.space, from: first.end, limit: limit) == limit ? limit : nil
        }
    }

    /// The end of the run of `set` that begins at `start`.
    @inline(__always)
    func skip(_ set: ScalarSet, from start: Int, limit: Int) -> Int {
        var offset = start
        while offset < limit {
            let next = scalar(at: offset)
            guard next.set.meets(set) else { break }
            offset = next.end
        }
        return offset
    }

    @inline(__always)
    private func run(of set: ScalarSet, _ count: ClosedRange<Int>, from start: Int, limit: Int) -> Int? {
        if count.upperBound == .max, count.lowerBound == 1 {
            let end = skip(set, from: start, limit: limit)
            return end > start ? end : nil
        }
        var offset = start
        var found = 0
        while offset < limit, found < count.upperBound {
            let next = scalar(at: offset)
            guard next.set.meets(set) else { break }
            offset = next.end
            found += 1
        }
        return found >= count.lowerBound ? offset : nil
    }

    /// The end of `'s`, `'t`, `'m`, `'d`, `'re`, `'ve` or `'ll`.
    private func contraction(at start: Int, limit: Int, foldsCase: Bool) -> Int? {
        guard text.byte(at: start) == UInt8(ascii: "'"), start + 1 < limit else { return nil }
        let fold: UInt8 = foldsCase ? 0x20 : 0
        func letter(at offset: Int) -> UInt8 {
            let byte = text.byte(at: offset)
            return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | fold : byte
        }
        let second: UInt8
        switch letter(at: start + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): second = UInt8(ascii: "e")
        case UInt8(ascii: "l"): second = UInt8(ascii: "l")
        default: return nil
        }
        return start + 2 < limit && letter(at: start + 2) == second ? start + 3 : nil
    }

    private func cased(from start: Int, first: (set: ScalarSet, end: Int), limit: Int) -> Int? {
        let lead: ScalarSet = [.other, .blank, .otherSpace]
        let starts = first.set.meets(lead) ? [first.end, start] : [start]
        // With and without what may stand before; only a mark may be either.
        for start in starts { if let end = lowerEnd(from: start, limit: limit) { return end } }
        for start in starts {
            let capitals = skip(WordMatcher.capital, from: start, limit: limit)
            if capitals > start { return skip(WordMatcher.small, from: capitals, limit: limit) }
        }
        return nil
    }

    private static let capital: ScalarSet = [.upper, .uncased, .mark]
    private static let small: ScalarSet = [.lower, .uncased, .mark]

    /// `U*L+`: all capitals and then small letters, or up to the last of the capitals that may also be small.
    private func lowerEnd(from start: Int, limit: Int) -> Int? {
        var offset = start
        var lastSmall: Int?
        while offset < limit {
            let next = scalar(at: offset)
            guard next.set.meets(WordMatcher.capital) else { break }
            offset = next.end
            if next.set.meets(WordMatcher.small) { lastSmall = offset }
        }
        let end = skip(WordMatcher.small, from: offset, limit: limit)
        return end > offset ? end : lastSmall
    }

    /// Up to the last newline of a run of white space.
    private func lineBreaks(from start: Int, limit: Int) -> Int? {
        var offset = start
        var found: Int?
        while offset < limit {
            let next = scalar(at: offset)
            guard next.set.meets(.space) else { break }
            offset = next.end
            if next.set.meets(.newline) { found = offset }
        }
        return found
    }

    /// A run of white space, less its last scalar where a word follows that can take it.
    private func spaces(from start: Int, limit: Int) -> Int {
        var offset = start
        var last = start
        while offset < limit {
            let next = scalar(at: offset)
            guard next.set.meets(.space) else { break }
            last = offset
            offset = next.end
        }
        return offset < limit && last > start ? last : offset
    }
}
