import Foundation

/// Finds the threshold of a confidence that keeps a promise about answers that are yet to come, from judged answers whose
/// confidence was fitted without them.
///
/// Learn then test (Angelopoulos and others, 2021) with a fixed sequence: thresholds are tested from the safe side on, each
/// at the full level, and the search ends with the first that is not proved. The promise is then broken with probability
/// 1 - confidence at most over the drawing of the sample, whatever the confidence is worth. It holds for traffic like the
/// sample's: `DriftDetector` watches whether it still is.
package struct ThresholdGuarantee: Sendable {
    package struct Row: Hashable, Sendable, Codable {
        package var probability: Double
        package var isRight: Bool
        /// Whether the strong model was right on the same request; nil where it was not asked.
        package var strongIsRight: Bool?

        package init(probability: Double, isRight: Bool, strongIsRight: Bool? = nil) {
            self.probability = probability
            self.isRight = isRight
            self.strongIsRight = strongIsRight
        }

        private enum CodingKeys: CodingKey { case probability, isRight, strongIsRight }

        /// Throws where the probability is none.
        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            probability = try container.decode(Double.self, forKey: .probability)
            isRight = try container.decode(Bool.self, forKey: .isRight)
            strongIsRight = try container.decodeIfPresent(Bool.self, forKey: .strongIsRight)
            guard (0...1).contains(probability) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .probability, in: container,
                    debugDescription: "found \(probability), expected a probability from 0 to 1")
            }
        }
    }

    /// The thresholds that are tried, descending to 0, which keeps all. They must not depend on the sample.
    static let grid: [Double] = {
        let fine = (951...999).reversed().map { Double($0) / 1000 }
        let coarse = (0...190).reversed().map { Double($0) / 200 }
        return fine + coarse
    }()

    /// How surely the number of further labels that is named would do.
    static let power = 0.8

    /// The surest first.
    let rows: [Row]

    package init(_ rows: [Row]) { self.rows = rows.sorted { $0.probability > $1.probability } }

    /// How many of the surest rows each threshold of the grid keeps; each number once, with the least threshold.
    func cuts() -> [(threshold: Double, kept: Int)] {
        var cuts: [(threshold: Double, kept: Int)] = []
        var kept = 0
        for threshold in Self.grid {
            while kept < rows.count, rows[kept].probability >= threshold { kept += 1 }
            if cuts.last?.kept == kept { cuts.removeLast() }
            cuts.append((threshold, kept))
        }
        return cuts
    }
}
