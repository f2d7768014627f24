import Foundation
import LapwingEngine
import LapwingModel
import LapwingText

/// `TokenizerBenchmark VOCABULARY TEXTS [--ids]`: the vocabulary is a GGUF file or a tokenizer.json, the texts a JSON
/// array of strings. Each line on standard input asks for one pass over all texts, which is answered with its seconds;
/// with `--ids` the ids of each text come first, a line for each.
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    FileHandle.standardError.write(Data("usage: TokenizerBenchmark VOCABULARY TEXTS [--ids]\n".utf8))
    exit(2)
}

func vocabulary(at path: String) throws -> Vocabulary {
    if path.hasSuffix(".gguf") { return try ModelVocabulary(GGUFFile(path: path)).vocabulary }
    return try HuggingFaceTokenizer(tokenizer: Array(Data(contentsOf: URL(filePath: path)))).vocabulary
}

func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let clock = ContinuousClock()
var loaded: Tokenizer?
let loading = try clock.measure { loaded = try Tokenizer(vocabulary(at: arguments[1])) }
guard let tokenizer = loaded else { exit(1) }
let texts = try JSONDecoder().decode([String].self, from: Data(contentsOf: URL(filePath: arguments[2])))

if arguments.contains("--ids") {
    for text in texts { say(tokenizer.encode(text).map(String.init).joined(separator: " ")) }
    exit(0)
}
say("\(loading / .seconds(1))")
while readLine() != nil {
    var count = 0
    let time = clock.measure { for text in texts { count += tokenizer.encode(text).count } }
    say("\(time / .seconds(1)) \(count)")
}
