import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import LapwingText
import Testing

@Suite("Text of a folder's model")
struct FolderVocabularyTests {
    /// A folder with a tokenizer of single bytes and two special tokens.
    private func write(_ files: [String: String]) throws -> (folder: TemporaryFolder, file: ModelFile) {
        let tiny = TinyModel(), folder = try TemporaryFolder()
        var writer = SafetensorsWriter()
        writer.tensors = tiny.folderTensors()
        _ = try folder.write(writer.bytes(), to: "model.safetensors")
        _ = try folder.write(Array(tiny.configuration().utf8), to: "config.json")
        for (name, text) in files { _ = try folder.write(Array(text.utf8), to: name) }
        return (folder, try ModelFile(path: folder.path))
    }

    private var tokenizer: String {
        let letters = (UInt8(97)...122).map { "\"\(Character(Unicode.Scalar($0)))\": \(Int($0) - 95)" }
            .joined(separator: ", ")
        return """
            {"added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 1, "content": "</s>", "special": true}],
            "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
            "post_processor": null, "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, \(letters), "ab": 28}, "merges": ["a b"]}}
            """
    }

    @Test(
        "Tokens come from tokenizer.json, and the template from tokenizer_config.json or before it chat_template.jinja")
    func readsFiles() throws {
        var files = [
            "tokenizer.json": tokenizer,
            "tokenizer_config.json": "{\"eos_token\": \"</s>\", \"chat_template\": \"{{ 'one' }}\"}",
        ]
        let first = try write(files)
        let vocabulary = try ModelVocabulary(first.file)
        #expect(try Tokenizer(vocabulary.vocabulary).encode("abc") == [28, 4])
        #expect(vocabulary.vocabulary.eos == 1)
        #expect(vocabulary.chatTemplate == "{{ 'one' }}")
        files["chat_template.jinja"] = "{{ 'two' }}"
        let second = try write(files)
        #expect(try ModelVocabulary(second.file).chatTemplate == "{{ 'two' }}")
        _ = try Engine(name: "tiny", model: LanguageModel(file: first.file))
        #expect(FileManager.default.fileExists(atPath: first.folder.path))
    }

    @Test("A folder without a tokenizer is refused with the file's name")
    func namesTokenizer() throws {
        let (folder, file) = try write([:])
        #expect(
            throws: WeightsError.unreadable(
                path: "\(folder.path)/tokenizer.json", reason: "No such file or directory")
        ) { try ModelVocabulary(file) }
    }
}
