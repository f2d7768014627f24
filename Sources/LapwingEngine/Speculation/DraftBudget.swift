/// How many guessed tokens are worth a row in a step.
///
/// A row is worth it where it brings more tokens for its time than the step does without it. The first row of a step
/// reads all weights, and each further one shares that read. Median milliseconds of a step of the default model at
/// position 200 with all logits, 2-core Zen 5:
///
///     rows   1     2     3     4     6     8     10    12    16    24
///     ms     3.0   2.9   3.4   3.9   5.0   6.3   7.4   8.3   10.3  14.3
///
/// That is 0.15 of a step of one row for each further row.
///
/// So alone a guess pays from one in seven on, beside seven others from three in five on. Prompt rows are left
/// out of account: they would make a guess look cheap in the one step that is long.
package struct DraftBudget {
    private static let rowCost = 0.15

    /// Time of the step so far, in steps of one row.
    private var time: Double
    /// Tokens that it is expected to bring.
    private var tokens: Double

    /// For a step in which `sequenceCount` sequences generate.
    package init(sequenceCount: Int) {
        time = 1 + Self.rowCost * Double(sequenceCount - 1)
        tokens = Double(sequenceCount)
    }

    /// How many of a sequence's guessed tokens get a row, where each is right with chance `acceptance` if all before it are.
    package mutating func takeRows(acceptance: Double, limit: Int) -> Int {
        var count = 0
        var chance = acceptance
        while count < limit, chance * time > Self.rowCost * tokens {
            count += 1
            time += Self.rowCost
            tokens += chance
            chance *= acceptance
        }
        return count
    }
}
