import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine
import LapwingHub
import LapwingModel
import LapwingText

/// `lapwing embed`: lines of text to vectors, or the lines nearest to a query.
struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn lines of text into vectors, or find the lines nearest to a query.",
        discussion: """
            Each line becomes one JSON object with its number, its text and its vector, which is as long as 1; blank lines \
            are left out. Nothing is entered in the ledger.

              lapwing embed faq.txt > faq.jsonl
              lapwing embed faq.txt --npy faq.npy
              lapwing embed faq.txt --query "I forgot my password" --top 3
              cut -d, -f2 tickets.csv | lapwing embed - --base64
            """)

    @OptionGroup var model: ModelOptions
    @Argument(help: "A file with a text a line; - reads standard input.") var file: String
    @Option(help: "Print the lines nearest to this text, the nearest first, in place of vectors.") var query: String?
    @Option(help: "How many of them.") var top = 10
    @Flag(help: "With --query: one JSON object a line.") var json = false
    @Option(help: "Keep only so many numbers of each vector, made as long as 1 again.") var dimensions: Int?
    @Flag(help: "Write vectors as the base64 of little-endian 32-bit floats.") var base64 = false
    @Option(help: ArgumentHelp("Write one NumPy array, a row a line, to this file.", valueName: "file"))
    var npy: String?
    @Option(
        help: ArgumentHelp(
            "Which of a decoder's states make the vector: last or mean. The default is the configuration's.",
            valueName: "pooling"))
    var pooling: DecoderPooling?
    @Option(
        help: ArgumentHelp(
            "What an encoder multiplies with: float32, or int8 for about three times the speed and a third of a percent "
                + "less of the ranking. The default is the configuration's, else float32.", valueName: "precision"))
    var precision: EncoderPrecision?

    func validate() throws {
        if top < 1 { throw ValidationError("--top is \(top), expected 1 or more.") }
        if query == nil, json { throw ValidationError("--json goes with --query; vectors are JSON anyway.") }
        if query?.allSatisfy(\.isWhitespace) == true { throw ValidationError("--query is empty.") }
        if query != nil, base64 || npy != nil || dimensions != nil {
            throw ValidationError("--base64, --npy and --dimensions are for vectors, and --query prints none.")
        }
        if base64, npy != nil { throw ValidationError("--base64 and --npy exclude each other.") }
    }

    func run() async throws {
        let lines = try TextLines(path: file)
        let (engine, owner) = try model.loadEmbedding(pooling: pooling, precision: precision)
        try await cancellingOnInterrupt {
            if let query {
                try await printNearest(to: query, lines, engine)
            } else {
                try await printVectors(lines, engine)
            }
        }
        engine.shutDown()
        await owner?.shutDown()
    }

    private func printVectors(_ lines: TextLines, _ engine: EmbeddingEngine) async throws {
        var rows: [[Float]] = []
        try await forEachPart(of: lines, engine) { part, context in
            let request = EmbeddingRequest(
                model: engine.name, inputs: part.map { .text($0.text) }, dimensions: dimensions)
            let vectors = try await engine.embed(request, context: context).vectors
            guard npy == nil else {
                rows += vectors
                return
            }
            for (line, vector) in zip(part, vectors) {
                try Output.standard.json(EmbeddedLine(line, vector, isBase64: base64), onOneLine: true)
            }
        }
        guard let npy else { return }
        do {
            try NumPyFile.data(rows).write(to: URL(filePath: npy), options: .atomic)
        } catch {
            throw Failure("cannot write '\(npy)': \((error as? CocoaError)?.reason ?? "\(error)")")
        }
        Output.error.line("\(npy): \(rows.count) rows of \(rows.first?.count ?? 0) numbers")
    }

    private func printNearest(to query: String, _ lines: TextLines, _ engine: EmbeddingEngine) async throws {
        var scored: [(line: TextLines.Line, score: Double)] = []
        try await forEachPart(of: lines, engine) { part, context in
            let request = RerankRequest(model: engine.name, query: query, documents: part.map(\.text))
            let scores = try await engine.rerank(request, context: context).scores
            scored += zip(part, scores).map { ($0, $1) }
            // Only what may be printed is kept.
            scored.sort { ($1.score, $0.line.number) < ($0.score, $1.line.number) }
            scored.removeLast(max(0, scored.count - top))
        }
        for (line, score) in scored {
            if json {
                try Output.standard.json(RankedLine(line, score), onOneLine: true)
            } else {
                Output.standard.line("\(Figures.fixed(score, places: 3))  \(line.text)")
            }
        }
    }

    /// Works through the lines some at a time, and shows how far it is.
    private func forEachPart(
        of lines: TextLines, _ engine: EmbeddingEngine,
        _ work: (ArraySlice<TextLines.Line>, RequestContext) async throws -> Void
    ) async throws {
        let all = lines.lines
        var progress = ProgressDisplay(label: "embed", output: .error)
        defer { progress.finish() }
        let start = ContinuousClock.now
        for first in stride(from: 0, to: all.count, by: Self.part) {
            let part = all[first..<min(first + Self.part, all.count)]
            try Task.checkCancellation()
            for line in part {
                let count = engine.tokenizer.encode(line.text, addSpecialTokens: true).count
                guard count <= engine.model.maximumLength else {
                    throw Failure(
                        "\(file), line \(line.number): \(count) tokens, more than the \(engine.model.maximumLength) that "
                            + "'\(engine.name)' reads at once")
                }
            }
            try await work(part, RequestContext(requestID: UUID().uuidString))
            let rate = Double(part.endIndex) / (start.duration(to: .now) / .seconds(1))
            progress.update(
                done: Int64(part.endIndex), total: Int64(all.count),
                detail: "\(part.endIndex) of \(all.count) lines, \(Figures.fixed(rate, places: 0))/s")
        }
    }

    /// Enough lines to fill a pass or two.
    private static let part = 64

    private struct EmbeddedLine: Encodable {
        var line: Int
        var text: String
        var vector: [Float]
        var isBase64: Bool

        init(_ line: TextLines.Line, _ vector: [Float], isBase64: Bool) {
            (self.line, text, self.vector, self.isBase64) = (line.number, line.text, vector, isBase64)
        }

        private enum CodingKeys: CodingKey { case line, text, embedding }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(line, forKey: .line)
            try container.encode(text, forKey: .text)
            if isBase64 {
                try container.encode(vector.base64, forKey: .embedding)
            } else {
                try container.encode(vector, forKey: .embedding)
            }
        }
    }

    private struct RankedLine: Encodable {
        var line: Int
        var text: String
        var score: Double

        init(_ line: TextLines.Line, _ score: Double) {
            (self.line, text, self.score) = (line.number, line.text, score)
        }
    }
}

extension DecoderPooling: ExpressibleByArgument {}
extension EncoderPrecision: ExpressibleByArgument {}
