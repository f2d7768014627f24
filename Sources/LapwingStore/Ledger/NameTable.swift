import Foundation
import GRDB

/// A text that equals another only byte by byte. Swift's own equality takes canonically equivalent texts for equal,
/// and the chain hashes bytes.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ExactText, b: ExactText) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Texts to ids of `names`, with those that were met before kept in memory.
struct NameWriter {
    /// Users are unbounded; when so many distinct texts have been met, the memory starts afresh.
    private static let capacity = 8192
    private var ids: [ExactText: Int64] = [:]

    mutating func id(of text: String, _ db: Database) throws -> Int64 {
        if let id = ids[ExactText(text)] { return id }
        // Bound as bytes, because GRDB binds text up to its first NUL.
        let bytes = Data(text.utf8)
        let select = try db.cachedStatement(sql: "SELECT id FROM names WHERE text = CAST(? AS TEXT)")
        var id = try Int64.fetchOne(select, arguments: [bytes])
        if id == nil {
            try db.cachedStatement(sql: "INSERT INTO names (text) VALUES (CAST(? AS TEXT))").execute(arguments: [bytes])
            id = db.lastInsertedRowID
        }
        let found = id ?? 0
        if ids.count >= Self.capacity { ids.removeAll(keepingCapacity: true) }
        ids[ExactText(text)] = found
        return found
    }

    mutating func id(ofOptional text: String?, _ db: Database) throws -> Int64? {
        guard let text else { return nil }
        return try id(of: text, db)
    }
}

/// Ids of `names` to texts, exactly as stored.
struct NameReader {
    /// Ids are given in order, so the words that every entry uses have the low ones; later ones are mostly users.
    private static let capacity = 65_536
    private var texts: [String?] = []

    mutating func text(of id: Int64, _ db: Database) throws -> String {
        let index = Int(clamping: id)
        if texts.indices.contains(index), let text = texts[index] { return text }
        let select = try db.cachedStatement(sql: "SELECT CAST(text AS BLOB) FROM names WHERE id = ?")
        guard let bytes = try Data.fetchOne(select, arguments: [id]) else {
            throw StoreError.damaged(sequence: nil, reason: "it refers to text \(id), which does not exist")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StoreError.damaged(sequence: nil, reason: "text \(id) is not UTF-8")
        }
        if (0..<Self.capacity).contains(index) {
            if texts.count <= index { texts += Array(repeating: nil, count: index + 1 - texts.count) }
            texts[index] = text
        }
        return text
    }
}
