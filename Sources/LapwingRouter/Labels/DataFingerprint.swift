import Crypto
import Foundation

/// Which labelled rows something was fitted to.
package struct DataFingerprint: Hashable, Sendable, Codable {
    /// Hexadecimal, over the rows in their order.
    package var sha256: String
    package var rowCount: Int

    /// Each row's fields are hashed with their lengths, so that no two sets of rows have the same bytes.
    package init(rows: [[String]]) {
        var hash = SHA256()
        for row in rows {
            for field in row {
                hash.update(data: Data("\(field.utf8.count):".utf8))
                hash.update(data: Data(field.utf8))
            }
            hash.update(data: Data("\n".utf8))
        }
        sha256 = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        rowCount = rows.count
    }
}
