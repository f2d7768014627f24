import Foundation

/// A fitted vocabulary that turns a text into TF-IDF: a column a term, rare terms weighing more, each row as long as 1.
///
/// As scikit-learn's TfidfVectorizer with `sublinear_tf`: (1 + ln count) · (1 + ln((1 + texts) / (1 + texts with the term))).
package struct TermFeatures: Hashable, Sendable {
    package let longestRun: Int
    /// The term of each column, in ascending order.
    package let terms: [String]
    /// What each column's counts are multiplied by.
    package let weights: [Double]
    private let columns: [String: Int32]

    package init(longestRun: Int, terms: [String], weights: [Double]) {
        precondition(terms.count == weights.count, "a weight for each term")
        self.longestRun = longestRun
        self.terms = terms
        self.weights = weights
        columns = Dictionary(zip(terms, Int32(0)...), uniquingKeysWith: { first, _ in first })
    }

    /// Fits on some of the corpus' texts; the others leave no trace.
    package static func fit(
        _ corpus: TermCorpus, on texts: some Sequence<Int>, options: TermOptions = TermOptions()
    ) -> TermFeatures {
        precondition(options.longestRun == corpus.longestRun, "the corpus was taken apart for other runs of words")
        var textCounts = [Int32](repeating: 0, count: corpus.terms.count)
        var uses = [Int32](repeating: 0, count: corpus.terms.count)
        var total = 0
        for text in texts {
            total += 1
            for entry in corpus.texts[text] {
                textCounts[Int(entry.term)] += 1
                uses[Int(entry.term)] += entry.count
            }
        }
        let enough = textCounts.indices.filter { textCounts[$0] >= max(options.fewestTexts, 1) }
        // The corpus' order of terms must not decide among equals: other texts of it would.
        let kept = enough.sorted { (-uses[$0], corpus.terms[$0]) < (-uses[$1], corpus.terms[$1]) }
            .prefix(options.mostTerms).sorted { corpus.terms[$0] < corpus.terms[$1] }
        return TermFeatures(
            longestRun: corpus.longestRun, terms: kept.map { corpus.terms[$0] },
            weights: kept.map { 1 + log(Double(1 + total) / Double(1 + textCounts[$0])) })
    }

    package static func fit(_ texts: [String], options: TermOptions = TermOptions()) -> TermFeatures {
        fit(TermCorpus(texts, longestRun: options.longestRun), on: texts.indices, options: options)
    }

    package var columnCount: Int { terms.count }

    package func row(_ text: String) -> FeatureRow {
        var counts: [Int32: Int32] = [:]
        for term in Terms.all(of: text, longestRun: longestRun) {
            if let column = columns[term] { counts[column, default: 0] += 1 }
        }
        return row(counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// The rows of some of a corpus' texts, as `row` gives them.
    package func rows(_ corpus: TermCorpus, _ texts: some Sequence<Int>) -> FeatureRows {
        let columnOfTerm = corpus.terms.map { columns[$0] ?? -1 }
        var rows = FeatureRows(columnCount: columnCount)
        for text in texts {
            let counts = corpus.texts[text].compactMap { entry in
                let column = columnOfTerm[Int(entry.term)]
                return column < 0 ? nil : (column, entry.count)
            }
            rows.append(row(counts.sorted { $0.0 < $1.0 }))
        }
        return rows
    }

    private func row(_ counts: [(column: Int32, count: Int32)]) -> FeatureRow {
        var row = FeatureRow(
            columns: counts.map(\.column),
            values: counts.map { (1 + log(Double($0.count))) * weights[Int($0.column)] })
        row.normalize()
        return row
    }
}

extension TermFeatures: Codable {
    private enum CodingKeys: CodingKey { case longestRun, terms, weights }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let terms = try container.decode([String].self, forKey: .terms)
        let weights = try container.decode([Double].self, forKey: .weights)
        guard terms.count == weights.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .weights, in: container,
                debugDescription: "found \(weights.count) weights for \(terms.count) terms, expected as many")
        }
        self.init(
            longestRun: try container.decode(Int.self, forKey: .longestRun), terms: terms, weights: weights)
    }
}
