import Foundation
import LapwingAPI
import LapwingRouter

/// A prompt with what is known of its right answer.
package struct LabelledRow: Hashable, Sendable {
    package var prompt: String
    /// The right answer; of several choices one of them.
    package var answer: String
    /// What the answer is one of, where each prompt has its own.
    package var choices: [String]?
    /// Whether the prompt is text to go on with, and no message of a conversation.
    package var isText = false
    package var segment = Segment()
    /// Whether the closed model is right on it; nil where nobody knows.
    package var strong: Bool?

    package init(prompt: String, answer: String, choices: [String]? = nil) {
        self.prompt = prompt
        self.answer = answer
        self.choices = choices
    }

    /// What the data's fingerprint is made of.
    package var fields: [String] { [prompt, answer] + (choices ?? []) }
}

/// Labelled rows in a CSV file with a header, or a JSON object a line.
///
/// The prompt is `prompt`, `question`, `query` or `text`, the answer `answer`, `label` or `category`; `task` and `language`
/// name a segment, and `strong`, 1 or 0,
/// says whether the closed model is right. In JSON `choices` may be a list, and the answer then the place of one of them in `gold`: the form of
/// multiple-choice sets, whose queries are text to go on with.
package enum LabelledRows {
    private static let prompts = ["prompt", "question", "query", "text"]
    private static let answers = ["answer", "label", "category"]

    package static func read(_ path: String, limit: Int = .max) throws -> [LabelledRow] {
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
        else { throw Failure("cannot read '\(path)'; expected a CSV file with a header, or a JSON object a line") }
        let first = text.first { !$0.isWhitespace }
        let rows = first == "{" ? try json(text, path, limit) : try csv(text, path, limit)
        guard !rows.isEmpty else { throw Failure("'\(path)' has no rows") }
        return rows
    }

    /// Throws where rows have choices of their own and the route has labels, so that its answers are of another kind.
    static func check(_ rows: [LabelledRow], for route: String, labels: [String]) throws {
        guard !labels.isEmpty, rows.contains(where: { $0.choices != nil }) else { return }
        throw Failure(
            "rows have 'choices' of their own, and '\(route)' answers with one of \(labels.count) labels of its own; expected rows "
                + "without, or a route with 'labels: request'")
    }

    /// What is told of rows that repeat another's prompt; nil where none does.
    package static func repeatsLine(_ rows: [LabelledRow]) -> String? {
        let count = rows.count - Set(rows.map(\.prompt)).count
        guard count > 0 else { return nil }
        return "\(Figures.grouped(count)) of \(Figures.grouped(rows.count)) rows repeat another's prompt: each counts "
            + "as drawn from traffic, and rows that were copied prove more than anybody knows"
    }

    static func lacksChoices(_ route: String) -> Failure {
        Failure("'\(route)' answers with one of the choices that a request names, and a row has no 'choices'")
    }

    private static func csv(_ text: String, _ path: String, _ limit: Int) throws -> [LabelledRow] {
        var cells = CSVRows(text)
        guard let header = try next(&cells, path) else { return [] }
        let names = header.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        func column(_ candidates: [String]) -> Int? { candidates.lazy.compactMap { names.firstIndex(of: $0) }.first }
        guard let prompt = column(prompts), let answer = column(answers) else {
            throw Failure(
                "'\(path)' has the columns \(names.joined(separator: ", ")), expected one of "
                    + "\(prompts.joined(separator: ", ")) and one of \(answers.joined(separator: ", "))")
        }
        let (task, language, strong) = (column(["task"]), column(["language"]), column(["strong"]))
        var rows: [LabelledRow] = []
        while rows.count < limit, let row = try next(&cells, path) {
            guard row.count == names.count else {
                throw Failure("\(path):\(cells.rowLine): found \(row.count) columns, expected \(names.count)")
            }
            var labelled = LabelledRow(prompt: row[prompt], answer: row[answer])
            labelled.segment = Segment(task: task.map { row[$0] }, language: language.map { row[$0] })
            labelled.strong = try strong.flatMap { try outcome(row[$0], "\(path):\(cells.rowLine)") }
            rows.append(labelled)
        }
        return rows
    }

    /// Empty is unknown.
    private static func outcome(_ cell: String, _ place: String) throws -> Bool? {
        switch cell.trimmingCharacters(in: .whitespaces).lowercased() {
        case "": nil
        case "1", "true": true
        case "0", "false": false
        default: throw Failure("\(place): `strong` is '\(cell)', expected 1 or 0")
        }
    }

    private static func next(_ cells: inout CSVRows, _ path: String) throws -> [String]? {
        do { return try cells.next() } catch {
            throw Failure("\(path):\(error.line): \(error.reason)")
        }
    }

    private struct Line: Decodable {
        var fields: [String: String] = [:]
        var choices: [String]?
        var gold: Int?
        var strong: Bool?

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                if key.stringValue == "strong" {
                    strong = try? container.decode(Bool.self, forKey: key)
                    if strong == nil { strong = try container.decode(Int.self, forKey: key) != 0 }
                } else if let text = try? container.decode(String.self, forKey: key) {
                    fields[key.stringValue] = text
                } else if key.stringValue == "choices" {
                    choices = try container.decode([String].self, forKey: key)
                } else if key.stringValue == "gold" {
                    gold = try container.decode(Int.self, forKey: key)
                }
            }
        }

        var row: LabelledRow? {
            guard let name = prompts.first(where: { fields[$0] != nil }), let prompt = fields[name] else { return nil }
            let named = answers.lazy.compactMap { fields[$0] }.first
            let trimmed = choices?.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            let placed = gold.flatMap { place in trimmed.flatMap { $0.indices.contains(place) ? $0[place] : nil } }
            guard let answer = named ?? placed else { return nil }
            var row = LabelledRow(prompt: prompt, answer: answer, choices: trimmed)
            if gold != nil, name == "query" {
                row.prompt = prompt.trimmingCharacters(in: .whitespacesAndNewlines) + "\nAnswer:"
                row.isText = true
            }
            row.segment = Segment(task: fields["task"], language: fields["language"])
            row.strong = strong
            return row
        }
    }

    private static func json(_ text: String, _ path: String, _ limit: Int) throws -> [LabelledRow] {
        var rows: [LabelledRow] = []
        let decoder = JSONDecoder()
        for (number, line) in text.utf8.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            guard rows.count < limit else { break }
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            guard let row = (try? decoder.decode(Line.self, from: Data(line)))?.row else {
                throw Failure(
                    "\(path):\(number + 1): found no row, expected an object with one of \(prompts.joined(separator: ", ")) "
                        + "and one of \(answers.joined(separator: ", ")), or `choices` and `gold`")
            }
            if let choices = row.choices, !choices.contains(row.answer) {
                throw Failure("\(path):\(number + 1): the answer '\(row.answer)' is none of the row's choices")
            }
            rows.append(row)
        }
        return rows
    }
}
