import LapwingAPI

/// What the requests of a period came to, in all and by group. Sums are exact; money is written as plain dollars.
package struct Report: Hashable, Sendable, Codable {
    package var period: Period
    package var grouping: ReportQuery.Grouping?
    package var total: Figures
    /// By requests, most first, then by name. Empty without a grouping.
    package var groups: [Group]
    /// nil where no model of this machine was called.
    package var machine: Machine?

    package struct Group: Hashable, Sendable, Codable {
        /// nil for the requests that do not say (no user, no key, no such label).
        package var name: String?
        package var figures: Figures
    }

    package struct Figures: Hashable, Sendable, Codable {
        /// Entries of kind `request`. Later work on a request (judging, shadow calls) adds to tokens and money only.
        package var requests = 0
        /// By how they ended; the five add up to `requests`.
        package var completed = 0
        package var aborted = 0
        package var cancelled = 0
        package var failed = 0
        package var lost = 0

        /// Completed requests whose answer is the open model's: decision `open`, `would-escalate` or `unavailable`.
        package var answeredOpen = 0
        /// `answeredOpen` as a share of `completed`; nil where none was completed.
        package var shareAnsweredOpen: Double?
        /// Completed requests whose answer is the closed model's: decision `closed` or `escalated`.
        package var answeredClosed = 0
        /// Of those, the ones for which no open model was asked, or none could answer: decision `closed`.
        package var closedAtOnce = 0
        /// Requests, however they ended, with the decision `escalated`.
        package var escalated = 0
        /// Those whose open answer fell under the threshold, and whose tier or route does not escalate.
        package var wouldEscalate = 0
        /// Those where the closed model was wanted and could not be had.
        package var unavailable = 0

        /// Completed requests that were answered with a kept answer.
        package var cacheHits = 0
        /// What the calls that made those answers had cost, and these requests were spared. It is no part of what was saved
        /// against the closed model, which counts such a request as one that cost nothing.
        package var spared = DollarAmount(.zero)
        /// Hits whose answer had a call without a price; while there are any, `spared` is a lower bound.
        package var unpricedHits = 0

        /// Over every call made, the discarded and failed ones too.
        package var promptTokens: Int64 = 0
        package var cachedPromptTokens: Int64 = 0
        package var completionTokens: Int64 = 0
        /// Calls whose token counts are our estimate.
        package var estimatedCalls = 0
        /// Calls without a known price. Their cost is in no sum; while there are any, `spent` is a lower bound.
        package var unpricedCalls = 0
        package var calls = 0

        /// Cost of every call that has a price.
        package var spent = DollarAmount(.zero)
        /// Of `spent`, what went to requests that were not completed and to later work on requests.
        package var spentBesideAnswers = DollarAmount(.zero)
        package var counterfactual: Comparison?

        package var latency: Percentiles?
        package var firstToken: Percentiles?
        /// Mean over the requests that have a confidence.
        package var meanConfidence: Double?
        /// Who reckoned the confidences, by name.
        package var calibrators: [Calibrator] = []

        package init() {}
    }

    /// What the closed model would have cost, over the requests that can be compared: the completed ones that have a
    /// counterfactual and no call without a price.
    package struct Comparison: Hashable, Sendable, Codable {
        package var requests: Int
        package var cost: DollarAmount
        package var low: DollarAmount
        package var high: DollarAmount
        /// Of `cost`, the part that rests on estimated token counts.
        package var estimatedCost: DollarAmount
        /// `cost` less what these requests did cost and less `spentBesideAnswers`, so that waste never counts as saving.
        package var saved: DollarAmount
        /// The same with the interval's ends.
        package var savedLow: DollarAmount
        package var savedHigh: DollarAmount
    }

    /// Milliseconds, by nearest rank: the smallest value that is not under the given share of all.
    package struct Percentiles: Hashable, Sendable, Codable {
        package var p50: Int64
        package var p95: Int64
        package var count: Int

        package init(p50: Int64, p95: Int64, count: Int) {
            self.p50 = p50
            self.p95 = p95
            self.count = count
        }
    }

    package struct Calibrator: Hashable, Sendable, Codable {
        package var name: String
        /// Whether it was fitted on the route's own traffic.
        package var isCalibrated: Bool
        package var requests: Int

        package init(name: String, isCalibrated: Bool, requests: Int) {
            self.name = name
            self.isCalibrated = isCalibrated
            self.requests = requests
        }
    }
}
