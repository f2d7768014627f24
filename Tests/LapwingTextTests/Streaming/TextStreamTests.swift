import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct TextStreamTests {
    private func pieces(_ bytes: [[UInt8]]) -> [String] {
        var stream = TextStream()
        return bytes.map { stream.append($0) } + [stream.finish()]
    }

    @Test("A character comes out with its last byte")
    func wholeCharacters() {
        #expect(pieces([[0x61, 0xC3], [0xA9], [0xF0, 0x9F], [0x98], [0x80, 0x62]]) == ["a", "é", "", "", "😀b", ""])
    }

    @Test("A character that is never completed is one replacement character at the end")
    func unfinished() {
        #expect(pieces([[0x61, 0xF0, 0x9F, 0x98]]) == ["a", "\u{FFFD}"])
        #expect(pieces([]) == [""])
    }

    @Test(
        "Bytes that nothing can complete do not wait",
        arguments: [[0xE0, 0x80], [0xED, 0xA0], [0xF4, 0x90], [0xC1], [0xFF], [0x80]])
    func hopeless(bytes: [UInt8]) {
        #expect(pieces([bytes]).last == "")
        #expect(pieces([bytes]).first?.unicodeScalars.allSatisfy { $0 == "\u{FFFD}" } == true)
    }

    @Test("However random bytes are cut, the text is the same")
    func anyCut() {
        var random = SplitMix64(seed: 9)
        let alphabet: [UInt8] = [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5]
        for _ in 0..<3000 {
            var all: [UInt8] = []
            var stream = TextStream()
            var text = ""
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let piece = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? 0
                }
                all += piece
                text += stream.append(piece)
            }
            text += stream.finish()
            #expect(Array(text.unicodeScalars) == Array(String(decoding: all, as: UTF8.self).unicodeScalars), "\(all)")
        }
    }
}
