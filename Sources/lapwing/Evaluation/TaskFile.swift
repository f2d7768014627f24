import Foundation
import LapwingAPI
import LapwingEvaluation
import Yams

/// A task with the text that says it, which is part of a run's identity.
package struct TaskFile {
    package var task: EvaluationTask
    package var text: String
    /// Where its data's relative paths begin; nil is the folder of data sets.
    package var folder: String?

    package static let builtIn: [TaskFile] = BuiltInTasks.texts.compactMap { try? TaskFile(text: $0, name: "built-in") }

    package init(text: String, name: String) throws {
        do {
            task = try YAMLDecoder().decode(EvaluationTask.self, from: text)
        } catch let error as DecodingError {
            throw Failure("\(name): it is no task: \(Self.sentence(of: error))")
        } catch {
            throw Failure("\(name): it is no YAML: \(error)")
        }
        self.text = text
        try task.check()
    }

    /// A built-in task's name, a task's YAML file, or questions of one's own as JSON lines.
    package init(named name: String) throws {
        let isLines = name.hasSuffix(".jsonl")
        guard isLines || name.hasSuffix(".yaml") || name.hasSuffix(".yml") else {
            let known = Self.builtIn.map(\.task.task)
            guard let found = Self.builtIn.first(where: { $0.task.task == name }) else {
                throw Failure(
                    "there is no task '\(name)'\(suggestion(for: name, among: known)); expected a .yaml or .jsonl file, or one "
                        + "of " + known.joined(separator: ", "))
            }
            self = found
            return
        }
        guard let data = FileManager.default.contents(atPath: name), let text = String(validating: data, as: UTF8.self)
        else {
            throw Failure("cannot read '\(name)', expected a task's file")
        }
        let url = URL(filePath: name).standardized
        if isLines {
            self = try Self.own(text, path: url)
        } else {
            try self.init(text: text, name: name)
        }
        folder = url.deletingLastPathComponent().path
    }

    /// Rows of `prompt` with `choices` and `gold`, or with `answer` and, where it is not to be exact, `match`.
    private static func own(_ lines: String, path: URL) throws -> TaskFile {
        let first = lines.prefix { !$0.isNewline }
        guard let row = try? JSONParser.parse(Array(first.utf8), maxDepth: 32), row["prompt"] != nil else {
            throw Failure("\(path.path):1: expected a JSON object with `prompt`, and `choices` and `gold` or `answer`")
        }
        let name = path.deletingPathExtension().lastPathComponent
        let head = "task: \(name)\nconvention: Lapwing own questions 1\ndata: { file: \(path.lastPathComponent) }\n"
        let prompt = "prompt: \"{{prompt}}\"\n"
        let rest =
            row["choices"] == nil
            ? "target: \"{{answer}}\"\nanswer: { max_tokens: 256, chat: true }\nmetrics: [match]\n"
            : "choices: choices\ngold: gold\nmetrics: [acc, acc_norm]\n"
        return try TaskFile(text: head + prompt + rest, name: path.path)
    }

    /// Another number of shots; of drawn ones others too, as the harness draws them by their number.
    package mutating func setShots(_ count: Int) throws {
        guard task.shots != nil || count == 0 else {
            throw Failure("task '\(task.task)' has no `shots`, so that --shots \(count) has nothing to take them from")
        }
        task.shots?.count = count
        try task.check()
    }

    private static func sentence(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.map(\.stringValue).joined(separator: ".") + ": " + context.debugDescription
        @unknown default: "\(error)"
        }
    }
}
