import Synchronization

/// What other threads may read of an engine and leave for it without waiting for a step to end.
final class EngineBoard: Sendable {
    private let published = Mutex(EngineStatistics())
    private let withdrawn = Mutex<Set<RequestID>>([])
    private let lastRequest = Atomic<UInt64>(0)

    var statistics: EngineStatistics { published.withLock { $0 } }

    func update(_ change: (inout EngineStatistics) -> Void) { published.withLock { change(&$0) } }

    func nextRequest() -> RequestID { RequestID(lastRequest.add(1, ordering: .relaxed).newValue) }

    /// Leaves word that nobody waits for a request any more; the next step ends it.
    func withdraw(_ id: RequestID) { withdrawn.withLock { _ = $0.insert(id) } }

    func takeWithdrawn() -> Set<RequestID> {
        withdrawn.withLock { ids in
            defer { ids = [] }
            return ids
        }
    }
}
