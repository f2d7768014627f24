import Foundation
import LapwingAPI

/// The folder that tasks' data files lie in.
package struct DataFolder: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    /// Absolute paths stay what they are.
    package func fullPath(of file: String) -> String { file.hasPrefix("/") ? file : path + "/" + file }

    /// Each row's fields, in the file's order.
    package func rows(of source: DataSource) throws -> [JSONMembers] {
        let path = fullPath(of: source.file)
        switch try source.reader ?? Self.reader(of: source.file) {
        case .jsonl: return try JSONLines.rows(text(path), path: path)
        case .csv: return try CSVTableRows.rows(text(path), path: path)
        case .mmlu: return try MMLUArchive.rows(bytes(path), path: path, split: source.split ?? "test")
        case .hellaswag: return try HellaSwag.rows(JSONLines.rows(text(path), path: path), path: path)
        case .truthfulqa: return try TruthfulQA.rows(CSVTableRows.rows(text(path), path: path), path: path)
        }
    }

    /// The files that a task reads.
    package func files(of task: EvaluationTask) -> [String] {
        [task.data.file, task.shots?.file].compactMap(\.self).map(fullPath)
    }

    private static func reader(of file: String) throws(EvaluationError) -> DataSource.Reader {
        if file.hasSuffix(".jsonl") { return .jsonl }
        if file.hasSuffix(".csv") { return .csv }
        throw .unreadable(path: file, expected: "a file that ends in .jsonl or .csv, or a `reader` for it")
    }

    private func bytes(_ path: String) throws(EvaluationError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, expected: "a data file; Docs/Evaluation.md says where each task's comes from")
        }
        return Array(data)
    }

    private func text(_ path: String) throws(EvaluationError) -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw .unreadable(path: path, expected: "text in UTF-8")
        }
        return text
    }
}

enum JSONLines {
    static func rows(_ text: String, path: String) throws(EvaluationError) -> [JSONMembers] {
        var rows: [JSONMembers] = []
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) {
            do {
                guard let members = try JSONParser.parse(Array(line), maxDepth: 32).object else {
                    throw EvaluationError.badData(path: path, line: index + 1, reason: "it is no JSON object")
                }
                rows.append(members)
            } catch let error as EvaluationError {
                throw error
            } catch {
                throw .badData(path: path, line: index + 1, reason: "\(error)")
            }
        }
        return rows
    }
}

enum CSVTableRows {
    /// By the names of the header.
    static func rows(_ text: String, path: String) throws(EvaluationError) -> [JSONMembers] {
        let all = try cells(text, path: path)
        guard let header = all.first?.cells else { return [] }
        var rows: [JSONMembers] = []
        for (line, cells) in all.dropFirst() {
            guard cells.count == header.count else {
                throw .badData(
                    path: path, line: line,
                    reason: "found \(cells.count) cells, expected \(header.count) as in the header")
            }
            var row = JSONMembers()
            for (name, cell) in zip(header, cells) { row[name] = .string(cell) }
            rows.append(row)
        }
        return rows
    }

    static func cells(_ text: String, path: String) throws(EvaluationError) -> [(line: Int, cells: [String])] {
        var reader = CSVRows(text)
        var rows: [(line: Int, cells: [String])] = []
        do {
            while let cells = try reader.next() { rows.append((reader.rowLine, cells)) }
        } catch {
            throw .badData(path: path, line: error.line, reason: error.reason)
        }
        return rows
    }
}
