import LapwingAPI

/// Asks the endpoints of pools that want it, again and again, whether they are up.
package final class Probes: Sendable {
    private let tasks: [Task<Void, Never>]
    /// How many endpoints are probed.
    package var count: Int { tasks.count }

    /// Begins at once; `stop` or letting go ends it.
    package init(_ pools: [ModelPool], clock: any Clock<Duration> = ContinuousClock()) {
        tasks = pools.flatMap { pool in
            guard let interval = pool.options.probeEvery else { return [Task<Void, Never>]() }
            return pool.endpoints.indices.compactMap { index in
                guard let probe = pool.endpoints[index].probe else { return nil }
                return Task {
                    await Self.run(probe, every: interval, clock) { pool.probed(index, isWell: $0) }
                }
            }
        }
    }

    deinit { stop() }

    package func stop() { tasks.forEach { $0.cancel() } }

    private static func run(
        _ probe: @Sendable () async throws -> Void, every interval: Duration,
        _ clock: any Clock<Duration>,
        report: @Sendable (_ isWell: Bool) -> Void
    ) async {
        repeat {
            let isWell = await (try? probe()) != nil
            if Task.isCancelled { return }
            report(isWell)
            try? await clock.sleep(for: interval)
        } while !Task.isCancelled
    }
}
