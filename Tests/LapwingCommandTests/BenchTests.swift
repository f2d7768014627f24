import ArgumentParser
import Foundation
import LapwingTestSupport
import Testing
import lapwing

@Suite struct BenchTests {
    private let ours = BenchReport(
        engine: "lapwing", model: "m", facts: ["2 threads", "avx2 kernels"], rounds: 3,
        figures: [
            BenchFigure(.prefill(512), 3000), BenchFigure(.decode(depth: 4096), nil, note: "too deep"),
            BenchFigure(.streams(8), median: [390, 500, 400]), BenchFigure(.warmShare, 4.25),
            BenchFigure(.load, 50, note: "read once"),
        ])
    private let peer = BenchReport(
        engine: "other", model: "M", facts: ["model M"], rounds: 3,
        figures: [
            BenchFigure(.prefill(512), 1200), BenchFigure(.streams(8), 320, note: "wrote less"),
            BenchFigure(.warmShare, 10),
        ])

    @Test("Figures stand beside the peer's with their ratio; a missing one is a dash and says why")
    func lines() {
        #expect(
            BenchComparison(lapwing: ours, peer: peer).lines() == [
                "m                                lapwing  other  ratio",
                "prefill of 512 tokens, tokens/s    3,000  1,200   2.50",
                "decode at depth 4,096, tokens/s        –      –      –  too deep",
                "8 streams together, tokens/s         400    320   1.25  other: wrote less",
                "warm of cold, %                      4.2   10.0      –",
                "load, ms                            50.0      –      –  read once",
                "",
                "2 threads, avx2 kernels, medians of 3 rounds",
                "other: model M",
                "ratio is lapwing / other: above 1 is better for speeds, below 1 for the rest",
            ])
        #expect(
            BenchComparison(lapwing: ours).lines().prefix(3) == [
                "m                                lapwing",
                "prefill of 512 tokens, tokens/s    3,000",
                "decode at depth 4,096, tokens/s        –  too deep",
            ])
    }

    @Test("JSON has figures and notes by name, null where there is none, and ratios beside a peer")
    func json() throws {
        func object(_ value: some Encodable) throws -> [String: Any] {
            let data = try JSONEncoder().encode(value)
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let alone = try object(BenchComparison(lapwing: ours))
        let figures = try #require(alone["figures"] as? [String: Any])
        #expect(figures["prefill_512_tokens_per_second"] as? Double == 3000)
        #expect(figures["decode_at_4096_tokens_per_second"] is NSNull)
        #expect(
            alone["notes"] as? [String: String] == [
                "decode_at_4096_tokens_per_second": "too deep", "load_ms": "read once",
            ])
        #expect(alone["engine"] as? String == "lapwing")
        let both = try object(BenchComparison(lapwing: ours, peer: peer))
        #expect(
            both["ratio"] as? [String: Double] == [
                "prefill_512_tokens_per_second": 2.5, "streams_8_tokens_per_second": 1.25,
            ])
        #expect((both["peer"] as? [String: Any])?["engine"] as? String == "other")
    }

    @Test("Options say which parts, how often and beside whom; what cannot be is refused")
    func options() throws {
        let bench = try Bench.parse(["--only", "prefill, first-token", "--rounds", "5", "--context", "4224"])
        #expect(bench.only.parts == [.prefill, .firstToken])
        #expect(bench.rounds == 5 && bench.context == 4224)
        #expect(try Bench.parse([]).only == .all)
        for arguments in [
            ["--only", "prefil"], ["--only", ""], ["--only", "decode,"], ["--rounds", "0"], ["--context", "0"],
            ["--threads", "257"], ["--against", "http://a", "--peer", "python"], ["--against-model", "m"],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try Bench.parse(arguments) }
        }
    }

    @Test("The median of an even number is between the middle two, and of none there is none")
    func medians() {
        #expect([3.0, 1, 2].median == 2)
        #expect([4.0, 1, 2, 3].median == 2.5)
        #expect([Double]().median == nil)
    }

    @Test("A model is measured on all figures, what does not fit says why, and progress ends where it should")
    func measures() async throws {
        var tiny = TinyModel()
        tiny.contextLength = 1024
        let model = try tiny.write()
        var plan = BenchPlan()
        plan.rounds = 1
        let bench = try EngineBench(name: "tiny", path: model.path, contextLength: nil, threads: 1, plan: plan)
        var last: BenchProgress?
        let report = try await bench.run { last = $0 }
        for measure: Measure in [
            .prefill(128), .prefill(512), .decode(depth: 0), .decodeBandwidth(depth: 0), .memorySpeed, .streams(1),
            .streams(8), .firstTokenCold, .firstTokenWarm, .warmShare, .load, .weights, .buffers, .cache,
        ] { #expect((report.figure(measure)?.value ?? 0) > 0, "\(measure)") }
        let prefill = try #require(report.figure(.prefill(2048)))
        #expect(prefill.value == nil)
        #expect(prefill.note == "needs a context of 2,048, and this one has 1,024; --context 2048 goes beyond")
        #expect(report.figure(.decode(depth: 1024))?.value == nil)
        #expect(report.figure(.firstTokenWarm)?.note == "800 of 816 tokens were in the cache")
        #expect(last.map { $0.done + 1 == $0.total } == true, "\(last as Any)")
    }

    @Test("A context beyond the trained one is for the passes, and one part alone has only its figures")
    func parts() async throws {
        let model = try TinyModel().write()
        var plan = BenchPlan()
        (plan.rounds, plan.parts, plan.depths) = (1, [.decode], [0, 1024])
        let bench = try EngineBench(name: "tiny", path: model.path, contextLength: 1152, threads: 1, plan: plan)
        let report = try await bench.run { _ in }
        #expect((report.figure(.decode(depth: 1024))?.value ?? 0) > 0)
        #expect(report.figure(.prefill(128)) == nil && report.figure(.streams(1)) == nil)
        #expect(report.figure(.load) != nil)
    }

    @Test("A cancelled benchmark ends as cancelled")
    func cancelled() async throws {
        let model = try TinyModel().write()
        let bench = try EngineBench(name: "tiny", path: model.path, contextLength: nil, threads: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await bench.run { _ in }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("The script's last line becomes a report with the figures that we have too")
    func script() throws {
        let line = #"""
            {"engine": "llama.cpp 1", "threads": 2, "figures": {"prefill_512_tokens_per_second": 200, "else": 1}}
            """#
        let report = try #require(
            LlamaPeer.report(Data(line.utf8), plan: BenchPlan(), measures: [.prefill(512), .load]))
        #expect(report.figures == [BenchFigure(.prefill(512), 200)])
        #expect(report.engine == "llama.cpp" && report.facts == ["llama.cpp 1", "2 threads"])
        #expect(LlamaPeer.report(Data("{}".utf8), plan: BenchPlan(), measures: []) == nil)
    }
}
