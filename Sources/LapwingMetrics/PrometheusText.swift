/// Prometheus's text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    mutating func append(
        _ definition: MetricDefinition, _ family: [(labels: [String], series: PrometheusRegistry.Series)]
    ) {
        text += "# HELP \(definition.name) \(Self.escaped(definition.help, quotes: false))\n"
        text += "# TYPE \(definition.name) \(definition.kind.word)\n"
        for (values, series) in family {
            let labels = Array(zip(definition.labels, values))
            switch series {
            case .counter(let counter):
                line(definition.name, labels, Self.integer(counter.value, definition.unit))
            case .gauge(let gauge):
                line(definition.name, labels, Self.number(gauge.value * (definition.unit == .billionth ? 1e-9 : 1)))
            case .histogram(let histogram): append(definition, histogram, labels)
            }
        }
    }

    private mutating func append(
        _ definition: MetricDefinition, _ histogram: HistogramSeries, _ labels: [(String, String)]
    ) {
        guard case .histogram(let bounds) = definition.kind else { return }
        var count: Int64 = 0
        let sum = histogram.sum
        for (bound, inBucket) in zip(bounds.map(Self.number) + ["+Inf"], histogram.bucketCounts) {
            count += inBucket
            line(definition.name + "_bucket", labels + [("le", bound)], "\(count)")
        }
        line(definition.name + "_sum", labels, Self.integer(sum, definition.unit))
        line(definition.name + "_count", labels, "\(count)")
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.0)=\"\(Self.escaped(label.1, quotes: true))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// Exact, where a Double would not be.
    private static func integer(_ value: Int64, _ unit: MetricDefinition.Unit) -> String {
        guard unit == .billionth else { return "\(value)" }
        let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let fraction = String(rest)
        let zeros = String(repeating: "0", count: 9 - fraction.count)
        return (value < 0 ? "-" : "") + "\(whole).\(zeros)\(fraction)"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

extension PrometheusRegistry {
    package static var contentType: String { PrometheusText.contentType }
}
