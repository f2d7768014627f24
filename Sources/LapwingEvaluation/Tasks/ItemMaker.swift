import LapwingAPI

/// Makes a task's questions from its data.
package struct ItemMaker: Sendable {
    private let task: EvaluationTask
    private let folder: DataFolder

    package init(_ task: EvaluationTask, folder: DataFolder) { (self.task, self.folder) = (task, folder) }

    /// In the data's order, where neighbours share most of their beginning: the shots of a group.
    ///
    /// `limit` is for each group, as the harness has it, for all where there are none.
    package func items(limit: Int? = nil) throws -> [Item] {
        try task.check()
        let rows = try folder.rows(of: task.data)
        let shots = try makeShots()
        var counts: [String: Int] = [:]
        var draws = PythonRandom(seed: Self.seed)
        var items: [Item] = []
        for (id, row) in rows.enumerated() {
            let group = task.group.flatMap { row[$0]?.plainText }
            // Drawn for each row, taken or not, so that a row's shots do not hang on the limit.
            let examples = try shots.map { try $0.text(before: id, of: group, task: task, draws: &draws) } ?? ""
            if let limit, counts[group ?? "", default: 0] >= limit {
                if task.group == nil { break }
                continue
            }
            counts[group ?? "", default: 0] += 1
            items.append(try fill(row, id: id, group: group, shots: examples))
        }
        guard !items.isEmpty else {
            throw EvaluationError.badData(path: task.data.file, line: nil, reason: "it has no questions")
        }
        return items
    }

    /// The harness' own, of `random.Random` for its shots.
    private static let seed: UInt32 = 1234

    private func fill(_ row: JSONMembers, id: Int, group: String?, shots: String) throws -> Item {
        func text(_ template: Template) throws(EvaluationError) -> String {
            do { return try template.filled(from: row) } catch {
                throw .badData(
                    path: task.data.file, line: id + 1,
                    reason: "the row has no field '\(error.name)', which the task '\(task.task)' names; it has "
                        + row.keys.joined(separator: ", "))
            }
        }
        let question = try text(task.prompt)
        let description = try task.description.map { try text(Template($0)) } ?? ""
        var item = Item(id: id, context: description + shots + question, question: question, row: row)
        item.group = group
        item.system = try task.system.map { try text($0) }
        switch task.choices {
        case .templates(let templates): item.choices = try templates.map { try text($0) }
        case .field(let name):
            guard let list = row[name]?.array, !list.isEmpty else {
                throw EvaluationError.badData(
                    path: task.data.file, line: id + 1, reason: "'\(name)' is no list of choices")
            }
            item.choices = list.map(\.plainText)
        case nil: break
        }
        if let name = task.gold { item.gold = try gold(row[name], choices: item.choices, id: id) }
        item.target = try task.target.map { try text($0) }
        return item
    }

    /// The indices that a row says are right: a number, a list of numbers, a digit, or a choice's own text.
    private func gold(_ value: JSONValue?, choices: [String], id: Int) throws(EvaluationError) -> [Int] {
        let found: [Int] =
            switch value {
            case .array(let list): list.compactMap(\.integer).map { Int($0) }
            case .integer(let index): [Int(index)]
            case .string(let text): choices.firstIndex(of: text).map { [$0] } ?? Int(text).map { [$0] } ?? []
            default: []
            }
        guard !found.isEmpty, found.allSatisfy(choices.indices.contains) else {
            throw .badData(
                path: task.data.file, line: id + 1,
                reason: "'\(task.gold ?? "")' is \(value?.plainText ?? "missing"), expected the index of one of "
                    + "\(choices.count) choices")
        }
        return found
    }

    // MARK: Shots

    private func makeShots() throws -> ShotPool? {
        guard let shots = task.shots, shots.count > 0 else { return nil }
        let rows: [JSONMembers]
        if let fixed = shots.fixed {
            rows = fixed.map { JSONMembers($0.mapValues(JSONValue.string)) }
        } else {
            rows = try folder.rows(
                of: DataSource(
                    file: shots.file ?? task.data.file, reader: shots.file == nil ? task.data.reader : nil,
                    split: shots.split))
        }
        let path = shots.file ?? task.data.file
        // Where the shots are of the questions themselves, none may have its own answer before it.
        let isOfQuestions =
            shots.fixed == nil && path == task.data.file
            && (shots.split ?? task.data.split ?? "") == (task.data.split ?? "")
        let solved = try rows.enumerated().map { index, row in
            let item = try fill(row, id: index, group: nil, shots: "")
            let answer = item.target ?? item.gold.first.map { item.choices[$0] } ?? ""
            return ShotPool.Shot(
                question: isOfQuestions ? index : nil,
                group: shots.fixed == nil ? task.group.flatMap { row[$0]?.plainText } : nil,
                text: item.question + (task.delimiter ?? " ") + answer + EvaluationTask.shotDelimiter)
        }
        return ShotPool(path: path, count: shots.count, pick: shots.pick ?? .first, shots: solved)
    }
}

/// Solved examples to put before questions.
private struct ShotPool {
    struct Shot {
        /// The question that it is; nil where it is none of them.
        var question: Int?
        var group: String?
        var text: String
    }

    private let path: String
    private let count: Int
    private let pick: EvaluationTask.Shots.Pick
    private let all: [Shot]
    private let byGroup: [String: [Shot]]

    init(path: String, count: Int, pick: EvaluationTask.Shots.Pick, shots: [Shot]) {
        (self.path, self.count, self.pick) = (path, count, pick)
        all = shots
        byGroup = Dictionary(grouping: shots.filter { $0.group != nil }) { $0.group ?? "" }
    }

    /// Of the questions' own pool one more is taken, and the question itself left out, as the harness does it.
    func text(
        before question: Int, of group: String?, task: EvaluationTask, draws: inout PythonRandom
    ) throws(EvaluationError) -> String {
        let pool = byGroup.isEmpty ? all : group.flatMap { byGroup[$0] } ?? []
        let wanted = pool.first?.question == nil ? count : count + 1
        guard pool.count >= wanted else {
            throw .badData(
                path: path, line: nil,
                reason:
                    "found \(pool.count) examples\(group.map { " for '\($0)'" } ?? ""), expected \(wanted) for the shots"
            )
        }
        let picked =
            switch pick {
            case .first: Array(pool.prefix(wanted))
            case .drawn: draws.sample(wanted, of: pool.count).map { pool[$0] }
            }
        return picked.filter { $0.question != question }.prefix(count).map(\.text).joined()
    }
}
