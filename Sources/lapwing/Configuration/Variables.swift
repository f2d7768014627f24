/// A string of the configuration with its `${NAME}` replaced.
package enum Expansion: Hashable, Sendable {
    case text(String)
    /// These variables are not set, or empty.
    case unset([String])
    /// A `${` that is not `${NAME}`; the text from there on.
    case malformed(String)

    /// Replaces every `${NAME}` in `text` once; what a variable holds is not looked at again.
    package init(_ text: String, environment: [String: String]) {
        var result = ""
        var unset: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            let body = rest[start.upperBound...]
            guard let end = body.firstIndex(of: "}"), Self.isName(body[..<end]) else {
                self = .malformed(String(rest[start.lowerBound...].prefix(40)))
                return
            }
            let name = String(body[..<end])
            if let value = environment[name], !value.isEmpty {
                result += value
            } else if !unset.contains(name) {
                unset.append(name)
            }
            rest = body[body.index(after: end)...]
        }
        self = unset.isEmpty ? .text(result + rest) : .unset(unset)
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
        return text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isLetter($0) || (48...57).contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
}
