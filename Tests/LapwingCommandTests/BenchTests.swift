import Foundation
import LapwingTestSupport
import Testing
import lapwing

@Suite struct BenchTests {
    private let ours = #"""
        {"engine": "lapwing", "model": "m", "threads": 2, "kernels": "avx2", "load_seconds": 0.25,
         "first_token_seconds": 0.05, "prefill_tokens_per_second": 300, "decode_tokens_per_second": 180.25,
         "eight_streams_tokens_per_second": 400, "resident_mb": 210}
        """#
    private let peer = #"""
        {"engine": "llama.cpp", "prefill_tokens_per_second": 200, "decode_tokens_per_second": 160,
         "eight_streams_tokens_per_second": 320}
        """#

    @Test("Figures stand beside the peer's with their ratio, and without one alone")
    func lines() throws {
        let figures = try JSONDecoder().decode(BenchFigures.self, from: Data(ours.utf8))
        let other = try JSONDecoder().decode(LlamaPeer.self, from: Data(peer.utf8))
        #expect(
            Bench.lines(figures, peer: other) == [
                "m                         lapwing  llama.cpp  ratio",
                "prefill of 512, tokens/s    300.0      200.0   1.50",
                "decode, tokens/s            180.2      160.0   1.13",
                "eight streams, tokens/s     400.0      320.0   1.25",
                "first token, ms              50.0          –      –",
                "load, ms                    250.0          –      –",
                "resident, MiB               210.0          –      –",
                "",
                "2 threads, avx2 kernels",
            ])
        #expect(Bench.lines(figures, peer: nil)[1] == "prefill of 512, tokens/s    300.0")
    }

    @Test("A model is measured on all figures, and the JSON has the names that the scripts read")
    func measures() async throws {
        var tiny = TinyModel()
        tiny.contextLength = 1024
        let model = try tiny.write()
        let bench = try EngineBench(name: "tiny", path: model.path, contextLength: 256, threads: 1)
        let figures = try await bench.run { _ in }
        #expect(figures.threads == 1)
        let json = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(figures)) as? [String: Any])
        for name in [
            "prefill_tokens_per_second", "decode_tokens_per_second", "eight_streams_tokens_per_second", "load_seconds",
            "first_token_seconds",
        ] { #expect((json[name] as? Double ?? 0) > 0, "\(name)") }
        #expect(json["engine"] as? String == "lapwing")
        #expect(json["kernels"] is String)
    }
}
