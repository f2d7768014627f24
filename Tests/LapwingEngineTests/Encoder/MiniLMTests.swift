import Foundation
import LapwingModel
import LapwingText
import Synchronization
import Testing

/// all-MiniLM-L6-v2 with its own tokenizer, against figures that others published.
@Suite("MiniLM", .enabled(if: MiniLM.isPresent, MiniLM.absence))
struct MiniLMTests {
    private static let question = "What is Deep Learning?"

    @Test("Vectors have a cosine of 0.9999 and more with the golden ones")
    func golden() throws {
        let model = try MiniLM.load(.float32)
        let texts = [Self.question, "Deep Learning is...", Self.question]
        let tokens = try texts.map(MiniLM.tokens)
        let cases: [(String, EncoderPooling)] = [
            ("test_bert__bert_single", .mean), ("test_bert__bert_batch", .mean),
            ("test_bert__bert_single_pooled", .firstToken),
        ]
        for (name, pooling) in cases {
            let expected = try MiniLM.vectors(name)
            let found = try model.embed(Array(tokens.prefix(expected.count)), pooling: pooling)
            #expect(!expected.isEmpty)
            for (a, b) in zip(expected, found) { #expect(cosine(a, b) > 0.9999, "\(name)") }
        }
    }

    @Test("STS-B's pairs are ranked as the model's authors measured it; bytes lose half a percent at most")
    func similarity() throws {
        let pairs = try MiniLM.pairs()
        let tokens = try pairs.flatMap { [try MiniLM.tokens($0.first), try MiniLM.tokens($0.second)] }
        func spearman(_ precision: EncoderPrecision) throws -> Double {
            let vectors = try MiniLM.load(precision).embed(tokens, excess: .truncate)
            let cosines = pairs.indices.map { cosine(vectors[2 * $0], vectors[2 * $0 + 1]) }
            return correlation(ranks(cosines), ranks(pairs.map(\.score)))
        }
        let floats = try spearman(.float32)
        #expect(pairs.count == 1379)
        #expect(abs(floats - 0.8203) < 0.002)
        #expect(try spearman(.int8) > floats * 0.995)
    }

    @Test("Texts that grow do not leave memory of every size behind")
    func keptMemory() throws {
        let model = try EncoderModel.load(path: MiniLM.folder, options: EncoderOptions(workers: Workers(count: 1)))
        for count in stride(from: 100, through: 512, by: 23) {
            _ = try model.embed([Array(repeating: 2000, count: count)])
        }
        #expect(model.keptRowCount == 512)
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }

    /// Equal values share the mean of their ranks.
    private func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count), start = 0
        while start < order.count {
            var end = start
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
            start = end
        }
        return ranks
    }

    private func correlation(_ a: [Double], _ b: [Double]) -> Double {
        func centred(_ x: [Double]) -> [Double] {
            let mean = x.reduce(0, +) / Double(x.count)
            return x.map { $0 - mean }
        }
        let (a, b) = (centred(a), centred(b))
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }
}

/// The model's folder, which Scripts/minilm.sh fetches, and the data that it is measured on.
private enum MiniLM {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
    private static let environment = ProcessInfo.processInfo.environment
    static let folder = environment["LAPWING_MINILM"] ?? root.appending(path: "models/all-MiniLM-L6-v2").path
    private static let data = environment["LAPWING_DATA"] ?? root.deletingLastPathComponent().path + "/shared/data"

    static let isPresent =
        FileManager.default.fileExists(atPath: folder)
        && FileManager.default.fileExists(atPath: "\(data)/minilm-golden")
    static let absence: Comment = "needs all-MiniLM-L6-v2 (Scripts/minilm.sh) and the data sets (LAPWING_DATA)"

    private static let models = Mutex<[EncoderPrecision: EncoderModel]>([:])
    private static let tokenizer = Result {
        let file = try Data(contentsOf: URL(filePath: "\(folder)/tokenizer.json"))
        return try Tokenizer(HuggingFaceTokenizer(tokenizer: Array(file)).vocabulary)
    }

    static func load(_ precision: EncoderPrecision) throws -> EncoderModel {
        try models.withLock { models in
            if let model = models[precision] { return model }
            let path = environment["LAPWING_MINILM_WEIGHTS"] ?? folder
            let model = try EncoderModel.load(path: path, options: EncoderOptions(precision: precision))
            models[precision] = model
            return model
        }
    }

    static func tokens(_ text: String) throws -> [Int32] { try tokenizer.get().encode(text, addSpecialTokens: true) }

    /// The vectors of a golden file: a list of lists of lists, a number a line.
    static func vectors(_ name: String) throws -> [[Float]] {
        let text = try String(contentsOfFile: "\(data)/minilm-golden/\(name).snap", encoding: .utf8)
        var vectors: [[Float]] = []
        for line in text.split(separator: "\n") where line.contains("- ") && !line.hasPrefix("---") {
            let starts = line.hasPrefix("- - ") || line.hasPrefix("  - - ")
            if starts { vectors.append([]) }
            guard let word = line.split(separator: " ").last, let value = Float(word) else { continue }
            vectors[vectors.count - 1].append(value)
        }
        return vectors
    }

    static func pairs() throws -> [(first: String, second: String, score: Double)] {
        let text = try String(contentsOfFile: "\(data)/stsb/stsb-en-test.csv", encoding: .utf8)
        return try text.split(whereSeparator: \.isNewline).map { line in
            let fields = fields(of: line)
            return (fields[0], fields[1], try #require(Double(fields[2])))
        }
    }

    /// A line of comma-separated values, of which some stand in quotes.
    private static func fields(of line: Substring) -> [String] {
        var fields = [""], isQuoted = false, lastWasQuote = false
        for character in line where character != "\r" {
            if character == "\"" {
                // Two quotes within quotes are one.
                if lastWasQuote { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
                lastWasQuote = !lastWasQuote && !isQuoted
                continue
            }
            lastWasQuote = false
            if character == ",", !isQuoted { fields.append("") } else { fields[fields.count - 1].append(character) }
        }
        return fields
    }
}
