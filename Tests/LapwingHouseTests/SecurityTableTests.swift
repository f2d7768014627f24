import Foundation
import Testing

/// What `Docs/Security.md` says of tests, and what it says of SQL.
@Suite struct SecurityTableTests {
    @Test("Every row of the table of advisories names tests that there are, or says why there is none")
    func testsExist() throws {
        let rows = try Tree.text("Docs/Security.md").split(separator: "\n").filter {
            $0.wholeMatch(of: /\| \d+ \|.*\|/) != nil
        }
        #expect(rows.count == 16)
        let tests = try Tree.swiftFiles(under: "Tests").map(\.text).joined()
        for row in rows {
            let named = row.matches(of: /“([^”]+)”/).map { String($0.1) }
            #expect(!named.isEmpty || row.contains("No test:"), "\(row)")
            for name in named { #expect(tests.contains("\"\(name)\""), "\(name)") }
        }
    }

    @Test("CVE-2026-42208: SQL is constant text; only lists of columns and settings of our own are put into it")
    func sqlIsConstant() throws {
        let allowed: Set<String> = [
            "columns", "EntryRows.entryColumns", "EntryRows.callColumns", "rawValue", "synchronous == .full ? 1 : 0",
            "pageLimit", "applicationID",
        ]
        var found: Set<String> = []
        for file in try Tree.swiftFiles(under: "Sources/LapwingStore") {
            found.formUnion(Self.interpolations(inSQLOf: file.text))
        }
        #expect(found.isSubset(of: allowed), "\(found.subtracting(allowed))")
        #expect(found.count > 3, "the search finds no SQL any more")
    }

    @Test("A value that is put into SQL is found, on one line or on several")
    func interpolationsAreFound() {
        let source = #"""
            let a = "SELECT * FROM keys WHERE id = '\(id)'"
            let b = """
                DELETE FROM keys
                WHERE hash = \(hash.hex)
                """
            let c = "no words of it: \(d)"
            """#
        #expect(Self.interpolations(inSQLOf: source) == ["id", "hash.hex"])
    }

    private static func interpolations(inSQLOf source: String) -> Set<String> {
        var found: Set<String> = []
        for (index, part) in source.components(separatedBy: "\"\"\"").enumerated() {
            let texts =
                index.isMultiple(of: 2)
                ? part.matches(of: /"((?:[^"\\\n]|\\.)*)"/).map { String($0.1) } : [part]
            for text in texts where text.contains(/\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|PRAGMA|VALUES)\b/) {
                found.formUnion(text.matches(of: /\\\(([^()]*(?:\([^()]*\))?[^()]*)\)/).map { String($0.1) })
            }
        }
        return found
    }
}
