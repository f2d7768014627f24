import LapwingAPI

extension Scheduler {
    /// One row for each sequence that generates, oldest first, and rows for drafts in the room that is left.
    mutating func planGeneration(_ plan: inout StepPlan) {
        var index = 0
        while index < running.count {
            // Where the sequence itself was put back, the next one has its index.
            if !running[index].isDecoding || makeRoom(for: index) { index += 1 }
        }
        let decoding = running.indices.filter { running[$0].isDecoding }
        var budget = DraftBudget(sequenceCount: decoding.count)
        for index in decoding {
            let draft = takeDraft(for: index, within: &budget)
            plan.rows.append(rows(of: running[index], count: 1, draft: draft))
        }
    }

    /// Shares the step's prompt budget between the prompts: equal parts, and what short ones leave goes to the others.
    func planPrompts(_ plan: inout StepPlan) {
        var budget = plan.rows.isEmpty ? limits.promptTokens : limits.promptTokensBesideGeneration
        let prompts = running.filter { !$0.isDecoding }.sorted {
            ($0.remainingCount, $0.goal.id) < ($1.remainingCount, $1.goal.id)
        }
        for (served, sequence) in prompts.enumerated() {
            let share = budget / (prompts.count - served)
            let count = chunk(of: sequence, atMost: min(share, sequence.remainingCount))
            plan.rows.append(rows(of: sequence, count: count))
            budget -= count
        }
    }

    /// A chunk ends early where that spares more than the step that it adds: where others wait to share what is computed
    /// by then, and where scoring starts, because rows before that need no output layer.
    private func chunk(of sequence: RunningSequence, atMost count: Int) -> Int {
        var count = count
        if let unscored = sequence.scoredFrom.map({ $0 - sequence.computedCount }), unscored >= Self.leastUnscored {
            count = min(count, unscored)
        }
        if let awaited = awaitedCounts[sequence.goal.id].map({ $0 - sequence.computedCount }), awaited > 0,
            count - awaited >= Self.leastUnshared
        {
            count = awaited
        }
        return count
    }

    private static let leastUnscored = 16
    private static let leastUnshared = 8

    private func rows(of sequence: RunningSequence, count: Int, draft: [TokenID] = []) -> SequencePlan {
        let (start, end) = (sequence.computedCount, sequence.computedCount + count)
        let scoredEnd = min(end + 1, sequence.tokens.count)
        let firstScored = min(max(sequence.scoredFrom ?? .max, start), end) + 1
        let scored = sequence.tokens[min(firstScored, scoredEnd)..<scoredEnd]
        let draws = sequence.goal.generates && end == sequence.tokens.count
        return SequencePlan(
            id: sequence.goal.id, request: sequence.goal.request, start: start,
            tokens: Array(sequence.tokens[start..<end]) + draft, pages: sequence.pages,
            reading: !scored.isEmpty || !draft.isEmpty ? .all : draws ? .last : .nothing,
            scored: KnownTokens(firstPosition: scored.startIndex, tokens: Array(scored)), draws: draws,
            draftCount: draft.count)
    }

    /// Sees to it that the sequence has a page for its next row; false where it had to be put back itself.
    private mutating func makeRoom(for index: Int) -> Bool {
        let needed = pool.pages(forTokens: running[index].computedCount + 1)
        while running[index].pages.count < needed {
            if let page = pool.allocate() {
                running[index].pages.append(page)
                continue
            }
            let youngest = running.index(before: running.endIndex)
            putBack(youngest)
            if youngest == index { return false }
        }
        return true
    }

    mutating func putBack(_ index: Int) {
        putBackCount += 1
        let sequence = stop(index).putBack()
        let place = queue.firstIndex { sequence.goal.id < $0.goal.id } ?? queue.endIndex
        queue.insert(sequence, at: place)
    }
}

extension Scheduler {
    /// What is wrong with the books, nil where they balance.
    package func violation() -> String? {
        if let violation = pool.violation(users: running.map(\.pages)) { return violation }
        if running.count > limits.running { return "\(running.count) sequences run" }
        if !running.map(\.goal.id).isStrictlyAscending || !queue.map(\.goal.id).isStrictlyAscending {
            return "sequences are out of their order of arrival"
        }
        for sequence in running {
            let id = sequence.goal.id.rawValue
            if sequence.pages.count < pool.pages(forTokens: sequence.computedCount) { return "\(id) lacks pages" }
            if sequence.publishedCount != sequence.computedCount / pool.pageSize { return "\(id) hides a full page" }
            if sequence.remainingCount < 1 { return "\(id) runs with nothing to do" }
            if sequence.tokens.count >= sequence.goal.tokenLimit && sequence.goal.generates {
                return "\(id) is past its limit"
            }
        }
        return nil
    }

    /// Stops where the books do not balance: in debug builds, and in the sanitizer run, which defines LAPWING_CHECKS.
    package func checkInvariants() {
        #if DEBUG || LAPWING_CHECKS
            if let violation = violation() { preconditionFailure(violation) }
        #endif
    }
}

extension Array where Element: Comparable {
    fileprivate var isStrictlyAscending: Bool { zip(self, dropFirst()).allSatisfy { $0 < $1 } }
}
