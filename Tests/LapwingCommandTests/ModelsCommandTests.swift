import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

/// `lapwing models` and its subcommands, as their users run them.
@Suite struct ModelsCommandTests {
    private func house() throws -> Program {
        let program = try Program(yaml: "models: { tiny: { weights: tiny.gguf } }\nroutes: { r: { open: tiny } }")
        _ = try program.folder.write(TinyModel().bytes(), to: "tiny.gguf")
        try FileManager.default.createDirectory(atPath: "\(program.path)/models", withIntermediateDirectories: true)
        _ = try program.folder.write(TinyModel().bytes(), to: "models/other.gguf")
        return program
    }

    @Test("The catalogue tells family, licence and origin, and no control characters of a file's reach the terminal")
    func lists() throws {
        let program = try house()
        var writer = GGUFWriter()
        writer.add("general.architecture", .string("lark"))
        writer.add("general.license", .string("mit\u{1B}[31m"))
        writer.add("general.base_model.count", .uint32(1))
        writer.add("general.base_model.0.repo_url", .string("https://huggingface.co/acme/lark"))
        _ = try program.folder.write(writer.file().bytes, to: "models/lark.gguf")
        let output = try program.run(["models"]).output
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("lark.gguf") })
        #expect(line.contains(" lark ") && line.contains(" mit [31m "))
        #expect(line.hasSuffix("not in the configuration; cannot be run; fine-tune of acme/lark"))
        #expect(!output.contains("\u{1B}"))
        let json = try program.run(["models", "list", "--json"]).output
        #expect(json.contains("\"relation\" : \"fine-tune\"") && json.contains("\"license\" : "))
    }

    @Test("verify tells what is known of each model, and ends with 1 where one is damaged")
    func verifies() throws {
        let program = try house()
        let all = try program.run(["models", "verify"])
        #expect(all.status == 0, "\(all.error)")
        #expect(all.output.contains("tiny.gguf  opens, ") && all.output.contains("other.gguf  opens, "))
        let sum = String(repeating: "0", count: 64)
        let bytes = TinyModel().bytes()
        try program.write(
            """
            {"repository": "acme/lark", "revision": "main", "commit": "c0", "files":
             [{"path": "other.gguf", "size": \(bytes.count), "sha256": "\(sum)"}]}
            """, to: "models/other.gguf.lapwing-pulled")
        let damaged = try program.run(["models", "verify", "other"])
        #expect(damaged.status == 1)
        #expect(damaged.output.contains("pulled with \(sum)"))
        #expect(damaged.error == "lapwing: damaged: other.gguf; remove with `lapwing models rm`, and pull again\n")
        let json = try program.run(["models", "verify", "--json"])
        #expect(json.status == 1 && json.error.isEmpty)
        #expect(json.output.contains("\"state\" : \"damaged\"") && json.output.contains("\"state\" : \"opens\""))
        let unknown = try program.run(["models", "verify", "othr.gguf"])
        #expect(unknown.error.contains("there is no model 'othr.gguf' on the disk (did you mean 'other.gguf'?)"))
    }

    @Test("rm needs a terminal or --yes, and takes a model by its configured name, its file or its path")
    func removes() throws {
        let program = try house()
        let asked = try program.run(["models", "rm", "other.gguf"])
        #expect(asked.status == 1 && asked.error.contains("say --yes"))
        #expect(program.exists("models/other.gguf"))
        let removed = try program.run(["models", "rm", "./models/other.gguf", "--yes"])
        #expect(removed.status == 0, "\(removed.error)")
        #expect(!program.exists("models/other.gguf") && program.exists("tiny.gguf"))
        let configured = try program.run(["models", "rm", "tiny", "-y"])
        #expect(configured.output.contains("which is 'tiny' in the configuration"))
        #expect(!program.exists("tiny.gguf"))
        #expect(try program.run(["models", "rm", "../lapwing.yaml", "--yes"]).status == 1)
        #expect(program.exists("lapwing.yaml"))
    }

    @Test("A file's name that two models have removes neither")
    func ambiguous() throws {
        let program = try house()
        _ = try program.folder.write(TinyModel().bytes(), to: "models/tiny.gguf")
        let refused = try program.run(["models", "rm", "tiny.gguf", "--yes"])
        #expect(refused.status == 1)
        #expect(refused.error.contains("say which path"))
        #expect(program.exists("models/tiny.gguf") && program.exists("tiny.gguf"))
    }

    @Test("A model that a running process has open is not removed")
    func open() throws {
        let program = try house()
        let file = try GGUFFile(path: "\(program.path)/models/other.gguf")
        let refused = try program.run(["models", "rm", "other", "--yes"])
        withExtendedLifetime(file) {}
        #expect(refused.status == 1)
        #expect(refused.error.contains("is open in a running process; stop it first"))
        #expect(program.exists("models/other.gguf"))
    }
}
