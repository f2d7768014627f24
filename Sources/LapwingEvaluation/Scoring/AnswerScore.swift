import Foundation
import LapwingAPI

/// Scores of a written answer.
package enum AnswerScore {
    /// The value of a metric, and how many things it counts: instructions where those count, else 1.
    package static func score(
        _ metric: Metric, answer: String, item: Item
    ) throws(EvaluationError) -> (value: Double, weight: Double) {
        if let rule = metric.ifevalRule {
            let followed = try InstructionCheck.followed(item.row, answer: answer, isLoose: rule.isLoose)
            let count = followed.count { $0 }
            if rule.isPrompt { return (count == followed.count ? 1 : 0, 1) }
            return (Double(count) / Double(max(1, followed.count)), Double(followed.count))
        }
        let target = item.target ?? ""
        let kind = metric == .match ? try rowMetric(item) : metric
        return (try value(kind, answer: answer, target: target, id: item.id), 1)
    }

    /// The metric that a row of one's own names.
    private static func rowMetric(_ item: Item) throws(EvaluationError) -> Metric {
        let allowed: [Metric] = [.exact, .contains, .regex, .number, .json, .jsonF1, .rougeL, .tokenF1]
        guard let name = item.row["match"]?.string else { return .exact }
        guard let metric = Metric(rawValue: name), allowed.contains(metric) else {
            throw .badData(
                path: "match", line: item.id + 1,
                reason: "found '\(name)', expected \(allowed.map(\.rawValue).joined(separator: ", "))")
        }
        return metric
    }

    package static func value(
        _ metric: Metric, answer: String, target: String, id: Int
    ) throws(EvaluationError) -> Double {
        switch metric {
        case .exact: return isTrue(trimmed(answer) == trimmed(target))
        case .contains: return isTrue(!target.isEmpty && answer.lowercased().contains(target.lowercased()))
        case .regex:
            guard let pattern = try? Regex(target) else {
                throw .badData(path: "target", line: id + 1, reason: "'\(target)' is no regular expression")
            }
            return isTrue(answer.firstMatch(of: pattern) != nil)
        case .number:
            guard let found = lastNumber(in: answer), let wanted = number(target) else {
                return 0
            }
            return isTrue(found == wanted)
        case .json: return isTrue(JSONFields.f1(answer: answer, target: target) == 1)
        case .jsonF1: return JSONFields.f1(answer: answer, target: target)
        case .rougeL: return WordOverlap.rougeL(answer, target)
        case .tokenF1: return WordOverlap.tokenF1(answer, target)
        case .gsm8kStrict: return GSM8K.exactMatch(GSM8K.strict(answer), target)
        case .gsm8kCoTStrict: return GSM8K.exactMatch(GSM8K.strictCoT(answer), target)
        case .gsm8kFlexible: return GSM8K.exactMatch(GSM8K.lastNumber(in: answer), target)
        default: preconditionFailure("'\(metric.rawValue)' is not for written answers; EvaluationTask.check refuses it")
        }
    }

    private static func isTrue(_ condition: Bool) -> Double { condition ? 1 : 0 }
    private static func trimmed(_ text: String) -> Substring { text.trimming(while: \.isWhitespace) }

    private static func lastNumber(in answer: String) -> Double? {
        answer.matches(of: /-?\$?\d[\d,]*(\.\d+)?/).last.flatMap { number(String($0.0)) }
    }

    /// `$1,234.50` and `1234.5` are the same number.
    private static func number(_ text: String) -> Double? {
        Double(text.filter { $0 != "," && $0 != "$" }.trimming(while: { $0.isWhitespace || $0 == "." }))
    }
}

extension Metric {
    fileprivate var ifevalRule: (isPrompt: Bool, isLoose: Bool)? {
        switch self {
        case .ifevalPromptStrict: (true, false)
        case .ifevalInstructionStrict: (false, false)
        case .ifevalPromptLoose: (true, true)
        case .ifevalInstructionLoose: (false, true)
        default: nil
        }
    }
}
