import Foundation

/// Waves in random directions: the product of two rows' waves comes close to exp(-sharpness · distance²), so that a linear
/// model on them looks at neighbourhoods (Rahimi and Recht, "Random features for large-scale kernel machines", 2007).
package struct RandomWaves: Hashable, Sendable {
    package let inputCount: Int
    package let waveCount: Int
    package let sharpness: Double
    package let seed: UInt64
    /// [wave, input]
    private let directions: [Double]

    package init(inputCount: Int, waveCount: Int, sharpness: Double, seed: UInt64) {
        self.inputCount = inputCount
        self.waveCount = waveCount
        self.sharpness = sharpness
        self.seed = seed
        var random = SplitMix64(seed: seed)
        let width = (2 * sharpness).squareRoot()
        directions = (0..<inputCount * waveCount).map { _ in width * random.normal() }
    }

    /// A cosine and a sine of each wave.
    package var columnCount: Int { 2 * waveCount }

    /// As long as 1.
    package func callAsFunction(_ row: [Double]) -> [Double] {
        precondition(row.count == inputCount, "found \(row.count) numbers, expected \(inputCount)")
        let scale = 1 / Double(waveCount).squareRoot()
        return (0..<waveCount).flatMap { wave in
            let start = wave * inputCount
            var phase = 0.0
            for input in 0..<inputCount { phase += directions[start + input] * row[input] }
            return [scale * cos(phase), scale * sin(phase)]
        }
    }
}

extension RandomWaves: Codable {
    private enum CodingKeys: CodingKey { case inputCount, waveCount, sharpness, seed }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let inputCount = try container.decode(Int.self, forKey: .inputCount)
        let waveCount = try container.decode(Int.self, forKey: .waveCount)
        // A file must not make the program reserve what it likes.
        let sharpness = try container.decode(Double.self, forKey: .sharpness)
        guard (1...4096).contains(inputCount), (1...4096).contains(waveCount), sharpness >= 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .waveCount, in: container,
                debugDescription: "found \(waveCount) waves of \(inputCount) inputs and the sharpness \(sharpness), "
                    + "expected 1 to 4096 of each, and 0 or more")
        }
        self.init(
            inputCount: inputCount, waveCount: waveCount, sharpness: sharpness,
            seed: try container.decode(UInt64.self, forKey: .seed))
    }
}

extension SplitMix64 {
    /// From the normal distribution around 0 with deviation 1 (Box and Muller, 1958).
    fileprivate mutating func normal() -> Double {
        let first = (Double(next() >> 11) + 1) * 0x1p-53
        let second = Double(next() >> 11) * 0x1p-53
        return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
    }
}
