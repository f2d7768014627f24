import LapwingAPI
import LapwingModel

/// A token that may be drawn.
struct Candidate {
    var id: TokenID
    var logit: Float
    /// Relative to the most probable token's, which is 1.
    var weight: Float
}

/// Tokens that may be drawn, in the order of their ids.
struct Candidates {
    private var all: [Candidate] = []
    private var scratch: [Candidate] = []
    private var indices: [UInt32] = []

    var count: Int { all.count }

    /// Sum of the candidates' weights.
    var mass: Double { all.reduce(0) { $0 + Double($1.weight) } }

    /// Collects the tokens whose weight is at least `floor`.
    mutating func gather(_ row: UnsafeBufferPointer<Float>, weights: [Float], floor: Float) {
        all.removeAll(keepingCapacity: true)
        if indices.count < weights.count { indices = Array(repeating: 0, count: weights.count) }
        let count = weights.withUnsafeBufferPointer { weights in
            indices.withUnsafeMutableBufferPointer { LogitMath.indices(of: weights, from: floor, into: $0) }
        }
        for id in indices[..<count] {
            all.append(Candidate(id: TokenID(id), logit: row[Int(id)], weight: weights[Int(id)]))
        }
    }

    /// Takes the given tokens, which must be in the order of their ids.
    mutating func gather(_ ids: [Int], of row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float) {
        var weights = ids.map { row[$0] }
        weights.withUnsafeMutableBufferPointer { weights in
            _ = LogitMath.weights(of: UnsafeBufferPointer(weights), maximum: maximum, scale: scale, into: weights)
        }
        all.removeAll(keepingCapacity: true)
        for (id, weight) in zip(ids, weights) {
            all.append(Candidate(id: TokenID(id), logit: row[id], weight: weight))
        }
    }

    mutating func keepMostProbable(_ count: Int) {
        guard count < all.count else { return }
        keep(cut(reaching: Double(count)) { _ in 1 })
    }

    /// Keeps the fewest, most probable first, whose weights sum to `mass` or more; all where they do not.
    mutating func keepMass(_ mass: Double) { keep(cut(reaching: mass) { Double($0.weight) }) }

    mutating func keepWeights(from floor: Float) { all.removeAll { $0.weight < floor } }

    /// The token at share `uniform` of the candidates' mass.
    func drawn(_ uniform: Double) -> TokenID? {
        let target = uniform * mass
        var sum = 0.0
        let found = all.first { candidate in
            sum += Double(candidate.weight)
            return sum > target
        }
        // Rounding may leave the sum a hair under the target.
        return (found ?? all.last { $0.weight > 0 })?.id
    }

    private mutating func cut(reaching target: Double, measure: (Candidate) -> Double) -> MassCut {
        scratch.removeAll(keepingCapacity: true)
        scratch += all
        return scratch.withUnsafeMutableBufferPointer { MassCut.reaching(target, in: $0, measure: measure) }
    }

    private mutating func keep(_ cut: MassCut) {
        var ties = cut.ties
        all.removeAll { candidate in
            if candidate.logit == cut.logit {
                ties -= 1
                return ties < 0
            }
            return candidate.logit < cut.logit
        }
    }
}
