import Foundation
import GRDB
import LapwingAPI

/// A prompt that was kept, and how both models' answers to it stand.
package struct ComparedPrompt: Hashable, Sendable {
    package var requestID: String
    /// Whose answer the open one was.
    package var model: String
    /// The request's prompts.
    package var promptJSON: Data
    package var isOpenRight: Bool
    package var isClosedRight: Bool
    /// For how many answers of the route it stands.
    package var weight: Double
}

extension EvidenceStore {
    /// A route's prompts that were kept and whose two answers a shadow call or a judge compared, oldest first.
    ///
    /// The closed answer is the measure, unless a client or a data set says of either whether it is right.
    package func comparedPrompts(route: String) throws -> [ComparedPrompt] {
        try read { db in
            // Outcomes stand where `Verdict` reads them.
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT a.request_id, model, prompt, 0, 0, 0, 0, 0, source, side, right, weight, at
                    FROM answers a JOIN outcomes o ON o.request_id = a.request_id
                    WHERE route = ? AND prompt IS NOT NULL AND right IS NOT NULL
                    ORDER BY started_at, a.request_id
                    """, arguments: [route])
            var found: [ComparedPrompt] = []
            try EvidenceRows.forEachAnswer(rows) { row, verdicts in
                let ofOpen = verdicts.filter { $0.side == .open }
                let said = Verdict.resolve(ofOpen.filter { !$0.source.comparesModels })?.right
                let saidOfClosed = Verdict.resolve(verdicts.filter { $0.side == .closed })?.right
                guard let comparison = Verdict.resolve(ofOpen.filter(\.source.comparesModels)),
                    let isOpenRight = said ?? comparison.right(besides: saidOfClosed)
                else { return }
                found.append(
                    ComparedPrompt(
                        requestID: row[0], model: row[1], promptJSON: Data((row[2] as String).utf8),
                        isOpenRight: isOpenRight,
                        isClosedRight: saidOfClosed ?? comparison.closedRight(besides: isOpenRight),
                        weight: comparison.weight))
            }
            return found
        }
    }
}
