import LapwingHub
import Testing

@Suite struct HubReferenceTests {
    @Test("owner/name and owner/name:file are read")
    func reads() throws {
        #expect(try HubReference("TheBloke/Mixtral_8x7B-v0.1").repository == "TheBloke/Mixtral_8x7B-v0.1")
        let reference = try HubReference("a/b:sub/c.gguf")
        #expect(reference.file == "sub/c.gguf")
    }

    @Test(
        "Anything else is refused",
        arguments: ["", "a", "a/b/c", "/b", "a/", "a/b:", "a/b:../c", "a/b:/etc", "../b", "a/.b", "a b/c", "a/b:x/./y"])
    func refuses(text: String) {
        #expect(throws: HubError.malformedReference(text)) { try HubReference(text) }
    }

    private func file(_ path: String) -> HubFile { HubFile(path: path, size: 1, sha256: nil) }

    @Test(
        "The one file that is meant is chosen",
        arguments: [
            ("a/b", ["README.md", "m.gguf"], "m.gguf"),
            ("a/b", ["mmproj-f16.gguf", "m.gguf"], "m.gguf"),
            ("a/b:m-Q4_K_M.gguf", ["m-Q4_K_M.gguf", "m-Q8_0.gguf"], "m-Q4_K_M.gguf"),
            ("a/b:m.gguf", ["x/m.gguf", "m.gguf"], "m.gguf"),
            ("a/b:m.gguf", ["x/m.gguf", "n.gguf"], "x/m.gguf"),
            ("a/b:q4_k_m", ["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m.Q8_0.gguf"], "m-Q4_K_M.gguf"),
            ("a/b:Q8_0", ["m-Q4_K_M.gguf", "m.Q8_0.gguf"], "m.Q8_0.gguf"),
            ("a/b", ["m.gguf", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"], "m.gguf"),
        ])
    func chooses(text: String, paths: [String], expected: String) throws {
        #expect(try HubReference(text).choose(among: paths.map(file)).path == expected)
    }

    @Test("Several files are an error that lists them")
    func ambiguous() throws {
        let files = ["m-Q8_0.gguf", "m-Q4_0.gguf"].map(file)
        let error = #expect(throws: HubError.self) { try HubReference("a/b").choose(among: files) }
        #expect(error == .ambiguous(repository: "a/b", candidates: files.reversed()))
        #expect(error?.description.contains("name one as a/b:FILE") == true)
    }

    @Test("A file that is not there, a model in parts and a model without weights are told apart")
    func refusals() {
        #expect(throws: HubError.fileNotFound(repository: "a/b", file: "Q5_0", available: [file("m-Q4_0.gguf")])) {
            try HubReference("a/b:Q5_0").choose(among: [file("m-Q4_0.gguf")])
        }
        #expect(throws: HubError.split(repository: "a/b", file: "m-00001-of-00002.gguf")) {
            try HubReference("a/b").choose(among: [file("m-00002-of-00002.gguf"), file("m-00001-of-00002.gguf")])
        }
        #expect(throws: HubError.noWeights(repository: "a/b")) {
            try HubReference("a/b").choose(among: [file("model.safetensors")])
        }
        // Q4_K is a quantisation of its own, not the beginning of another.
        #expect(throws: HubError.self) { try HubReference("a/b:Q4_K").choose(among: [file("m-Q4_K_M.gguf")]) }
    }

    @Test(
        "Sizes read as vendors print them",
        arguments: [
            (0, "0 B"), (999, "999 B"), (98_362_432, "98.4 MB"), (999_960, "1.0 MB"), (7_200_000_000, "7.2 GB"),
        ])
    func byteCounts(bytes: Int64, expected: String) {
        #expect("\(ByteCount(bytes))" == expected)
    }
}
