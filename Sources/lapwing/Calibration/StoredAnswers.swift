import Foundation
import LapwingRouter
import LapwingStore

/// Live answers of a route whose outcomes somebody told: feedback, shadow calls, a judge.
enum StoredAnswers {
    /// Those of the route's open model alone. Throws `Failure` where nothing is kept yet.
    static func read(
        _ route: Configuration.Route, in configuration: Configuration
    ) throws -> ([LabelledAnswer], DataFingerprint) {
        let stored = try store(in: configuration).labelled(route: route.name).filter { $0.model == route.open }
        let rows = likeTraffic(stored) { $0.source.comparesModels ? ($0.requestID, $0.weight) : nil }
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

    /// Its kept prompts whose two answers were compared. Throws likewise.
    static func comparedPrompts(
        _ route: Configuration.Route, in configuration: Configuration
    ) throws -> [ComparedPrompt] {
        let stored = try store(in: configuration).comparedPrompts(route: route.name).filter { $0.model == route.open }
        return likeTraffic(stored) { ($0.requestID, $0.weight) }
    }

    private static func store(in configuration: Configuration) throws -> EvidenceStore {
        guard FileManager.default.fileExists(atPath: configuration.evidencePath) else {
            throw Failure(
                "there is no evidence at \(configuration.evidencePath) yet; `lapwing serve` keeps it, or name prompts with "
                    + "known answers with --data FILE")
        }
        return try EvidenceStore(path: configuration.evidencePath)
    }

    /// Of what models found out, as many rows of each kind as the traffic has: every answer that escalated is compared for
    /// nothing, and of the others only the share that was drawn, each of which stands for 1 / share. What clients said is
    /// taken as it is, as nobody drew it. Thinned and not weighed, because what is proved is proved by counting rows.
    private static func likeTraffic<Row>(_ rows: [Row], drawn: (Row) -> (id: String, weight: Double)?) -> [Row] {
        let most = rows.compactMap { drawn($0)?.weight }.max() ?? 1
        return rows.filter { row in
            drawn(row).map { Draw.isWithin($0.weight / most, $0.id, for: "calibration") } ?? true
        }
    }
}
