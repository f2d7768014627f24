import Foundation
import LapwingAPI
import LapwingStore

/// Keys as a person reads them.
enum KeysText {
    static func lines(_ keys: [Key], now: Int64, terminal: Terminal = .plain) -> [String] {
        let titles = ["id", "name", "begins", "state", "tier", "tenant", "for", "limits", "expires"]
        var table = Table(titles.map { ($0, .left) })
        table.rows = keys.map { key in
            let draft = key.draft
            return [
                key.id, Figures.shortened(draft.name, to: 32), key.hint + "…", key.state(at: now).rawValue,
                draft.role == .admin ? "(admin)" : Figures.shortened(draft.tier, to: 24),
                Figures.shortened(draft.tenant ?? "(all)", to: 24),
                Figures.shortened(draft.routes?.joined(separator: ", ") ?? "all", to: 40), limits(draft.limits),
                draft.expiresAt.map { Day.text(of: Date(timeIntervalSince1970: Double($0) / 1000)) } ?? "never",
            ]
        }
        return table.lines(for: terminal)
    }

    private static func limits(_ limits: KeyLimits) -> String {
        let parts = [
            limits.requestsPerMinute.map { "\(Figures.grouped($0)) requests/min" },
            limits.tokensPerMinute.map { "\(Figures.grouped($0)) tokens/min" },
            limits.concurrentRequests.map { "\($0) at once" },
            limits.dailyBudget.map { "\(Figures.dollars($0))/day" },
            limits.monthlyBudget.map { "\(Figures.dollars($0))/month" },
        ].compactMap(\.self)
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
