import Foundation

/// A question of a customer, with what is known about it.
package struct Question: Hashable, Sendable {
    package var id: String
    package var text: String
    /// Labels for the ledger, such as `feature`.
    package var labels: [String: String]

    package init(id: String, text: String, labels: [String: String]) {
        self.id = id
        self.text = text
        self.labels = labels
    }
}

/// Questions in a CSV file with a header.
package enum QuestionFile {
    package enum ReadError: Error, Hashable, CustomStringConvertible {
        case unreadable(path: String)
        case malformed(path: String, line: Int, reason: String)
        case empty(path: String)

        package var description: String {
            switch self {
            case .unreadable(let path): "cannot read '\(path)'; --queries takes a CSV file with a header"
            case .malformed(let path, let line, let reason): "\(path):\(line): \(reason)"
            case .empty(let path): "'\(path)' has no questions; expected a CSV file with a header and a row for each"
            }
        }
    }

    /// The first `limit` questions. The column is `question`, `text`, `query` or `prompt`, else the first.
    package static func read(path: String, limit: Int) throws(ReadError) -> [Question] {
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
        else { throw .unreadable(path: path) }
        return try parse(text, path: path, limit: limit)
    }

    package static func parse(_ text: String, path: String, limit: Int) throws(ReadError) -> [Question] {
        var rows = CSVRows(text)
        guard let header = try rows.next(path) else { throw .empty(path: path) }
        let names = header.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        let column = ["question", "text", "query", "prompt"].lazy.compactMap { names.firstIndex(of: $0) }.first ?? 0
        var questions: [Question] = []
        while questions.count < limit, let row = try rows.next(path) {
            guard row.count == names.count else {
                throw .malformed(
                    path: path, line: rows.rowLine,
                    reason: "found \(row.count) \(row.count == 1 ? "column" : "columns"), expected \(names.count)")
            }
            let question = row[column].trimmingCharacters(in: .whitespacesAndNewlines)
            guard !question.isEmpty else { continue }
            var labels: [String: String] = [:]
            for (name, value) in zip(names, row) where ["feature", "tier", "category"].contains(name) && !value.isEmpty
            {
                labels[name] = String(value.prefix(64))
            }
            let id = names.firstIndex(of: "id").map { row[$0] } ?? "\(questions.count + 1)"
            questions.append(Question(id: id, text: question, labels: labels))
        }
        guard !questions.isEmpty else { throw .empty(path: path) }
        return questions
    }
}

/// Rows of RFC 4180 text: cells in quotes may hold commas, line breaks and doubled quotes.
private struct CSVRows {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    /// Where the last row began.
    private(set) var rowLine = 1

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { position = 1 }
    }

    /// The next row that is not blank; nil at the end.
    mutating func next(_ path: String) throws(QuestionFile.ReadError) -> [String]? {
        while position < scalars.count {
            rowLine = line
            let row = try readRow(path)
            if row != [""] { return row }
        }
        return nil
    }

    private mutating func readRow(_ path: String) throws(QuestionFile.ReadError) -> [String] {
        var row: [String] = []
        while true {
            row.append(try readCell(path))
            guard position < scalars.count else { return row }
            let separator = scalars[position]
            position += 1
            if separator == "," { continue }
            if separator == "\r", position < scalars.count, scalars[position] == "\n" { position += 1 }
            line += 1
            return row
        }
    }

    /// Reads up to a comma, a line break or the end, none of which it takes.
    private mutating func readCell(_ path: String) throws(QuestionFile.ReadError) -> String {
        var cell = String.UnicodeScalarView()
        guard position < scalars.count, scalars[position] == "\"" else {
            while position < scalars.count, ![",", "\n", "\r"].contains(scalars[position]) {
                cell.append(scalars[position])
                position += 1
            }
            return String(cell)
        }
        position += 1
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == "\"" {
                guard position < scalars.count, scalars[position] == "\"" else { return try closed(cell, path) }
                position += 1
            } else if scalar == "\n" {
                line += 1
            }
            cell.append(scalar)
        }
        throw .malformed(path: path, line: rowLine, reason: "found a quote that is never closed")
    }

    private func closed(_ cell: String.UnicodeScalarView, _ path: String) throws(QuestionFile.ReadError) -> String {
        guard position == scalars.count || [",", "\n", "\r"].contains(scalars[position]) else {
            throw .malformed(path: path, line: line, reason: "found text after a closing quote, expected a comma")
        }
        return String(cell)
    }
}
