import Foundation
import LapwingAPI

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
        guard let header = try next(&rows, path) else { throw .empty(path: path) }
        let names = header.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        let column = ["question", "text", "query", "prompt"].lazy.compactMap { names.firstIndex(of: $0) }.first ?? 0
        var questions: [Question] = []
        while questions.count < limit, let row = try next(&rows, path) {
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

    private static func next(_ rows: inout CSVRows, _ path: String) throws(ReadError) -> [String]? {
        do { return try rows.next() } catch {
            throw .malformed(path: path, line: error.line, reason: error.reason)
        }
    }
}
