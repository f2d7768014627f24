/// Looks for one sequence of bytes in others at a step a byte, however much both repeat themselves (Knuth, Morris and
/// Pratt).
struct BytePattern: Sendable {
    private let bytes: [UInt8]
    /// `fallback[n]`: the longest shorter match that n matched bytes end with.
    private let fallback: [Int]
    /// How many bytes of the pattern those seen last make up.
    private(set) var matched = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var fallback = [0, 0]
        var length = 0
        for byte in bytes.dropFirst() {
            while length > 0, bytes[length] != byte { length = fallback[length] }
            if bytes[length] == byte { length += 1 }
            fallback.append(length)
        }
        self.fallback = fallback
    }

    var count: Int { bytes.count }
    var isComplete: Bool { matched == bytes.count }

    /// Takes the next byte; not after the pattern is complete.
    mutating func advance(_ byte: UInt8) {
        while matched > 0, bytes[matched] != byte { matched = fallback[matched] }
        if bytes[matched] == byte { matched += 1 }
    }

    mutating func restart() { matched = 0 }
}
