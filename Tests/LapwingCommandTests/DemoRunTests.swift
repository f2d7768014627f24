import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite struct DemoRunTests {
    private func run(
        _ yaml: String, name: String, questions: [Question], terminal: Terminal = .plain
    ) async throws -> (output: String, error: (any Error)?) {
        let model = try TinyModel().write()
        let folder = URL(filePath: model.path).deletingLastPathComponent()
        let configuration = try Configuration(
            yaml: yaml, file: folder.appending(path: "lapwing.yaml").path, day: "2026-01-01", environment: [:])
        let path = folder.appending(path: "output").path
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        let demo = DemoRun(
            configuration: configuration, name: name, questions: questions, maxTokens: 8, concurrency: 3,
            output: Output(handle: handle, terminal: terminal))
        var failure: (any Error)?
        do {
            try await demo.run()
        } catch {
            failure = error
        }
        return (try String(contentsOfFile: path, encoding: .utf8), failure)
    }

    private static let yaml = """
        models:
          tiny: { weights: tiny.gguf }
          gpt-4: { provider: openai, upstream: gpt-4-turbo, key: "${KEY}" }
        routes: { support: { open: tiny, closed: gpt-4, escalate: { below: 1.0 } } }
        """

    private func questions(_ count: Int) -> [Question] {
        (1...count).map { Question(id: "\($0)", text: "Where is parcel \($0)?", labels: ["feature": "orders"]) }
    }

    @Test("Every question goes over HTTP into the ledger and comes out as a decision, and the receipt adds them up")
    func receipt() async throws {
        let (output, error) = try await run(Self.yaml, name: "support", questions: questions(7))
        #expect(error == nil)
        let lines = output.split(separator: "\n").map(String.init)
        let decisions = lines.filter { $0.contains("Where is parcel") }
        #expect(decisions.count == 7)
        #expect(decisions.allSatisfy { $0.contains("would escalate") && $0.contains("$0.0") })
        #expect((1...7).allSatisfy { number in decisions.contains { $0.contains("parcel \(number)?") } })
        #expect(lines.contains("closed model  gpt-4, gpt-4-turbo: not called, because KEY is not set"))
        #expect(lines.contains { $0.hasPrefix("requests") && $0.hasSuffix(" 7") })
        #expect(lines.contains { $0.hasPrefix("would escalate") && $0.hasSuffix(" 7") })
        #expect(
            lines.contains {
                $0.wholeMatch(of: /if escalated +~\$0\.\d+ spent, ~\$0\.\d+ more than closed alone/) != nil
            })
        #expect(lines.contains { $0.hasPrefix("confidence") && $0.contains("(uncalibrated)") })
        #expect(lines.contains { $0.wholeMatch(of: /ledger +verified, 7 entries, head [0-9a-f]{16}…/) != nil })
        #expect(!output.contains("\u{1B}") && !output.contains("\r"))
    }

    @Test("On a terminal a bar stands under the decisions and is gone at the end")
    func terminal() async throws {
        let terminal = Terminal(isInteractive: true, hasColours: true, width: 100)
        let (output, _) = try await run(Self.yaml, name: "support", questions: questions(3), terminal: terminal)
        let firstAnswer = try #require(output.range(of: "Where is parcel"))
        #expect(output[..<firstAnswer.lowerBound].contains("0 of 3"))
        #expect(output.contains("3 of 3"))
        #expect(output.contains("\u{1B}[33mwould escalate"))
        let end = try #require(output.range(of: "Receipt"))
        #expect(output[..<end.lowerBound].contains("\r\u{1B}[2K\n"))
    }

    @Test("A model without a route or a price is answered, with nothing to compare with")
    func bareModel() async throws {
        let (output, error) = try await run(
            "models: { tiny: { weights: tiny.gguf } }", name: "tiny", questions: questions(2))
        #expect(error == nil)
        #expect(output.contains("saved           unknown: there is no closed model with a price to compare with"))
        #expect(!output.contains("if escalated"))
    }

    @Test("Questions that get no answer are shown as they fall, and the run fails")
    func failures() async throws {
        let tooLong = Question(id: "1", text: String(repeating: "long ", count: 400), labels: [:])
        let (output, error) = try await run(Self.yaml, name: "support", questions: [tooLong] + questions(2))
        #expect(output.contains("status 400"))
        #expect((error as? Failure)?.message == "1 of 3 questions got no answer")
        #expect(output.contains("ledger"))
    }

    @Test("The server keeps to the limits of the configuration")
    func limits() async throws {
        let limited = "server: { limits: { prompt_bytes: 100 } }\n" + Self.yaml
        let (output, error) = try await run(limited, name: "support", questions: questions(1))
        #expect(output.contains("bytes of text, expected at most 100."))
        #expect((error as? Failure)?.message == "1 of 1 questions got no answer")
    }

    @Test("What the unsure answers would have cost is unknown as soon as one of them is")
    func unsure() {
        var unsure = KeptUnsure()
        unsure.add(cost: NanoUSD(3), saved: NanoUSD(40))
        unsure.add(cost: NanoUSD(1), saved: NanoUSD(-1))
        #expect(unsure.closedCost == NanoUSD(43))
        unsure.add(cost: nil, saved: nil)
        #expect(unsure.closedCost == nil)
        #expect(unsure.count == 3)
    }
}
