import LapwingAPI

/// A span of time by the start of requests: from `since`, before `until`, in milliseconds since 1970; nil is open.
package struct Period: Hashable, Sendable, Codable {
    package var since: Int64?
    package var until: Int64?

    package init(since: Int64? = nil, until: Int64? = nil) {
        self.since = since
        self.until = until
    }
}

/// Which entries a report is over, and by what they are told apart.
package struct ReportQuery: Hashable, Sendable {
    package enum Grouping: String, Sendable, Codable, CaseIterable {
        case route
        /// The model whose answer was kept; the one asked first where none was.
        case model
        /// `metadata["feature"]`.
        case feature, user
        /// The key's id.
        case key
        case tier, tenant
    }

    package var period: Period
    package var grouping: Grouping?

    package init(period: Period = Period(), by grouping: Grouping? = nil) {
        self.period = period
        self.grouping = grouping
    }
}

extension ReportQuery.Grouping {
    /// The group that an entry belongs to; nil where it does not say.
    func name(for entry: LedgerEntry) -> String? {
        switch self {
        case .route: entry.route
        case .model: entry.answeringModel
        case .feature: entry.metadata["feature"]
        case .user: entry.user
        case .key: entry.keyID
        case .tier: entry.tier
        case .tenant: entry.tenant
        }
    }
}
