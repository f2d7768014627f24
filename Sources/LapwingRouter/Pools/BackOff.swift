/// How long to wait before an endpoint that failed is asked again.
package struct BackOff: Hashable, Sendable {
    package var first: Duration = .milliseconds(250)
    package var longest: Duration = .seconds(8)

    package init() {}

    /// Doubles with each attempt. `random`, from 0 to 1, makes it from a half of that to all of it, so that requests that
    /// failed together do not come back together.
    package func delay(after attempts: Int, random: Double) -> Duration {
        let doubled = first * (1 << min(max(attempts, 1) - 1, 20))
        return min(doubled, longest) * (0.5 + 0.5 * random)
    }
}
