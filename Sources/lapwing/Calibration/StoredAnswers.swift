import Foundation
import LapwingRouter
import LapwingStore

/// Live answers of a route whose outcomes somebody told: feedback, shadow calls, a judge.
enum StoredAnswers {
    /// Those of the route's open model alone. Throws `Failure` where nothing is kept yet.
    static func read(
        _ route: Configuration.Route, in configuration: Configuration
    ) throws -> ([LabelledAnswer], DataFingerprint) {
        let rows = try rows(route, in: configuration)
        let decoder = JSONDecoder()
        let answers = rows.compactMap { row in
            // Evidence that is not known any more has nothing to say.
            (try? decoder.decode(Evidence.self, from: row.evidenceJSON)).map {
                // The closed model's outcome is known of what escalated alone, and proves nothing of the rest.
                LabelledAnswer(
                    evidence: $0.heard(by: route.embedder), right: row.right,
                    segment: Segment(task: row.task, language: row.language))
            }
        }
        return (answers, DataFingerprint(rows: rows.map { [$0.requestID, "\($0.right)"] }))
    }

    /// `byPrompt`: those whose prompts were kept.
    static func rows(
        _ route: Configuration.Route, in configuration: Configuration, byPrompt: Bool = false
    ) throws -> [LabelledEvidence] {
        guard FileManager.default.fileExists(atPath: configuration.evidencePath) else {
            throw Failure(
                "there is no evidence at \(configuration.evidencePath) yet; `lapwing serve` keeps it, or name prompts with "
                    + "known answers with --data FILE")
        }
        let stored = try EvidenceStore(path: configuration.evidencePath).labelled(
            route: route.name, byPrompt: byPrompt)
        return likeTraffic(stored.filter { $0.model == route.open })
    }

    /// Of what models found out, as many rows of each kind as the traffic has: every answer that escalated is compared for
    /// nothing, and of the others only the share that was drawn, each of which stands for 1 / share. What clients said is
    /// taken as it is, as nobody drew it. Thinned and not weighed, because what is proved is proved by counting rows.
    private static func likeTraffic(_ rows: [LabelledEvidence]) -> [LabelledEvidence] {
        let most = rows.filter(\.source.comparesModels).map(\.weight).max() ?? 1
        return rows.filter {
            !$0.source.comparesModels || Draw.isWithin($0.weight / most, $0.requestID, for: "calibration")
        }
    }
}
