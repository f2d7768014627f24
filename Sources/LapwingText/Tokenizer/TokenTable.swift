/// Every token's bytes in one buffer, and the way back from bytes to the token.
struct TokenTable: Sendable {
    private var storage: [UInt8] = []
    /// Token i lies in `storage[starts[i] ..< starts[i + 1]]`.
    private var starts: [Int] = [0]
    /// Where hashes begin: the vocabulary comes from anywhere, and must not be made for slots that collide.
    private let seed = UInt64.random(in: 0 ... .max)
    /// Open addressing with linear probing; -1 is a free slot. The count is a power of two.
    private var slots: [Int32] = []

    init(_ texts: [String], types: [TokenType], family: TokenizerFamily) {
        starts.reserveCapacity(texts.count + 1)
        storage.reserveCapacity(texts.count * 8)
        for (text, type) in zip(texts, types) {
            switch type {
            case .normal: family.appendBytes(of: text.utf8, to: &storage)
            case .byte: TokenTable.appendByte(of: text, to: &storage)
            case .undefined, .unknown, .control, .userDefined, .unused: storage.append(contentsOf: text.utf8)
            }
            starts.append(storage.count)
        }
        let ordinary = types.indices.filter { types[$0] == .normal }
        // Command R has tokens in plain text beside the same in bytes, of which merges mean the latter.
        let plain = family == .byteLevelBPE ? ordinary.filter { !ByteAlphabet.spells(texts[$0]) } : []
        let spelled = plain.isEmpty ? ordinary : ordinary.filter { ByteAlphabet.spells(texts[$0]) }
        buildIndex(spelled + plain + types.indices.filter { [.userDefined, .control, .byte].contains(types[$0]) })
    }

    var count: Int { starts.count - 1 }

    func bytes(of token: Int32) -> ArraySlice<UInt8> {
        storage[starts[Int(token)]..<starts[Int(token) + 1]]
    }

    /// The token with exactly these bytes. Where several have the same, the one that is ordinary text in the family's
    /// spelling, then ordinary text, then the first.
    func token(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32? {
        var slot = hash(bytes) & (slots.count - 1)
        while slots[slot] >= 0 {
            if equal(slots[slot], bytes) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The token of each byte by itself, -1 where there is none.
    func byteTokens() -> [Int32] {
        (UInt8.min...UInt8.max).map { byte in
            withUnsafePointer(to: byte) { token(UnsafeBufferPointer(start: $0, count: 1)) ?? -1 }
        }
    }

    /// Tokens in the order of their bytes, and of their ids where those are the same.
    func sortedByBytes(_ tokens: [Int32]) -> [Int32] {
        storage.withUnsafeBufferPointer { all in
            tokens.sorted { left, right in
                let first = all[starts[Int(left)]..<starts[Int(left) + 1]]
                let second = all[starts[Int(right)]..<starts[Int(right) + 1]]
                for offset in 0..<min(first.count, second.count) {
                    let (a, b) = (first[first.startIndex + offset], second[second.startIndex + offset])
                    if a != b { return a < b }
                }
                return (first.count, left) < (second.count, right)
            }
        }
    }

    /// Whether a token of ordinary text has a space after something else.
    func hasSpaceInside(_ types: [TokenType]) -> Bool {
        types.indices.contains { index in
            let bytes = storage[starts[index]..<starts[index + 1]]
            return types[index] == .normal && bytes.drop { $0 == UInt8(ascii: " ") }.contains(UInt8(ascii: " "))
        }
    }

    /// - Parameter order: The tokens; of those with the same bytes the first counts.
    private mutating func buildIndex(_ order: [Int]) {
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        slots = Array(repeating: -1, count: capacity)
        storage.withUnsafeBufferPointer { all in
            for index in order {
                let bytes = UnsafeBufferPointer(rebasing: all[starts[index]..<starts[index + 1]])
                var slot = hash(bytes) & (capacity - 1)
                while slots[slot] >= 0, !equal(slots[slot], bytes, in: all) { slot = (slot + 1) & (capacity - 1) }
                if slots[slot] < 0 { slots[slot] = Int32(truncatingIfNeeded: index) }
            }
        }
    }

    private func equal(_ token: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        storage.withUnsafeBufferPointer { equal(token, bytes, in: $0) }
    }

    private func equal(
        _ token: Int32, _ bytes: UnsafeBufferPointer<UInt8>, in all: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let start = starts[Int(token)]
        guard starts[Int(token) + 1] - start == bytes.count else { return false }
        for offset in bytes.indices where all[start + offset] != bytes[offset] { return false }
        return true
    }

    /// FNV-1a with a last mixing step, so that the low bits depend on every byte.
    private func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hash = seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    /// `<0x0A>` is the byte 10; anything else stands for its own text.
    private static func appendByte(of text: String, to storage: inout [UInt8]) {
        let scalars = text.utf8
        if scalars.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">"),
            let byte = UInt8(text.dropFirst(3).dropLast(), radix: 16)
        {
            storage.append(byte)
        } else {
            storage.append(contentsOf: scalars)
        }
    }
}
