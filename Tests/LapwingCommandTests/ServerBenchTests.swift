import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine
import LapwingTestSupport
import Synchronization
import Testing
import lapwing

/// A server whose answers take the time that a test says, on the test's own clock.
private final class TimedServer: ChatProvider {
    let prefillSeconds: @Sendable (_ call: Int) -> Double
    let secondsPerToken: Double
    let usage: @Sendable (_ prompt: Int, _ completion: Int) -> Usage
    private let clock: ManualClock
    private let asked = Mutex<[String]>([])

    init(
        _ clock: ManualClock, secondsPerToken: Double = 0.01, prefillSeconds: @escaping @Sendable (Int) -> Double,
        usage: @escaping @Sendable (Int, Int) -> Usage = { Usage(promptTokens: $0, completionTokens: $1) }
    ) {
        self.clock = clock
        self.secondsPerToken = secondsPerToken
        self.prefillSeconds = prefillSeconds
        self.usage = usage
    }

    var prompts: [String] { asked.withLock { $0 } }

    func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        guard case .text(let text)? = request.prompts.first else { return GenerationStream { nil } }
        let call = asked.withLock { asked in
            asked.append(text)
            return asked.count
        }
        let count = request.maxTokens ?? 0
        let position = Mutex(0)
        return GenerationStream { [self] in
            let index = position.withLock { position in
                defer { position += 1 }
                return position
            }
            switch index {
            case 0..<count:
                clock.advance(by: .seconds(index == 0 ? prefillSeconds(call) : secondsPerToken))
                return .delta(choice: 0, text: "a", tokens: [])
            case count: return .finished(choice: 0, reason: .length)
            case count + 1:
                let words = text.split(separator: " ").count
                return .completed(model: request.model, usage: usage(words, count), receipt: nil)
            default: return nil
            }
        }
    }
}

@Suite struct ServerBenchTests {
    private let clock = ManualClock()

    private func run(
        _ servers: [TimedServer], parts: Set<BenchPart>, rounds: Int = 3
    ) async throws -> (reports: [BenchReport], steps: [String]) {
        var plan = BenchPlan()
        (plan.parts, plan.rounds) = (parts, rounds)
        let bench = ServerBench(plan: plan, clock: clock) { $0.split(separator: " ").count }
        let sides = zip(["lapwing", "peer"], servers).map {
            ServerBench.Side(engine: $0, model: "m", provider: $1)
        }
        var steps: [String] = []
        let reports = try await bench.run(sides) { steps.append($0.detail) }
        return (reports, steps)
    }

