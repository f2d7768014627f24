import LapwingAPI
import LapwingRouter
import LapwingStore

/// Writes down that the server runs, at its beginning, every minute and at its end, so that a report can tell how long the
/// machine stood idle. A kill loses a minute at most.
package final class Uptime: Sendable {
    private let task: Task<Void, Never>

    /// Begins at once; `stop` or letting go ends it.
    package init(
        _ ledger: Ledger, perHour: NanoUSD, every interval: Duration = .seconds(60), time: RouterTime = .system
    ) {
        // What cannot be written down is missing in the report; the requests have their own word with the disk.
        let run = try? ledger.beginRun(at: time.milliseconds(), perHour: perHour)
        task = Task {
            guard let run else { return }
            repeat {
                try? await time.clock.sleep(for: interval)
                try? ledger.noteRun(run, at: time.milliseconds())
            } while !Task.isCancelled
        }
    }

    deinit { task.cancel() }

    /// Returns once the end is written down.
    package func stop() async {
        task.cancel()
        await task.value
    }
}
