import ArgumentParser

/// A part of the benchmark that can be run alone.
package enum BenchPart: String, Hashable, Sendable, CaseIterable {
    case prefill
    case decode
    case streams
    case firstToken = "first-token"
}

/// `--only prefill,decode`.
package struct BenchParts: Hashable, Sendable, ExpressibleByArgument {
    package var parts: Set<BenchPart>

    package static let all = BenchParts(parts: Set(BenchPart.allCases))

    package init(parts: Set<BenchPart>) { self.parts = parts }

    package init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        let parts = names.compactMap { BenchPart(rawValue: $0.trimmingPrefix { $0 == " " }.description) }
        guard parts.count == names.count else { return nil }
        self.init(parts: Set(parts))
    }

    package var defaultValueDescription: String { "all" }
}

/// What is measured, how long and how often; the defaults are those of published figures.
package struct BenchPlan: Sendable {
    package var parts = Set(BenchPart.allCases)
    /// Each figure is the median of so many.
    package var rounds = 3
    package var prefillLengths = [128, 512, 2048]
    package var depths = [0, 1024, 4096]
    package var streamCounts = [1, 2, 4, 8]
    package var decodeTokens = 128
    package var streamPromptTokens = 32
    package var streamTokens = 64
    /// What the second of two prompts has in common with the first; whole pages of the cache.
    package var prefixTokens = 800
    /// What follows the prefix, different in the two.
    package var tailTokens = 16

    package init() {}

    /// Prompt and first token of the two requests.
    var firstTokenContext: Int { prefixTokens + tailTokens + 1 }
    var streamContext: Int { streamPromptTokens + streamTokens }

    var engineStepCount: Int {
        (parts.contains(.prefill) ? prefillLengths.count : 0) + (parts.contains(.decode) ? depths.count + 1 : 0)
            + (parts.contains(.streams) ? streamCounts.count : 0) + (parts.contains(.firstToken) ? 1 : 0)
    }
}

/// How far a benchmark is.
package struct BenchProgress: Sendable, Equatable {
    package var done = 0
    package var total: Int
    /// What is measured next.
    package var detail = ""
}

/// Tells of each step before it is taken, and takes none once the task is cancelled.
final class BenchSteps {
    private var progress: BenchProgress
    private let show: (BenchProgress) -> Void

    init(total: Int, show: @escaping (BenchProgress) -> Void) {
        progress = BenchProgress(total: total)
        self.show = show
    }

    func begin(_ detail: String) throws {
        try Task.checkCancellation()
        progress.detail = detail
        show(progress)
        progress.done += 1
    }
}
