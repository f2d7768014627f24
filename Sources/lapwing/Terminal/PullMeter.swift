import Foundation
import LapwingHub
import Synchronization

/// A download's progress with its speed and what is left, drawn a few times a second.
final class PullMeter: Sendable {
    private struct State {
        var display: ProgressDisplay
        var start: ContinuousClock.Instant?
        var lastDrawn: ContinuousClock.Instant?
    }

    private let state: Mutex<State>

    init(label: String, output: Output) {
        state = Mutex(State(display: ProgressDisplay(label: label, output: output)))
    }

    func update(_ progress: DownloadProgress) {
        let now = ContinuousClock.now
        state.withLock { state in
            let start = state.start ?? now
            state.start = start
            let isDue = state.lastDrawn.map { $0.duration(to: now) > .milliseconds(100) } ?? true
            guard isDue || progress.received == progress.total else { return }
            state.lastDrawn = now
            let detail = Self.detail(progress, seconds: start.duration(to: now) / .seconds(1))
            state.display.update(done: progress.received, total: progress.total, detail: detail)
        }
    }

    func finish() { state.withLock { $0.display.finish() } }

    private static func detail(_ progress: DownloadProgress, seconds: Double) -> String {
        let amount = "\(ByteCount(progress.received)) of \(ByteCount(progress.total))"
        guard seconds > 0.5 else { return amount }
        let rate = Double(progress.received - progress.resumed) / seconds
        guard rate >= 1, progress.received < progress.total else { return amount }
        let left = Int64(Double(progress.total - progress.received) / rate) + 1
        let time = left < 60 ? "\(left) s" : "\(left / 60) min \(left % 60) s"
        return "\(amount), \(ByteCount(Int64(rate)))/s, \(time) left"
    }
}
