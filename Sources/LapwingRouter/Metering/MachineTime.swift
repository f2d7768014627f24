import LapwingAPI
import Synchronization

/// How long a token takes on this machine, by model: what a call that was cut off is priced by, since only a call that
/// ends reports its machine time.
package final class MachineTime: Sendable {
    private struct Total {
        var nanoseconds: Int64 = 0
        var tokens: Int64 = 0
    }

    private let totals = Mutex<[String: Total]>([:])

    package init() {}

    /// Learns from a call that reported its machine time.
    package func record(_ usage: Usage, of model: String) {
        guard let nanoseconds = usage.computeNanoseconds, !usage.isEstimated else { return }
        let tokens = Int64(usage.promptTokens - usage.cachedPromptTokens + usage.completionTokens)
        guard tokens > 0 else { return }
        totals.withLock { totals in
            totals[model, default: Total()].nanoseconds += nanoseconds
            totals[model, default: Total()].tokens += tokens
        }
    }

    /// The mean over all calls so far times the tokens; nil before the first.
    package func estimate(tokens: Int, of model: String) -> Int64? {
        guard let total = totals.withLock({ $0[model] }) else { return nil }
        return Int64(Double(total.nanoseconds) / Double(total.tokens) * Double(tokens))
    }

    /// The same for a call that ran for `elapsed`, which is the most it can have taken: its share of a step is at most the
    /// step.
    package func estimate(tokens: Int, of model: String, elapsed: Duration) -> Int64 {
        min(estimate(tokens: tokens, of: model) ?? .max, elapsed.nanoseconds)
    }
}
