import ArgumentParser
import Foundation

/// Days as `YYYY-MM-DD`, in UTC.
enum DayText {
    static func today() -> String { text(of: Date()) }

    static func text(of date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

    /// The day's beginning; nil for what is no day, the 30th of February included.
    static func beginning(of text: String) -> Date? {
        guard let date = try? Date(text, strategy: .iso8601.year().month().day()), Self.text(of: date) == text else {
            return nil
        }
        return date
    }

    /// A day from the command line, for an option's `transform`.
    static func argument(_ text: String) throws -> String {
        guard beginning(of: text) != nil else { throw ValidationError("expected a day as YYYY-MM-DD.") }
        return text
    }
}
