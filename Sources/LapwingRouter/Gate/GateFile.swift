import Crypto
import Foundation
import LapwingStatistics
import LapwingStore

/// A fitted gate as `lapwing calibrate gate` writes it to `data/gates/NAME-vN.json`.
package struct GateFile: Hashable, Sendable, Codable {
    package var name: String
    package var version: Int
    /// The model that makes the prompts' vectors; nil where the gate needs none.
    package var embedding: String?
    package var model: GainModel
    /// The out-of-fold scores of the prompts it was fitted on, at 0, 1, … 100 percent of them, ascending.
    package var scores: [Double]
    /// Scores over it are sent to the closed model, unless the route says otherwise.
    package var threshold: Double
    /// How many prompts it was fitted on, and the SHA-256 of their file or rows.
    package var prompts: Int
    package var fingerprint: String

    package init(
        name: String, version: Int, embedding: String?, model: GainModel, outOfFold: [Double], threshold: Double,
        fingerprint: String
    ) {
        self.name = name
        self.version = version
        self.embedding = embedding
        self.model = model
        let ascending = outOfFold.sorted()
        scores = (0...100).map { Self.quantile(Double($0) / 100, of: ascending) }
        self.threshold = threshold
        prompts = outOfFold.count
        self.fingerprint = fingerprint
    }

    package static func folder(_ dataFolder: String) -> VersionedFiles {
        VersionedFiles(folder: dataFolder + "/gates")
    }

    /// The SHA-256 of the data that a gate was fitted on, in hexadecimal.
    package static func fingerprint(of data: Data) -> String {
        SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
    }

    /// What a score must pass so that this share of prompts like those of the fit goes to the closed model.
    package func threshold(forShare share: Double) -> Double { Self.quantile(1 - share, of: scores) }

    /// Of ascending values, between neighbours where it falls between them.
    package static func quantile(_ share: Double, of ascending: [Double]) -> Double {
        guard let last = ascending.last else { return 0 }
        let place = min(max(share, 0), 1) * Double(ascending.count - 1)
        let index = Int(place)
        guard index + 1 < ascending.count else { return last }
        return ascending[index] + (place - Double(index)) * (ascending[index + 1] - ascending[index])
    }
}
