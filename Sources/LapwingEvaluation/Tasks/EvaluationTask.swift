import LapwingAPI

/// What is asked of a model and how its answers are scored, as a small file says it.
///
/// The names of the fields are those of the file. `Docs/Evaluation.md` describes them.
package struct EvaluationTask: Hashable, Sendable, Codable {
    package var task: String
    package var about: String?
    /// Whose conventions the prompt and the scores follow, such as `lm_eval 0.4 arc_easy 1.0`.
    package var convention: String
    package var data: DataSource
    /// Solved examples before the question; nil is none.
    package var shots: Shots?
    /// The field whose values divide the questions, such as MMLU's subjects. With it a limit is one for each group.
    package var group: String?
    /// The system message of a chat: for written answers by `chat`, and for routes that answer with labels.
    package var system: Template?
    /// Stands before the shots.
    package var description: String?
    package var prompt: Template
    /// What the model chooses from by its log-probabilities. Without, it writes its answer.
    package var choices: Choices?
    /// Between prompt and choice, and between a shot's prompt and its answer.
    package var delimiter: String?
    /// The field with the index of the right choice, or with the indices of all that are right.
    package var gold: String?
    /// The right answer in words: what a shot shows, and what a written answer is compared with.
    package var target: Template?
    /// How an answer is written.
    package var answer: AnswerTerms?
    package var metrics: [Metric]
    /// The share that guessing gets right, which a normalised score counts as nothing.
    package var chance: Double?

    package struct Shots: Hashable, Sendable, Codable {
        package enum Pick: String, Hashable, Sendable, Codable {
            /// The first ones, of the same group where there are groups.
            case first
            /// Others for each question, in the order that the harness' seeded generator draws them.
            case drawn
        }

        package var count: Int
        /// Where they are taken from; the data's own file and reader where nothing else is said.
        package var file: String?
        package var split: String?
        /// Given here, for tasks with fixed ones.
        package var fixed: [[String: String]]?
        package var pick: Pick?

        package init(count: Int, file: String? = nil, split: String? = nil, pick: Pick? = nil) {
            (self.count, self.file, self.split, self.pick) = (count, file, split, pick)
        }
    }

    package struct AnswerTerms: Hashable, Sendable, Codable {
        package var maxTokens: Int
        package var stop: [String]?
        /// Whether the prompt is a user's message, rendered by the model's chat template. Without, it is continued as it stands.
        package var chat: Bool?

        private enum CodingKeys: String, CodingKey {
            case maxTokens = "max_tokens"
            case stop, chat
        }

        package init(maxTokens: Int, stop: [String]? = nil, chat: Bool? = nil) {
            (self.maxTokens, self.stop, self.chat) = (maxTokens, stop, chat)
        }
    }

    /// A field with a list, or a template for each choice.
    package enum Choices: Hashable, Sendable, Codable {
        case field(String)
        case templates([Template])

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let templates = try? container.decode([Template].self) {
                self = .templates(templates)
            } else {
                self = .field(try container.decode(String.self))
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .field(let name): try container.encode(name)
            case .templates(let templates): try container.encode(templates)
            }
        }
    }

    package init(
        task: String, convention: String, data: DataSource, prompt: Template, choices: Choices? = nil,
        gold: String? = nil, target: Template? = nil, answer: AnswerTerms? = nil, metrics: [Metric]
    ) {
        (self.task, self.convention, self.data, self.prompt) = (task, convention, data, prompt)
        (self.choices, self.gold, self.target, self.answer, self.metrics) = (choices, gold, target, answer, metrics)
    }

    /// What lies between two shots, and between the last one and the question.
    static let shotDelimiter = "\n\n"

    package var shotCount: Int { shots?.count ?? 0 }
    package var comparesChoices: Bool { choices != nil }

    /// How the model is asked, in a few words, for whoever reads a score.
    package var wording: String {
        if answer?.chat == true { return "a user's message in the model's chat template" }
        return "plain text, no chat template"
    }

    /// Throws where the file's parts do not go together.
    package func check() throws(EvaluationError) {
        func fail(_ reason: String) -> EvaluationError { .badTask(task: task, reason: reason) }
        if task.isEmpty || !task.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }) {
            throw fail("found this as its name, expected letters, digits, '_', '-' and '.'")
        }
        if metrics.isEmpty { throw fail("it has no metrics, expected at least one") }
        if let metric = metrics.first(where: { $0.needsChoices != comparesChoices }) {
            throw fail(
                metric.needsChoices
                    ? "'\(metric.rawValue)' compares choices, and it has none; expected `choices` and `gold`"
                    : "'\(metric.rawValue)' is for written answers, and it has choices")
        }
        if comparesChoices, gold == nil { throw fail("it has choices, expected `gold` to say which one is right") }
        if comparesChoices, answer != nil { throw fail("found both `choices` and `answer`, expected one of them") }
        if !comparesChoices {
            guard let answer, answer.maxTokens > 0 else {
                throw fail("a written answer needs `answer: { max_tokens: … }` with 1 or more")
            }
        }
        if system != nil, !comparesChoices, answer?.chat != true {
            throw fail("`system` is a chat's first message, expected `answer: { chat: true, … }`")
        }
        if let chance, !(0..<1).contains(chance) {
            throw fail("`chance` is \(chance), expected 0 or more, and less than 1")
        }
        if let shots, shots.count < 0 { throw fail("`shots.count` is \(shots.count), expected 0 or more") }
        if let shots, let fixed = shots.fixed, fixed.count < shots.count {
            throw fail("`shots.count` is \(shots.count), and \(fixed.count) are given")
        }
        if shotCount > 0, !comparesChoices, target == nil {
            throw fail("its shots need `target` to say what their answers are")
        }
    }
}

/// Where questions come from.
package struct DataSource: Hashable, Sendable, Codable {
    /// How a file's rows become fields.
    package enum Reader: String, Hashable, Sendable, Codable {
        /// One JSON object a line.
        case jsonl
        /// RFC 4180 with a header.
        case csv
        /// The authors' archive of CSV files by split and subject.
        case mmlu
        /// One JSON object a line, cleaned as the harness does.
        case hellaswag
        /// The authors' CSV file.
        case truthfulqa
    }

    /// Relative to the folder of data sets.
    package var file: String
    /// nil goes by the file's name.
    package var reader: Reader?
    package var split: String?

    package init(file: String, reader: Reader? = nil, split: String? = nil) {
        (self.file, self.reader, self.split) = (file, reader, split)
    }
}
