/// How text is cut into words before any merge; no merge crosses a word's border.
///
/// The patterns are those published with the models. The scanners match them by hand, because a pattern engine would
/// take most of the tokenizer's time.
package enum PreTokenizer: Sendable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// Each `\p{N}` is a word of its own, then as `gpt2` between them.
    case smollm
    /// `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|`
    /// `?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llama3
    /// As `llama3`, with `\p{N}` in place of `\p{N}{1,3}`.
    case qwen2

    /// The names under which weight files ask for each.
    private static let names: [(PreTokenizer, [String])] = [
        (.gpt2, ["gpt-2", "phi-2", "mpt", "olmo", "jais"]),
        (.smollm, ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"]),
        (.llama3, ["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"]),
        (.qwen2, ["qwen2", "deepseek-r1-qwen", "megrez"]),
    ]

    package init(name: String) throws(TextError) {
        guard let match = PreTokenizer.names.first(where: { $0.1.contains(name) }) else {
            throw .unsupportedPreTokenizer(name: name, supported: PreTokenizer.names.flatMap(\.1))
        }
        self = match.0
    }

    /// The words of a text, which joined give the text again.
    package func words(of text: String) -> [String] {
        var words: [String] = []
        var text = text
        text.withUTF8 { bytes in
            var scanner = WordScanner(bytes, range: bytes.indices, preTokenizer: self)
            while let word = scanner.next() { words.append(String(decoding: bytes[word], as: UTF8.self)) }
        }
        return words
    }

    /// Whether a word that is a token is that token, whatever its merges would give.
    var ignoresMerges: Bool { self == .llama3 }

    /// Whether a beginning-of-sequence token is added where the file does not say.
    var addsBOSByDefault: Bool { self == .llama3 }

    /// The longest run of numbers that is one word; nil for no limit.
    fileprivate var digitGroup: Int {
        switch self {
        case .gpt2: .max
        case .llama3: 3
        case .qwen2, .smollm: 1
        }
    }
}

/// Walks through a text word by word. Words are never empty and cover the text without a gap.
struct WordScanner {
    private let text: ScalarView
    private let end: Int
    private let preTokenizer: PreTokenizer
    private(set) var position: Int
    /// For `smollm`: up to where there is no number.
    private var segmentEnd: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>, preTokenizer: PreTokenizer) {
        self.text = ScalarView(bytes)
        self.end = range.upperBound
        self.preTokenizer = preTokenizer
        self.position = range.lowerBound
        self.segmentEnd = range.lowerBound
    }

    mutating func next() -> Range<Int>? {
        guard position < end else { return nil }
        let start = position
        position =
            switch preTokenizer {
            case .gpt2: gpt2Word(from: start, limit: end)
            case .smollm: smollmWord(from: start)
            case .llama3, .qwen2: llama3Word(from: start)
            }
        return start..<position
    }

    private mutating func smollmWord(from start: Int) -> Int {
        if start >= segmentEnd {
            segmentEnd = start
            while segmentEnd < end {
                let next = text.scalar(at: segmentEnd)
                if ScalarClass(next.value) == .number {
                    if segmentEnd == start { return next.end }
                    break
                }
                segmentEnd = next.end
            }
        }
        return gpt2Word(from: start, limit: segmentEnd)
    }

    private func gpt2Word(from start: Int, limit: Int) -> Int {
        let first = text.scalar(at: start)
        if first.value == apostrophe, let end = contraction(after: first.end, limit: limit, foldsCase: false) {
            return end
        }
        var next = first
        if first.value == space, first.end < limit { next = text.scalar(at: first.end) }
        let kind = ScalarClass(next.value)
        return kind == .space ? spaces(from: start, limit: limit) : run(of: kind, from: next.end, limit: limit)
    }

    private func llama3Word(from start: Int) -> Int {
        let first = text.scalar(at: start)
        if first.value == apostrophe, let end = contraction(after: first.end, limit: end, foldsCase: true) {
            return end
        }
        let kind = ScalarClass(first.value)
        switch kind {
        case .letter: return run(of: .letter, from: first.end, limit: end)
        case .number: return run(of: .number, from: first.end, limit: end, most: preTokenizer.digitGroup - 1)
        case .other, .space: break
        }
        if first.end < end, !isNewline(first.value) {
            let next = text.scalar(at: first.end)
            let nextKind = ScalarClass(next.value)
            if nextKind == .letter { return run(of: .letter, from: next.end, limit: end) }
            if first.value == space, nextKind == .other {
                return newlines(from: run(of: .other, from: next.end, limit: end))
            }
        }
        if kind == .other { return newlines(from: run(of: .other, from: first.end, limit: end)) }
        return lastNewline(from: start) ?? spaces(from: start, limit: end)
    }

    /// The end of `s`, `t`, `m`, `d`, `re`, `ve` or `ll` at `offset`, which follows an apostrophe.
    private func contraction(after offset: Int, limit: Int, foldsCase: Bool) -> Int? {
        guard offset < limit else { return nil }
        let fold: UInt8 = foldsCase ? 0x20 : 0
        func letter(at offset: Int) -> UInt8 {
            let byte = text.byte(at: offset)
            return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | fold : byte
        }
        switch letter(at: offset) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return offset + 1
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return offset + 1 < limit && letter(at: offset + 1) == UInt8(ascii: "e") ? offset + 2 : nil
        case UInt8(ascii: "l"):
            return offset + 1 < limit && letter(at: offset + 1) == UInt8(ascii: "l") ? offset + 2 : nil
        default: return nil
        }
    }

    /// The end of a run of one class.
    private func run(of kind: ScalarClass, from start: Int, limit: Int, most: Int = .max) -> Int {
        var offset = start
        var count = 0
        while offset < limit, count < most {
            let next = text.scalar(at: offset)
            guard ScalarClass(next.value) == kind else { break }
            offset = next.end
            count += 1
        }
        return offset
    }

    /// `\s+(?!\S)|\s+`: a run of white space, less its last scalar where a word follows that can take it.
    private func spaces(from start: Int, limit: Int) -> Int {
        var offset = start
        var last = start
        while offset < limit {
            let next = text.scalar(at: offset)
            guard ScalarClass(next.value) == .space else { break }
            last = offset
            offset = next.end
        }
        return offset < limit && last > start ? last : offset
    }

    /// `\s*[\r\n]+`: up to the last newline of a run of white space.
    private func lastNewline(from start: Int) -> Int? {
        var offset = start
        var found: Int?
        while offset < end {
            let next = text.scalar(at: offset)
            guard ScalarClass(next.value) == .space else { break }
            offset = next.end
            if isNewline(next.value) { found = offset }
        }
        return found
    }

    private func newlines(from start: Int) -> Int {
        var offset = start
        while offset < end, isNewline(UInt32(text.byte(at: offset))) { offset += 1 }
        return offset
    }

    private func isNewline(_ scalar: UInt32) -> Bool { scalar == 0x0A || scalar == 0x0D }

    private var space: UInt32 { 0x20 }
    private var apostrophe: UInt32 { 0x27 }
}
