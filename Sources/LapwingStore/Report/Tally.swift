import LapwingAPI

/// Adds entries up to `Report.Figures`.
struct Tally {
    private var figures = Report.Figures()
    private var spent = ExactSum("costs")
    private var beside = ExactSum("costs")
    private var spared = ExactSum("costs")
    private var compared = 0
    private var comparedSpent = ExactSum("costs")
    private var counterfactual = ExactSum("counterfactual costs")
    private var low = ExactSum("counterfactual costs")
    private var high = ExactSum("counterfactual costs")
    private var estimated = ExactSum("counterfactual costs")
    private var promptTokens = ExactSum("tokens")
    private var cachedTokens = ExactSum("tokens")
    private var completionTokens = ExactSum("tokens")
    private var latencies = ValueCounts()
    private var firstTokens = ValueCounts()
    private var confidenceSum = 0.0
    private var confidenceCount = 0
    private var calibrators: [Report.Calibrator] = []

    mutating func add(_ entry: LedgerEntry) throws(StoreError) {
        let isRequest = entry.kind == "request"
        let isAnswered = isRequest && entry.status == .completed
        if isRequest { addOutcome(of: entry) }
        var cost = ExactSum("costs")
        for call in entry.calls { try add(call, cost: &cost) }
        try spent.add(cost.value)
        if !isAnswered { try beside.add(cost.value) }
        if let cached = entry.cached {
            figures.cacheHits += 1
            if let cost = cached.spared { try spared.add(cost.rawValue) } else { figures.unpricedHits += 1 }
        }
        if isAnswered, let alternative = entry.counterfactual, entry.calls.allSatisfy({ $0.cost != nil }) {
            compared += 1
            try comparedSpent.add(cost.value)
            try counterfactual.add(alternative.cost.rawValue)
            try low.add(alternative.low.rawValue)
            try high.add(alternative.high.rawValue)
            if alternative.isEstimated { try estimated.add(alternative.cost.rawValue) }
        }
    }

    private mutating func add(_ call: CallReceipt, cost: inout ExactSum) throws(StoreError) {
        figures.calls += 1
        if call.usage.isEstimated { figures.estimatedCalls += 1 }
        try promptTokens.add(Int64(call.usage.promptTokens))
        try cachedTokens.add(Int64(call.usage.cachedPromptTokens))
        try completionTokens.add(Int64(call.usage.completionTokens))
        if let price = call.cost { try cost.add(price.rawValue) } else { figures.unpricedCalls += 1 }
    }

    private mutating func addOutcome(of entry: LedgerEntry) {
        figures.requests += 1
        switch entry.status {
        case .completed: addAnswer(of: entry)
        case .aborted: figures.aborted += 1
        case .cancelled: figures.cancelled += 1
        case .failed: figures.failed += 1
        case .lost: figures.lost += 1
        }
        switch entry.decision {
        case .escalated: figures.escalated += 1
        case .wouldEscalate: figures.wouldEscalate += 1
        case .unavailable: figures.unavailable += 1
        case .open, .closed, nil: break
        }
        if let confidence = entry.confidence { add(confidence) }
    }

    private mutating func addAnswer(of entry: LedgerEntry) {
        figures.completed += 1
        switch entry.decision?.answeringSide {
        case .open: figures.answeredOpen += 1
        case .closed: figures.answeredClosed += 1
        case nil: break
        }
        if entry.decision == .closed { figures.closedAtOnce += 1 }
        if let latency = entry.latencyMilliseconds { latencies.add(latency) }
        if let first = entry.firstTokenMilliseconds { firstTokens.add(first) }
    }

    private mutating func add(_ confidence: Confidence) {
        confidenceSum += confidence.probability
        confidenceCount += 1
        let known = calibrators.firstIndex {
            $0.name == confidence.calibrator && $0.isCalibrated == confidence.isCalibrated
        }
        if let known {
            calibrators[known].requests += 1
        } else {
            calibrators.append(.init(name: confidence.calibrator, isCalibrated: confidence.isCalibrated, requests: 1))
        }
    }

    func result() throws(StoreError) -> Report.Figures {
        var figures = figures
        figures.promptTokens = promptTokens.value
        figures.cachedPromptTokens = cachedTokens.value
        figures.completionTokens = completionTokens.value
        figures.spent = spent.dollars
        figures.spentBesideAnswers = beside.dollars
        figures.spared = spared.dollars
        if figures.completed > 0 {
            figures.shareAnsweredOpen = Double(figures.answeredOpen) / Double(figures.completed)
        }
        if compared > 0 { figures.counterfactual = try comparison() }
        figures.latency = latencies.percentiles
        figures.firstToken = firstTokens.percentiles
        if confidenceCount > 0 { figures.meanConfidence = confidenceSum / Double(confidenceCount) }
        figures.calibrators = calibrators
        return figures
    }

    private func comparison() throws(StoreError) -> Report.Comparison {
        func saved(_ cost: ExactSum) throws(StoreError) -> DollarAmount {
            var saved = cost
            try saved.subtract(comparedSpent.value)
            try saved.subtract(beside.value)
            return saved.dollars
        }
        return Report.Comparison(
            requests: compared, cost: counterfactual.dollars, low: low.dollars, high: high.dollars,
            estimatedCost: estimated.dollars, saved: try saved(counterfactual), savedLow: try saved(low),
            savedHigh: try saved(high))
    }
}

/// A sum that throws where it would pass Int64.
private struct ExactSum {
    private(set) var value: Int64 = 0
    private let what: String

    init(_ what: String) { self.what = what }

    var dollars: DollarAmount { DollarAmount(NanoUSD(value)) }

    mutating func add(_ other: Int64) throws(StoreError) {
        let (sum, overflow) = value.addingReportingOverflow(other)
        guard !overflow else { throw .overflow(what: what) }
        value = sum
    }

    mutating func subtract(_ other: Int64) throws(StoreError) {
        let (difference, overflow) = value.subtractingReportingOverflow(other)
        guard !overflow else { throw .overflow(what: what) }
        value = difference
    }
}

/// How often each value occurs. Milliseconds repeat, so this stays small where a list of all values would not.
private struct ValueCounts {
    private var counts: [Int64: Int] = [:]
    private var total = 0

    mutating func add(_ value: Int64) {
        counts[value, default: 0] += 1
        total += 1
    }

    var percentiles: Report.Percentiles? {
        guard total > 0 else { return nil }
        let sorted = counts.sorted { $0.key < $1.key }
        func value(atPercent percent: Int) -> Int64 {
            let rank = (total * percent + 99) / 100
            var seen = 0
            for (value, count) in sorted {
                seen += count
                if seen >= rank { return value }
            }
            return sorted.last?.key ?? 0
        }
        return Report.Percentiles(p50: value(atPercent: 50), p95: value(atPercent: 95), count: total)
    }
}
