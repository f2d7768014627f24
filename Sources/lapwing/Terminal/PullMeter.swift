import Foundation
import LapwingHub
import Synchronization

/// A download's progress with its speed and what is left, drawn a few times a second.
final class PullMeter: Sendable {
    private struct State {
        var display: ProgressDisplay?
        var isVerifying = false
        var start = ContinuousClock.now
        /// Bytes that were there when it began, which say nothing of the speed.
        var received: Int64 = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    private let label: String
    private let output: Output
    private let state = Mutex(State())

    init(label: String, output: Output) {
        self.label = label
        self.output = output
    }

    func update(_ progress: DownloadProgress) {
        let now = ContinuousClock.now
        state.withLock { state in
            switch progress {
            case .verifying(let done, let total):
                begin("verifying \(label)", isVerifying: true, 0, &state, now)
                draw(done, total, "\(ByteCount(done)) of \(ByteCount(total))", &state, now)
            case .fetching(let received, let total):
                begin(label, isVerifying: false, received, &state, now)
                let seconds = state.start.duration(to: now) / .seconds(1)
                let detail = Self.detail(
                    received: received, total: total, since: state.received, seconds: seconds)
                draw(received, total, detail, &state, now)
            }
        }
    }

    func finish() { state.withLock { $0.display?.finish() } }

    /// A new display where there is none, or where it was for the other kind of work.
    private func begin(
        _ label: String, isVerifying: Bool, _ received: Int64, _ state: inout State, _ now: ContinuousClock.Instant
    ) {
        guard state.display == nil || state.isVerifying != isVerifying else { return }
        state.display?.finish()
        state = State(
            display: ProgressDisplay(label: label, output: output), isVerifying: isVerifying, start: now,
            received: received)
    }

    private func draw(
        _ done: Int64, _ total: Int64, _ detail: String, _ state: inout State, _ now: ContinuousClock.Instant
    ) {
        let isDue = state.lastDrawn.map { $0.duration(to: now) > .milliseconds(100) } ?? true
        guard isDue || done == total else { return }
        state.lastDrawn = now
        state.display?.update(done: done, total: total, detail: detail)
    }

    private static func detail(received: Int64, total: Int64, since start: Int64, seconds: Double) -> String {
        let amount = "\(ByteCount(received)) of \(ByteCount(total))"
        guard seconds > 0.5 else { return amount }
        let rate = Double(received - start) / seconds
        guard rate >= 1, received < total else { return amount }
        let left = Int64(Double(total - received) / rate) + 1
        let time = left < 60 ? "\(left) s" : "\(left / 60) min \(left % 60) s"
        return "\(amount), \(ByteCount(Int64(rate)))/s, \(time) left"
    }
}
