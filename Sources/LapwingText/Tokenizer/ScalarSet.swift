/// A set of scalars, as the union of the classes that pre-tokenizers tell apart.
///
/// A scalar's own set has one of the first eleven classes, which part all scalars, and any of the others: it is in a
/// set when the two have a class in common.
struct ScalarSet: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    static let upper = ScalarSet(rawValue: 1 << 0)
    static let lower = ScalarSet(rawValue: 1 << 1)
    /// Letters without case, and modifiers.
    static let uncased = ScalarSet(rawValue: 1 << 2)
    static let mark = ScalarSet(rawValue: 1 << 3)
    static let number = ScalarSet(rawValue: 1 << 4)
    static let punctuation = ScalarSet(rawValue: 1 << 5)
    static let symbol = ScalarSet(rawValue: 1 << 6)
    /// U+0020.
    static let blank = ScalarSet(rawValue: 1 << 7)
    /// Line feed and carriage return.
    static let newline = ScalarSet(rawValue: 1 << 8)
    /// White space that is neither.
    static let otherSpace = ScalarSet(rawValue: 1 << 9)
    /// Control, format, private and unassigned scalars.
    static let rest = ScalarSet(rawValue: 1 << 10)

    // Classes that lie across those.
    static let asciiLetter = ScalarSet(rawValue: 1 << 11)
    static let asciiDigit = ScalarSet(rawValue: 1 << 12)
    static let asciiPunctuation = ScalarSet(rawValue: 1 << 13)
    /// `$+<=>^|~`
    static let asciiSymbol = ScalarSet(rawValue: 1 << 14)
    static let slash = ScalarSet(rawValue: 1 << 15)
    /// What BLOOM's words hold: `[^(\s|.,!?…。，、।۔،)]`.
    static let unstopped = ScalarSet(rawValue: 1 << 16)
    /// `[一-龥ࠀ-一가-퟿]`
    static let eastern = ScalarSet(rawValue: 1 << 17)
    /// `[一-龥぀-ゟ゠-ヿ]`
    static let ideographOrKana = ScalarSet(rawValue: 1 << 18)
    /// The letters with case of the scripts that DeepSeek LLM's pattern lists.
    static let listedCased = ScalarSet(rawValue: 1 << 19)
    /// `[!-/:-~！-／：-～‘-‟　-。]`
    static let wideMark = ScalarSet(rawValue: 1 << 20)

    /// `\p{L}`
    static let letter: ScalarSet = [.upper, .lower, .uncased]
    /// `\s`
    static let space: ScalarSet = [.blank, .newline, .otherSpace]
    /// `[^\s\p{L}\p{N}]`
    static let other: ScalarSet = [.mark, .punctuation, .symbol, .rest]
    static let any: ScalarSet = [.letter, .number, .space, .other]

    @inline(__always)
    func meets(_ other: ScalarSet) -> Bool { rawValue & other.rawValue != 0 }
}

/// Each scalar's set, in pages of 256 of which equal ones are held once.
struct ScalarTable: Sendable {
    static let shared = ScalarTable()

    private var pageNumbers: [UInt8] = []
    private var pages: [ScalarSet] = []

    @inline(__always)
    func set(of scalar: UInt32) -> ScalarSet {
        pages[Int(pageNumbers[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }

    private init() {
        let sets = ScalarTable.sets().map(\.rawValue)
        var known: [ArraySlice<UInt32>: UInt8] = [:]
        var last: (page: ArraySlice<UInt32>, number: UInt8)?
        for start in stride(from: 0, to: sets.count, by: 256) {
            let page = sets[start..<(start + 256)]
            // Most pages are like the one before; looking those up would take most of the time.
            if let last, last.page == page {
                pageNumbers.append(last.number)
                continue
            }
            // Some 160 pages are told apart.
            let number = known[page] ?? UInt8(known.count)
            if known.updateValue(number, forKey: page) == nil { pages += page.map { ScalarSet(rawValue: $0) } }
            pageNumbers.append(number)
            last = (page, number)
        }
    }

    private static func sets() -> [ScalarSet] {
        var sets = [ScalarSet](repeating: .rest, count: 0x110000)
        var place = 0
        var length = 0
        scalarClassRuns.withUTF8Buffer { runs in
            for byte in runs {
                if let digit = Character(Unicode.Scalar(byte)).wholeNumberValue {
                    length = length * 10 + digit
                    continue
                }
                let end = place + max(length, 1)
                if let set = classes[byte] { for scalar in place..<end { sets[scalar] = set } }
                (place, length) = (end, 0)
            }
        }
        for (set, ranges) in spaces { for range in ranges { for scalar in range { sets[scalar] = set } } }
        for (set, ranges) in overlays { for range in ranges { for scalar in range { sets[scalar].insert(set) } } }
        for scalar in sets.indices where !sets[scalar].meets(.space) { sets[scalar].insert(.unstopped) }
        for scalar in stops { sets[scalar].remove(.unstopped) }
        for scalar in sets.indices where sets[scalar].meets([.upper, .lower]) { sets[scalar].insert(.listedCased) }
        for range in unlisted { for scalar in range { sets[scalar].remove(.listedCased) } }
        return sets
    }

    /// By the letter of a run.
    private static let classes: [UInt8: ScalarSet] = [
        UInt8(ascii: "U"): .upper, UInt8(ascii: "L"): .lower, UInt8(ascii: "O"): .uncased, UInt8(ascii: "M"): .mark,
        UInt8(ascii: "N"): .number, UInt8(ascii: "P"): .punctuation, UInt8(ascii: "S"): .symbol,
    ]

    /// The property White_Space, which has not changed since Unicode 6.3.
    private static let spaces: [(ScalarSet, [ClosedRange<Int>])] = [
        (
            .otherSpace,
            [
                0x09...0x0D, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
                0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
            ]
        ),
        (.newline, [0x0A...0x0A, 0x0D...0x0D]),
        (.blank, [0x20...0x20]),
    ]

    private static let overlays: [(ScalarSet, [ClosedRange<Int>])] = [
        (.asciiLetter, [0x41...0x5A, 0x61...0x7A]),
        (.asciiDigit, [0x30...0x39]),
        (.asciiPunctuation, [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        (.asciiSymbol, [0x24...0x24, 0x2B...0x2B, 0x3C...0x3E, 0x5E...0x5E, 0x7C...0x7C, 0x7E...0x7E]),
        (.slash, [0x2F...0x2F]),
        (.eastern, [0x800...0x9FA5, 0xAC00...0xD7FF]),
        (.ideographOrKana, [0x3040...0x30FF, 0x4E00...0x9FA5]),
        (
            .wideMark,
            [
                0x21...0x2F, 0x3A...0x7E, 0x2018...0x201F, 0x3000...0x3002, 0xFF01...0xFF0F, 0xFF1A...0xFF5E,
            ]
        ),
    ]

    /// `(|.,!?…。，、।۔،)`
    private static let stops = [
        0x21, 0x28, 0x29, 0x2C, 0x2E, 0x3F, 0x7C, 0x60C, 0x6D4, 0x964, 0x2026, 0x3001, 0x3002, 0xFF0C,
    ]

    /// Where letters have case and DeepSeek LLM's pattern does not list them.
    private static let unlisted: [ClosedRange<Int>] = [
        0x560...0x588, 0x10C7...0x10FF, 0x1C80...0x1C88, 0x2D00...0x2D2D, 0xA790...0xAB68, 0x10570...0x105BC,
        0x16E40...0x1DFFF,
    ]
}
