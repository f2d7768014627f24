import Foundation

/// Prompts for which it is known whether the open model was right, by their vectors.
///
/// What is said of a new prompt is the share of right answers among the 30 that are most like it, each weighed by
/// exp(8 · cosine).
package struct OutcomeNeighbours: Hashable, Sendable {
    /// `Int8` codes of `PromptVector`. [prompt, dimension]
    private let codes: Data
    private let right: [Bool]
    /// Of the vectors.
    private let lengths: [Double]

    static let neighbourCount = 30
    private static let sharpness = 8.0
    /// More are not looked through for each request; the last ones are kept.
    static let mostPrompts = 5000

    /// A prompt of the table and its cosine with another one.
    struct Neighbour {
        var place: Int
        var similarity: Double
    }

    /// nil where there is no prompt. Vectors of another length than the last one's are left out.
    package init?(_ prompts: [(vector: PromptVector, right: Bool)]) {
        guard let dimension = prompts.last?.vector.codes.count, dimension > 0 else { return nil }
        let kept = prompts.filter { $0.vector.codes.count == dimension }.suffix(Self.mostPrompts)
        self.init(
            codes: kept.reduce(into: Data(capacity: kept.count * dimension)) { $0 += $1.vector.codes },
            right: kept.map(\.right))
    }

    private init(codes: Data, right: [Bool]) {
        (self.codes, self.right) = (codes, right)
        let dimension = codes.count / right.count
        lengths = right.indices.map { Self.length(codes.dropFirst($0 * dimension).prefix(dimension)) }
    }

    /// The share of right answers among the prompts most like this one; nil where its vector has another length.
    package func shareRight(near vector: PromptVector) -> Double? {
        let found = nearest(to: vector, count: Self.neighbourCount)
        return found.isEmpty ? nil : share(of: found)
    }

    func share(of neighbours: some Sequence<Neighbour>) -> Double {
        var (weighed, total) = (0.0, 0.0)
        for neighbour in neighbours {
            let weight = exp(Self.sharpness * neighbour.similarity)
            total += weight
            if right[neighbour.place] { weighed += weight }
        }
        return total > 0 ? weighed / total : 0
    }

    /// The most alike first; without the prompt at `excluded`.
    func nearest(to vector: PromptVector, count: Int, excluding excluded: Int? = nil) -> [Neighbour] {
        guard vector.codes.count * right.count == codes.count else { return [] }
        let length = Self.length(vector.codes)
        var best: [Neighbour] = []
        codes.withUnsafeBytes { all in
            vector.codes.withUnsafeBytes { one in
                for place in right.indices where place != excluded {
                    let row = UnsafeRawBufferPointer(rebasing: all[place * one.count..<(place + 1) * one.count])
                    let scale = length * lengths[place]
                    let similarity = scale > 0 ? Double(Self.product(row, one)) / scale : 0
                    if best.count == count, let last = best.last, similarity <= last.similarity { continue }
                    if best.count == count { best.removeLast() }
                    let index = best.firstIndex { $0.similarity < similarity } ?? best.count
                    best.insert(Neighbour(place: place, similarity: similarity), at: index)
                }
            }
        }
        return best
    }

    private static func length(_ codes: Data) -> Double {
        codes.withUnsafeBytes { Double(product($0, $0)).squareRoot() }
    }

    private static func product(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int32 {
        var sum: Int32 = 0
        for index in 0..<a.count {
            sum &+= Int32(Int8(bitPattern: a[index])) &* Int32(Int8(bitPattern: b[index]))
        }
        return sum
    }
}

extension OutcomeNeighbours: Codable {
    private enum Key: CodingKey { case codes, right }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let codes = try container.decode(Data.self, forKey: .codes)
        let right = try container.decode([Bool].self, forKey: .right)
        guard !right.isEmpty, !codes.isEmpty, codes.count % right.count == 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .codes, in: container, debugDescription: "\(codes.count) bytes for \(right.count) prompts")
        }
        self.init(codes: codes, right: right)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(codes, forKey: .codes)
        try container.encode(right, forKey: .right)
    }
}
