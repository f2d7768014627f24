/// Counts from the moment it was made, by whatever clock it was given.
package struct Stopwatch: Sendable {
    package let elapsed: @Sendable () -> Duration

    package init(_ clock: any Clock<Duration>) { self.init(starting: clock) }

    private init<C: Clock<Duration>>(starting clock: C) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }
}
