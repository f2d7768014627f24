import ArgumentParser
import Foundation
import LapwingEngine
import LapwingHub
import LapwingModel
import LapwingText

/// `lapwing quantize`: a weight file in a smaller type.
package struct Quantize: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Make a weight file smaller by quantising it.",
        discussion: """
            IN is a GGUF file or a Hugging Face folder with safetensors, in F32, F16 or BF16; OUT is the GGUF file to be \
            written, which llama.cpp reads too, a folder's tokenizer and chat template with it. q4_k_m is about a seventh of \
            F32 and the usual choice; q8_0 loses next to nothing. Docs/Quantize.md says which tensor gets what.

            With --calibrate the errors of weights count by how much their inputs matter over the text, and the result's \
            divergence from the source is measured: a text of some thousand words, like those that the model will read. \
            With --imatrix what matters comes from a file, and a text of --calibrate serves the measurement alone.

              lapwing quantize model-f16.gguf model-q4_k_m.gguf --type q4_k_m
              lapwing quantize models/all-MiniLM-L6-v2 minilm-q8_0.gguf --type q8_0
              lapwing quantize model-f16.gguf model-q3_k_m.gguf --type q3_k_m --calibrate text.txt
              lapwing quantize model-f16.gguf model-iq4_xs.gguf --type iq4_xs --imatrix model.imatrix.gguf
            """)

    @Argument(help: ArgumentHelp("The weight file or folder to read.", valueName: "in")) var input: String
    @Argument(help: ArgumentHelp("The weight file to write.", valueName: "out")) var output: String
    @Option(name: .shortAndLong, help: "What to quantise to.") var type: QuantizationType
    @Option(help: ArgumentHelp("An importance matrix, as GGUF or in llama.cpp's older form.", valueName: "file"))
    var imatrix: String?
    @Option(help: ArgumentHelp("Measure importance and divergence over this text.", valueName: "file"))
    var calibrate: String?
    @Option(help: ArgumentHelp("Use no more than so many tokens of the text.", valueName: "tokens"))
    var calibrateTokens = 16_384
    @Flag(help: "Quantise what is quantised already, with a second loss.") var allowRequantize = false
    @Option(help: "Threads to compute with; the default is one a core.") var threads: Int?
    @Flag(help: "Print one JSON object.") var json = false

    package init() {}

    package func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), expected 1 to 1024.")
        }
        guard calibrateTokens >= 1 else {
            throw ValidationError("--calibrate-tokens is \(calibrateTokens), expected 1 or more.")
        }
    }

    package func run() async throws {
        let report = try await cancellingOnInterrupt { try quantize() }
        if json { return try Output.standard.json(report) }
        for line in report.lines { Output.standard.line(line) }
    }

    private func quantize() throws -> QuantizeReport {
        let workers = threads.map { Workers(count: $0) } ?? Workers()
        let file = try ModelFile(toWrite: input)
        let text = file.folder == nil ? (entries: [], notes: []) : try ModelVocabulary(file).entries(for: file)
        for note in text.notes {
            let warning = Output.error.terminal.paint("warning: ", .yellow)
            Output.error.line("\(warning)a GGUF file cannot say all of the tokenizer: \(note)")
        }
        let given = try imatrix.map { try ImportanceMatrix(path: $0) }
        // Before the text is read and run: what cannot be quantised needs none.
        _ = try Quantization(file, to: type, importance: given, allowsRequantizing: allowRequantize)
        let calibration = try calibrate.map { try Calibration(file, textPath: $0, limit: calibrateTokens, workers) }
        let importance = try given ?? calibration?.importance()
        let quantization = try Quantization(
            file, to: type, importance: importance, allowsRequantizing: allowRequantize, adding: text.entries)
        let start = ContinuousClock.now
        try showing("quantising") { show in
            try quantization.write(to: output, workers: workers) { progress in
                let (done, total) = (Int64(progress.byteCount), Int64(progress.total))
                show(done, total, "\(ByteCount(done)) of \(ByteCount(total))")
            }
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        return QuantizeReport(
            output: output, quantization, seconds: seconds,
            divergence: try calibration?.divergence(of: GGUFFile(path: output)))
    }
}

