import LapwingHub
import Testing

@Suite struct HubReferenceTests {
    @Test("owner/name, with a revision and a file or without, is read")
    func reads() throws {
        #expect(try HubReference("TheBloke/Mixtral_8x7B-v0.1").repository == "TheBloke/Mixtral_8x7B-v0.1")
        let reference = try HubReference("a/b:sub/c.gguf")
        #expect(reference.file == "sub/c.gguf")
        #expect(reference.revision == "main")
        let pinned = try HubReference("a/b@refs/pr/1:Q8_0")
        #expect((pinned.repository, pinned.revision, pinned.file) == ("a/b", "refs/pr/1", "Q8_0"))
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "a", "a/b/c", "/b", "a/", "a/b:", "a/b:../c", "a/b:/etc", "../b", "a/.b", "a b/c", "a/b:x/./y", "a/b@",
            "a/b@x//y",
            "a/b@../c", "a/b@x y", "a@b/c", "a/b:c\\d.gguf",
        ])
    func refuses(text: String) {
        #expect(throws: HubError.malformedReference(text)) { try HubReference(text) }
    }

    private func file(_ path: String) -> HubFile { HubFile(path: path, size: 1, digest: nil) }

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
            ("a/b", ["m-imatrix.gguf", "m.gguf", "config.json", "model.safetensors"], "m.gguf"),
            ("a/b:Q8_0", ["q/m-Q8_0-00001-of-00001.gguf", "m-Q4_0.gguf"], "q/m-Q8_0-00001-of-00001.gguf"),
        ])
    func chooses(text: String, paths: [String], expected: String) throws {
        #expect(try HubReference(text).choose(among: paths.map(file)).files.map(\.path) == [expected])
    }

    @Test("A model in parts is all of them, in order")
    func parts() throws {
        let paths = [
            "x/m-00002-of-00003.gguf", "x/m-00003-of-00003.gguf", "x/m-00001-of-00003.gguf", "n-00001-of-00002.gguf",
        ]
        let model = try HubReference("a/b:x/m-00001-of-00003.gguf").choose(among: paths.map(file))
        #expect(model.files.map(\.path) == paths.prefix(3).sorted())
        #expect(model.name == "m-00001-of-00003.gguf")
        #expect(throws: HubError.missingPart(repository: "a/b", file: "n-00002-of-00002.gguf")) {
            try HubReference("a/b:n-00001-of-00002.gguf").choose(among: paths.map(file))
        }
    }

    @Test("A folder is its configuration, tokenizer, card and the weights that are loaded, and nothing that is run")
    func folders() throws {
        let wanted = [
            "1_Pooling/config.json", "README.md", "chat_template.jinja", "config.json", "generation_config.json",
            "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
        ]
        let others = [
            "pytorch_model.bin", "consolidated.safetensors", "modeling_lark.py", "original/model.pt", "sub/config.json",
            "model.safetensors.index.json", ".gitattributes",
        ]
        let model = try HubReference("a/lark").choose(among: (others + wanted).map(file))
        #expect(model.isFolder)
        #expect(model.name == "lark")
        #expect(model.files.map(\.path).sorted() == wanted)
        let both = (wanted + ["m-Q4_0.gguf", "m-Q8_0.gguf"]).map(file)
        #expect(try HubReference("a/lark:safetensors").choose(among: both).isFolder)
        let error = #expect(throws: HubError.self) { try HubReference("a/lark").choose(among: both) }
        #expect(error?.description.contains("has 3 models; name one as a/lark:FILE") == true)
        #expect(error?.description.contains("\n  safetensors  9 B") == true)
    }

    @Test("Several files are an error that lists them")
    func ambiguous() throws {
        let files = ["m-Q8_0.gguf", "m-Q4_0.gguf"].map(file)
        let error = #expect(throws: HubError.self) { try HubReference("a/b").choose(among: files) }
        #expect(error?.description.contains("name one as a/b:FILE.\n  m-Q4_0.gguf  1 B\n  m-Q8_0.gguf  1 B") == true)
    }

    @Test("A file that is not there and a model without weights are told apart")
    func refusals() {
        let error = #expect(throws: HubError.self) {
            try HubReference("a/b:Q5_0").choose(among: [file("m-Q4_0.gguf")])
        }
        #expect(error?.description == "'a/b' has no file 'Q5_0'. It has:\n  m-Q4_0.gguf  1 B")
        for paths in [["model.safetensors"], ["config.json", "adapter_model.safetensors"], ["mmproj.gguf"]] {
            #expect(throws: HubError.noWeights(repository: "a/b")) {
                try HubReference("a/b").choose(among: paths.map(file))
            }
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
