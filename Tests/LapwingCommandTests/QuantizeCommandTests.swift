import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

/// `lapwing quantize`, as its users run it.
@Suite struct QuantizeCommandTests {
    private func house(_ model: TinyModel = TinyModel()) throws -> Program {
        let program = try Program()
        _ = try program.folder.write(model.bytes(), to: "in.gguf")
        try program.write(String(repeating: "The parcel is at the door. ", count: 20), to: "text.txt")
        return program
    }

    @Test("The file is written, and its sizes, bits a weight and time are told")
    func quantizes() throws {
        let program = try house()
        let outcome = try program.run(["quantize", "in.gguf", "out.gguf", "--type", "Q8_0"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.hasPrefix("out.gguf: ") && outcome.output.contains(" at 32.00 bits a weight became "))
        #expect(outcome.output.contains("(q8_0) in ") && outcome.error.contains("quantising 100%"))
        #expect(!outcome.output.contains("divergence"))
        #expect(try GGUFFile(path: "\(program.path)/out.gguf").tensor("blk.0.attn_q.weight").type == .q8_0)
        #expect(program.files == ["in.gguf", "out.gguf", "text.txt"])
    }

    @Test("With a text, importance is measured and the divergence from the source told")
    func calibrates() throws {
        let program = try house()
        let arguments = ["quantize", "in.gguf", "out.gguf", "--type", "q4_0", "--calibrate", "text.txt"]
        let outcome = try program.run(arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("KL divergence from the source over "))
        let file = try GGUFFile(path: "\(program.path)/out.gguf")
        #expect(try file.string("quantize.imatrix.dataset") == "text.txt")
        let json = try program.run(arguments + ["--json", "--calibrate-tokens", "40"]).output
        for key in ["bitsPerWeight", "sourceBytes", "divergence", "sameToken", "comparedTokens", "seconds"] {
            #expect(json.contains("\"\(key)\" : "))
        }
        #expect(json.contains("\"comparedTokens\" : 40,"), "\(json)")
    }

    @Test(
        "What cannot be is refused, and nothing is written",
        arguments: [
            (["in.gguf", "in.gguf", "--type", "q8_0"], "is the input itself", 1),
            (["none.gguf", "out.gguf", "--type", "q8_0"], "cannot read none.gguf", 1),
            (["in.gguf", "none/out.gguf", "--type", "q8_0"], "cannot write none/out.gguf", 1),
            (["in.gguf", "out.gguf", "--type", "q9_0"], "q9_0", 2),
            (["in.gguf", "out.gguf"], "--type", 2),
            (["in.gguf", "out.gguf", "--type", "q8_0", "--threads", "0"], "--threads is 0, expected 1 to 1024", 2),
            (["in.gguf", "out.gguf", "--type", "q8_0", "--imatrix", "text.txt"], "importance", 1),
            (["in.gguf", "out.gguf", "--type", "q8_0", "--calibrate", "none.txt"], "none.txt", 1),
        ])
    func refuses(arguments: [String], message: String, status: Int32) throws {
        let program = try house()
        let outcome = try program.run(["quantize"] + arguments)
        #expect(outcome.status == status && outcome.error.contains(message), "\(outcome.error)")
        #expect(program.files == ["in.gguf", "text.txt"])
    }

    /// A folder of a tiny model, with a tokenizer of single letters.
    private func folderHouse() throws -> Program {
        let program = try house(), tiny = TinyModel(), path = "\(program.path)/model"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        var writer = SafetensorsWriter()
        writer.tensors = tiny.folderTensors()
        try Data(writer.bytes()).write(to: URL(filePath: "\(path)/model.safetensors"))
        try program.write(tiny.configuration(), to: "model/config.json")
        let letters = (97...122).map { "\"\(Character(Unicode.Scalar(UInt8($0))))\": \($0 - 96)" }.joined(
            separator: ",")
        try program.write(
            """
            {"added_tokens": [{"id": 0, "content": "</s>", "special": true}], "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "vocab": {"</s>": 0, \(letters)}, "merges": []}}
            """, to: "model/tokenizer.json")
        try program.write("{\"eos_token\": \"</s>\"}", to: "model/tokenizer_config.json")
        return program
    }

    @Test("A folder becomes a file with its tokenizer, and what a file cannot say of that is told")
    func quantizesFolder() throws {
        let program = try folderHouse()
        let arguments = ["quantize", "model", "out.gguf", "--type", "q8_0", "--calibrate", "text.txt"]
        let outcome = try program.run(arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("warning: ") && outcome.error.contains("(NFC)"))
        #expect(outcome.output.contains("KL divergence from the source over "))
        let file = try ModelFile(path: "\(program.path)/out.gguf")
        #expect(try file.strings("tokenizer.ggml.tokens")[1] == "a" && file.uint32("tokenizer.ggml.eos_token_id") == 0)
        #expect(try file.tensor("blk.0.attn_q.weight").type == .q8_0)
        // llama.cpp reads no byte-level file without a list of merges, be it empty.
        #expect(try file.strings("tokenizer.ggml.merges") == [])
    }

    @Test("A folder's own files are not written over, and one without a tokenizer is refused")
    func refusesFolder() throws {
        let program = try folderHouse()
        let over = try program.run(["quantize", "model", "model/model.safetensors", "--type", "q8_0"])
        #expect(over.status == 1 && over.error.contains("is the input itself"), "\(over.error)")
        try FileManager.default.removeItem(atPath: "\(program.path)/model/tokenizer.json")
        let without = try program.run(["quantize", "model", "out.gguf", "--type", "q8_0"])
        #expect(without.status == 1 && without.error.contains("tokenizer.json"), "\(without.error)")
        #expect(!program.exists("out.gguf"))
    }

    @Test("What is quantised already needs leave for a second loss")
    func requantizes() throws {
        let program = try house(TinyModel(weights: .q8_0))
        let arguments = ["quantize", "in.gguf", "out.gguf", "--type", "q4_0"]
        let refused = try program.run(arguments)
        #expect(refused.status == 1 && refused.error.contains("--allow-requantize"))
        #expect(try program.run(arguments + ["--allow-requantize"]).status == 0)
    }
}
