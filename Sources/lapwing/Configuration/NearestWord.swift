/// The word of `candidates` that `word` was probably meant to be; nil where none is close.
package func nearestWord(to word: String, among candidates: [String]) -> String? {
    let lowered = Array(word.lowercased().unicodeScalars)
    guard lowered.count <= 64 else { return nil }
    let limit = max(1, lowered.count / 3)
    return candidates.map { ($0, editDistance(lowered, Array($0.lowercased().unicodeScalars))) }
        .filter { $0.1 <= limit }
        .min { $0.1 < $1.1 }?.0
}

/// ` (did you mean 'WORD'?)` for a message about `word`; empty where no candidate is close.
func suggestion(for word: String, among candidates: [String]) -> String {
    nearestWord(to: word, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
}

/// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row.append(best)
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
