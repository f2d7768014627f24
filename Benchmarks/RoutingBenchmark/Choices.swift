import LapwingStatistics
import Synchronization

/// Which recipes the folds chose.
final class Choices: Sendable {
    private let counts = Mutex<[GainRecipe: Int]>([:])

    func note(_ recipe: GainRecipe) { counts.withLock { $0[recipe, default: 0] += 1 } }

    var mostFrequent: GainRecipe? {
        counts.withLock { $0.max { ($0.value, "\($1.key)") < ($1.value, "\($0.key)") }?.key }
    }
}
