import Foundation

/// Calendar days as `YYYY-MM-DD`, in UTC, which sort as text.
package enum Day {
    private static let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    package static func text(of date: Date) -> String {
        var (time, parts) = (time_t(date.timeIntervalSince1970.rounded(.down)), tm())
        gmtime_r(&time, &parts)
        let figures = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        return figures.map { String(repeating: "0", count: max(0, $1 - String($0).count)) + String($0) }
            .joined(separator: "-")
    }

    package static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            lengths.indices.contains(month - 1)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return (1...(lengths[month - 1] + (month == 2 && isLeap ? 1 : 0))).contains(day)
    }
}
