/// A step that changes text before it is cut into tokens.
package enum Normalization: Sendable, Equatable {
    case replace(String, with: String)

    func applied(to text: [UInt8]) -> [UInt8] {
        switch self {
        case .replace(let pattern, let replacement):
            Normalization.replace(Array(pattern.utf8), with: Array(replacement.utf8), in: text)
        }
    }

    private static func replace(_ pattern: [UInt8], with replacement: [UInt8], in text: [UInt8]) -> [UInt8] {
        guard let first = pattern.first, text.contains(first) else { return text }
        var matcher = BytePattern(pattern)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text {
            result.append(byte)
            matcher.advance(byte)
            guard matcher.isComplete else { continue }
            result.removeLast(pattern.count)
            result.append(contentsOf: replacement)
            matcher.restart()
        }
        return result
    }
}
