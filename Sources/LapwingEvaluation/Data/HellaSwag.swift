import LapwingAPI

/// HellaSwag's rows (Zellers et al. 2019) with the WikiHow marks taken out, as lm_eval's task does it.
enum HellaSwag {
    static func rows(_ rows: [JSONMembers], path: String) throws(EvaluationError) -> [JSONMembers] {
        var result: [JSONMembers] = []
        for (index, row) in rows.enumerated() {
            guard let activity = row["activity_label"]?.string, let first = row["ctx_a"]?.string,
                let second = row["ctx_b"]?.string, let endings = row["endings"]?.array, let label = row["label"]
            else {
                throw .badData(
                    path: path, line: index + 1, reason: "expected activity_label, ctx_a, ctx_b, endings and label")
            }
            result.append([
                "query": .string(cleaned("\(activity): \(first) \(capitalized(second))")),
                "choices": .array(endings.map { .string(cleaned($0.plainText)) }),
                "gold": label.integer.map(JSONValue.integer) ?? Int64(label.plainText).map(JSONValue.integer) ?? .null,
            ])
        }
        return result
    }

    /// Python's `capitalize`: the first letter large, all others small.
    private static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst().lowercased()
    }

    static func cleaned(_ text: String) -> String {
        var text = String(text.trimming(while: \.isWhitespace)).replacing(" [title]", with: ". ")
        // Brackets on one line, the shortest piece each time.
        text = text.replacing(/\[[^\n]*?\]/, with: "")
        return text.replacing("  ", with: " ")
    }
}
