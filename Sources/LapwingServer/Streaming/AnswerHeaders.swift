import HTTPTypes
import LapwingAPI

extension HTTPFields {
    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }

    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { self[name] = value }
    }

    /// What is settled when a stream begins. Decision, confidence and cost may not be known yet.
    mutating func set(_ commitment: Commitment) {
        set("x-lapwing-route", commitment.route)
        if let cache = commitment.cache { set("x-lapwing-cache", cache.word) }
        if let decision = commitment.decision { set("x-lapwing-decision", decision.rawValue) }
        if let confidence = commitment.confidence { set("x-lapwing-confidence", fourPlaces(confidence.probability)) }
    }

    /// What a whole answer came to. A figure that nobody knows is a word, never zero.
    mutating func set(_ receipt: Receipt) {
        set("x-lapwing-route", receipt.route)
        if let cache = receipt.cache { set("x-lapwing-cache", cache.word) }
        set("x-lapwing-decision", receipt.decision.rawValue)
        set("x-lapwing-confidence", receipt.confidence.map { fourPlaces($0.probability) } ?? "none")
        set("x-lapwing-cost-usd", receipt.unpricedCalls == 0 ? "\(receipt.cost)" : "unpriced")
        set("x-lapwing-saved-usd", receipt.saved.map { "\($0)" } ?? "unknown")
    }
}

/// A probability as a plain decimal: `0.9300`.
private func fourPlaces(_ probability: Double) -> String {
    let scaled = Int((min(max(probability, 0), 1) * 10_000).rounded())
    let digits = String(scaled % 10_000)
    return "\(scaled / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
}