extension QuantizationType: ExpressibleByArgument {
    /// By its name in small or capital letters.
    package init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}

/// Runs `body` with a bar that it moves.
private func showing<Value>(
    _ label: String, _ body: ((_ done: Int64, _ total: Int64, _ detail: String) -> Void) throws -> Value
) rethrows -> Value {
    var display = ProgressDisplay(label: label, output: .error)
    defer { display.finish() }
    return try body { display.update(done: $0, total: $1, detail: $2) }
}

/// The source as a running model, and the text that it is measured over.
private struct Calibration {
    private let model: LanguageModel
    private let text: CalibrationText
    private let name: String

    /// What divergence is measured over: a mean over so many positions says enough.
    private static let comparedTokenCount = 4_096

    init(_ file: GGUFFile, textPath: String, limit: Int, _ workers: Workers) throws {
        let architecture = try file.string("general.architecture")
        guard architecture != EncoderConfiguration.architecture else {
            throw Failure("--calibrate runs a model that predicts tokens; \(architecture) is an encoder")
        }
        name = URL(filePath: textPath).lastPathComponent
        let tokenizer = try Tokenizer(ModelVocabulary(file).vocabulary)
        let tokens = try tokenizer.encode(String(contentsOf: URL(filePath: textPath), encoding: .utf8))
        guard !tokens.isEmpty else { throw Failure("\(textPath) has no text") }
        model = try LanguageModel(file: file, options: LoadOptions(workers: workers))
        text = CalibrationText(
            tokens, length: min(512, model.configuration.contextLength),
            first: tokenizer.addsBOS ? tokenizer.bosToken : nil
        ).prefix(tokenCount: limit)
    }

    func importance() throws -> ImportanceMatrix {
        try showing("measuring") { show in
            try ImportanceMatrix(measuredBy: model, over: text, name: name) { done in
                show(Int64(done), Int64(text.tokenCount), "\(done) of \(text.tokenCount) tokens")
            }
        }
    }

    func divergence(of file: GGUFFile) throws -> Divergence {
        let compared = text.prefix(tokenCount: Self.comparedTokenCount)
        let result = try LanguageModel(file: file, options: LoadOptions(workers: model.workers))
        return try showing("comparing") { show in
            try Divergence(of: result, from: model, over: compared) { done in
                show(Int64(done), Int64(compared.tokenCount), "\(done) of \(compared.tokenCount) tokens")
            }
        }
    }
}

/// What the command prints.
package struct QuantizeReport: Encodable, Sendable {
    var output: String
    var type: String
    var sourceBytes: Int
    var bytes: Int
    var sourceBitsPerWeight: Double
    var bitsPerWeight: Double
    var seconds: Double
    /// In nats.
    var divergence: Double?
    /// The share of positions with the same likeliest token.
    var sameToken: Double?
    var comparedTokens: Int?

    init(output: String, _ quantization: Quantization, seconds: Double, divergence: Divergence?) {
        self.output = output
        type = quantization.type.rawValue
        (sourceBytes, bytes) = (quantization.sourceByteCount, quantization.byteCount)
        (sourceBitsPerWeight, bitsPerWeight) = quantization.bitsPerWeight
        self.seconds = seconds
        self.divergence = divergence?.mean
        sameToken = divergence?.agreement
        comparedTokens = divergence?.positionCount
    }

    var lines: [String] {
        func bits(_ value: Double) -> String { Figures.fixed(value, places: 2) }
        let time = Figures.duration(milliseconds: Int64(seconds * 1000))
        let sizes =
            "\(output): \(ByteCount(Int64(sourceBytes))) at \(bits(sourceBitsPerWeight)) bits a weight became "
            + "\(ByteCount(Int64(bytes))) at \(bits(bitsPerWeight)) (\(type)) in \(time)"
        guard let divergence, let sameToken, let comparedTokens else { return [sizes] }
        return [
            sizes,
            "KL divergence from the source over \(Figures.grouped(comparedTokens)) tokens: "
                + "\(Figures.fixed(divergence, places: 5)) nats; the same likeliest token at "
                + "\(Figures.fixed(sameToken * 100, places: 1))% of them",
        ]
    }
}
