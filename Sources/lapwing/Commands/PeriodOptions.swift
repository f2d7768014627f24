import ArgumentParser
import Foundation
import LapwingStore

/// `--since` and `--until`.
struct PeriodOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("From this time on: 2026-11-01, 2026-11-01T08:00:00Z, or 24h, 7d ago.", valueName: "time"))
    var since: TimePoint?

    @Option(help: ArgumentHelp("Before this time.", valueName: "time"))
    var until: TimePoint?

    func validate() throws {
        if let since, let until, since.milliseconds >= until.milliseconds {
            throw ValidationError("--since must be before --until.")
        }
    }

    var period: Period { Period(since: since?.milliseconds, until: until?.milliseconds) }
}

/// A moment as it is typed: a day (its beginning in UTC), an ISO 8601 time, or how long ago.
package struct TimePoint: Hashable, Sendable, ExpressibleByArgument {
    /// Since 1970.
    package var milliseconds: Int64

    package init?(argument: String) { self.init(argument, now: Date()) }

    package init?(_ text: String, now: Date) {
        if let match = text.wholeMatch(of: /([0-9]{1,6})(m|h|d|w)/), let count = Double(match.1) {
            let seconds: [Substring: Double] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
            self.init(now.addingTimeInterval(-count * (seconds[match.2] ?? 0)))
        } else if let day = DayText.beginning(of: text) {
            self.init(day)
        } else if let time = try? Date(text, strategy: .iso8601) {
            self.init(time)
        } else {
            return nil
        }
    }

    private init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }
}
