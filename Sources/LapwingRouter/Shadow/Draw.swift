/// Draws a share of something by its name: the same name is drawn or not, whenever and wherever it is asked.
package enum Draw {
    /// Where a name lies between 0 and 1, differently for each `purpose`: FNV-1a over both, then a mixing of all bits (the
    /// finaliser of SplitMix64), of which the upper 53 count.
    package static func fraction(of name: String, for purpose: String) -> Double {
        Double(bits(of: name, for: purpose) >> 11) * 0x1p-53
    }

    package static func isWithin(_ share: Double, _ name: String, for purpose: String) -> Bool {
        fraction(of: name, for: purpose) < share
    }

    /// Sixteen hexadecimal digits that tell names apart and do not say them.
    package static func digest(of name: String, for purpose: String) -> String {
        let digits = String(bits(of: name, for: purpose), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func bits(of name: String, for purpose: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in Array(purpose.utf8) + [0] + Array(name.utf8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }
}
