extension ParityReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case task, metric, reference, candidate, margin, level, questions, difference, kept, flips, verdict, more,
            differing
        case referenceScore = "reference_score"
        case candidateScore = "candidate_score"
        case interval = "difference_interval"
        case lowerBound = "difference_lower_bound"
        case keptInterval = "kept_interval"
        case pValue = "mcnemar_p"
        case costShare = "cost_share"
        case openShare = "open_share"
        case unavailableShare = "unavailable_share"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
        try container.encode(metric, forKey: .metric)
        try container.encode(reference, forKey: .reference)
        try container.encode(candidate, forKey: .candidate)
        try container.encode(terms.margin, forKey: .margin)
        try container.encode(terms.level, forKey: .level)
        try container.encode(count, forKey: .questions)
        try container.encode(referenceScore, forKey: .referenceScore)
        try container.encode(candidateScore, forKey: .candidateScore)
        try container.encode(difference, forKey: .difference)
        try container.encode([interval.lowerBound, interval.upperBound], forKey: .interval)
        try container.encode(lowerBound, forKey: .lowerBound)
        if let kept {
            try container.encode(candidateScore / referenceScore, forKey: .kept)
            try container.encode([kept.lowerBound, kept.upperBound], forKey: .keptInterval)
        }
        try container.encode(differing, forKey: .differing)
        try container.encodeIfPresent(pValue, forKey: .pValue)
        try container.encodeIfPresent(costShare, forKey: .costShare)
        try container.encodeIfPresent(openShare, forKey: .openShare)
        try container.encodeIfPresent(unavailableShare, forKey: .unavailableShare)
        try container.encode(flips, forKey: .flips)
        switch verdict {
        case .pass: try container.encode("pass", forKey: .verdict)
        case .fail: try container.encode("fail", forKey: .verdict)
        case .notEnoughData(let more):
            try container.encode("not enough data", forKey: .verdict)
            try container.encode(more, forKey: .more)
        }
    }
}
