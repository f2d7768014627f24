import LapwingAPI

extension Scheduler {
    /// The guessed tokens of a generating sequence that get rows in this step, after its last known token.
    ///
    /// All sequences of the step have room for their own rows already, so that a draft can take any page that is left: one
    /// that its tokens do not fill is given back when the step is complete.
    mutating func takeDraft(for index: Int, within budget: inout DraftBudget) -> [TokenID] {
        let sequence = running[index]
        let limit = min(limits.draftTokens, sequence.goal.tokenLimit - sequence.tokens.count - 1)
        guard sequence.goal.generates, limit > 0 else { return [] }
        let guess = PromptLookup.guess(after: sequence.tokens, limit: limit)
        running[index].guess = guess
        let count = budget.takeRows(acceptance: sequence.guesses.acceptance, limit: guess.count)
        let needed = pool.pages(forTokens: sequence.tokens.count + count)
        while running[index].pages.count < needed, let page = pool.allocate() { running[index].pages.append(page) }
        let room = running[index].pages.count * pool.pageSize - sequence.tokens.count
        return Array(guess.prefix(min(count, room)))
    }

    /// Gives back pages that a draft needed and no token fills.
    mutating func releaseSparePages(of index: Int) {
        let needed = pool.pages(forTokens: running[index].tokens.count)
        while running[index].pages.count > needed { pool.release([running[index].pages.removeLast()]) }
    }
}
