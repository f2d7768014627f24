/// Uniform numbers found by counter instead of by state: the draw of a token depends on seed, choice and place alone.
///
/// So the same seed gives the same answer whatever else is in the batch, and also when a sequence is put back and resumed.
/// The mixing function is SplitMix64's (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
package struct DrawStream: Sendable {
    private let key: UInt64

    /// `choice` tells apart the answers to one prompt; the first equals the only answer where one is asked for.
    package init(seed: UInt64, choice: Int) {
        key = Self.mixed(seed &+ Self.mixed(UInt64(choice) &* Self.increment))
    }

    /// In 0 ..< 1, in steps of 2^-53.
    package func uniform(at place: Int) -> Double {
        let bits = Self.mixed(key &+ Self.increment &* UInt64(place + 1))
        return Double(bits >> 11) * 0x1p-53
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
