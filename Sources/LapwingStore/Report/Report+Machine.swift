import LapwingAPI

extension Report {
    /// What a million tokens of this machine's own models cost: for the time it was busy with them, and with the time
    /// that it stood idle.
    package struct Machine: Hashable, Sendable, Codable {
        /// How long the server ran within the period; nil where nothing is known of that.
        package var servedSeconds: Double?
        /// The hour's price at the time times that.
        package var servedCost: DollarAmount?
        /// Machine time of all calls, as it is in their entries.
        package var busySeconds: Double
        package var busyCost: DollarAmount
        /// The part of `servedSeconds` in which no model computed; nil where that is not known.
        package var idleShare: Double?
        /// By machine time, most first.
        package var models: [Model]

        package init(
            servedSeconds: Double?, servedCost: DollarAmount?, busySeconds: Double, busyCost: DollarAmount,
            idleShare: Double?, models: [Model]
        ) {
            self.servedSeconds = servedSeconds
            self.servedCost = servedCost
            self.busySeconds = busySeconds
            self.busyCost = busyCost
            self.idleShare = idleShare
            self.models = models
        }
    }

    package struct Model: Hashable, Sendable, Codable {
        package var name: String
        package var calls: Int
        /// Those that were computed: without what was in the cache.
        package var promptTokens: Int64
        package var completionTokens: Int64
        package var busySeconds: Double
        package var cost: DollarAmount
        /// A million tokens at what the calls were charged; nil where no call has exact counts.
        package var busyOnly: TokenCost?
        /// The same with the cost of idle time laid upon it, in proportion to busy time.
        package var withIdle: TokenCost?

        package init(
            name: String, calls: Int, promptTokens: Int64, completionTokens: Int64, busySeconds: Double,
            cost: DollarAmount, busyOnly: TokenCost?, withIdle: TokenCost?
        ) {
            self.name = name
            self.calls = calls
            self.promptTokens = promptTokens
            self.completionTokens = completionTokens
            self.busySeconds = busySeconds
            self.cost = cost
            self.busyOnly = busyOnly
            self.withIdle = withIdle
        }
    }

    package struct TokenCost: Hashable, Sendable, Codable {
        /// A million tokens of either kind, as they were mixed.
        package var perMillion: DollarAmount
        /// A million prompt tokens, and a million generated ones; nil where the calls cannot tell them apart. Their sum over
        /// the tokens is what the calls cost.
        package var inputPerMillion: DollarAmount?
        package var outputPerMillion: DollarAmount?

        package init(
            perMillion: DollarAmount, inputPerMillion: DollarAmount? = nil, outputPerMillion: DollarAmount? = nil
        ) {
            self.perMillion = perMillion
            self.inputPerMillion = inputPerMillion
            self.outputPerMillion = outputPerMillion
        }
    }
}
