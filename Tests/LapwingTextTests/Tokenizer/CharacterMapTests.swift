import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct CharacterMapTests {
    /// A map with `A` to `aa`, `AB` to `x` and `é` to nothing, in the packed units of its format.
    static func bytes() -> [UInt8] {
        var units = [UInt32](repeating: 0, count: 0x400)
        /// The unit of the node that `byte` leads to: its label, and how far its children's base is.
        func node(_ byte: UInt8, at place: Int, base: Int, isEnd: Bool) {
            units[place] = UInt32(place ^ base) << 10 | (isEnd ? 0x100 : 0) | UInt32(byte)
            if isEnd { units[base] = 0x8000_0000 }
        }
        // The root's base is 0: the node of a first byte is at that byte's place.
        node(0x41, at: 0x41, base: 0x100, isEnd: true)
        units[0x100] |= 0
        node(0x42, at: 0x100 ^ 0x42, base: 0x200, isEnd: true)
        units[0x200] |= 3
        node(0xC3, at: 0xC3, base: 0x300, isEnd: false)
        node(0xA9, at: 0x300 ^ 0xA9, base: 0x380, isEnd: true)
        units[0x380] |= 2
        let pool = Array("aa\0x\0".utf8)
        return word(UInt32(units.count * 4)) + units.flatMap(word) + pool
    }

    private static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private func apply(_ map: CharacterMap, _ text: String) -> String {
        String(decoding: map.applied(to: Array(text.utf8)), as: UTF8.self)
    }

    @Test("The longest sequence in the map is replaced, and what is not in it stays")
    func replacement() throws {
        let map = try CharacterMap(Self.bytes())
        #expect(apply(map, "xABA\u{0}AéC") == "xxaa\u{0}aaC")
        #expect(apply(map, "") == "")
    }

    @Test("By graphemes the first sequence in the map counts, as in Hugging Face's tokenizers")
    func graphemes() throws {
        let map = try CharacterMap(Self.bytes(), matching: .graphemes)
        #expect(apply(map, "AB") == "aax".replacing("x", with: "B"))
        #expect(apply(map, "A\u{301}B") == "aaB")
    }

    @Test("A map that is too large, cut short or without ends is refused")
    func malformed() {
        let sound = Self.bytes()
        let damaged: [[UInt8]] = [
            [], [1, 0, 0, 0], Array(sound[..<20]), [2, 0, 0, 0] + sound[4...], Array(sound.dropLast()),
            [255, 255, 255, 255] + sound[4...], sound + [UInt8](repeating: 0x61, count: 300) + [0],
            [UInt8](repeating: 0, count: (16 << 20) + 1),
        ]
        for bytes in damaged {
            let error = #expect(throws: TextError.self) { try CharacterMap(bytes) }
            guard case .malformedCharacterMap = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("Damaged maps are refused or give valid text, and never trap")
    func damage() {
        var random = SplitMix64(seed: 9)
        let text = Array("ABéÀ\u{0}各 AAAAB".utf8)
        for _ in 0..<3000 {
            var bytes = Self.bytes()
            for _ in 0...random.below(6) {
                // Where the trie's nodes are, or anywhere.
                let place =
                    random.below(2) == 0
                    ? 4 + 4 * [0x41, 0xC3, 0x100, 0x142, 0x200][random.below(5)] : random.below(bytes.count)
                bytes[min(place + random.below(4), bytes.count - 1)] ^= UInt8(1 + random.below(255))
            }
            for matching in [CharacterMap.Matching.longest, .graphemes] {
                guard let map = try? CharacterMap(bytes, matching: matching) else { continue }
                #expect(String(validating: map.applied(to: text), as: UTF8.self) != nil)
            }
        }
    }
}
