/// What a benchmark measures: the one place that names it for a table, for JSON and for the peers' scripts.
package enum Measure: Hashable, Sendable {
    case prefill(Int)
    case decode(depth: Int)
    /// Of the speed at which this machine reads memory.
    case decodeBandwidth(depth: Int)
    case memorySpeed
    case streams(Int)
    case firstTokenCold
    case firstTokenWarm
    /// The warm one of the cold one.
    case warmShare
    case load
    case resident
    case mostResident
    case weights
    /// What a forward pass computes in, for a context of the model's length; untouched parts take none.
    case buffers
    /// Keys and values of a thousand tokens.
    case cache

    package enum Unit: String, Sendable {
        case tokensPerSecond = "tokens/s"
        case gigabytesPerSecond = "GB/s"
        case milliseconds = "ms"
        case mebibytes = "MiB"
        case percent = "%"
    }

    package var unit: Unit {
        switch self {
        case .prefill, .decode, .streams: .tokensPerSecond
        case .decodeBandwidth, .warmShare: .percent
        case .memorySpeed: .gigabytesPerSecond
        case .firstTokenCold, .firstTokenWarm, .load: .milliseconds
        case .resident, .mostResident, .weights, .buffers, .cache: .mebibytes
        }
    }

    /// Its name in JSON, unit included.
    package var name: String {
        switch self {
        case .prefill(let count): "prefill_\(count)_tokens_per_second"
        case .decode(let depth): "decode_at_\(depth)_tokens_per_second"
        case .decodeBandwidth(let depth): "decode_at_\(depth)_bandwidth_percent"
        case .memorySpeed: "memory_gb_per_second"
        case .streams(let count): "streams_\(count)_tokens_per_second"
        case .firstTokenCold: "first_token_cold_ms"
        case .firstTokenWarm: "first_token_warm_ms"
        case .warmShare: "first_token_warm_percent"
        case .load: "load_ms"
        case .resident: "resident_mib"
        case .mostResident: "most_resident_mib"
        case .weights: "weights_mib"
        case .buffers: "buffers_mib"
        case .cache: "cache_mib_per_1000_tokens"
        }
    }

    package var label: String {
        let subject =
            switch self {
            case .prefill(let count): "prefill of \(Figures.grouped(count)) tokens"
            case .decode(let depth): "decode at depth \(Figures.grouped(depth))"
            case .decodeBandwidth(let depth): "memory speed used at depth \(Figures.grouped(depth))"
            case .memorySpeed: "memory speed"
            case .streams(1): "1 stream"
            case .streams(let count): "\(count) streams together"
            case .firstTokenCold: "first token, cold"
            case .firstTokenWarm: "first token, warm prefix"
            case .warmShare: "warm of cold"
            case .load: "load"
            case .resident: "resident"
            case .mostResident: "most resident"
            case .weights: "weights"
            case .buffers: "buffers at most"
            case .cache: "cache for 1,000 tokens"
            }
        return "\(subject), \(unit.rawValue)"
    }
}

/// One line of a benchmark: a value, or the note says why there is none.
package struct BenchFigure: Sendable, Equatable {
    package var measure: Measure
    package var value: Double?
    package var note: String

    package init(_ measure: Measure, _ value: Double?, note: String = "") {
        (self.measure, self.value, self.note) = (measure, value, note)
    }

    /// The median of the rounds.
    package init(_ measure: Measure, median values: [Double], note: String = "") {
        self.init(measure, values.median, note: note)
    }
}

extension [Double] {
    /// The middle one, or the mean of the middle two; nil of none.
    package var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
