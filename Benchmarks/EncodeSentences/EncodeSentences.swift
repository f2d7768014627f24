// Sentences a second of an encoder: EncodeSentences MODEL PRECISION IDS [TABLE]. IDS has a line of token ids a sentence.
// Answers each line of the input with one of its own, so that another program measures in turns with it:
// `run` embeds all sentences and tells the seconds, `single` the first one alone, `vectors FILE` writes all as floats.

import Foundation
import LapwingModel

@main
struct EncodeSentences {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let precision = EncoderPrecision(rawValue: arguments[2]) else {
            throw Failure("expected MODEL, \(EncoderPrecision.allCases.map(\.rawValue)) and a file of token ids")
        }
        let table = arguments.count > 4 ? arguments[4] : nil
        let model = try EncoderModel.load(
            path: arguments[1], options: EncoderOptions(kernels: table, precision: precision))
        let sentences = try String(contentsOfFile: arguments[3], encoding: .utf8).split(separator: "\n").map {
            try $0.split(separator: " ").map { word in
                guard let id = Int32(word) else { throw Failure("found \(word), expected a token id") }
                return id
            }
        }
        let clock = ContinuousClock()
        while let line = readLine() {
            let words = line.split(separator: " ")
            switch words.first {
            case "run": answer(try clock.measure { _ = try model.embed(sentences) })
            case "single": answer(try clock.measure { _ = try model.embed([sentences[0]]) })
            case "vectors" where words.count == 2:
                let floats = try model.embed(sentences).flatMap { $0 }
                let data = floats.withUnsafeBytes { Data($0) }
                try data.write(to: URL(filePath: String(words[1])))
                answer(.zero)
            default: throw Failure("found \(line), expected run, single or vectors FILE")
            }
        }
    }

    private static func answer(_ duration: Duration) {
        // Straight to the descriptor: what waits in a buffer is no answer.
        FileHandle.standardOutput.write(Data("\(duration / .seconds(1))\n".utf8))
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
