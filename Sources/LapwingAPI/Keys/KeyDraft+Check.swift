extension KeyDraft {
    private static let mostCharacters = 128
    private static let mostRoutes = 256

    /// Throws `invalid` for what no key can be. `known` are the routes and models that there are.
    package func check(known: [String]) throws(RequestError) {
        for (field, text) in [("name", name), ("tier", tier), ("tenant", tenant), ("project", project)] {
            guard let text else { continue }
            guard (1...Self.mostCharacters).contains(text.unicodeScalars.count) else {
                throw .invalid(
                    field: field, found: "\(text.unicodeScalars.count) characters",
                    expected: "1 to \(Self.mostCharacters)")
            }
            guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                throw .invalid(field: field, found: "a control character", expected: "none")
            }
        }
        if let routes {
            guard (1...Self.mostRoutes).contains(routes.count) else {
                throw .invalid(
                    field: "routes", found: "\(routes.count) names",
                    expected: "1 to \(Self.mostRoutes), or none for all")
            }
            if let unknown = routes.first(where: { !known.contains($0) }) {
                throw .invalid(
                    field: "routes", found: "'\(unknown)'",
                    expected: "names among \(known.joined(separator: ", "))")
            }
        }
        let counts = [
            ("requests_per_minute", limits.requestsPerMinute), ("tokens_per_minute", limits.tokensPerMinute),
            ("concurrent_requests", limits.concurrentRequests),
        ]
        for (field, count) in counts {
            guard let count, count < 1 else { continue }
            throw .invalid(field: field, found: "\(count)", expected: "at least 1, or nothing for no limit")
        }
        for (field, budget) in [("budget_day_usd", limits.dailyBudget), ("budget_month_usd", limits.monthlyBudget)] {
            guard let budget, budget <= .zero else { continue }
            throw .invalid(field: field, found: "\(budget)", expected: "more than 0, or nothing for no limit")
        }
        guard role == .admin else { return }
        let ofClients = project != nil || routes != nil || limits != KeyLimits() || tier != "default"
        if ofClients {
            throw .invalid(
                field: "role", found: "an administrator with a client's limits",
                expected: "a name, a tenant and an expiry alone, as administrators send no requests to models")
        }
    }
}
