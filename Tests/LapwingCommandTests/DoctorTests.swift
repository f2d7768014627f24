import ArgumentParser
import Foundation
import LapwingModel
import LapwingTestSupport
import Testing
import lapwing

@Suite struct DoctorTests {
    private let model: WrittenModel
    private let folder: URL

    init() throws {
        model = try TinyModel(weights: .q8_0).write()
        folder = URL(filePath: model.path).deletingLastPathComponent()
    }

    private func configuration(_ yaml: String) throws -> Configuration {
        try Configuration(
            yaml: yaml, file: folder.appending(path: "lapwing.yaml").path, day: "2026-01-01", environment: [:])
    }

    @Test("Values are read out of the system's text files")
    func machineFacts() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC: 7B13\nMemAvailable:   20480 kB\nVmHWM: x\n"
        #expect(MachineFacts.value("model name", in: text) == "AMD EPYC: 7B13")
        #expect(MachineFacts.kilobytes("MemAvailable", in: text) == 20_971_520)
        #expect(MachineFacts.kilobytes("VmHWM", in: text) == nil)
        #expect(MachineFacts.kilobytes("VmRSS", in: text) == nil)
        #expect(MachineFacts.read().coreCount > 0)
    }

    @Test("A model that can be run is good, one that is not there is bad, a folder to be made is good")
    func examines() throws {
        var examination = Examination()
        let configuration = try configuration("models: { a: { weights: tiny.gguf }, b: { weights: none.gguf } }")
        examination.examineModels(configuration)
        examination.examineData(configuration)
        let found = examination.findings.filter { $0.subject != "weights" }
        #expect(found.map(\.subject) == ["model a", "model b", "memory plan", "data"])
        #expect(found.map(\.state) == [.good, .bad, .good, .good])
        #expect(found[0].text.hasPrefix("llama, Q8_0, "))
        #expect(found[2].text.contains(" (1,024 tokens) + program 67.1 MB = "))
        #expect(found[3].text.contains("will be made"))
    }

    @Test("What memory's speed allows counts a mixture's experts that a token goes through, and no others")
    func ceiling() throws {
        var mixture = TinyModel(seed: 2)
        mixture.experts = .init(count: 4, usedCount: 1)
        let written = try mixture.write()
        defer { withExtendedLifetime(written) {} }
        var examination = Examination()
        try examination.examineMachine()
        examination.examineModels(try configuration("models: { a: { weights: \(written.path) } }"), folder: "/nowhere")
        let speed = try #require(examination.memoryBandwidth)
        let read = try ModelFootprint.byteCountPerToken(of: GGUFFile(path: written.path))
        let found = examination.findings.first { $0.subject == "model a" }
        #expect(
            found?.text.hasSuffix(
                "; memory allows at most about \(Int(speed / Double(read))) tokens a second for one stream") == true)
    }

    @Test("A model that does not fit into memory is bad")
    func tooLarge() throws {
        for (limit, memory, state) in [
            ("", Int64(1) << 30, Examination.State.good), ("", 64 << 20, .bad), ("memory: 64MiB", 1 << 30, .bad),
        ] {
            var examination = Examination()
            var machine = MachineFacts.read()
            machine.availableMemory = memory
            examination.examineModels(
                try configuration("machine: { \(limit) }\nmodels: { a: { weights: tiny.gguf } }"), folder: "/nowhere",
                machine: machine)
            #expect(examination.findings.map(\.state) == [.good, state])
            #expect(examination.findings[1].text.hasPrefix("'a' does not fit the memory: weights ") == (state == .bad))
        }
    }

    @Test("A data folder is good where it or the nearest folder above it can be written, and a file is none")
    func dataFolder() throws {
        for (data, state) in [
            ("./a/b/c", Examination.State.good), (".", .good), ("tiny.gguf", .bad), ("tiny.gguf/d", .bad),
        ] {
            var examination = Examination()
            examination.examineData(try configuration("data: \(data)\nmodels: { a: { weights: tiny.gguf } }"))
            #expect(examination.findings.map(\.state) == [state], "\(data)")
            #expect(examination.findings[0].text.contains("will be made") == (data == "./a/b/c"))
        }
    }

    @Test("A configuration file that was named and is not there is bad; the usual one that is not there is a note")
    func absentConfiguration() throws {
        let program = try Program()
        let named = try program.run(["doctor", "--config", "typo.yaml"])
        #expect(named.output.contains("\nbad   configuration  Cannot read 'typo.yaml': there is no such file."))
        #expect(named.status == 1)
        let usual = try program.run(["doctor"])
        #expect(usual.output.contains("\nnote  configuration  there is no lapwing.yaml; `lapwing demo` writes one"))
    }

    @Test("Each finding is a line with its mark, in columns")
    func lines() {
        var examination = Examination()
        examination.add("memory", .good, "much")
        examination.add("configuration", .bad, "none")
        #expect(examination.lines() == ["ok    memory         much", "bad   configuration  none"])
    }

    @Test("Models are listed with what their files say, and files that no model uses after them")
    func listing() throws {
        try FileManager.default.copyItem(atPath: model.path, toPath: folder.appending(path: "other.gguf").path)
        try Data("GGUF".utf8).write(to: folder.appending(path: "damaged.gguf"))
        let configuration = try configuration(
            """
            models:
              a: { weights: tiny.gguf, context: 128 }
              b: { provider: openai, upstream: gpt-4-turbo, key: "${KEY}" }
            routes: { r: { open: a } }
            """)
        let listing = ModelListing(configuration, folder: folder.path)
        let lines = listing.lines()
        #expect(lines[1].contains(" Q8_0 "))
        #expect(lines[1].hasPrefix("a ") && lines[1].contains(" llama ") && lines[1].hasSuffix(" 128  –"))
        #expect(lines[2].hasPrefix("b ") && lines[2].hasSuffix("KEY is not set"))
        #expect(lines[3].hasPrefix("other.gguf") && lines[3].hasSuffix("not in the configuration"))
        #expect(lines[4].hasPrefix("damaged.gguf") && lines[4].contains("cannot be read: "))
        #expect(lines.last == "routes: r")
        var examination = Examination()
        examination.examineModels(configuration, folder: folder.path)
        let damaged = examination.findings.last { $0.subject == "weights" }
        #expect(damaged?.text.hasPrefix("damaged.gguf cannot be read: ") == true)
        #expect(damaged?.state == .note)
        #expect(ModelListing(nil, folder: "/nowhere").lines().count == 1)
    }

    @Test("Off loopback, serve refuses to start")
    func servesLoopbackOnly() async throws {
        let path = folder.appending(path: "lapwing.yaml").path
        try "server: { host: 0.0.0.0 }\nmodels: { a: { weights: tiny.gguf } }".write(
            toFile: path, atomically: true, encoding: .utf8)
        var command = try #require(
            try Lapwing.parseAsRoot(["serve", "--config", path]) as? any AsyncParsableCommand)
        let failure = await #expect(throws: Failure.self) { try await command.run() }
        #expect(failure?.message?.contains("0.0.0.0") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "data").path))
    }

    @Test(
        "A model is chosen by file, by name or as the first of the configuration; a wrong name is told with the right one"
    )
    func choosesModel() async throws {
        let path = folder.appending(path: "lapwing.yaml").path
        try "models: { tiny-one: { weights: tiny.gguf }, a/b: { weights: tiny.gguf } }".write(
            toFile: path, atomically: true, encoding: .utf8)
        for arguments in [[], ["--model", "tiny-one"], ["--model", "a/b"], ["--model", model.path]] {
            let command = ["run", "--config", path, "--max-tokens", "1", "--chat-template", "chatml", "Hi"] + arguments
            var run = try #require(try Lapwing.parseAsRoot(command) as? any AsyncParsableCommand)
            try await run.run()
        }
        var wrong = try #require(
            try Lapwing.parseAsRoot(["run", "--config", path, "--model", "tinyone", "Hi"]) as? any AsyncParsableCommand
        )
        let failure = await #expect(throws: Failure.self) { try await wrong.run() }
        #expect(failure?.message?.contains("did you mean 'tiny-one'?") == true)
    }
}
