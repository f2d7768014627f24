import LapwingAPI

extension KeyDraft {
    private static let most = 1 << 40

    /// Reads the body of `POST /admin/v1/keys`: these members may be written, and any other is refused by name. A role is
    /// not among them: administrators are made at the command line of the server's own machine.
    init(_ reader: inout FieldReader) throws(RequestError) {
        self.init(name: try reader.requiredString("name"))
        tenant = try reader.string("tenant")
        tier = try reader.string("tier") ?? tier
        project = try reader.string("project")
        routes = try Self.routes(&reader)
        expiresAt = try reader.integer("expires_at_ms", in: 0...Int(Int64.max)).map(Int64.init)
        limits.requestsPerMinute = try reader.integer("requests_per_minute", in: 1...Self.most)
        limits.tokensPerMinute = try reader.integer("tokens_per_minute", in: 1...Self.most)
        limits.concurrentRequests = try reader.integer("concurrent_requests", in: 1...Self.most)
        limits.dailyBudget = try Self.dollars("budget_day_usd", &reader)
        limits.monthlyBudget = try Self.dollars("budget_month_usd", &reader)
        guard let unknown = reader.unasked.first else { return }
        throw .unsupported(field: unknown, reason: "it cannot be written")
    }

    private static func routes(_ reader: inout FieldReader) throws(RequestError) -> [String]? {
        guard let elements = try reader.array("routes") else { return nil }
        var routes: [String] = []
        for (index, element) in elements.enumerated() {
            guard let name = element.string else {
                throw .invalid(field: "routes[\(index)]", found: element.kind, expected: "a string")
            }
            routes.append(name)
        }
        return routes
    }

    /// Dollars as a number or, exact to the ninth place, as a string.
    private static func dollars(_ name: String, _ reader: inout FieldReader) throws(RequestError) -> NanoUSD? {
        let expected = "dollars such as 12.50, more than 0"
        let amount: NanoUSD?
        switch reader.value(name) {
        case nil: return nil
        case .string(let text)?: amount = NanoUSD(dollars: text)
        case .integer(let value)?: amount = NanoUSD(dollars: "\(value)")
        case .number(let value)?:
            let billionths = value * 1e9
            amount = billionths.magnitude < 9e18 ? NanoUSD(Int64(billionths.rounded())) : nil
        case let other?: throw reader.wrong(name, other, expected: expected)
        }
        guard let amount, amount > .zero else {
            throw .invalid(field: reader.pathOf(name), found: "another value", expected: expected)
        }
        return amount
    }
}
