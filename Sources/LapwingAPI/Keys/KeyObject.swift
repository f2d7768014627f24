/// A key in JSON, the same for the command line and for `/admin/v1/keys`.
package struct KeyObject: Hashable, Sendable, Encodable {
    package var object = "key"
    package var id: String
    /// What its holder sends; set once, in the answer that made it.
    package var key: String?
    package var name: String
    package var role: KeyRole
    package var state: KeyState?
    package var hint: String
    package var tenant: String?
    package var tier: String
    package var project: String?
    package var routes: [String]?
    /// Milliseconds since 1970, as all times here.
    package var createdAt: Int64
    package var expiresAt: Int64?
    package var revokedAt: Int64?
    package var requestsPerMinute: Int?
    package var tokensPerMinute: Int?
    package var concurrentRequests: Int?
    package var dailyBudget: DollarAmount?
    package var monthlyBudget: DollarAmount?
    /// nil where nobody counts, as at the command line.
    package var budgets: [BudgetObject]?

    package init(_ key: Key, state: KeyState? = nil, budgets: [BudgetStanding]? = nil, secret: Secret? = nil) {
        id = key.id
        self.key = secret?.reveal()
        name = key.draft.name
        role = key.draft.role
        self.state = state
        hint = key.hint
        tenant = key.draft.tenant
        tier = key.draft.tier
        project = key.draft.project
        routes = key.draft.routes
        createdAt = key.createdAt
        expiresAt = key.draft.expiresAt
        revokedAt = key.revokedAt
        requestsPerMinute = key.limits.requestsPerMinute
        tokensPerMinute = key.limits.tokensPerMinute
        concurrentRequests = key.limits.concurrentRequests
        dailyBudget = key.limits.dailyBudget.map(DollarAmount.init)
        monthlyBudget = key.limits.monthlyBudget.map(DollarAmount.init)
        self.budgets = budgets?.map(BudgetObject.init)
    }

    package init(_ standing: KeyStanding) {
        self.init(standing.key, state: standing.state, budgets: standing.budgets)
    }

    private enum CodingKeys: String, CodingKey {
        case object, id, key, name, role, state, hint, tenant, tier, project, routes, budgets
        case createdAt = "created_at_ms"
        case expiresAt = "expires_at_ms"
        case revokedAt = "revoked_at_ms"
        case requestsPerMinute = "requests_per_minute"
        case tokensPerMinute = "tokens_per_minute"
        case concurrentRequests = "concurrent_requests"
        case dailyBudget = "budget_day_usd"
        case monthlyBudget = "budget_month_usd"
    }
}

package struct BudgetObject: Hashable, Sendable, Encodable {
    package var period: BudgetPeriod
    package var limit: DollarAmount
    package var spent: DollarAmount
    package var reserved: DollarAmount
    package var overrun: DollarAmount
    package var left: DollarAmount

    package init(_ standing: BudgetStanding) {
        period = standing.period
        limit = DollarAmount(standing.limit)
        spent = DollarAmount(standing.spent)
        reserved = DollarAmount(standing.reserved)
        overrun = DollarAmount(standing.overrun)
        left = DollarAmount(standing.left)
    }

    private enum CodingKeys: String, CodingKey {
        case period
        case limit = "limit_usd"
        case spent = "spent_usd"
        case reserved = "reserved_usd"
        case overrun = "overrun_usd"
        case left = "left_usd"
    }
}

/// The answer to `GET /admin/v1/keys`.
package struct KeyList: Hashable, Sendable, Encodable {
    package var object = "list"
    package var data: [KeyObject]

    package init(data: [KeyObject]) { self.data = data }
}
