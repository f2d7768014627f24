import Foundation
import LapwingStatistics

/// The questions of one of RouteLLM's sets, with what both models made of each, without those that it calls contaminated.
struct RouteLLMData {
    var prompts: [String] = []
    /// The weak model's answers; empty where the set has none.
    var answers: [String] = []
    var isWeakRight: [Bool] = []
    var isStrongRight: [Bool] = []
    /// The file that each question is in, which no model is told.
    var subjects: [String] = []

    static let weak = "mistralai/Mixtral-8x7B-Instruct-v0.1"
    static let strong = "gpt-4-1106-preview"

    static func mmlu(_ folder: URL) throws -> RouteLLMData {
        let folder = folder.appending(path: "routellm/evals/mmlu")
        var data = RouteLLMData()
        let left = try contaminated(folder)
        let responses = folder.appending(path: "responses")
        let files = try FileManager.default.contentsOfDirectory(atPath: responses.path).filter { $0.hasSuffix(".csv") }
        for file in files.sorted() {
            try data.add(responses.appending(path: file), leaving: left, subject: String(file.dropLast(4)))
        }
        return data
    }

    static func gsm8k(_ folder: URL) throws -> RouteLLMData {
        let folder = folder.appending(path: "routellm/evals/gsm8k")
        var data = RouteLLMData()
        try data.add(folder.appending(path: "gsm8k_responses.csv"), leaving: contaminated(folder), subject: "gsm8k")
        return data
    }

    /// 1 where only the strong model is right, -1 where only the weak one is.
    var gains: [Int] { zip(isWeakRight, isStrongRight).map { ($1 ? 1 : 0) - ($0 ? 1 : 0) } }
    var subjectNumbers: [Int] {
        let numbers = Dictionary(uniqueKeysWithValues: Set(subjects).sorted().enumerated().map { ($1, $0) })
        return subjects.map { numbers[$0] ?? 0 }
    }

    private static func contaminated(_ folder: URL) throws -> Set<String> {
        struct Pair: Decodable { var eval_prompt: String }
        let text = try String(contentsOf: folder.appending(path: "contaminated_prompts.jsonl"), encoding: .utf8)
        return Set(
            try text.split(separator: "\n").map { try JSONDecoder().decode(Pair.self, from: Data($0.utf8)).eval_prompt }
        )
    }

    private mutating func add(_ file: URL, leaving left: Set<String>, subject: String) throws {
        let rows = CommaSeparated.rows(try Data(contentsOf: file))
        guard let header = rows.first, let prompt = header.firstIndex(of: "prompt"),
            let weak = header.firstIndex(of: Self.weak), let strong = header.firstIndex(of: Self.strong)
        else { throw Failure("\(file.path): found no columns prompt, \(Self.weak) and \(Self.strong)") }
        let answer = header.firstIndex(of: Self.weak + "_response")
        for row in rows.dropFirst() where row.count == header.count && !left.contains(row[prompt]) {
            prompts.append(row[prompt])
            isWeakRight.append(row[weak] == "True")
            isStrongRight.append(row[strong] == "True")
            subjects.append(subject)
            if let answer { answers.append(row[answer]) }
        }
    }
}

/// Fields between commas, some in quotes, as in RFC 4180.
enum CommaSeparated {
    static func rows(_ data: Data) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var bytes = data.makeIterator()
        var next = bytes.next()
        while let byte = next {
            next = bytes.next()
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && next == UInt8(ascii: "\""):
                field.append(byte)
                next = bytes.next()
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                row.append(String(decoding: field, as: UTF8.self))
                field = []
            case UInt8(ascii: "\r") where !isQuoted: continue
            case UInt8(ascii: "\n") where !isQuoted:
                rows.append(row + [String(decoding: field, as: UTF8.self)])
                (row, field) = ([], [])
            default: field.append(byte)
            }
        }
        if !row.isEmpty || !field.isEmpty { rows.append(row + [String(decoding: field, as: UTF8.self)]) }
        return rows
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
