import Foundation
import LapwingAPI

/// Every metric of every stored run, a line each, for spreadsheets.
package enum BoardCSV {
    package static func text(_ runs: [RunRecord]) -> String {
        var lines = [
            "task,model,metric,value,stderr,normalised,questions,limit,shots,convention,wording,model_sha256,data_sha256,"
                + "prompt_tokens,completion_tokens,cost_usd,started_at,run"
        ]
        for run in runs where run.isFinished {
            for metric in run.metrics {
                let normalised = Board.normalised(metric.value, chance: run.chance ?? 0)
                let cells = [
                    run.task, run.model, metric.metric, "\(metric.value)", metric.standardError.map { "\($0)" } ?? "",
                    "\(normalised)", "\(metric.count)", run.limit.map(String.init) ?? "", "\(run.shots)",
                    run.convention,
                    run.wording, run.modelHash ?? "", run.dataHash, "\(run.tokens.prompt)", "\(run.tokens.completion)",
                    run.cost?.description ?? "", run.startedAt, run.id,
                ]
                lines.append(cells.map(quoted).joined(separator: ","))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.contains(where: { ",\"\n\r".contains($0) }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
