import LapwingAPI

/// The archive of MMLU's authors (https://github.com/hendrycks/test): `data/SPLIT/SUBJECT_SPLIT.csv`, without headers.
enum MMLUArchive {
    private static let letters = ["A", "B", "C", "D"]

    /// Subject after subject, in alphabetical order.
    static func rows(_ archive: [UInt8], path: String, split: String) throws -> [JSONMembers] {
        let zip = try ZipArchive(archive, path: path)
        let (folder, ending) = ("data/\(split)/", "_\(split).csv")
        let names = zip.names.filter { $0.hasPrefix(folder) && $0.hasSuffix(ending) }.sorted()
        guard !names.isEmpty else {
            throw EvaluationError.badData(path: path, line: nil, reason: "it has no \(folder)SUBJECT\(ending)")
        }
        return try names.flatMap { name in
            guard let text = String(validating: try zip.content(of: name), as: UTF8.self) else {
                throw EvaluationError.badData(path: "\(path)/\(name)", line: nil, reason: "it is no text in UTF-8")
            }
            let subject = name.dropFirst(folder.count).dropLast(ending.count).split(separator: "_").joined(
                separator: " ")
            // Line breaks within cells too, as Python's text files have them: the harness' prompts hold no "\r".
            let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            return try CSVTableRows.cells(lines, path: "\(path)/\(name)").map { line, cells -> JSONMembers in
                guard cells.count == 6, let gold = letters.firstIndex(of: cells[5]) else {
                    throw EvaluationError.badData(
                        path: "\(path)/\(name)", line: line,
                        reason: "expected a question, four choices and a letter from A to D")
                }
                return [
                    "subject": .string(subject),
                    "question": .string(String(cells[0].trimming(while: \.isWhitespace))),
                    "A": .string(cells[1]), "B": .string(cells[2]), "C": .string(cells[3]), "D": .string(cells[4]),
                    "choices": .array(cells[1...4].map(JSONValue.string)), "gold": JSONValue(gold),
                ]
            }
        }
    }
}
