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
        let found = try fixture.check(path: path, against: fixture.ggufLacks == nil ? .transformers : .llama, name)
        try found.addToTable(name, architecture: ArchitectureFixture.architecture(of: name) ?? "")
    }

    @Test("A folder gives transformers' logits, also where a GGUF file lacks what they need", arguments: decoders)
    func folder(name: String) throws {
        let fixture = try ArchitectureFixture.read(name)
        let folder = try fixture.writeFolder()
        _ = try fixture.check(path: folder.path, against: .transformers, name)
    }

    @Test(
        "A file that is written from a folder gives transformers' logits, and keeps what GGUF lacks",
        arguments: decoders)
    func written(name: String) throws {
        let fixture = try ArchitectureFixture.read(name)
        let folder = try fixture.writeFolder(), path = folder.path + "/written.gguf"
        try Quantization(ModelFile(toWrite: folder.path), to: .f32).write(to: path, workers: Workers(count: 2))
        _ = try fixture.check(path: path, against: .transformers, name)
    }
}

extension ArchitectureFixture {
    enum Reference { case transformers, llama }

    /// How far a model's results are from the references', over all forms of all prompts; nil where one is not compared.
    fileprivate struct Distances {
        /// The greatest difference of a logit from transformers'.
        var furthest: Float?
        /// The greatest divergence of a row from llama.cpp's, in nats.
        var divergence: Double?

        /// Adds a line to the file that `LAPWING_MODELS_TABLE` names: Scripts/models_table.sh makes Docs/Models.md of them.
        func addToTable(_ name: String, architecture: String) throws {
            guard let path = ProcessInfo.processInfo.environment["LAPWING_MODELS_TABLE"] else { return }
            let columns = [
                architecture, name, furthest.map { String(format: "%.0e", $0) } ?? "–",
                divergence.map { String(format: "%.0e", $0) } ?? "–",
            ]
            let file = try #require(fopen(path, "a"))
            fputs("| " + columns.joined(separator: " | ") + " |\n", file)
            fclose(file)
        }
    }

    /// Compares the logits of a decoder that lies at a path with those of one reference or both, in every form of a pass.
    ///
    /// Against transformers also with llama.cpp, unless that differs by design; against llama.cpp, whose GELU is a table of
    /// halves, by divergence alone.
    fileprivate func check(path: String, against reference: Reference, _ name: String) throws -> Distances {
        var distances = Distances()
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
                    distances.furthest = max(distances.furthest ?? 0, furthest ?? .infinity)
                }
                if reference == .llama || llamaDifference == nil {
                    let divergence = zip(found, llama).map(Self.divergence).max()
                    #expect(divergence ?? .infinity < 0.005, "\(name), prompt \(index), \(form): from llama.cpp")
                    distances.divergence = max(distances.divergence ?? 0, divergence ?? .infinity)
                }
            }
        }
        return distances
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
