import LapwingAPI
import LapwingRouter
import Testing

/// The text that is new in each event, `-` where nothing is, and `differs`.
private func play(_ shown: String, mustRepeat: Bool, _ pieces: String...) -> [String] {
    var repeated = RepeatedAnswer(of: shown, mustRepeat: mustRepeat)
    return
        (pieces.map { GenerationEvent.delta(choice: 0, text: $0, tokens: []) } + [
            .finished(choice: 0, reason: .stop)
        ])
        .map { event in
            guard case .new(let events) = repeated.receive(event) else { return "differs" }
            return events.isEmpty
                ? "-" : [StreamCommit.Action].init(events.map { .send($0) }).words.joined(separator: "+")
        }
}

private let long = "What was shown is long enough to be told from chance."

@Suite("RepeatedAnswer")
struct RepeatedAnswerTests {
    @Test(
        "What repeats what was shown is let through from where that ends, wherever the pieces are cut")
    func repeats() {
        #expect(
            play("Hello, wö", mustRepeat: true, "Hel", "lo, ", "wörld", "!") == [
                "-", "-", "rld", "!", "<stop>",
            ])
        #expect(play("Hello", mustRepeat: true, "Hello", " you") == ["-", " you", "<stop>"])
        #expect(play("", mustRepeat: true, "Hello") == ["Hello", "<stop>"])
    }

    @Test("Another answer is none, nor is one that ends too early")
    func differs() {
        #expect(play("Hello, world", mustRepeat: true, "Hello", "; ")[1] == "differs")
        #expect(play("Hello, world", mustRepeat: true, "Hello").last == "differs")
    }

    @Test("What goes on is let through whole, although it begins like what was shown")
    func goesOn() {
        #expect(play(long, mustRepeat: false, "What", " was not") == ["-", "What+ was not", "<stop>"])
        #expect(play(long, mustRepeat: false, "What") == ["-", "What+<stop>"])
        #expect(play("ha", mustRepeat: false, "ha", "ha") == ["ha", "ha", "<stop>"])
    }

    @Test("A server that begins anew although it was asked to go on says nothing twice")
    func ignoresTheField() {
        #expect(play(long, mustRepeat: false, long, " Indeed.") == ["-", " Indeed.", "<stop>"])
    }

    @Test("Thoughts of a later call are of no use to the client, and a call of a function does not go on with a text")
    func otherThanText() {
        for mustRepeat in [true, false] {
            var repeated = RepeatedAnswer(of: long, mustRepeat: mustRepeat)
            guard case .new(let events) = repeated.receive(.reasoning(choice: 0, text: "Hm")), events.isEmpty else {
                Issue.record("a thought was shown")
                continue
            }
            guard case .differs = repeated.receive(.toolCall(choice: 0, ToolCallDelta(index: 0))) else {
                Issue.record("a call was shown")
                continue
            }
        }
    }
}
