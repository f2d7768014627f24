import Foundation
import LapwingRouter
import LapwingStore

/// Live answers of a route whose outcomes somebody told: feedback, shadow calls, a judge.
enum StoredAnswers {
    /// Those of the route's open model alone. Throws `Failure` where nothing is kept yet.
    static func read(
        _ route: Configuration.Route, in configuration: Configuration
    ) throws -> ([LabelledAnswer], DataFingerprint) {
        guard FileManager.default.fileExists(atPath: configuration.evidencePath) else {
            throw Failure(
                "there is no evidence at \(configuration.evidencePath) yet; `lapwing serve` keeps it, or name prompts with "
                    + "known answers with --data FILE")
        }
        let stored = try EvidenceStore(path: configuration.evidencePath).labelled(route: route.name)
            .filter { $0.model == route.open }
        let decoder = JSONDecoder()
        let answers = stored.compactMap { row in
            // Evidence that is not known any more has nothing to say.
            (try? decoder.decode(Evidence.self, from: row.evidenceJSON)).map {
                LabelledAnswer(
                    evidence: $0, right: row.right, strongRight: row.strongRight,
                    segment: Segment(task: row.task, language: row.language))
            }
        }
        return (answers, DataFingerprint(rows: stored.map { [$0.requestID, "\($0.right)"] }))
    }
}
