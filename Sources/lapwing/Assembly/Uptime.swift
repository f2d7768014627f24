import LapwingAPI
import LapwingRouter
import LapwingStore
import Synchronization

/// Writes down that the server runs, at its beginning, every minute and at its end, so that a report can tell how long the
/// machine stood idle. A kill loses a minute at most.
package final class Uptime: Sendable {
    private struct Run {
        let id: Int64
        let perHour: NanoUSD
    }

    private let ledger: Ledger
    private let time: RouterTime
    /// nil where its beginning could not be written down.
    private let run: Mutex<Run?>
    private let task: Mutex<Task<Void, Never>?>

    /// Begins at once; `stop` or letting go ends it.
    package init(
        _ ledger: Ledger, perHour: NanoUSD, every interval: Duration = .seconds(60), time: RouterTime = .system
    ) {
        self.ledger = ledger
        self.time = time
        task = Mutex(nil)
        // What cannot be written down is missing in the report; the requests have their own word with the disk.
        run = Mutex(
            (try? ledger.beginRun(at: time.milliseconds(), perHour: perHour)).map { Run(id: $0, perHour: perHour) })
        let noting = Task { [weak self] in
            repeat {
                try? await time.clock.sleep(for: interval)
                self?.note()
            } while !Task.isCancelled
        }
        task.withLock { $0 = noting }
    }

    deinit { task.withLock { $0 }?.cancel() }

    private func note() {
        if let run = run.withLock({ $0 }) { try? ledger.noteRun(run.id, at: time.milliseconds()) }
    }

    /// Begins another run where the machine costs something else from now on.
    package func goOn(perHour: NanoUSD) {
        guard run.withLock({ $0?.perHour != perHour }) else { return }
        note()
        let begun = try? ledger.beginRun(at: time.milliseconds(), perHour: perHour)
        run.withLock { $0 = begun.map { Run(id: $0, perHour: perHour) } }
    }

    /// Returns once the end is written down.
    package func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }
}
