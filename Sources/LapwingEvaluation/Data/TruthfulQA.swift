import LapwingAPI

/// TruthfulQA's table (Lin et al. 2022) as multiple choice.
///
/// The authors' lists for multiple choice are another file; from this one the same sets are made: the best answer against
/// the incorrect ones, and all correct ones against all incorrect ones. Scores are near the published ones, not the same.
enum TruthfulQA {
    static func rows(_ rows: [JSONMembers], path: String) throws(EvaluationError) -> [JSONMembers] {
        var result: [JSONMembers] = []
        for (index, row) in rows.enumerated() {
            guard let question = row["Question"], let best = row["Best Answer"]?.string, !best.isEmpty,
                let right = row["Correct Answers"]?.string.map(split), !right.isEmpty,
                let wrong = row["Incorrect Answers"]?.string.map(split), !wrong.isEmpty
            else {
                throw .badData(
                    path: path, line: index + 2,
                    reason: "expected Question, Best Answer, Correct Answers and Incorrect Answers")
            }
            result.append([
                "question": question,
                "mc1_choices": .array(([best] + wrong).map(JSONValue.string)), "mc1_gold": 0,
                "mc2_choices": .array((right + wrong).map(JSONValue.string)),
                "mc2_gold": .array(right.indices.map { JSONValue($0) }),
            ])
        }
        return result
    }

    private static func split(_ list: String) -> [String] {
        list.split(separator: ";").map { String($0.trimming(while: \.isWhitespace)) }.filter { !$0.isEmpty }
    }
}
