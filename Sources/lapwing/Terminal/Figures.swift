import Foundation
import LapwingAPI

/// Amounts as people read them; exact ones are in JSON.
package enum Figures {
    /// Dollars with four significant digits and at least two places: `$12.35`, `$0.001235`, `-$0.05`, `$0.00`.
    package static func dollars(_ amount: NanoUSD) -> String {
        let magnitude = amount.rawValue.magnitude
        // Places after the point so that four digits count, of the nine that a nano-dollar has.
        var places = 2
        var bound: UInt64 = 10_000_000_000
        while places < 9, magnitude < bound {
            places += 1
            bound /= 10
        }
        var unit: UInt64 = 1
        for _ in places..<9 { unit *= 10 }
        let rounded = (magnitude + unit / 2) / unit * unit
        var digits = String(rounded % 1_000_000_000)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.count > 2, digits.hasSuffix("0") { digits.removeLast() }
        return "\(amount.rawValue < 0 ? "-" : "")$\(grouped(Int(rounded / 1_000_000_000))).\(digits)"
    }

    /// `12,345`.
    package static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return number < 0 ? "-\(result)" : result
    }

    /// `37.5%`; `–` where there is nothing to divide by.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "–" }
        return "\(fixed(Double(part) * 100 / Double(whole), places: 1))%"
    }

    /// `840 ms`, `2.41 s`, `3 min 12 s`.
    package static func duration(milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 { return "\(fixed(Double(milliseconds) / 1000, places: 2)) s" }
        return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
    }

    /// A number with a fixed number of places, with a point whatever the locale is.
    package static func fixed(_ value: Double, places: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(places)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }

    /// `text` on one line, at most `length` characters, with control characters as spaces.
    package static func shortened(_ text: String, to length: Int) -> String {
        let line = String(
            text.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? " " : $0 })
        return line.count <= length ? line : line.prefix(max(0, length - 1)).trimmingCharacters(in: .whitespaces) + "…"
    }
}
