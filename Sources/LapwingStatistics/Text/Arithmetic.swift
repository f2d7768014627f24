/// Sums of numbers as they stand in answers: + - * / and brackets, signs of money and commas passed over.
package enum Arithmetic {
    /// What an expression comes to; nil where it is anything but arithmetic, or divides by zero.
    package static func value(of expression: some StringProtocol) -> Double? {
        var parser = Parser(expression)
        guard let value = parser.sum(), parser.isAtEnd, value.isFinite else { return nil }
        return value
    }

    /// Whether a stated result is what the expression comes to, rounding by a hundredth allowed.
    package static func agrees(_ value: Double, with stated: Double) -> Bool {
        abs(value - stated) <= 0.01 * max(1, abs(value))
    }

    private struct Parser {
        private let characters: [Character]
        private var position = 0
        private var depth = 0
        /// Deeper brackets than any sum has would only use up the stack.
        private static let deepest = 32

        init(_ text: some StringProtocol) {
            characters = text.compactMap {
                if $0.isWhitespace || "$,%".contains($0) { return nil }
                return $0 == "×" || $0 == "x" ? "*" : $0 == "÷" ? "/" : $0
            }
        }

        var isAtEnd: Bool { position == characters.count }
        private var next: Character? { isAtEnd ? nil : characters[position] }

        mutating func sum() -> Double? {
            guard var value = product() else { return nil }
            while let sign = next, sign == "+" || sign == "-" {
                position += 1
                guard let other = product() else { return nil }
                value += sign == "+" ? other : -other
            }
            return value
        }

        private mutating func product() -> Double? {
            guard var value = factor() else { return nil }
            while let sign = next, sign == "*" || sign == "/" {
                position += 1
                guard let other = factor(), sign == "*" || other != 0 else { return nil }
                value = sign == "*" ? value * other : value / other
            }
            return value
        }

        private mutating func factor() -> Double? {
            guard depth < Self.deepest else { return nil }
            depth += 1
            defer { depth -= 1 }
            if next == "-" {
                position += 1
                return factor().map { -$0 }
            }
            if next == "(" {
                position += 1
                guard let value = sum(), next == ")" else { return nil }
                position += 1
                return value
            }
            let start = position
            while let digit = next, digit.isASCII, digit.isNumber || digit == "." { position += 1 }
            return Double(String(characters[start..<position]))
        }
    }
}
