import LapwingAPI

/// Picks which sequences run in the next step and how many tokens each gets. Knows tokens and pages; no text, clock or model.
///
/// One step is one forward pass. Sequences that generate get a row each, first of all, and rows for guesses of what they
/// draw where those are worth it; prompts that are still being read share the step's budget. Sequences start in order of arrival, but requests take turns.
/// Pages for the known tokens are taken at the start and one at a time after that; where none is left, the youngest
/// sequence is put back into the queue with what it has drawn, so that the oldest can always go on.
package struct Scheduler {
    package struct Limits: Sendable {
        /// Sequences with rows in the same step.
        package var running: Int
        /// Sequences that wait.
        package var queued: Int
        /// Prompt tokens a step while nobody generates.
        package var promptTokens: Int
        /// Prompt tokens a step while somebody generates, and so waits for them.
        package var promptTokensBesideGeneration: Int
        /// Guessed tokens that a sequence may have computed in a step.
        package var draftTokens: Int

        package init(
            running: Int, queued: Int, promptTokens: Int, promptTokensBesideGeneration: Int, draftTokens: Int = 0
        ) {
            precondition(running > 0 && queued > 0, "a scheduler runs and queues at least one sequence")
            self.running = running
            self.queued = queued
            // At least one token for each, so that every prompt moves in every step.
            self.promptTokens = max(promptTokens, running)
            self.promptTokensBesideGeneration = max(promptTokensBesideGeneration, running)
            self.draftTokens = draftTokens
        }
    }

    /// Whether sequences were taken into the queue.
    package enum Admission: Sendable, Equatable {
        case queued
        case refused(Refusal)
    }

    package enum Refusal: Sendable, Equatable {
        /// The queue is full for now.
        case queueFull
        /// A sequence may grow longer than all pages together.
        case tooLong(tokens: Int, limit: Int)
    }

    package let limits: Limits
    package internal(set) var pool: PagePool
    /// In order of arrival.
    package internal(set) var queue: [QueuedSequence] = []
    /// In order of arrival.
    package internal(set) var running: [RunningSequence] = []
    /// Times that a sequence was put back into the queue to make room for an older one.
    package internal(set) var putBackCount: UInt64 = 0
    /// What the next step must copy for those that have just started.
    var copies: [PageCopy] = []
    /// What the cache knows of the tokens of those that have just started.
    var keptScores: [KeptScores] = []
    /// How far a running sequence must get for a queued one to share its tokens; a chunk may end there.
    var awaitedCounts: [SequenceID: Int] = [:]

    package init(limits: Limits, pool: PagePool) {
        self.limits = limits
        self.pool = pool
    }

    /// The start of sequences that share pages with no others; see `PagePool.makePrivateChain`.
    package mutating func makePrivateChain() -> Chain { pool.makePrivateChain() }

    package var isIdle: Bool { queue.isEmpty && running.isEmpty }

    /// Takes all the sequences of a request, or none.
    package mutating func admit(_ sequences: [QueuedSequence]) -> Admission {
        let tokenCapacity = pool.pageCount * pool.pageSize
        if let tooLong = sequences.first(where: { $0.goal.tokenLimit > tokenCapacity }) {
            return .refused(.tooLong(tokens: tooLong.goal.tokenLimit, limit: tokenCapacity))
        }
        // A request may fill the queue and all running places, whatever the queue holds when nothing else is there.
        guard queue.count + running.count + sequences.count <= limits.queued + limits.running else {
            return .refused(.queueFull)
        }
        queue += sequences
        return .queued
    }

    /// The next step's rows; nil where there is nothing to do.
    package mutating func nextStep() -> StepPlan? {
        startQueued()
        var plan = StepPlan()
        planGeneration(&plan)
        planPrompts(&plan)
        swap(&plan.copies, &copies)
        swap(&plan.keptScores, &keptScores)
        return plan.rows.isEmpty ? nil : plan
    }

    /// Takes in what a step brought: keys and values of all its rows, and its outcome.
    ///
    /// Gives the sequences that have ended by it; their pages are given back.
    package mutating func complete(_ plan: StepPlan, _ outcome: StepOutcome) -> [FinishedSequence] {
        var finished: [FinishedSequence] = []
        for rows in plan.rows {
            guard let index = running.firstIndex(where: { $0.goal.id == rows.id }) else { continue }
            let draws = outcome.draws[rows.id] ?? []
            precondition(rows.draws != draws.isEmpty, "a sequence draws if and only if it was to")
            take(draws, of: index)
            running[index].computedCount += rows.tokens.count - rows.draftCount + max(draws.count - 1, 0)
            releaseSparePages(of: index)
            // Before pages are published, so that those who find one find its scores too.
            keep(outcome.scores[rows.id] ?? [], from: rows.scored.firstPosition, of: running[index])
            publishFullPages(of: index)
            if draws.last?.isLast == true || running[index].isAtEnd {
                finished.append(stop(index).finished())
            }
        }
        return finished
    }

    /// Ends sequences at once, queued or running, and gives their pages back.
    package mutating func cancel(_ ids: Set<SequenceID>) {
        queue.removeAll { ids.contains($0.goal.id) }
        for index in running.indices.reversed() where ids.contains(running[index].goal.id) { _ = stop(index) }
    }

    private mutating func take(_ draws: [Draw], of index: Int) {
        let tokens = draws.map(\.token)
        running[index].guesses.compare(running[index].guess, with: tokens)
        running[index].guess = []
        running[index].tokens += tokens
    }

    private mutating func keep(_ scores: [TokenScore], from position: Int, of sequence: RunningSequence) {
        for (position, score) in zip(position..., scores) {
            pool.setScore(score, of: sequence.pages[position / pool.pageSize], at: position % pool.pageSize)
        }
    }

    private mutating func publishFullPages(of index: Int) {
        var sequence = running[index]
        let size = pool.pageSize
        while (sequence.publishedCount + 1) * size <= sequence.computedCount {
            let page = sequence.publishedCount
            let tokens = sequence.tokens[page * size..<(page + 1) * size]
            (sequence.pages[page], sequence.chain) = pool.publish(
                sequence.pages[page], tokens: tokens, after: sequence.chain)
            sequence.publishedCount += 1
        }
        running[index] = sequence
    }

    /// Takes a sequence out of the running ones and gives its pages back.
    mutating func stop(_ index: Int) -> RunningSequence {
        let sequence = running.remove(at: index)
        let full = sequence.publishedCount
        let rest = sequence.tokens[full * pool.pageSize..<sequence.computedCount]
        if !rest.isEmpty { pool.publishHalfFull(sequence.pages[full], tokens: rest, after: sequence.chain) }
        pool.release(sequence.pages, keep: sequence.goal.keepsPages)
        return sequence
    }
}
