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
    private var buckets = [Double](repeating: 0, count: Candidates.bucketCount)

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
        all.reserveCapacity(count)
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

    /// Weights of one bucket differ by an eighth at most; the last one is that of the weight 1.
    private static let bucketCount = bucket(of: 1) + 1
    private static func bucket(of weight: Float) -> Int { Int(weight.bitPattern >> 20) }

    /// The buckets above the cut are kept whole and those below go whole: only one bucket's candidates are compared.
    private mutating func cut(reaching target: Double, measure: (Candidate) -> Double) -> MassCut {
        for index in buckets.indices { buckets[index] = 0 }
        for candidate in all { buckets[Self.bucket(of: candidate.weight)] += measure(candidate) }
        var missing = target
        for (bucket, measured) in buckets.enumerated().reversed() where measured > 0 {
            guard measured >= missing else {
                missing -= measured
                continue
            }
            scratch.removeAll(keepingCapacity: true)
            scratch += all.lazy.filter { Self.bucket(of: $0.weight) == bucket }
            return scratch.withUnsafeMutableBufferPointer { MassCut.reaching(missing, in: $0, measure: measure) }
        }
        return .none
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
