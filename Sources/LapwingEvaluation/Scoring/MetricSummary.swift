/// A metric over all questions of a run.
package struct MetricSummary: Hashable, Sendable, Codable {
    package var metric: String
    package var value: Double
    /// Sample standard deviation over the root of the count; pooled over groups where there are some. nil where it means
    /// nothing: for one question, and where questions weigh differently.
    package var standardError: Double?
    package var count: Int
    package var groups: [Group]?

    package struct Group: Hashable, Sendable, Codable {
        package var name: String
        package var value: Double
        package var standardError: Double?
        package var count: Int

        private enum CodingKeys: String, CodingKey {
            case name, value, count
            case standardError = "stderr"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case metric, value, count, groups
        case standardError = "stderr"
    }

    /// Of those metrics by which the samples are scored.
    package static func summaries(of samples: [Sample], metrics: [Metric]) -> [MetricSummary] {
        metrics.filter { metric in samples.contains { $0.scores[metric.rawValue] != nil } }
            .map { MetricSummary($0, samples) }
    }

    package init(_ metric: Metric, _ samples: [Sample]) {
        let name = metric.rawValue
        self.metric = name
        count = samples.count
        guard !metric.isWeighted else {
            let weights = samples.map { $0.weights?[name] ?? 1 }
            let sum = zip(samples, weights).reduce(0) { $0 + ($1.0.scores[name] ?? 0) * $1.1 }
            value = sum / max(weights.reduce(0, +), 1)
            return
        }
        let values = samples.map { $0.scores[name] ?? 0 }
        value = Self.mean(values)
        guard samples.contains(where: { $0.group != nil }) else {
            standardError = Self.standardError(values)
            return
        }
        let byGroup = Dictionary(grouping: samples) { $0.group ?? "" }
        let groups = byGroup.sorted { $0.key < $1.key }.map { name, samples in
            let values = samples.map { $0.scores[metric.rawValue] ?? 0 }
            return Group(
                name: name, value: Self.mean(values), standardError: Self.standardError(values), count: values.count)
        }
        self.groups = groups
        standardError = Self.pooled(groups)
    }

    static func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    static func standardError(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let mean = mean(values)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    /// The harness' pooled error of a mean that counts every question once: of the spread within groups alone.
    private static func pooled(_ groups: [Group]) -> Double? {
        let total = groups.reduce(0) { $0 + $1.count }
        guard total > groups.count else { return nil }
        let spread = groups.reduce(0.0) { sum, group in
            let error = group.standardError ?? 0
            return sum + Double(group.count - 1) * error * error * Double(group.count)
        }
        return (spread / Double(total - groups.count) / Double(total)).squareRoot()
    }
}
