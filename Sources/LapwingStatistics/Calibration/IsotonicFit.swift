/// The non-decreasing function nearest to weighted points by squares: pool adjacent violators (Ayer and others, 1955).
///
/// Between its points it is linear, outside it is flat.
package struct IsotonicFit: Hashable, Sendable, Codable {
    /// Ascending, where the function bends.
    package let points: [Double]
    /// Non-decreasing, one a point.
    package let values: [Double]

    /// Points with the same x count as one with their mean.
    package init(_ x: [Double], _ y: [Double], weights: [Double]? = nil) {
        precondition(x.count == y.count && !x.isEmpty, "every point has a value")
        precondition(weights.map { $0.count == x.count } ?? true, "every point has a weight")
        var blocks: [Block] = []
        for run in Self.runs(x, y, weights) {
            blocks.append(run)
            while blocks.count > 1, blocks[blocks.count - 2].mean >= blocks[blocks.count - 1].mean {
                let last = blocks.removeLast()
                blocks[blocks.count - 1].absorb(last)
            }
        }
        var points: [Double] = []
        var values: [Double] = []
        for block in blocks {
            points.append(block.first)
            values.append(block.mean)
            guard block.last > block.first else { continue }
            points.append(block.last)
            values.append(block.mean)
        }
        self.points = points
        self.values = values
    }

    package func callAsFunction(_ x: Double) -> Double {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle] <= x { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return values[0] }
        guard low < points.count else { return values[points.count - 1] }
        let share = (x - points[low - 1]) / (points[low] - points[low - 1])
        return values[low - 1] + share * (values[low] - values[low - 1])
    }

    /// Neighbours that have one value.
    private struct Block {
        var first: Double
        var last: Double
        var sum: Double
        var weight: Double
        var mean: Double { sum / weight }

        mutating func absorb(_ next: Block) {
            last = next.last
            sum += next.sum
            weight += next.weight
        }
    }

    private static func runs(_ x: [Double], _ y: [Double], _ weights: [Double]?) -> [Block] {
        var runs: [Block] = []
        for index in x.indices.sorted(by: { x[$0] < x[$1] }) {
            let weight = weights?[index] ?? 1
            guard weight > 0 else { continue }
            let point = Block(first: x[index], last: x[index], sum: weight * y[index], weight: weight)
            if let last = runs.last, last.last == x[index] {
                runs[runs.count - 1].absorb(point)
            } else {
                runs.append(point)
            }
        }
        precondition(!runs.isEmpty, "a fit needs points that weigh something")
        return runs
    }
}

extension IsotonicFit {
    private enum CodingKeys: CodingKey { case points, values }

    /// Throws where the numbers are no function.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        points = try container.decode([Double].self, forKey: .points)
        values = try container.decode([Double].self, forKey: .values)
        guard !points.isEmpty, points.count == values.count, zip(points, points.dropFirst()).allSatisfy(<) else {
            throw DecodingError.dataCorruptedError(
                forKey: .points, in: container,
                debugDescription:
                    "found \(points.count) points and \(values.count) values, expected as many, the points "
                    + "ascending")
        }
    }
}
