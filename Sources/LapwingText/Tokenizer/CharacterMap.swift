/// SentencePiece's compiled normalisation: which sequences of characters are replaced, and by what.
///
/// A double-array trie (Aoe 1989, in the packed form of the Darts library) whose values are places in a pool of
/// zero-terminated replacements. It comes from a weight file, so every step is checked.
package struct CharacterMap: Sendable, Equatable {
    /// How a text is cut before it is looked up.
    package enum Matching: Sendable {
        /// The longest sequence that is in the map, as SentencePiece does.
        case longest
        /// Short characters as a person sees them, else scalar by scalar, as Hugging Face's tokenizers do.
        case graphemes
    }

    private let units: [UInt32]
    private let pool: [UInt8]
    private let matching: Matching

    /// Bytes of the largest map that is taken; those of known models have 320 KB.
    static let byteLimit = 16 << 20
    /// Bytes of the longest sequence and replacement; those of known models have 33.
    private static let sequenceLimit = 256

    package init(_ bytes: [UInt8], matching: Matching = .longest) throws(TextError) {
        guard bytes.count <= CharacterMap.byteLimit else {
            throw .malformedCharacterMap(
                found: "\(bytes.count) bytes", expected: "at most \(CharacterMap.byteLimit) bytes")
        }
        func word(at offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count > 4 else {
            throw .malformedCharacterMap(found: "\(bytes.count) bytes", expected: "a size and a trie")
        }
        let size = Int(word(at: 0))
        guard size % 4 == 0, size > 0, size < bytes.count - 4 else {
            throw .malformedCharacterMap(
                found: "a trie of \(size) bytes in a map of \(bytes.count)",
                expected: "units of four bytes and replacements after them")
        }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        pool = Array(bytes[(4 + size)...])
        let longest = pool.split(separator: 0).map(\.count).max() ?? 0
        guard pool.last == 0, longest <= CharacterMap.sequenceLimit else {
            throw .malformedCharacterMap(
                found: pool.last == 0 ? "a replacement of \(longest) bytes" : "a replacement without an end",
                expected: "replacements of at most \(CharacterMap.sequenceLimit) bytes, each with a zero after it")
        }
        self.matching = matching
    }

    package func applied(to text: [UInt8]) -> [UInt8] {
        switch matching {
        case .longest: longestReplaced(text)
        case .graphemes: graphemesReplaced(text)
        }
    }

    private func longestReplaced(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var offset = 0
        while offset < text.count {
            if let match = matches(in: text[offset...]).longest {
                result.append(contentsOf: replacement(at: match.place))
                offset += match.count
            } else {
                let end = min(offset + UTF8Length.of(lead: text[offset]), text.count)
                result.append(contentsOf: text[offset..<end])
                offset = end
            }
        }
        return CharacterMap.repaired(result)
    }

    private func graphemesReplaced(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        /// The reference implementation takes the shortest match and drops what is after it.
        func append(_ part: ArraySlice<UInt8>) -> Bool {
            guard let match = matches(in: part).shortest else { return false }
            result.append(contentsOf: replacement(at: match.place))
            return true
        }
        var start = 0
        while start < text.count {
            // Between two bytes of ASCII a grapheme ends, but for the two of a line's end; the rest is Unicode's rules.
            var end = start + 1
            while end < text.count, text[end - 1] | text[end] >= 0x80 || (text[end - 1] == 0x0D && text[end] == 0x0A) {
                end += 1
            }
            if end == start + 1 {
                if !append(text[start..<end]) { result.append(text[start]) }
            } else {
                for grapheme in String(decoding: text[start..<end], as: UTF8.self) {
                    if grapheme.utf8.count < 6, append(Array(grapheme.utf8)[...]) { continue }
                    for scalar in grapheme.unicodeScalars {
                        let bytes = Array(String(scalar).utf8)
                        if !append(bytes[...]) { result.append(contentsOf: bytes) }
                    }
                }
            }
            start = end
        }
        return CharacterMap.repaired(result)
    }

    private struct Match {
        /// Bytes of the text.
        var count: Int
        /// Where the replacement is in the pool.
        var place: Int
    }

    /// The sequences in the map that `text` begins with.
    private func matches(in text: ArraySlice<UInt8>) -> (shortest: Match?, longest: Match?) {
        var found: (shortest: Match?, longest: Match?)
        var node = CharacterMap.base(units[0])
        for (index, byte) in text.prefix(CharacterMap.sequenceLimit).enumerated() {
            if byte == 0 { break }
            node ^= Int(byte)
            guard node < units.count else { break }
            let unit = units[node]
            // A child carries the byte that leads to it; the high bit marks a value.
            guard unit & 0x8000_00FF == UInt32(byte) else { break }
            node ^= CharacterMap.base(unit)
            guard node < units.count else { break }
            if unit & 0x100 != 0 {
                found.longest = Match(count: index + 1, place: Int(units[node] & 0x7FFF_FFFF))
                if found.shortest == nil { found.shortest = found.longest }
            }
        }
        return found
    }

    private static func base(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }

    private func replacement(at place: Int) -> ArraySlice<UInt8> {
        place < pool.count ? pool[place...].prefix { $0 != 0 } : []
    }

    /// A damaged map can cut characters; what follows relies on UTF-8.
    private static func repaired(_ text: [UInt8]) -> [UInt8] {
        String(validating: text, as: UTF8.self) != nil ? text : Array(String(decoding: text, as: UTF8.self).utf8)
    }
}
