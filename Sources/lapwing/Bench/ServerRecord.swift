import LapwingAPI

/// What a server counted of one request, beside what it was asked for.
struct ServerCount: Sendable {
    let usage: Usage
    let expected: (prompt: Int, completion: Int)

    /// A server that reports no usage cannot tell; the prompt is then what it was sent.
    var promptTokens: Int { usage.isEstimated ? expected.prompt : usage.promptTokens }
    /// Reported, else the chunks of its stream.
    var completionTokens: Int { usage.completionTokens }

    /// What the reader of a figure is to know; empty where all is as asked.
    func remarks(isWarm: Bool) -> [String] {
        var remarks: [String] = []
        if usage.isEstimated { remarks.append("reports no usage, so chunks are counted") }
        if promptTokens != expected.prompt {
            remarks.append("counts \(promptTokens) prompt tokens where \(expected.prompt) were sent")
        }
        if completionTokens != expected.completion {
            remarks.append("wrote \(completionTokens) tokens where \(expected.completion) were asked for")
        }
        // A word or two that stood in an earlier prompt are chance.
        if !isWarm, usage.cachedPromptTokens > 8 {
            remarks.append("took \(usage.cachedPromptTokens) prompt tokens from a cache")
        }
        return remarks
    }
}

/// The rounds of one server.
struct ServerRecord {
    private var values: [Measure: [Double]] = [:]
    private var remarks: [Measure: [String]] = [:]
    private var sparedTokens: Int?

    mutating func add(_ measure: Measure, _ value: Double) { values[measure, default: []].append(value) }

    /// Notes where a server did other work than it was asked for.
    mutating func check(_ counted: ServerCount, for measure: Measure, isWarm: Bool = false) {
        if isWarm, counted.usage.cachedPromptTokens > 0 { sparedTokens = counted.usage.cachedPromptTokens }
        for remark in counted.remarks(isWarm: isWarm) where !remarks[measure, default: []].contains(remark) {
            remarks[measure, default: []].append(remark)
        }
    }

    func figures(plan: BenchPlan) -> [BenchFigure] {
        var figures: [BenchFigure] = []
        for part in BenchPart.allCases where plan.parts.contains(part) {
            switch part {
            case .prefill: figures.append(figure(.prefill(ServerBench.prefillLength)))
            case .decode: figures.append(figure(.decode(depth: 0)))
            case .streams: figures.append(figure(.streams(ServerBench.streamCount)))
            case .firstToken:
                figures += BenchFigure.firstTokens(
                    cold: values[.firstTokenCold] ?? [], warm: values[.firstTokenWarm] ?? [], spared: sparedTokens,
                    plan: plan
                ).map(remarked)
            }
        }
        return figures
    }

    private func figure(_ measure: Measure) -> BenchFigure {
        remarked(BenchFigure(measure, median: values[measure] ?? []))
    }

    private func remarked(_ figure: BenchFigure) -> BenchFigure {
        var figure = figure
        figure.note = ([figure.note] + (remarks[figure.measure] ?? [])).filter { !$0.isEmpty }.joined(separator: "; ")
        return figure
    }
}
