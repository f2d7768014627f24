/// All stored runs side by side: a row a model, a column a task.
package struct Board: Sendable {
    package struct Column: Hashable, Sendable {
        package var task: String
        package var shots: Int
        package var convention: String
        package var wording: String
        /// The figure that stands for the task.
        package var metric: String
        package var chance: Double
        /// SHA-256 of the task's text and of its data: what differs in one is another task.
        package var taskHash: String
        package var dataHash: String
    }

    package struct Cell: Hashable, Sendable {
        package var run: RunRecord
        package var value: Double
        package var standardError: Double?
        /// From 0 to 100: 0 is guessing and less.
        package var normalised: Double
    }

    package struct Row: Sendable {
        package var model: String
        /// One a column.
        package var cells: [Cell?]
        /// Of the normalised scores; nil unless the model has all of them.
        package var average: Double?
    }

    package private(set) var columns: [Column] = []
    package private(set) var rows: [Row] = []

    /// Of several runs of one model on one task the one with the most questions counts, of those the latest.
    package init(_ runs: [RunRecord]) {
        let finished = runs.filter(\.isFinished)
        columns = Set(finished.compactMap(Self.column)).sorted {
            ($0.task, $0.shots, $0.convention, $0.metric, $0.taskHash, $0.dataHash)
                < ($1.task, $1.shots, $1.convention, $1.metric, $1.taskHash, $1.dataHash)
        }
        let byModel = Dictionary(grouping: finished) { run in
            run.model + (run.modelHash.map { " (\($0.prefix(8)))" } ?? run.server.map { " (\($0))" } ?? "")
        }
        rows = byModel.map { model, runs in
            let cells = columns.map { column in Self.cell(column, in: runs) }
            let scores = cells.compactMap { $0?.normalised }
            return Row(
                model: model, cells: cells,
                average: scores.count == columns.count ? scores.reduce(0, +) / Double(max(1, scores.count)) : nil)
        }.sorted { ($1.average ?? -1, $0.model) < ($0.average ?? -1, $1.model) }
    }

    /// The column's name; where others have its task's, with a mark of its text and data.
    package func name(of column: Column) -> String {
        guard columns.count(where: { $0.task == column.task && $0.shots == column.shots }) > 1 else {
            return column.task
        }
        return "\(column.task) (\(column.taskHash.prefix(4))\(column.dataHash.prefix(4)))"
    }

    private static func column(_ run: RunRecord) -> Column? {
        guard let metric = mainMetric(run) else { return nil }
        return Column(
            task: run.task, shots: run.shots, convention: run.convention, wording: run.wording, metric: metric,
            chance: run.chance ?? 0, taskHash: run.taskHash, dataHash: run.dataHash)
    }

    /// The mark of a figure that is the mean of IFEval's two strict ones, as the leaderboard takes it.
    private static let ifevalMean = "mean of prompt and instruction, strict"

    private static func mainMetric(_ run: RunRecord) -> String? {
        let names = run.metrics.map(\.metric)
        if names.contains(Metric.ifevalPromptStrict.rawValue) { return ifevalMean }
        return names.contains(Metric.accNorm.rawValue) ? Metric.accNorm.rawValue : names.first
    }

    private static func cell(_ column: Column, in runs: [RunRecord]) -> Cell? {
        let fitting = runs.filter { Self.column($0) == column }
        guard let run = fitting.max(by: { ($0.questions, $0.startedAt) < ($1.questions, $1.startedAt) }) else {
            return nil
        }
        let (value, error): (Double, Double?)
        if column.metric == ifevalMean {
            let parts = [Metric.ifevalPromptStrict, .ifevalInstructionStrict].compactMap {
                run.metric($0.rawValue)?.value
            }
            (value, error) = (MetricSummary.mean(parts), nil)
        } else {
            guard let metric = run.metric(column.metric) else { return nil }
            (value, error) = (metric.value, metric.standardError)
        }
        return Cell(
            run: run, value: value, standardError: error, normalised: normalised(value, chance: column.chance))
    }

    /// As the Open LLM Leaderboard v2 does it: nothing for what guessing gets, and 100 for all.
    package static func normalised(_ value: Double, chance: Double) -> Double {
        value < chance ? 0 : (value - chance) / (1 - chance) * 100
    }
}
