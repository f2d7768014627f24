import Foundation

/// The mean gain of the training prompts whose embeddings are nearest, the nearer the heavier.
package struct GainNeighbours: Hashable, Sendable {
    package let vectorLength: Int
    package let neighbourCount: Int
    /// [prompt, number]
    private let vectors: [Float]
    private let gains: [Float]

    package init(vectors: [[Float]], gains: [Int], neighbourCount: Int = 150) {
        precondition(vectors.count == gains.count && !vectors.isEmpty, "a gain for each vector")
        vectorLength = vectors[0].count
        self.neighbourCount = min(neighbourCount, vectors.count)
        self.vectors = vectors.flatMap(\.self)
        self.gains = gains.map(Float.init)
    }

    package func gain(near vector: [Float]) -> Double {
        precondition(vector.count == vectorLength, "found \(vector.count) numbers, expected \(vectorLength)")
        let likeness = products(with: vector)
        var ordered = likeness
        let least = ordered.selectLargest(neighbourCount)
        var (sum, weight, left) = (0.0, 0.0, neighbourCount)
        // Of those as near as the last one, the first ones.
        for (index, value) in likeness.enumerated() where value >= least && left > 0 {
            sum += Double(max(value, 0) * gains[index])
            weight += Double(max(value, 0))
            left -= 1
        }
        return weight > 0 ? sum / weight : 0
    }

    private func products(with vector: [Float]) -> [Float] {
        vectors.withUnsafeBytes { all in
            vector.withUnsafeBytes { one in
                (0..<gains.count).map { row in
                    let start = row * vectorLength * 4
                    var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero)
                    let whole = vectorLength & ~15
                    for i in stride(from: 0, to: whole * 4, by: 64) {
                        sums.0 +=
                            all.loadUnaligned(fromByteOffset: start + i, as: SIMD8<Float>.self)
                            * one.loadUnaligned(fromByteOffset: i, as: SIMD8<Float>.self)
                        sums.1 +=
                            all.loadUnaligned(fromByteOffset: start + i + 32, as: SIMD8<Float>.self)
                            * one.loadUnaligned(fromByteOffset: i + 32, as: SIMD8<Float>.self)
                    }
                    var rest: Float = 0
                    for i in whole..<vectorLength { rest += vectors[row * vectorLength + i] * vector[i] }
                    return (sums.0 + sums.1).sum() + rest
                }
            }
        }
    }
}

extension GainNeighbours: Codable {
    private enum CodingKeys: CodingKey { case vectorLength, neighbourCount, vectors, gains }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        vectorLength = try container.decode(Int.self, forKey: .vectorLength)
        neighbourCount = try container.decode(Int.self, forKey: .neighbourCount)
        gains = try container.decode([Float].self, forKey: .gains)
        let bytes = try container.decode(Data.self, forKey: .vectors)
        guard !gains.isEmpty, (1...gains.count).contains(neighbourCount), vectorLength > 0,
            bytes.count / 4 / gains.count == vectorLength, bytes.count % (4 * gains.count) == 0
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .vectors, in: container,
                debugDescription: "found \(bytes.count) bytes for \(gains.count) vectors of \(vectorLength) numbers")
        }
        vectors = bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }

    /// Vectors are written as the base64 of little-endian 32-bit floats.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(vectorLength, forKey: .vectorLength)
        try container.encode(neighbourCount, forKey: .neighbourCount)
        try container.encode(gains, forKey: .gains)
        let bytes = vectors.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        try container.encode(Data(bytes), forKey: .vectors)
    }
}

extension [Float] {
    /// The `count`th largest, by Hoare's selection; the order of the others is lost.
    fileprivate mutating func selectLargest(_ count: Int) -> Float {
        let wanted = count - 1
        return withUnsafeMutableBufferPointer { values in
            var (low, high) = (0, values.count - 1)
            while low < high {
                let pivot = values[low + (high - low) / 2]
                var (left, right) = (low, high)
                while left <= right {
                    while values[left] > pivot { left += 1 }
                    while values[right] < pivot { right -= 1 }
                    if left <= right {
                        values.swapAt(left, right)
                        left += 1
                        right -= 1
                    }
                }
                if wanted <= right { high = right } else if wanted >= left { low = left } else { break }
            }
            return values[wanted]
        }
    }
}
