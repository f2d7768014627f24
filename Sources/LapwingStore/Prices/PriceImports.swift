import Foundation
import GRDB
import LapwingAPI

/// Price tables that were imported into the store. A later import adds to the earlier ones and changes none of them.
package struct PriceImports: Sendable {
    private let path: String
    private let pool: DatabasePool

    /// One import, as it is listed.
    package struct Summary: Hashable, Sendable, Codable {
        package var source: String
        package var sha256: String
        package var effective: String
        /// Milliseconds since 1970.
        package var importedAt: Int64
        package var modelCount: Int
    }

    /// Opens the store for adding prices, also beside a running server, which reads prices when it starts.
    package init(path: String) throws {
        self.path = path
        // Two programs of different age must not both bring the schema up to date; whoever writes the ledger may.
        let lock = try? FileLock(guarding: path)
        if lock == nil { _ = try StoreDatabase.ledger.openForReading(path: path) }
        pool = try StoreDatabase.ledger.open(path: path, synchronous: .full)
        withExtendedLifetime(lock) {}
    }

    /// Keeps a table, or replaces nothing and says so with `false` where the same file was imported for the same day.
    @discardableResult
    package func add(_ table: ImportedPrices, at now: Int64) throws -> Bool {
        try StoreError.mapping(path: path) {
            try pool.write { db in
                let sha256 = Data(table.sha256)
                let known = try Int.fetchOne(
                    db, sql: "SELECT 1 FROM price_imports WHERE sha256 = ? AND effective = ?",
                    arguments: [sha256, table.effective])
                guard known == nil else { return false }
                try db.execute(
                    sql: "INSERT INTO price_imports (source, sha256, effective, imported_at) VALUES (?, ?, ?, ?)",
                    arguments: [table.source, sha256, table.effective, now])
                let id = db.lastInsertedRowID
                let insert = try db.cachedStatement(sql: "INSERT INTO imported_prices VALUES (?, ?, ?, ?, ?)")
                for (model, price) in table.prices {
                    try insert.execute(arguments: [
                        id, model, price.inputPerMillion.rawValue, price.cachedInputPerMillion?.rawValue,
                        price.outputPerMillion.rawValue,
                    ])
                }
                return true
            }
        }
    }
}

extension LedgerReader {
    /// The imports kept in the store, oldest first.
    package func priceImports() throws -> [PriceImports.Summary] {
        try read { db in
            let sql = """
                SELECT source, sha256, effective, imported_at,
                    (SELECT count(*) FROM imported_prices WHERE import = price_imports.id)
                FROM price_imports ORDER BY id
                """
            return try Row.fetchAll(db, sql: sql).map { row in
                PriceImports.Summary(
                    source: row[0], sha256: hexadecimal([UInt8](row[1] as Data)), effective: row[2],
                    importedAt: row[3], modelCount: row[4])
            }
        }
    }

    /// The built-in prices with every imported table added, oldest import first.
    package func priceBook() throws -> PriceBook {
        try read { db in
            var book = PriceBook.builtIn
            let imports = try Row.fetchAll(
                db, sql: "SELECT id, source, sha256, effective FROM price_imports ORDER BY id")
            for row in imports {
                var table = ImportedPrices(
                    prices: [:], source: row[1], sha256: [UInt8](row[2] as Data), effective: row[3], skipped: [:],
                    roundedFigures: 0)
                let prices = try Row.fetchCursor(
                    db, sql: "SELECT model, input, cached_input, output FROM imported_prices WHERE import = ?",
                    arguments: [row[0] as Int64])
                while let price = try prices.next() {
                    table.prices[price[0]] = Price(
                        inputPerMillion: NanoUSD(price[1]),
                        cachedInputPerMillion: (price[2] as Int64?).map(NanoUSD.init),
                        outputPerMillion: NanoUSD(price[3]), source: table.source, effective: table.effective)
                }
                book.add(table)
            }
            return book
        }
    }
}
