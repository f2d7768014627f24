/// How much two texts have in common by their words.
enum WordOverlap {
    /// ROUGE-L (Lin 2004) with the balanced harmonic mean, over lower-case runs of ASCII letters and digits and without
    /// stemming, as the `rouge_score` package counts it.
    static func rougeL(_ answer: String, _ target: String) -> Double {
        let (a, b) = (words(answer), words(target))
        return harmonic(longestCommonSubsequence(a, b), a.count, b.count)
    }

    /// SQuAD's F1 (Rajpurkar et al. 2016): lower case, without punctuation and articles, words as a bag.
    static func tokenF1(_ answer: String, _ target: String) -> Double {
        let (a, b) = (squadWords(answer), squadWords(target))
        if a.isEmpty || b.isEmpty { return a == b ? 1 : 0 }
        var left: [String: Int] = [:]
        for word in b { left[word, default: 0] += 1 }
        var common = 0
        for word in a where left[word, default: 0] > 0 {
            left[word, default: 0] -= 1
            common += 1
        }
        return harmonic(common, a.count, b.count)
    }

    private static func harmonic(_ common: Int, _ a: Int, _ b: Int) -> Double {
        guard common > 0 else { return 0 }
        let (precision, recall) = (Double(common) / Double(a), Double(common) / Double(b))
        return 2 * precision * recall / (precision + recall)
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init)
    }

    private static func squadWords(_ text: String) -> [String] {
        let letters = text.lowercased().filter { !($0.isASCII && ($0.isPunctuation || $0.isSymbol)) }
        return letters.split(whereSeparator: \.isWhitespace).map(String.init).filter {
            !["a", "an", "the"].contains($0)
        }
    }

    private static func longestCommonSubsequence(_ a: [String], _ b: [String]) -> Int {
        var row = [Int](repeating: 0, count: b.count + 1)
        for word in a {
            var diagonal = 0
            for (index, other) in b.enumerated() {
                let above = row[index + 1]
                row[index + 1] = word == other ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return row[b.count]
    }
}
