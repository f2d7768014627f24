import LapwingAPI

/// TruthfulQA's table (Lin et al. 2022) as multiple choice.
///
/// The authors' lists for multiple choice are another file; from this one the same sets are made: the best answer against
/// the incorrect ones, and all correct ones against all incorrect ones. Scores are near the published ones, not the same.
enum TruthfulQA {
    static func rows(_ rows: [JSONMembers]) -> [JSONMembers] {
        rows.map { row in
            let best = row["Best Answer"]?.string ?? ""
            let right = split(row["Correct Answers"]?.string ?? ""),
                wrong = split(row["Incorrect Answers"]?.string ?? "")
            return [
                "question": row["Question"] ?? "",
                "mc1_choices": .array(([best] + wrong).map(JSONValue.string)), "mc1_gold": 0,
                "mc2_choices": .array((right + wrong).map(JSONValue.string)),
                "mc2_gold": .array(right.indices.map { JSONValue($0) }),
            ]
        }
    }

    private static func split(_ list: String) -> [String] {
        list.split(separator: ";").map { String($0.trimming(while: \.isWhitespace)) }.filter { !$0.isEmpty }
    }
}
