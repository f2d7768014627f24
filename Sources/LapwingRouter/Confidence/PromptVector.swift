import Foundation

/// An embedding model's vector of a prompt in a byte a number: what prompts are compared by.
package struct PromptVector: Hashable, Sendable, Codable {
    /// Whose vector it is.
    package var embedder: String
    /// Each number divided by the largest magnitude among them, times 127, as `Int8`.
    package var codes: Data

    package init(_ vector: [Float], by embedder: String) {
        self.embedder = embedder
        let most = vector.reduce(0) { max($0, abs($1)) }
        let isUsable = most > 0 && vector.allSatisfy(\.isFinite)
        codes = Data(vector.map { UInt8(bitPattern: isUsable ? Int8(($0 / most * 127).rounded()) : 0) })
    }
}
