import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct StopMatcherTests {
    @Test("What may begin a stop string is held until it is decided")
    func holdsBack() {
        var matcher = StopMatcher(["\nUser:"])
        #expect(matcher.append("Hello\n") == .text("Hello"))
        #expect(matcher.append("Us") == .text(""))
        #expect(matcher.append("ing") == .text("\nUsing"))
        #expect(matcher.append("\nUser") == .text(""))
        #expect(matcher.append(": more") == .stopped(""))
        #expect(matcher.append("anything") == .stopped(""))
        #expect(matcher.finish() == "")
    }

    @Test("What is held at the end is text")
    func finish() {
        var matcher = StopMatcher(["###"])
        #expect(matcher.append("a##") == .text("a"))
        #expect(matcher.finish() == "##")
    }

    @Test("The first complete stop string ends the text, the longest where two end together")
    func firstComplete() {
        var nested = StopMatcher(["abcd", "bc"])
        #expect(nested.append("xabcd") == .stopped("xa"))
        var together = StopMatcher(["c", "abc"])
        #expect(together.append("xabc") == .stopped("x"))
    }

    @Test("A stop string that begins inside a failed match is found")
    func selfOverlap() {
        var matcher = StopMatcher(["aab"])
        #expect(matcher.append("aaa") == .text("a"))
        #expect(matcher.append("b") == .stopped(""))
    }

    @Test("Stop strings match scalars, not canonical equivalents")
    func exactScalars() {
        var matcher = StopMatcher(["\u{E9}"])
        #expect(matcher.append("e\u{301}x") == .text("e\u{301}x"))
        #expect(matcher.append("é") == .stopped(""))
    }

    @Test("No stop strings hold nothing back")
    func noStops() {
        var matcher = StopMatcher([""])
        #expect(matcher.append("text") == .text("text"))
    }

    @Test("However the text is cut, the result is that of a plain search")
    func anyCut() {
        var random = SplitMix64(seed: 4)
        func letters(_ count: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: count, using: &random)).map { _ in "abé".randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<2000 {
            let stops = (0..<Int.random(in: 1...3, using: &random)).map { _ in letters(1...4) }
            let pieces = (0..<Int.random(in: 1...6, using: &random)).map { _ in letters(0...4) }
            var matcher = StopMatcher(stops)
            var text = ""
            var isStopped = false
            for piece in pieces where !isStopped {
                switch matcher.append(piece) {
                case .text(let safe): text += safe
                case .stopped(let last):
                    text += last
                    isStopped = true
                }
            }
            text += matcher.finish()
            let expected = StopMatcherTests.search(pieces.joined(), stops)
            #expect(text == expected.text && isStopped == expected.isStopped, "\(stops) in \(pieces)")
        }
    }

    /// The first prefix of `text` that ends with a stop string, less the longest such stop string.
    private static func search(_ text: String, _ stops: [String]) -> (text: String, isStopped: Bool) {
        for end in text.indices.map({ text.index(after: $0) }) {
            let found = stops.filter { text[..<end].hasSuffix($0) }.max { $0.count < $1.count }
            if let found { return (String(text[..<end].dropLast(found.count)), true) }
        }
        return (text, false)
    }
}
