import Foundation
import LapwingAPI

/// Tokens that may be drawn, in the order of their ids, with logits relative to the most probable one and divided by the temperature.
struct Candidates {
    private(set) var ids: [TokenID] = []
    private(set) var logits: [Float] = []  // [candidate], at most 0
    private var scratch: [Float] = []

    var count: Int { ids.count }

    /// Collects the tokens whose scaled logit is at least `floor`.
    mutating func gather(_ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, floor: Float) {
        ids.removeAll(keepingCapacity: true)
        logits.removeAll(keepingCapacity: true)
        for (id, logit) in row.enumerated() {
            let scaled = (logit - maximum) * scale
            guard scaled >= floor else { continue }
            ids.append(TokenID(id))
            logits.append(scaled)
        }
    }

    /// Sum of the candidates' weights, where the most probable token's is 1.
    var mass: Double { logits.reduce(0) { $0 + Self.weight($1) } }

    mutating func keepMostProbable(_ count: Int) {
        guard count < ids.count else { return }
        keep(cut(reaching: Double(count)) { _ in 1 })
    }

    /// Keeps the fewest, most probable first, whose weights sum to `mass` or more.
    mutating func keepMass(_ mass: Double) { keep(cut(reaching: mass, weight: Self.weight)) }

    mutating func keepAtLeast(_ floor: Float) { keep(MassCut(value: floor, ties: .max)) }

    /// The token at share `uniform` of the candidates' mass.
    func drawn(_ uniform: Double) -> TokenID? {
        let target = uniform * mass
        var sum = 0.0
        for (id, logit) in zip(ids, logits) {
            sum += Self.weight(logit)
            if sum > target { return id }
        }
        // Rounding may leave the sum a hair under the target.
        return ids.last
    }

    private mutating func cut(reaching target: Double, weight: (Float) -> Double) -> MassCut {
        scratch.removeAll(keepingCapacity: true)
        scratch += logits
        return MassCut.reaching(target, in: &scratch, weight: weight)
    }

    private mutating func keep(_ cut: MassCut) {
        var ties = cut.ties
        var kept = 0
        for index in ids.indices {
            let logit = logits[index]
            guard logit > cut.value || (logit == cut.value && ties > 0) else { continue }
            if logit == cut.value { ties -= 1 }
            ids[kept] = ids[index]
            logits[kept] = logit
            kept += 1
        }
        ids.removeLast(ids.count - kept)
        logits.removeLast(logits.count - kept)
    }

    private static func weight(_ logit: Float) -> Double { exp(Double(logit)) }
}
