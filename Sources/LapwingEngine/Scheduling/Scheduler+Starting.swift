import LapwingAPI

extension Scheduler {
    /// Moves queued sequences to the running ones while there are places and pages.
    mutating func startQueued() {
        awaitedCounts = [:]
        while running.count < limits.running, let index = nextToStart(), start(index) {}
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
        for other in running where other.goal.start == sequence.goal.start {
            let limit = min(sequence.cacheableCount, other.computedCount + other.remainingCount)
            guard limit - other.computedCount >= Self.leastAwaited else { continue }
            let common = commonCount(sequence.tokens, other.tokens, limit: limit)
            guard common - other.computedCount >= Self.leastAwaited else { continue }
            awaitedCounts[other.goal.id] = min(common, awaitedCounts[other.goal.id] ?? .max)
            return true
        }
        return false
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
        let beginning = pageToCopy(for: sequence, after: prefix)
        // The source may be given away right here; it is copied before anything is written.
        let pages = (0..<needed).compactMap { _ in pool.allocate() }
        if let beginning, let first = pages.first {
            copies.append(PageCopy(source: beginning.page, destination: first))
        }
        queue.remove(at: index)
        let cached = prefix.pages.count * pool.pageSize + (beginning?.count ?? 0)
        let place = running.firstIndex { sequence.goal.id < $0.goal.id } ?? running.endIndex
        running.insert(sequence.started(prefix: prefix, newPages: pages, cachedCount: cached), at: place)
        return true
    }

    /// The page that holds most of the tokens after a prefix at its beginning, published or still written to.
    private mutating func pageToCopy(
        for sequence: QueuedSequence, after prefix: PagePool.Prefix
    ) -> (page: PageIndex, count: Int)? {
        let first = prefix.pages.count * pool.pageSize
        let wanted = sequence.tokens[first..<min(sequence.cacheableCount, first + pool.pageSize)]
        guard !wanted.isEmpty else { return nil }
        var best = pool.longestBeginning(of: wanted, after: prefix.chain)
        for other in running where other.goal.start == sequence.goal.start {
            let limit = min(wanted.endIndex, other.computedCount)
            let count = commonCount(sequence.tokens, other.tokens, limit: limit) - first
            if count > best?.count ?? 0 { best = (other.pages[first / pool.pageSize], count) }
        }
        return best
    }

    private func commonCount(_ a: [TokenID], _ b: [TokenID], limit: Int) -> Int {
        let limit = min(limit, a.count, b.count)
        return (0..<max(limit, 0)).first { a[$0] != b[$0] } ?? max(limit, 0)
    }
}
