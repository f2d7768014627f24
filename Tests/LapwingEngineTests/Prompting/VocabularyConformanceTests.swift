import Foundation
import LapwingEngine
import LapwingModel
import LapwingText
import Testing

/// llama.cpp's own vocabularies and vectors, which Scripts/tokenizers.sh fetches.
@Suite(.timeLimit(.minutes(2))) struct VocabularyConformanceTests {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../../.cache/tokenizers").standardized
    private static let isPresent = FileManager.default.fileExists(atPath: folder.path)

    static let names = [
        "bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4", "gpt-2", "llama-bpe",
        "llama-spm",
        "mpt", "phi-3", "qwen2", "qwen35", "refact", "starcoder",
    ]

    @Test(
        "Every text of llama.cpp's vectors has llama.cpp's ids",
        .enabled(if: isPresent, "needs llama.cpp's vocabularies: run Scripts/tokenizers.sh"), arguments: names)
    func vectors(name: String) throws {
        let path = Self.folder.appending(path: "ggml-vocab-\(name).gguf").path
        let tokenizer = try Tokenizer(ModelVocabulary(GGUFFile(path: path)).vocabulary)
        let texts = try Self.text(of: path + ".inp").components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try Self.text(of: path + ".out").components(separatedBy: "\n")
        #expect(texts.count >= 40)
        for (text, line) in zip(texts, lines) {
            let ids = line.split(separator: " ").compactMap { Int32($0) }
            #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
        }
    }

    private struct Line: Decodable {
        var text: String
        var ids: [Int32]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            ids = try container.decode([Int32].self)
        }
    }

    @Test(
        "Real vocabularies give the ids that the Python package tokenizers gives with the same tokens",
        .enabled(if: isPresent, "needs llama.cpp's vocabularies: run Scripts/tokenizers.sh"),
        arguments: ["bert-bge", "llama-spm"])
    func peers(name: String) throws {
        let path = Self.folder.appending(path: "ggml-vocab-\(name).gguf").path
        let tokenizer = try Tokenizer(ModelVocabulary(GGUFFile(path: path)).vocabulary)
        let lines = try Self.text(of: Self.folder.appending(path: "trained/\(name).jsonl").path).utf8
            .split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: Data($0)) }
        #expect(lines.count >= 10_000)
        let wrong = lines.filter { tokenizer.encode($0.text) != $0.ids }
        #expect(wrong.isEmpty, "\(wrong.count) texts, such as \(wrong.prefix(3).map(\.text.debugDescription))")
    }

    private static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}
