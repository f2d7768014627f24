import LapwingAPI
import Synchronization

/// The answers that one route keeps, for all of its requests.
package final class RouteCache: Sendable {
    /// Where one request's answer may lie.
    struct Place: Sendable {
        let cache: RouteCache
        let key: AnswerKey
        /// Whether what the models say is to be kept.
        let isKept: Bool

        func keep(_ answer: KeptAnswer) { cache.keep(answer, for: key) }
    }

    let options: AnswerCache.Options
    private let stopwatch: Stopwatch
    private let kept: Mutex<AnswerCache>

    package init(_ options: AnswerCache.Options, clock: any Clock<Duration>) {
        self.options = options
        stopwatch = Stopwatch(clock)
        kept = Mutex(AnswerCache(options))
    }

    /// A single answer may take an eighth of the room.
    var mostAnswerBytes: Int { options.byteLimit / 8 }

    /// Answers that are kept, and about how many bytes they take.
    package var size: (count: Int, byteCount: Int) { kept.withLock { ($0.count, $0.byteCount) } }

    func answer(to key: AnswerKey) -> KeptAnswer? {
        let now = stopwatch.elapsed()
        return kept.withLock { $0.answer(to: key, at: now) }
    }

    private func keep(_ answer: KeptAnswer, for key: AnswerKey) {
        let now = stopwatch.elapsed()
        kept.withLock { $0.keep(answer, for: key, at: now) }
    }
}
