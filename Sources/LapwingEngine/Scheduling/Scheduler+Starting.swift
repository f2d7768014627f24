import LapwingAPI

extension Scheduler {
    /// Moves queued sequences to the running ones while there are places and pages.
    mutating func startQueued() {
        awaitedCounts = [:]
        startOldest()
        while running.count < limits.running, let index = nextToStart(), start(index) {}
    }

    /// The oldest sequence of all never waits: younger ones are put back for its pages.
    private mutating func startOldest() {
        while let first = queue.first, running.allSatisfy({ first.goal.id < $0.goal.id }), !start(0) {
            putBack(running.index(before: running.endIndex))
        }
    }

    /// The queued sequence whose turn it is, nil where all of them wait for a running one.
    private mutating func nextToStart() -> Int? {
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

    /// Fewer tokens than this are read again rather than waited for: a step costs about as much.
    private static let leastAwaited = 4

    /// Whether a running sequence is about to compute tokens that this one could then share.
    ///
    /// Waiting costs nothing: the step's budget goes to the one that computes them, and its chunk ends with them. It
    /// makes the answers of one request, and requests under one system prompt, read their common prefix once.
    private mutating func awaitsPrefix(_ sequence: QueuedSequence) -> Bool {
        // The queue is asked in every step, so that what costs most comes last: numbers, then tokens, then the cache.
        for other in running
        where other.goal.start == sequence.goal.start && other.remainingCount >= Self.leastAwaited {
            let common = commonCount(sequence, with: other)
            let shareable = shareableCount(sequence, with: other, common: common)
            guard shareable - other.computedCount >= Self.leastAwaited else { continue }
            // It may compute again what the cache holds, such as for more than the scores that are kept.
            if isCachedFurther(sequence, than: other),
                shareable - cachedCount(for: sequence) < Self.leastAwaited
            {
                continue
            }
            awaitedCounts[other.goal.id] = min(shareable, awaitedCounts[other.goal.id] ?? .max)
            return true
        }
        return false
    }

    /// Gives a queued sequence its pages; false where there are not enough of them for now.
    private mutating func start(_ index: Int) -> Bool {
        let sequence = queue[index]
        let cached = takeCached(for: sequence)
        let needed = pool.pages(forTokens: sequence.tokens.count) - cached.prefix.pages.count
        // A page in hand for each running sequence: else the newcomer would soon be put back for them.
        guard pool.availableCount >= needed + running.count else {
            pool.release(cached.prefix.pages)
            return false
        }
        // The page to copy may be given away right here; it is copied before anything is written.
        let beginningScores = cached.beginning.map { pool.scores(of: $0.page, count: $0.count) }
        let pages = (0..<needed).compactMap { _ in pool.allocate() }
        if let beginning = cached.beginning, let first = pages.first {
            copies.append(PageCopy(source: beginning.page, destination: first))
            pool.addScores(beginningScores ?? [], to: first)
        }
        queue.remove(at: index)
        if let scoredFrom = sequence.scoredFrom, let last = cached.scores.last {
            keptScores.append(
                KeptScores(id: sequence.goal.id, firstPosition: scoredFrom + 1, scores: cached.scores))
            // The row that scores the first token to compute is cached, and so not computed again.
            let position = scoredFrom + cached.scores.count
            if position == cached.count, let first = pages.first {
                pool.setScore(last, of: first, at: position % pool.pageSize)
            }
        }
        let place = running.firstIndex { sequence.goal.id < $0.goal.id } ?? running.endIndex
        running.insert(sequence.started(with: cached, newPages: pages), at: place)
        return true
    }
}