    @Test("Servers take turns, and each figure is the median of its own rounds")
    func turns() async throws {
        // The first call warms up.
        let ours = TimedServer(clock, prefillSeconds: { [0, 1, 2, 0.5, 1][$0] })
        let peer = TimedServer(clock, prefillSeconds: { _ in 2 })
        let (reports, steps) = try await run([ours, peer], parts: [.prefill])
        #expect(reports.map { $0.figure(.prefill(512))?.value } == [512, 256])
        #expect(
            steps.map { $0.split(separator: ",")[0] } == [
                "warming up lapwing", "warming up peer", "prefill of lapwing", "prefill of peer",
                "prefill of lapwing", "prefill of peer", "prefill of lapwing", "prefill of peer",
            ])
        #expect(reports.allSatisfy { $0.figures.allSatisfy { $0.note.isEmpty } })
    }

    @Test("Decode is the time between tokens, and streams are the tokens of all")
    func decode() async throws {
        let server = TimedServer(clock, secondsPerToken: 0.02, prefillSeconds: { _ in 7 })
        let (reports, _) = try await run([server], parts: [.decode, .streams], rounds: 1)
        #expect(abs((reports[0].figure(.decode(depth: 0))?.value ?? 0) - 50) < 1e-6)
        // On this clock the eight answers follow one another.
        let seconds = 8 * (7 + 63 * 0.02)
        #expect(abs((reports[0].figure(.streams(8))?.value ?? 0) - 512 / seconds) < 1e-6)
    }

    @Test("The second request has the first one's prefix of 800 words, and no other prompt is like an earlier one")
    func prefixes() async throws {
        let server = TimedServer(
            clock, prefillSeconds: { $0 % 2 == 0 ? 2 : 0.1 },
            usage: { Usage(promptTokens: $0, cachedPromptTokens: 0, completionTokens: $1) })
        let (reports, _) = try await run([server], parts: [.firstToken], rounds: 2)
        #expect(reports[0].figure(.firstTokenCold)?.value == 2000)
        #expect(reports[0].figure(.firstTokenWarm)?.value == 100)
        #expect(reports[0].figure(.warmShare)?.value == 5)
        let prompts = server.prompts.dropFirst().map { $0.split(separator: " ") }
        #expect(prompts.map(\.count) == [816, 816, 816, 816])
        #expect(prompts[0].prefix(800) == prompts[1].prefix(800) && prompts[0] != prompts[1])
        #expect(prompts[0].prefix(800) != prompts[2].prefix(800))
    }

    @Test("A server that counts otherwise, stops early, reports no usage or helps itself from a cache is told of")
    func counts() async throws {
        let short = TimedServer(clock, prefillSeconds: { _ in 1 }) { prompt, completion in
            Usage(promptTokens: prompt + 1, cachedPromptTokens: 64, completionTokens: max(1, completion - 28))
        }
        let silent = TimedServer(clock, prefillSeconds: { _ in 1 }) { _, completion in
            Usage(promptTokens: 3, completionTokens: completion, isEstimated: true)
        }
        let (reports, _) = try await run([short, silent], parts: [.prefill, .decode], rounds: 2)
        #expect(
            reports[0].figure(.prefill(512))
                == BenchFigure(
                    .prefill(512), 513,
                    note: "counts 513 prompt tokens where 512 were sent; took 64 prompt tokens from a cache"))
        #expect(
            reports[0].figure(.decode(depth: 0))?.note
                == "counts 17 prompt tokens where 16 were sent; wrote 100 tokens where 128 were asked for; "
                + "took 64 prompt tokens from a cache")
        #expect(
            reports[1].figure(.prefill(512))
                == BenchFigure(.prefill(512), 512, note: "reports no usage, so chunks are counted"))
    }

    @Test("Two real servers over HTTP do the same work, and both count what was asked for")
    func overHTTP() async throws {
        var tiny = TinyModel()
        tiny.contextLength = 4096
        let model = try tiny.write()
        defer { withExtendedLifetime(model) {} }
        let folder = URL(filePath: model.path).deletingLastPathComponent()
        let configuration = try Configuration(
            yaml: "models: { other: { weights: tiny.gguf } }", file: folder.appending(path: "lapwing.yaml").path,
            day: "2026-01-01", environment: [:])
        let local = try #require(configuration.models.first?.local)
        let comparison = try await OwnServer.run("other", local, threads: 1) { url, _ in
            let arguments = ["--model", local.weights, "--against", url, "--rounds", "1", "--json"]
            return try await Bench.parse(arguments).measure()
        }
        #expect(comparison.lapwing.facts.contains("without speculation"))
        let peer = try #require(comparison.peer)
        #expect(peer.model == "other" && peer.engine.hasPrefix("127.0.0.1:"))
        for report in [comparison.lapwing, peer] {
            #expect(report.figures.count == 6)
            for figure in report.figures { #expect((figure.value ?? 0) > 0, "\(figure)") }
            for measure: Measure in [.prefill(512), .decode(depth: 0), .streams(8)] {
                #expect(report.figure(measure)?.note == "", "\(measure)")
            }
        }
        #expect(comparison.ratio(.prefill(512)) != nil)
    }

    @Test("Our own server does not speculate, as its peers do not")
    func withoutSpeculation() async throws {
        let model = try TinyModel().write()
        defer { withExtendedLifetime(model) {} }
        let configuration = try Configuration(
            yaml: "models: { tiny: { weights: \(model.path) } }", file: model.path + ".yaml", day: "2026-01-01",
            environment: [:])
        let local = try #require(configuration.models.first?.local)
        let drafted = try await OwnServer.run("tiny", local, threads: 1) { _, engine in
            var request = GenerationRequest(model: "tiny", prompts: [.tokens([5, 6, 7, 5, 6, 7, 5, 6, 7])])
            (request.sampling.temperature, request.maxTokens, request.ignoreEOS) = (0, 60, true)
            for try await _ in try await engine.generate(request, context: RequestContext(requestID: "r")) {}
            return engine.statistics.draftedTokens
        }
        #expect(drafted == 0)
    }

    @Test("An address where no server is, is told at once and by name")
    func nobody() async throws {
        let model = try TinyModel().write()
        defer { withExtendedLifetime(model) {} }
        let bench = try Bench.parse(["--against", "http://127.0.0.1:1", "--model", model.path])
        await #expect { try await bench.measure() } throws: { error in
            (error as? Failure)?.message?.hasPrefix("http://127.0.0.1:1/v1/models lists no models") == true
        }
    }
}
