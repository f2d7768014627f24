import Foundation

/// How lm_eval takes the number out of an answer to GSM8K (Cobbe et al. 2021) and compares it.
enum GSM8K {
    /// What stands behind `####`; nil where nothing does.
    static func strict(_ answer: String) -> String? {
        answer.firstMatch(of: /#### (-?[0-9.,]+)/).map { String($0.1) }
    }

    static func strictCoT(_ answer: String) -> String? {
        answer.firstMatch(of: /The answer is (-?[0-9.,]+)./).map { String($0.1) }
    }

    /// The last number of all.
    static func lastNumber(in answer: String) -> String? {
        guard let match = answer.matches(of: /(-?[$0-9.,]{2,})|(-?[0-9]+)/).last else { return nil }
        return String(match.1 ?? match.2 ?? "")
    }

    /// Both without commas, dollar signs, all up to the last `#### ` and a point at the end; case does not count.
    static func exactMatch(_ answer: String?, _ target: String) -> Double {
        // What the harness compares where it finds no number.
        normalised(answer ?? "[invalid]") == normalised(target) ? 1 : 0
    }

    private static func normalised(_ text: String) -> String {
        var text = text.filter { $0 != "," && $0 != "$" }
        if let mark = text.ranges(of: "#### ").last { text = String(text[mark.upperBound...]) }
        if text.hasSuffix(".") { text.removeLast() }
        return text.lowercased()
    }
}
