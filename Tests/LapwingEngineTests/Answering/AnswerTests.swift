import LapwingAPI
import LapwingEngine
import LapwingText
import Testing

@Suite("Answer")
struct AnswerTests {
    let tokenizer: Tokenizer
    let end: TokenID

    init() throws {
        let engine = try Fixture.engine()
        tokenizer = engine.tokenizer
        end = try #require(tokenizer.endOfGenerationTokens.min())
    }

    /// An answer that draws the given tokens, whatever a model would say.
    func run(
        _ drawn: [TokenID], maxTokens: Int = 100, stop: [String] = [], ignoresEnd: Bool = false
    ) -> (deltas: [String], tokens: [TokenID], reason: FinishReason?) {
        var answer = Answer(
            Answer.Terms(
                choice: 0, prompt: [1], sampler: Sampler(Sampling(), seed: 1, choice: 0), maxTokens: maxTokens,
                stop: stop, endTokens: ignoresEnd ? [] : tokenizer.endOfGenerationTokens,
                report: TokenReport(tokenizer: tokenizer, topCount: nil),
                promptReport: TokenReport(tokenizer: tokenizer, topCount: nil), echoes: false, countsPrompt: true))
        var scratch = SamplerScratch()
        var row = [Float](repeating: 0, count: tokenizer.vocabularySize)
        for token in drawn {
            row[Int(token)] = 1000
            let draw = row.withUnsafeBufferPointer { answer.draw(from: $0, scratch: &scratch) }
            row[Int(token)] = 0
            if case .last = draw { break }
        }
        var result: (deltas: [String], tokens: [TokenID], reason: FinishReason?) = ([], [], nil)
        for event in answer.takeEvents() {
            switch event {
            case .delta(_, let text, let tokens):
                result.deltas.append(text)
                result.tokens += tokens.map(\.id)
            case .finished(_, let reason): result.reason = reason
            default: Issue.record("an answer says only delta and finished here")
            }
        }
        return result
    }

    func bytes(_ text: String) -> [TokenID] {
        text.utf8.map { byte in
            TokenID((0..<tokenizer.vocabularySize).first { tokenizer.bytes(of: TokenID($0)) == [byte] } ?? 0)
        }
    }

    @Test("Penalties of repetition look at the prompt too")
    func repetitionOfThePrompt() {
        var sampling = Sampling()
        sampling.temperature = 0
        sampling.repetitionPenalty = 2
        var answer = Answer(
            Answer.Terms(
                choice: 0, prompt: [7], sampler: Sampler(sampling, seed: 1, choice: 0), maxTokens: 5, stop: [],
                endTokens: [], report: TokenReport(tokenizer: tokenizer, topCount: nil),
                promptReport: TokenReport(tokenizer: tokenizer, topCount: nil), echoes: false,
                countsPrompt: true))
        var row = [Float](repeating: 0, count: tokenizer.vocabularySize)
        (row[7], row[9]) = (3, 2)
        var scratch = SamplerScratch()
        #expect(row.withUnsafeBufferPointer { answer.draw(from: $0, scratch: &scratch) } == .token(9))
    }

    @Test("A character that spans tokens is sent with the last of them, each token with its own delta")
    func charactersAreWhole() {
        let result = run(bytes("aé🎉b"), maxTokens: 8)
        #expect(result.deltas == ["a", "", "é", "", "", "", "🎉", "b"])
        #expect(result.tokens.count == 8)
        #expect(result.reason == .length)
    }

    @Test("A character cut by the end of the answer becomes U+FFFD in the last delta")
    func cutCharacter() {
        #expect(run(bytes("a🎉"), maxTokens: 3).deltas == ["a", "", "\u{FFFD}"])
    }

    @Test("A stop string across tokens ends the answer before it, and what only looked like one is sent")
    func stopStrings() {
        let result = run(bytes("a\nUs\nUser: no"), stop: ["\nUser:"])
        #expect(result.deltas.joined() == "a\nUs")
        #expect(result.reason == .stop)
        #expect(result.tokens.count == 10)
    }

    @Test("What was held back for a stop string is sent when the answer ends without it")
    func heldBackText() {
        #expect(run(bytes("ab\nUs"), maxTokens: 5, stop: ["\nUser:"]).deltas == ["a", "b", "", "", "\nUs"])
        #expect(run(bytes("b\nU") + [end], stop: ["\nUser:"]).deltas == ["b", "", "", "\nU"])
    }

    @Test("An end token ends the answer, is counted, and is not text")
    func endToken() {
        let result = run(bytes("ab") + [end] + bytes("c"))
        #expect(result.deltas == ["a", "b", ""])
        #expect(result.tokens.last == end)
        #expect(result.reason == .stop)
    }

    @Test("An ignored end token is counted, and is not text either")
    func ignoredEndToken() {
        let result = run(bytes("a") + [end] + bytes("c"), maxTokens: 3, ignoresEnd: true)
        #expect(result.deltas == ["a", "", "c"])
        #expect(result.tokens.count == 3)
        #expect(result.reason == .length)
    }
}
