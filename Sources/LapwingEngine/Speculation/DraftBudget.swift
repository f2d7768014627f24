/// How many guessed tokens are worth a row in a step.
///
/// A row is worth it where it brings more tokens for its time than the step does without it. The first row of a step
/// reads all weights, and each further one shares that read. Median milliseconds of a step of the default model at
/// position 200 with all logits, 2-core Zen 5:
///
///     rows   1     2     3     4     6     8     10    12    16    24
///     ms     2.9   2.6   2.8   3.0   3.6   4.4   5.2   5.9   7.3   10.4
///
/// A row more is little up to the fourth, and 0.15 of a step of one row from the eighth on. That is taken for all, since
/// machines with less arithmetic for their memory are nearer to it from the start.
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
