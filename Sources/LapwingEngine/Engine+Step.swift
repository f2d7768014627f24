import LapwingAPI
import LapwingModel
import LapwingText

extension Engine {
    /// One step: cancellations, plan, forward pass, draws, events. False where nothing is left to do.
    func step() -> Bool {
        let begin = options.now()
        for id in board.takeWithdrawn() { end(id, with: .cancelled) }
        guard let plan = scheduler.nextStep() else {
            publish(StepPlan(), StepOutcome(), nanoseconds: 0, finished: [])
            return false
        }
        takeKeptScores(of: plan)
        let outcome = compute(plan)
        let finished = scheduler.complete(plan, outcome)
        scheduler.checkInvariants()
        let nanoseconds = options.now() - begin
        meter(plan, nanoseconds: nanoseconds)
        // Published first: whoever sees the end of an answer also sees it in the statistics.
        publish(plan, outcome, nanoseconds: nanoseconds, finished: finished)
        for rows in plan.rows { sendEvents(of: rows.id, to: rows.request) }
        for sequence in finished { close(sequence) }
        return true
    }

    /// Ends a request before its time: its sequences give their pages back at once.
    func end(_ id: RequestID, with error: RequestError) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        scheduler.cancel(job.sequences)
        for sequence in job.sequences {
            answers[sequence] = nil
            scores[sequence] = nil
        }
        job.fail(error)
    }

    /// Hands on what the cache spares those that have just started.
    private func takeKeptScores(of plan: StepPlan) {
        for kept in plan.keptScores {
            for (offset, score) in kept.scores.enumerated() {
                take(score, row: nil, of: kept.id, at: kept.firstPosition + offset)
            }
        }
    }

    private func take(_ score: TokenScore, row: RowReader?, of sequence: SequenceID, at position: Int) {
        scores[sequence]?.read(score, at: position)
        answers[sequence]?.readPrompt(score, row: row, at: position)
    }

    private func compute(_ plan: StepPlan) -> StepOutcome {
        var outcome = StepOutcome()
        var locator = RowLocator(plan)
        for copy in plan.copies { cache.copyPage(copy.source, to: copy.destination) }
        // Some models have embeddings past the last token that has a text; those are never drawn.
        let known = encoder.tokenizer.vocabularySize
        model.forward(ModelStep(plan), cache: cache) { row, logits in
            let (rows, position) = locator.locate(row)
            let tokens = UnsafeBufferPointer(rebasing: logits[..<known])
            read(tokens, of: rows, at: position, into: &outcome)
        }
        return outcome
    }

    /// Takes in one row of logits: scores the known token after it, or draws that token.
    private func read(
        _ row: UnsafeBufferPointer<Float>, of rows: SequencePlan, at position: Int, into outcome: inout StepOutcome
    ) {
        if let token = rows.scored.token(at: position + 1) {
            let reader = RowReader(row)
            let score = reader.score(of: token)
            outcome.scores[rows.id, default: []].append(score)
            take(score, row: reader, of: rows.id, at: position + 1)
        }
        if rows.draws(at: position, after: outcome.draws[rows.id] ?? []),
            let draw = answers[rows.id]?.draw(from: row, scratch: &scratch)
        {
            outcome.draws[rows.id, default: []].append(draw)
        }
    }

    private func meter(_ plan: StepPlan, nanoseconds: UInt64) {
        let shares = StepMeter.shares(of: nanoseconds, tokenCounts: plan.rows.map(\.tokens.count))
        for (rows, share) in zip(plan.rows, shares) {
            jobs[rows.request]?.spend(share)
        }
    }

    private func sendEvents(of sequence: SequenceID, to request: RequestID) {
        guard let events = answers[sequence]?.takeEvents(), !events.isEmpty else { return }
        jobs[request]?.send(events)
    }

    /// Books a finished sequence to its request, and completes the request with its last one.
    private func close(_ sequence: FinishedSequence) {
        let id = sequence.goal.request
        guard var job = jobs.removeValue(forKey: id) else { return }
        if var answer = answers.removeValue(forKey: sequence.goal.id) {
            if answer.drawnCount == 0 { answer.finishWithoutDrawing() }
            job.send(answer.takeEvents())
            job.usage.completionTokens += answer.drawnCount
            if answer.terms.countsPrompt { job.usage.cachedPromptTokens += sequence.cachedTokens }
        }
        if let score = scores.removeValue(forKey: sequence.goal.id) {
            job.set(score.result, at: score.index)
            if score.countsPrompt { job.usage.cachedPromptTokens += sequence.cachedTokens }
        }
        job.openCount -= 1
        if job.openCount == 0 { job.complete(model: name) } else { jobs[id] = job }
    }

    private func publish(
        _ plan: StepPlan, _ outcome: StepOutcome, nanoseconds: UInt64, finished: [FinishedSequence]
    ) {
        let drawn = outcome.draws.values.reduce(0) { $0 + $1.count }
        board.update { board in
            board.runningSequences = scheduler.running.count
            board.queuedSequences = scheduler.queue.count
            board.pageCount = scheduler.pool.pageCount
            board.usedPages = scheduler.pool.usedCount
            board.idlePages = scheduler.pool.idleCount
            board.steps += plan.rows.isEmpty ? 0 : 1
            board.computedTokens += UInt64(plan.tokenCount)
            board.cachedTokens += UInt64(finished.reduce(0) { $0 + $1.cachedTokens })
            board.generatedTokens += UInt64(drawn)
            board.draftedTokens += UInt64(plan.rows.reduce(0) { $0 + $1.draftCount })
            // A sequence's first draw of a step needs no draft.
            board.acceptedTokens += UInt64(drawn - outcome.draws.count)
            board.putBackSequences = scheduler.putBackCount
            board.busyNanoseconds += nanoseconds
        }
    }
}

extension ModelStep {
    fileprivate init(_ plan: StepPlan) {
        self.init(
            tokens: plan.rows.flatMap(\.tokens),
            sequences: plan.rows.map { rows in
                SequenceRows(
                    rowCount: rows.tokens.count, startPosition: rows.start, pages: rows.pages,
                    logits: rows.reading.modelRows)
            })
    }
}

extension SequencePlan.Reading {
    fileprivate var modelRows: LogitRows {
        switch self {
        case .nothing: .none
        case .last: .last
        case .all: .all
        }
    }
}

/// Finds the sequence and position of a step's row; rows must come in ascending order.
private struct RowLocator {
    private let plan: StepPlan
    private var index = 0
    private var firstRow = 0

    init(_ plan: StepPlan) { self.plan = plan }

    mutating func locate(_ row: Int) -> (SequencePlan, position: Int) {
        while row >= firstRow + plan.rows[index].tokens.count {
            firstRow += plan.rows[index].tokens.count
            index += 1
        }
        return (plan.rows[index], plan.rows[index].start + row - firstRow)
    }
}
