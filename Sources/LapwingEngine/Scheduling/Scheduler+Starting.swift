import LapwingAPI

extension Scheduler {
    /// Moves queued sequences to the running ones while there are places and pages.
    mutating func startQueued() {
        while running.count < limits.running, let index = nextToStart(), start(index) {}
    }

    /// The queued sequence whose turn it is, nil where all of them wait for a running one.
    private func nextToStart() -> Int? {
        var runningOfRequest: [RequestID: Int] = [:]
        for sequence in running { runningOfRequest[sequence.goal.request, default: 0] += 1 }
        let order = queue.indices.sorted { a, b in
            let (first, second) = (queue[a], queue[b])
            if first.wasPutBack != second.wasPutBack { return first.wasPutBack }
            let firstShare = runningOfRequest[first.goal.request] ?? 0
            let secondShare = runningOfRequest[second.goal.request] ?? 0
            return firstShare == secondShare ? first.goal.id < second.goal.id : firstShare < secondShare
        }
        return order.first { !awaitsPrefix(queue[$0]) }
    }

    /// Whether a running sequence is about to compute pages that this one could then share.
    ///
    /// Waiting costs nothing: the step's budget goes to the one that computes them. It makes the answers of one request,
    /// and requests under one system prompt, read their common prefix once.
    private func awaitsPrefix(_ sequence: QueuedSequence) -> Bool {
        running.contains { other in
            guard other.goal.start == sequence.goal.start else { return false }
            let limit = min(sequence.cacheableCount, other.tokens.count)
            guard other.computedCount < limit - limit % pool.pageSize else { return false }
            let common = zip(sequence.tokens, other.tokens).prefix(limit).prefix { $0 == $1 }.count
            return other.computedCount < common - common % pool.pageSize
        }
    }

    /// Gives a queued sequence its pages; false where there are not enough of them for now.
    private mutating func start(_ index: Int) -> Bool {
        let sequence = queue[index]
        let prefix = pool.takePrefix(
            of: sequence.tokens, limit: sequence.cacheableCount, from: sequence.goal.start)
        let needed = pool.pages(forTokens: sequence.tokens.count) - prefix.pages.count
        // A page in hand for each running sequence: else the newcomer would soon be put back for them.
        guard pool.availableCount >= needed + running.count else {
            pool.release(prefix.pages)
            return false
        }
        let pages = (0..<needed).compactMap { _ in pool.allocate() }
        queue.remove(at: index)
        let place = running.firstIndex { sequence.goal.id < $0.goal.id } ?? running.endIndex
        running.insert(
            sequence.started(prefix: prefix, pageSize: pool.pageSize, newPages: pages), at: place)
        return true
    }
}
