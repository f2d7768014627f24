import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Architectures")
struct ArchitectureTests {
    /// The decoders of `Fixtures/Architectures` that can be loaded.
    static let decoders = ArchitectureFixture.names.filter { name in
        ArchitectureFixture.architecture(of: name).map(ModelConfiguration.supportedArchitectures.contains) ?? false
    }

    @Test("A GGUF file gives transformers' logits: in one pass, token by token, and in a batch", arguments: decoders)
    func gguf(name: String) throws {
        let fixture = try ArchitectureFixture.read(name)
        let folder = try TemporaryFolder()
        let path = try folder.write(fixture.ggufBytes(), to: "tiny.gguf")
        try fixture.check(path: path, against: fixture.ggufLacks == nil ? .transformers : .llama, name)
    }
}

extension ArchitectureFixture {
    enum Reference { case transformers, llama }

    /// Compares the logits of a decoder that lies at a path with those of one reference or both, in every form of a pass.
    ///
    /// Against transformers also with llama.cpp, unless that differs by design; against llama.cpp, whose GELU is a table of
    /// halves, by divergence alone.
    fileprivate func check(path: String, against reference: Reference, _ name: String) throws {
        for (index, prompt) in prompts.enumerated() {
            // Some models rotate otherwise in contexts that are longer than those they were first trained with.
            let options = LoadOptions(workers: Workers(count: 2), contextLength: prompt.tokens.count)
            let run = try TinyRun(LanguageModel.load(path: path, options: options), pageCount: 20, format: .f32)
            let pages = (0..<Int32(10)).reversed().map { $0 * 2 }
            let forms = [
                ("in one pass", run.logits(prompt.tokens, chunk: prompt.tokens.count, pages: pages)),
                ("token by token", run.logits(prompt.tokens, chunk: 1, pages: pages)),
                ("in chunks of 7", run.logits(prompt.tokens, chunk: 7, pages: pages)),
                ("in a batch", run.batch(prompts.map(\.tokens))[index]),
            ]
            let rows = prompt.rows.rows(prompt.positions.count)
            let llama = try #require(prompt.llamaRows).rows(prompt.positions.count)
            for (form, logits) in forms {
                let found = prompt.positions.map { logits[$0] }
                if reference == .transformers {
                    let furthest = zip(found, rows).map { zip($0, $1).map { abs($0 - $1) }.max() ?? .infinity }.max()
                    #expect(furthest ?? .infinity < 1e-3, "\(name), prompt \(index), \(form)")
                }
                if reference == .llama || llamaDifference == nil {
                    let divergence = zip(found, llama).map(Self.divergence).max()
                    #expect(divergence ?? .infinity < 0.005, "\(name), prompt \(index), \(form): from llama.cpp")
                }
            }
        }
    }

    /// The KL divergence of two rows of logits, in nats.
    private static func divergence(of found: [Float], from expected: [Float]) -> Double {
        func logProbabilities(_ row: [Float]) -> [Double] {
            let greatest = Double(row.max() ?? 0)
            let sum = log(row.reduce(0.0) { $0 + exp(Double($1) - greatest) })
            return row.map { Double($0) - greatest - sum }
        }
        return zip(logProbabilities(expected), logProbabilities(found)).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
}

extension TinyRun {
    /// Logits of every token of several sequences, all computed in one step.
    fileprivate func batch(_ prompts: [[Int32]]) -> [[[Float]]] {
        var nextPage: Int32 = 0
        let sequences = prompts.map { tokens in
            let count = Int32((tokens.count + KVCache.pageSize - 1) / KVCache.pageSize)
            defer { nextPage += count }
            let pages = Array(nextPage..<nextPage + count)
            return (tokens, SequenceRows(rowCount: tokens.count, startPosition: 0, pages: pages, logits: .all))
        }
        let found = step(sequences)
        var row = 0
        return prompts.map { tokens in
            defer { row += tokens.count }
            return tokens.indices.map { found[row + $0] ?? [] }
        }
    }
}
