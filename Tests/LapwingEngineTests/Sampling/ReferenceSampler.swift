import Foundation
import LapwingAPI
import LapwingEngine

/// The sampler's documented order of work, written with a sort and doubles for reading.
enum ReferenceSampler {
    struct Outcome {
        var token: TokenID
        /// Whether rounding could fairly have decided otherwise: the draw or a filter's edge is too near to a border.
        var isDoubtful: Bool
    }

    static func draw(_ row: [Float], _ sampling: Sampling, prompt: [TokenID], answer: [TokenID], uniform: Double)
        -> Outcome
    {
        var logits = row.map(Double.init)
        for (token, bias) in sampling.logitBias { logits[Int(token)] += bias }
        for token in Set(prompt + answer) {
            let logit = logits[Int(token)]
            logits[Int(token)] = logit > 0 ? logit / sampling.repetitionPenalty : logit * sampling.repetitionPenalty
        }
        for token in Set(answer) {
            let count = answer.count { $0 == token }
            logits[Int(token)] -= sampling.presencePenalty + sampling.frequencyPenalty * Double(count)
        }
        let order = logits.indices.sorted { logits[$0] == logits[$1] ? $0 < $1 : logits[$0] > logits[$1] }
        if sampling.temperature == 0 { return Outcome(token: TokenID(order[0]), isDoubtful: false) }

        let weights = logits.map { exp(($0 - logits[order[0]]) / sampling.temperature) }
        var kept = Array(order.prefix(sampling.topK ?? order.count))
        let target = sampling.topP * kept.reduce(0) { $0 + weights[$1] }
        var (sum, doubtful) = (0.0, false)
        if sampling.topP < 1 {
            kept = kept.prefix { id in
                defer { sum += weights[id] }
                doubtful = doubtful || abs(sum - target) < 1e-4
                return sum < target
            }
            doubtful = doubtful || abs(sum - target) < 1e-4
        }
        doubtful = doubtful || kept.contains { sampling.minP > 0 && abs(weights[$0] / sampling.minP - 1) < 1e-4 }
        kept = kept.filter { weights[$0] >= sampling.minP }.sorted()

        let total = kept.reduce(0) { $0 + weights[$1] }
        sum = 0
        var drawn: Int?
        for id in kept {
            sum += weights[id]
            doubtful = doubtful || abs(sum / total - uniform) < 1e-5
            if drawn == nil && sum > uniform * total { drawn = id }
        }
        return Outcome(token: TokenID(drawn ?? kept.last ?? order[0]), isDoubtful: doubtful)
    }
}
