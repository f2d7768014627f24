import Foundation

/// How long an upstream asks to be left alone (RFC 9110, section 10.2.3): as seconds, or as a date.
package enum RetryAfter {
    private static let longest = 86_400

    /// nil where the header is missing or unreadable. A date is held against the reply's own `Date`, so that no clock but the
    /// upstream's counts; against ours where it has none.
    package static func seconds(_ header: String?, sentAt date: String?) -> Int? {
        guard let text = header?.trimmingCharacters(in: .whitespaces) else { return nil }
        if let seconds = Int(text) { return min(max(seconds, 0), longest) }
        guard let due = parse(text) else { return nil }
        let now = date.flatMap(parse) ?? Date()
        return Int(min(max(due.timeIntervalSince(now).rounded(.up), 0), Double(longest)))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still sent (RFC 9110, section 5.6.7).
    private static func parse(_ text: String) -> Date? {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        guard fields.count == 8, fields[7] == "GMT", let day = Int(fields[1]), let year = Int(fields[3]),
            let month = months.firstIndex(of: String(fields[2])), let hour = Int(fields[4]),
            let minute = Int(fields[5]), let second = Int(fields[6]), (1...31).contains(day),
            (1970...9999).contains(year), (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(
            from: DateComponents(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
