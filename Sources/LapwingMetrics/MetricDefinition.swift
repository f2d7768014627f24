/// One metric as `/metrics` says it: its name, what it means, and by which labels it is told apart.
///
/// Labels hold words of ours and names of the configuration, never what a request says, so that their number is bounded.
package struct MetricDefinition: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Only rises.
        case counter
        case gauge
        /// How many values lie at or under each bound, and their sum.
        case histogram(bounds: [Double])

        package var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// What one of the integers that are counted stands for.
    package enum Unit: Hashable, Sendable {
        case one
        /// Nanoseconds and nano-US-dollars, which are told in seconds and dollars.
        case billionth
    }

    package var name: String
    package var kind: Kind
    package var unit: Unit
    package var labels: [String]
    package var help: String

    package init(_ name: String, _ kind: Kind, unit: Unit = .one, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
    }
}

extension MetricDefinition.Kind {
    /// Powers of two from 10 ms on, as OpenTelemetry's conventions for generative AI have them for whole answers.
    static let answerTimes = Self.histogram(bounds: (0..<14).map { 0.01 * Double(1 << $0) })
    static let firstTokenTimes = Self.histogram(
        bounds: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10])
    static let tokenCounts = Self.histogram(bounds: (0..<14).map { Double(1 << (2 * $0)) })
    static let shortTimes = Self.histogram(
        bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
}
