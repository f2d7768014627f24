#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The clocks that the server reads, so that tests can hold them still.
package struct ServerTime: Sendable {
    /// Measures durations and paces keep-alive comments.
    package var clock: any Clock<Duration>
    /// Milliseconds since 1970.
    package var milliseconds: @Sendable () -> Int64

    package init(clock: any Clock<Duration>, milliseconds: @escaping @Sendable () -> Int64) {
        self.clock = clock
        self.milliseconds = milliseconds
    }

    package static var system: ServerTime {
        ServerTime(clock: ContinuousClock()) { Int64(Date().timeIntervalSince1970 * 1000) }
    }
}
