import Foundation
import LapwingAPI

package enum ExportFormat: String, Sendable, CaseIterable {
    /// A header, then a line an entry; `metadata` and `calls` are JSON in one column each.
    case csv
    /// A JSON object a line, with nested `metadata` and `calls`.
    case jsonl
}

extension LedgerReader {
    /// Writes one line an entry, oldest first, in pieces of about 64 KiB to `write`; holds one piece in memory.
    ///
    /// Money is plain decimal dollars, times are milliseconds since 1970, what is not known is empty or `null`.
    package func export(
        _ format: ExportFormat, period: Period = Period(), to write: (Data) throws -> Void
    ) throws {
        var piece: [UInt8] = format == .csv ? Array(ExportLine.header.utf8) : []
        try read { db in
            var cursor = try EntryCursor(db, period)
            while let stored = try cursor.next() {
                ExportLine(stored).append(as: format, to: &piece)
                if piece.count >= 65_536 {
                    try write(Data(piece))
                    piece.removeAll(keepingCapacity: true)
                }
            }
        }
        if !piece.isEmpty { try write(Data(piece)) }
    }
}
