import Foundation

/// A table of text as RFC 4180 has it, with commas, semicolons or tabs, and the line on which each row begins.
struct CSVTable {
    let header: [String]
    let rows: [(line: Int, cells: [String])]

    /// Throws `StoreError.malformedInvoice` where it is not UTF-8, a quote is not closed, or a row has not as many cells as
    /// the header.
    init(_ data: Data) throws {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw StoreError.malformedInvoice(line: nil, reason: "it is neither JSON nor text in UTF-8")
        }
        let heading = text.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" }
        let separator =
            [",", "\t", ";"].max { a, b in
                heading.count { $0 == a } < heading.count { $0 == b }
            } ?? ","
        var rows = try Self.rows(of: text, separator)
        guard !rows.isEmpty else { throw StoreError.malformedInvoice(line: nil, reason: "it is empty") }
        header = rows.removeFirst().cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        for row in rows where row.cells.count != header.count {
            throw StoreError.malformedInvoice(
                line: row.line, reason: "found \(row.cells.count) cells, expected \(header.count) as in the header")
        }
        self.rows = rows
    }

    private static func rows(
        of text: String, _ separator: Unicode.Scalar
    ) throws -> [(line: Int, cells: [String])] {
        var rows: [(line: Int, cells: [String])] = []
        var cells: [String] = []
        var cell = String.UnicodeScalarView()
        var (line, start) = (1, 1)
        // Within quotes; nil outside of any.
        var openedAt: Int?
        var isAfterQuote = false
        func endRow() {
            cells.append(String(cell))
            // An empty line is no row.
            if cells != [""] { rows.append((start, cells)) }
            (cells, cell, isAfterQuote) = ([], String.UnicodeScalarView(), false)
        }
        for scalar in text.unicodeScalars {
            if openedAt != nil {
                if scalar == "\"" { (openedAt, isAfterQuote) = (nil, true) } else { cell.append(scalar) }
            } else if scalar == "\"" {
                // The second of two quotes within quotes is one that is meant.
                if isAfterQuote { cell.append(scalar) }
                openedAt = line
            } else if scalar == separator {
                cells.append(String(cell))
                (cell, isAfterQuote) = (String.UnicodeScalarView(), false)
            } else if scalar == "\n" {
                endRow()
                start = line + 1
            } else if scalar != "\r" {
                cell.append(scalar)
            }
            if scalar == "\n" { line += 1 }
        }
        if let openedAt {
            throw StoreError.malformedInvoice(line: openedAt, reason: "a quote is opened and not closed")
        }
        endRow()
        return rows
    }
}
