/// Columns brought to mean 0 and deviation 1 over the samples of the fit, and cut off far out.
package struct Standardization: Hashable, Sendable, Codable {
    package let means: [Double]
    /// 0 for a column that never changed; it then says nothing.
    package let deviations: [Double]
    /// No sample counts more than one so many deviations out.
    private static let limit = 5.0

    package init(of rows: [[Double]]) {
        precondition(!rows.isEmpty, "columns cannot be standardized without rows")
        let count = Double(rows.count)
        var means = [Double](repeating: 0, count: rows[0].count)
        for row in rows { for column in means.indices { means[column] += row[column] / count } }
        var squares = [Double](repeating: 0, count: means.count)
        for row in rows {
            for column in means.indices {
                let distance = row[column] - means[column]
                squares[column] += distance * distance / count
            }
        }
        self.means = means
        // What rounding makes of a column that never changes is no deviation.
        deviations = zip(squares, means).map { $0 > 1e-18 * max(1, $1 * $1) ? $0.squareRoot() : 0 }
    }

    package func callAsFunction(_ row: [Double]) -> [Double] {
        precondition(row.count == means.count, "found \(row.count) columns, expected \(means.count)")
        return row.indices.map { column in
            guard deviations[column] > 0 else { return 0 }
            return min(max((row[column] - means[column]) / deviations[column], -Self.limit), Self.limit)
        }
    }
}

extension Standardization {
    private enum CodingKeys: CodingKey { case means, deviations }

    /// Throws where the numbers do not fit together.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        means = try container.decode([Double].self, forKey: .means)
        deviations = try container.decode([Double].self, forKey: .deviations)
        guard means.count == deviations.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .means, in: container,
                debugDescription: "found \(deviations.count) deviations of \(means.count) means, expected as many")
        }
    }
}
