import LapwingAPI
import Synchronization

/// How long a token takes on this machine, by model: what a call is taken to cost before it is made.
package final class MachineTime: Sendable {
    private struct Total {
        var nanoseconds: Int64 = 0
        var tokens: Int64 = 0
    }

    private let totals: Mutex<[String: Total]>

    /// Begins with what earlier calls came to, by model.
    package init(_ earlier: [String: (tokens: Int64, nanoseconds: Int64)] = [:]) {
        let known = earlier.filter { $0.value.tokens > 0 }
        totals = Mutex(known.mapValues { Total(nanoseconds: $0.nanoseconds, tokens: $0.tokens) })
    }

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

    /// Far more than a call is likely to take, for budgets: a call that is alone in its steps pays for all of them, and an
    /// answer's tokens take longer than a prompt's.
    package func bound(tokens: Int, of model: String) -> Int64 {
        let total = totals.withLock { $0[model] }
        let perToken = total.map { Double($0.nanoseconds) / Double($0.tokens) * 8 } ?? 250e6
        return Int64(min(perToken * Double(tokens), 1e18))
    }

    /// The mean over all calls so far times the tokens; nil before the first.
    package func estimate(tokens: Int, of model: String) -> Int64? {
        guard let total = totals.withLock({ $0[model] }) else { return nil }
        let estimate = Double(total.nanoseconds) / Double(total.tokens) * Double(tokens)
        return Int64(min(estimate, 1e18))
    }
}
