import LapwingAPI
import Synchronization

/// One answer on its way from a provider to a client.
///
/// Reads the provider one event ahead at most, however slow the client; tells when nothing has come for a while; and
/// drops the provider's stream, which ends the work behind it, as soon as it is cancelled or let go.
package final class AnswerFeed: Sendable {
    package enum Signal: Sendable {
        case event(GenerationEvent)
        /// Another `keepAlive` has passed.
        case tick
        /// The provider said all, or failed, or was cancelled.
        case ended((any Error)?)
    }

    private typealias Acknowledge = AsyncStream<Void>.Continuation

    private let signals: AsyncStream<(Signal, Acknowledge)>
    private let tasks: [Task<Void, Never>]
    private struct State {
        /// The producer of the last signal waits until the reader comes back for the next.
        var unacknowledged: Acknowledge?
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// Begins to read at once.
    package init(
        clock: any Clock<Duration>, keepAlive: Duration,
        start: @escaping @Sendable () async throws -> GenerationStream
    ) {
        let (signals, output) = AsyncStream.makeStream(of: (Signal, Acknowledge).self)
        self.signals = signals
        tasks = [
            Task { await Self.pump(start, into: output) },
            Task { await Self.tick(clock, every: keepAlive, into: output) },
        ]
    }

    deinit { tasks.forEach { $0.cancel() } }

    /// Ends the work behind the answer. The reader sees `ended`.
    package func cancel() {
        state.withLock { $0.isCancelled = true }
        tasks.forEach { $0.cancel() }
    }

    /// Waits for what comes next. After `ended` it says `ended` again. For one reader at a time.
    package func next() async -> Signal {
        state.withLock { state in
            _ = state.unacknowledged?.yield()
            state.unacknowledged = nil
        }
        var iterator = signals.makeAsyncIterator()
        guard let (signal, acknowledge) = await iterator.next() else { return .ended(RequestError.cancelled) }
        let isCancelled = state.withLock { state in
            state.unacknowledged = acknowledge
            return state.isCancelled
        }
        if case .ended = signal, isCancelled { return .ended(RequestError.cancelled) }
        return signal
    }

    private static func pump(
        _ start: @Sendable () async throws -> GenerationStream,
        into output: AsyncStream<(Signal, Acknowledge)>.Continuation
    ) async {
        let (acknowledgements, acknowledge) = AsyncStream.makeStream(of: Void.self)
        var acknowledged = acknowledgements.makeAsyncIterator()
        do {
            for try await event in try await start() {
                output.yield((.event(event), acknowledge))
                guard await acknowledged.next() != nil else { break }
            }
            output.yield((.ended(nil), acknowledge))
        } catch {
            output.yield((.ended(error), acknowledge))
        }
        output.finish()
    }

    private static func tick(
        _ clock: any Clock<Duration>, every interval: Duration,
        into output: AsyncStream<(Signal, Acknowledge)>.Continuation
    ) async {
        let (acknowledgements, acknowledge) = AsyncStream.makeStream(of: Void.self)
        var acknowledged = acknowledgements.makeAsyncIterator()
        repeat {
            do { try await clock.sleep(for: interval) } catch { return }
            output.yield((.tick, acknowledge))
        } while await acknowledged.next() != nil
    }
}
