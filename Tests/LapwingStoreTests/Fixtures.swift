import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport

extension TemporaryFolder {
    func file(_ name: String) -> String { path + "/" + name }
    var ledger: String { file("lapwing.sqlite") }
}

extension LedgerRequest {
    /// Request `number` of a made-up day, with every optional field set on the even ones.
    static func sample(_ number: Int) -> LedgerRequest {
        var context = RequestContext(requestID: "req-\(number)")
        if number.isMultiple(of: 2) {
            context.keyID = "key-\(number % 3)"
            context.user = "user-\(number % 5)"
            context.metadata = ["feature": "support", "project": "p\(number % 4)"]
            context.tier = "enterprise"
        }
        return LedgerRequest(
            context, startedAt: 1_780_000_000_000 + Int64(number) * 1000, endpoint: "chat.completions",
            route: number % 3 == 0 ? "support" : "search", model: "smollm2", stream: number.isMultiple(of: 2))
    }
}

extension LedgerEntry {
    /// A completed request of one open call, or on every fourth of an escalation with two.
    static func sample(_ number: Int) -> LedgerEntry {
        let isEscalated = number.isMultiple(of: 4)
        var calls = [
            CallReceipt(
                model: "smollm2", side: .open, role: isEscalated ? .discarded : .kept,
                usage: Usage(promptTokens: 100 + number, completionTokens: 20, computeNanoseconds: 81_000_000),
                cost: NanoUSD(2250 + Int64(number)), priceSource: "machine time", latencyMilliseconds: 90,
                firstTokenMilliseconds: 12)
        ]
        if isEscalated {
            calls.append(
                CallReceipt(
                    model: "gpt-4", side: .closed, role: .kept,
                    usage: Usage(promptTokens: 100, cachedPromptTokens: 64, completionTokens: 40),
                    cost: NanoUSD(2_200_000), priceSource: "lapwing.yaml", latencyMilliseconds: 800))
        }
        var entry = LedgerEntry(
            .sample(number), status: .completed, endedAt: 1_780_000_000_900 + Int64(number) * 1000,
            decision: isEscalated ? .escalated : .open,
            confidence: Confidence(
                probability: 0.5 + Double(number % 50) / 100, calibrator: "default-1", isCalibrated: false),
            threshold: 0.92, calls: calls,
            counterfactual: Counterfactual(
                model: "gpt-4", cost: NanoUSD(1_600_000), low: NanoUSD(1_400_000), high: NanoUSD(1_900_000),
                isEstimated: true),
            latencyMilliseconds: Int64(100 + number % 700))
        entry.firstTokenMilliseconds = number.isMultiple(of: 2) ? 15 : nil
        return entry
    }
}

extension LedgerReader {
    func entries() throws -> [StoredEntry] {
        var entries: [StoredEntry] = []
        try forEachEntry { entries.append($0) }
        return entries
    }
}
