import LapwingAPI

/// What the cache holds of a queued sequence's tokens, as far as the sequence can go on from there.
struct CachedTokens {
    /// Whole pages, which are shared.
    var prefix: PagePool.Prefix
    /// The page with the tokens after those at its beginning, which is copied.
    var beginning: (page: PageIndex, count: Int)?
    /// Tokens of both.
    var count: Int
    /// Of the tokens after `scoredFrom`, the cached ones and the one after them.
    var scores: [TokenScore] = []
}

extension Scheduler {
    /// Looks for a sequence's tokens in the cache, and takes references on the whole pages among them.
    mutating func takeCached(for sequence: QueuedSequence) -> CachedTokens {
        guard let scoredFrom = sequence.scoredFrom, sequence.goal.takesKeptScores else {
            return takeCached(sequence, limit: sequence.cacheableCount(scoredEnd: 0))
        }
        // First all that is there, because a token's score is beside it and decides about the row before it.
        let found = takeCached(sequence, limit: sequence.tokens.count)
        let scores = knownScores(of: found, from: scoredFrom + 1)
        pool.release(found.prefix.pages)
        let limit = sequence.cacheableCount(scoredEnd: scoredFrom + 1 + scores.count)
        var cached = takeCached(sequence, limit: limit)
        cached.scores = Array(scores.prefix(max(cached.count - scoredFrom, 0)))
        return cached
    }

    private mutating func takeCached(_ sequence: QueuedSequence, limit: Int) -> CachedTokens {
        let prefix = pool.takePrefix(of: sequence.tokens, limit: limit, from: sequence.goal.start)
        let beginning = pageToCopy(for: sequence, after: prefix, limit: limit)
        return CachedTokens(
            prefix: prefix, beginning: beginning,
            count: prefix.pages.count * pool.pageSize + (beginning?.count ?? 0))
    }

    /// The page that holds most of the tokens after a prefix at its beginning, published or still written to.
    private mutating func pageToCopy(
        for sequence: QueuedSequence, after prefix: PagePool.Prefix, limit: Int
    ) -> (page: PageIndex, count: Int)? {
        let first = prefix.pages.count * pool.pageSize
        let wanted = sequence.tokens[first..<min(limit, first + pool.pageSize)]
        guard !wanted.isEmpty else { return nil }
        var best = pool.longestBeginning(of: wanted, after: prefix.chain)
        for other in running where other.goal.start == sequence.goal.start {
            let most = min(wanted.endIndex, other.computedCount) - first
            // Full pages are published, and each content once: who has the same last page has the same tokens before it.
            guard most > best?.count ?? 0, prefix.pages.last == other.pages[..<prefix.pages.count].last else {
                continue
            }
            let count = commonCount(sequence.tokens, other.tokens, in: first..<first + most)
            if count > best?.count ?? 0 { best = (other.pages[prefix.pages.count], count) }
        }
        return best
    }

    /// The scores of the cached tokens from a position on, up to the first that has none.
    private func knownScores(of cached: CachedTokens, from position: Int) -> [TokenScore] {
        var scores: [TokenScore] = []
        for position in position..<max(position, cached.count) {
            let index = position / pool.pageSize
            let page = index < cached.prefix.pages.count ? cached.prefix.pages[index] : cached.beginning?.page
            guard let page, let score = pool.score(of: page, at: position % pool.pageSize) else { break }
            scores.append(score)
        }
        return scores
    }

    /// How many tokens a queued sequence would be given now.
    mutating func cachedCount(for sequence: QueuedSequence) -> Int {
        let cached = takeCached(for: sequence)
        pool.release(cached.prefix.pages)
        return cached.count
    }

    /// Whether the cache holds more of a queued sequence's tokens than a running one has computed, whose tokens are the
    /// same up to there and further.
    ///
    /// One page tells, however long the prefix: the one that the running sequence writes to.
    mutating func isCachedFurther(_ sequence: QueuedSequence, than other: RunningSequence) -> Bool {
        let written = PagePool.Prefix(pages: Array(other.pages.prefix(other.publishedCount)), chain: other.chain)
        let next = pageToCopy(for: sequence, after: written, limit: sequence.tokens.count)
        return other.publishedCount * pool.pageSize + (next?.count ?? 0) > other.computedCount
    }

    /// How many tokens at its beginning a queued sequence has in common with what a running one knows.
    func commonCount(_ sequence: QueuedSequence, with other: RunningSequence) -> Int {
        let end = min(sequence.tokens.count, other.computedCount + other.remainingCount)
        return commonCount(sequence.tokens, other.tokens, in: 0..<end)
    }

    private func commonCount(_ a: [TokenID], _ b: [TokenID], in range: Range<Int>) -> Int {
        (range.first { a[$0] != b[$0] } ?? range.upperBound) - range.lowerBound
    }

    /// How many of their common tokens a queued sequence could take over from a running one once that has read them.
    func shareableCount(_ sequence: QueuedSequence, with other: RunningSequence, common: Int) -> Int {
        let scores = other.scoredFrom.map { $0 <= sequence.scoredFrom ?? 0 } ?? false
        return min(common, sequence.cacheableCount(scoredEnd: scores ? common : 0))
    }
}
