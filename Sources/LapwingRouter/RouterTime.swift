import Foundation
import LapwingStore

/// Where the router reads the time; tests give their own.
package struct RouterTime: Sendable {
    /// For what is measured and waited for.
    package var clock: any Clock<Duration>
    /// Milliseconds since 1970, for what is written down.
    package var milliseconds: @Sendable () -> Int64

    package init(clock: any Clock<Duration>, milliseconds: @escaping @Sendable () -> Int64) {
        self.clock = clock
        self.milliseconds = milliseconds
    }

    package static let system = RouterTime(clock: ContinuousClock()) {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// The day of now in UTC, `YYYY-MM-DD`: the day whose prices hold.
    var day: String { Self.day(ofMilliseconds: milliseconds()) }

    package static func day(ofMilliseconds milliseconds: Int64) -> String {
        Day.text(of: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
