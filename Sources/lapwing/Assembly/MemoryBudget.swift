import Foundation
import LapwingEngine
import LapwingHub

/// What the models of this process may take together: what was asked for, and never more than the machine has to give.
package struct MemoryBudget: Hashable, Sendable {
    package var byteCount: Int
    /// Whether the user's limit is the tighter one.
    package var isAsked: Bool

    /// Sizes in bytes; what cannot be told is no bound.
    package init(_ limit: MemoryLimit?, memory: Int64?, available: Int64?) {
        let asked = limit?.byteCount(of: memory) ?? .max
        let there = (available ?? memory).map { Int(clamping: $0) } ?? .max
        byteCount = min(asked, there)
        isAsked = asked <= there
    }

    package init(_ limit: MemoryLimit?, machine: MachineFacts = .read()) {
        self.init(limit, memory: machine.memory, available: machine.availableMemory)
    }

    /// The plan for these models. Throws `Failure` with all its figures where they do not fit, and where a context is longer
    /// than its model's.
    func plan(_ models: [LocalModel]) throws -> MemoryPlan {
        let plan: MemoryPlan
        do { plan = try MemoryPlan(models.map(\.demand), limit: byteCount) } catch { throw Failure("\(error)") }
        guard models.isEmpty || plan.fits else { throw Failure(refusal(plan)) }
        return plan
    }

    /// `weights 98.1 MB + buffers 9.9 MB + cache 188.7 MB (16,384 tokens) + program 67.1 MB = 363.8 MB of 2.0 GB allowed`.
    package func line(_ plan: MemoryPlan) -> String {
        func sum(_ part: (MemoryPlan.Share) -> Int) -> ByteCount {
            ByteCount(Int64(plan.shares.reduce(0) { $0 + part($1) }))
        }
        let tokens = plan.shares.filter { $0.cacheByteCount > 0 }.map { share in
            (plan.shares.count == 1 ? "" : "\(share.name) ") + Figures.grouped(share.tokenCount)
        }
        return "weights \(sum(\.weightByteCount)) + buffers \(sum(\.bufferByteCount)) + cache \(sum(\.cacheByteCount)) "
            + "(\(tokens.isEmpty ? "no" : tokens.joined(separator: ", ")) tokens) + program \(ByteCount(Int64(MemoryPlan.programByteCount))) = "
            + "\(ByteCount(Int64(plan.byteCount))) of \(ByteCount(Int64(byteCount))) \(isAsked ? "allowed" : "available")"
    }

    /// Why a plan is not carried out, and what would fit.
    package func refusal(_ plan: MemoryPlan) -> String {
        let names = plan.shares.map { "'\($0.name)'" }.joined(separator: ", ")
        let ways = shorterContexts(plan) + [moreMemory(plan), "a smaller quantisation"]
        return "\(names) \(plan.shares.count == 1 ? "does" : "do") not fit the memory: \(line(plan)). What helps: "
            + ways.joined(separator: "; ")
    }

    /// A context for each model so that all fit; none where no context of use is left.
    private func shorterContexts(_ plan: MemoryPlan) -> [String] {
        guard let fraction = plan.contextFraction else { return [] }
        let contexts = plan.shares.map { share in
            // Pages are not shared out in parts.
            Int(Double(share.pageCount) * fraction) * (share.tokenCount / share.pageCount)
        }
        guard contexts.allSatisfy({ $0 >= 128 }) else { return [] }
        return zip(plan.shares, contexts).map { share, context in
            "a context of \(Figures.grouped(context)) tokens" + (plan.shares.count == 1 ? "" : " for '\(share.name)'")
        }
    }

    private func moreMemory(_ plan: MemoryPlan) -> String {
        isAsked
            ? "a limit of \((plan.byteCount + 999_999) / 1_000_000)MB"
            : "\(ByteCount(Int64(plan.byteCount - byteCount))) more of free memory"
    }
}
