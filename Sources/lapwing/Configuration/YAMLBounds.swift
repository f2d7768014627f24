/// What a file must keep to before it is given to the YAML parser, which follows aliases wherever they lead.
///
/// It refuses more than a thousand levels by itself, but an alias brings all levels of what it stands for: sixteen of
/// them in a chain, as a key, which the parser hashes, would overflow the stack.
///
/// The counts take in quoted text and comments too: they may refuse a strange file that is harmless, and never pass one
/// that is not.
package enum YAMLBounds {
    package static let byteLimit = 256 * 1024
    /// Each bracket can add one level, so this bounds the depth of `[[[[…`.
    package static let bracketLimit = 1000
    /// Each column can add one level of a block.
    package static let indentationLimit = 128
    /// Sixteen aliases can multiply a value a few hundred times at most.
    package static let aliasLimit = 16
    /// Values of a file after its aliases are followed.
    package static let valueLimit = 20_000

    /// The first bound that `text` breaks; nil where it keeps to all.
    package static func violation(in text: String) -> Finding? {
        if text.utf8.count > byteLimit {
            return Finding(
                line: nil, key: "", message: "found \(text.utf8.count) bytes, expected at most \(byteLimit)")
        }
        var brackets = 0
        var aliases = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let shape = LineShape(line)
            brackets += shape.brackets
            aliases += shape.aliases
            for (what, found, limit) in [
                ("opening brackets", brackets, bracketLimit), ("aliases", aliases, aliasLimit),
                ("columns of indentation", shape.lead, indentationLimit),
            ] where found > limit {
                return Finding(line: index + 1, key: "", message: "found \(found) \(what), expected at most \(limit)")
            }
        }
        return nil
    }
}

/// What of a line can add depth or repetition.
private struct LineShape {
    /// Columns before the line's first value; nested `- ` and `? ` are among them.
    var lead = 0
    var brackets = 0
    /// Words that begin with `*`.
    var aliases = 0

    init(_ line: Substring) {
        var previous = UInt8(ascii: " ")
        var inLead = true
        for byte in line.utf8 {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "?"): break
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                inLead = false
                brackets += 1
            case UInt8(ascii: "*"):
                inLead = false
                if !Self.isWord(previous) { aliases += 1 }
            default: inLead = false
            }
            if inLead { lead += 1 }
            previous = byte
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte > 127
    }
}
