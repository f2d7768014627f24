import Foundation
import LapwingModel
import LapwingTestSupport
import LapwingText
import Testing

/// llama.cpp's ids for the default model; see Scripts/make_tokenizer_vectors.py. The vocabulary is in the model's file.
@Suite(.timeLimit(.minutes(1))) struct ReferenceTests {
    struct Line: Decodable {
        var text: String
        var ids: [Int32]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            ids = try container.decode([Int32].self)
        }
    }

    private static func tokenizer() throws -> Tokenizer {
        let file = try GGUFFile(path: DefaultModel.path)
        func id(_ key: String) throws -> Int32 { Int32(try file.uint32("tokenizer.ggml.\(key)_token_id")) }
        return try Tokenizer(
            Vocabulary(
                model: try file.string("tokenizer.ggml.model"), preTokenizer: try file.string("tokenizer.ggml.pre"),
                tokens: try file.strings("tokenizer.ggml.tokens"),
                tokenTypes: try file.int32s("tokenizer.ggml.token_type"),
                merges: try file.strings("tokenizer.ggml.merges"), bos: try id("bos"), eos: try id("eos"),
                unk: try id("unknown"), pad: try id("padding"), addBOS: try file.bool("tokenizer.ggml.add_bos_token")))
    }

    @Test(
        "Every text of the vectors has llama.cpp's ids, and comes back from them",
        .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
    func vectors() throws {
        let tokenizer = try ReferenceTests.tokenizer()
        let lines = try Fixture.lines(of: "token-ids.jsonl", as: Line.self)
        #expect(lines.count >= 2000)
        for line in lines {
            #expect(tokenizer.encode(line.text) == line.ids, "\(line.text.debugDescription)")
            let back = tokenizer.decode(line.ids, renderSpecial: true)
            #expect(Array(back.utf8) == Array(line.text.utf8), "\(line.text.debugDescription)")
        }
    }

    @Test(
        "Answers end where llama.cpp ends them",
        .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
    func endTokens() throws {
        #expect(try ReferenceTests.tokenizer().endOfGenerationTokens == [0, 2, 4])
    }

    @Test(
        "The model's own chat template greets its system message",
        .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
    func template() throws {
        let source = try GGUFFile(path: DefaultModel.path).string("tokenizer.chat_template")
        let text = try ChatTemplate(source: source).render(
            messages: [TemplateMessage(role: "user", content: "Hi")], addGenerationPrompt: true,
            bosToken: "<|im_start|>",
            eosToken: "<|im_end|>")
        #expect(text.hasPrefix("<|im_start|>system\nYou are a helpful AI assistant named SmolLM"))
        #expect(text.hasSuffix("<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"))
        #expect(try ReferenceTests.tokenizer().encode(text).filter { $0 == 1 }.count == 3)
    }
}
