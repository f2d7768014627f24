import ArgumentParser
import Foundation
import LapwingStore

/// Days as a user writes them: `YYYY-MM-DD`, in UTC.
enum DayText {
    static func today() -> String { Day.text(of: Date()) }

    /// The day's beginning; nil for what is no day, the 30th of February included.
    static func beginning(of text: String) -> Date? {
        guard Day.isValid(text) else { return nil }
        return try? Date(text, strategy: .iso8601.year().month().day())
    }

    /// A day from the command line, for an option's `transform`.
    static func argument(_ text: String) throws -> String {
        guard beginning(of: text) != nil else { throw ValidationError("expected a day as YYYY-MM-DD.") }
        return text
    }
}
