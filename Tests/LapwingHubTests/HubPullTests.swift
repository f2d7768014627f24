import Foundation
import LapwingHub
import Synchronization
import Testing

@Suite struct HubPullTests {
    private static let index = """
        {"metadata": {"total_size": 5},
         "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors",
                        "c": "model-00001-of-00002.safetensors"}}
        """

    private static let folder: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "tokenizer.json": Array("{\"a\": 1}".utf8), "README.md": [],
        "1_Pooling/config.json": Array("{\"b\": 2}".utf8), "pytorch_model.bin": [1, 2, 3],
        "model.safetensors.index.json": Array(index.utf8), "model-00001-of-00002.safetensors": [4, 5],
        "model-00002-of-00002.safetensors": [6, 7, 8],
    ]

    private func run(
        _ repository: HubRepository, _ reference: String = "acme/lark", in pull: Pull,
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> (pulled: PulledModel, seen: [String]) {
        try await ScriptedServer.run { request, _ in
            repository.reply(request)
        } body: { server in
            let pulled = try await pull.run(reference, from: server, progress: progress)
            return (pulled, server.seen.map(\.path))
        }
    }

    @Test("A folder comes whole, with the parts that its index names, each verified, and nothing that is run")
    func folderInParts() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let steps = Mutex<[DownloadProgress]>([])
        let pulled = try await run(HubRepository(files: Self.folder), in: pull) { step in
            steps.withLock { $0.append(step) }
        }.pulled
        #expect(pulled.path == pull.folder.appending(path: "lark").path)
        let expected = Self.folder.keys.filter { $0 != "pytorch_model.bin" }.sorted()
        #expect(pull.files == expected.map { "lark/\($0)" })
        for name in expected { #expect(pull.bytes("lark/\(name)") == Self.folder[name]) }
        // The progress is of all files together.
        let total = expected.reduce(Int64(0)) { $0 + Int64(Self.folder[$1]?.count ?? 0) }
        #expect(steps.withLock { $0.last } == .fetching(received: total, total: total))
        let received = steps.withLock { steps in
            steps.compactMap { step in if case .fetching(let received, _) = step { received } else { nil } }
        }
        #expect(received == received.sorted())
    }

    @Test("A folder that is there already is verified and not fetched; one that is half there is completed")
    func again() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let repository = HubRepository(files: Self.folder)
        _ = try await run(repository, in: pull)
        let second = try await run(repository, in: pull)
        #expect(!second.pulled.wasFetched)
        #expect(!second.seen.contains { $0.contains("/resolve/") })
        try FileManager.default.removeItem(at: pull.folder.appending(path: "lark/model-00002-of-00002.safetensors"))
        let third = try await run(repository, in: pull)
        #expect(third.seen.filter { $0.contains("/resolve/") }.map { $0.suffix(15) } == ["002.safetensors"])
        #expect(pull.bytes("lark/model-00002-of-00002.safetensors") == [6, 7, 8])
    }

    @Test("A folder that holds another model is left as it is, whatever is new in the one that was asked for")
    func conflict() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        var repository = HubRepository(files: Self.folder)
        _ = try await run(repository, in: pull)
        let before = pull.files
        // Small, so that it would come early; and one of the large ones is another.
        repository.files["chat_template.jinja"] = [9]
        repository.files["tokenizer.json"] = Array("{\"a\": 2, \"b\": [1, 2, 3, 4, 5, 6, 7, 8]}".utf8)
        let error = await #expect(throws: HubError.self) { try await run(repository, in: pull) }
        #expect(error == .alreadyExists(path: pull.folder.appending(path: "lark/tokenizer.json").path))
        #expect(pull.files == before)
    }

    @Test("A small file is held against git's id of it")
    func smallFileDamaged() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let repository = HubRepository(files: Self.folder)
        let error = await #expect(throws: HubError.self) {
            try await ScriptedServer.run { request, _ in
                request.path.hasSuffix("/tokenizer.json")
                    ? .init(body: Array("{\"a\": 2}".utf8)) : repository.reply(request)
            } body: { server in
                try await pull.run("acme/lark", from: server)
            }
        }
        // As `git hash-object` says of both.
        #expect(
            error
                == .checksumMismatch(
                    file: "tokenizer.json", expected: "4a036f56bb619924ec4189bd84ed716c766971ae",
                    found: "447f075d20cfeba46f8a9e142157c80b4e1860a6"))
        #expect(pull.bytes("lark/tokenizer.json") == nil)
    }

    @Test("All parts of a GGUF model are pulled together, from whichever folder they lie in")
    func ggufParts() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let files: [String: [UInt8]] = [
            "q/m-00001-of-00002.gguf": [1], "q/m-00002-of-00002.gguf": [2, 3], "n.txt": [4],
        ]
        let pulled = try await run(HubRepository(files: files), in: pull).pulled
        #expect(pull.files == ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"])
        #expect(pulled.path.hasSuffix("/m-00001-of-00002.gguf"))
        #expect(pulled.size == 3)
    }

    @Test("The commit that a revision is now is asked for once, and all files are of it")
    func pinned() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let seen = try await run(HubRepository(files: ["m.gguf": [1]]), "acme/lark@refs/pr/1", in: pull).seen
        #expect(
            seen == [
                "/api/models/acme/lark/revision/refs%2Fpr%2F1",
                "/api/models/acme/lark/tree/\(HubFixture.commit)?recursive=true",
                "/acme/lark/resolve/\(HubFixture.commit)/m.gguf",
            ])
        let record = try #require(try PullRecord(of: pull.folder.appending(path: "m.gguf").path))
        #expect((record.repository, record.revision, record.commit) == ("acme/lark", "refs/pr/1", HubFixture.commit))
        #expect(record.files.map(\.path) == ["m.gguf"])
    }

    @Test(
        "A listing with a path that leads elsewhere is refused whole, before anything is fetched",
        arguments: [
            "../evil.gguf", "a/../../evil.gguf", "/etc/evil.gguf", "a//evil.gguf", "..\\\\evil.gguf", "e\\u0000.gguf",
        ])
    func traversalInListing(path: String) async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let repository = HubRepository(files: ["evil.gguf": [1], "m.gguf": [2]], listedPaths: ["evil.gguf": path])
        let error = await #expect(throws: HubError.self) { try await run(repository, "acme/lark:m.gguf", in: pull) }
        #expect(error?.description.contains("which is no path") == true)
        #expect(pull.files == [])
    }

    @Test(
        "An index that names a file elsewhere, or no index, is refused",
        arguments: [
            #"{"weight_map": {"a": "../model.safetensors"}}"#, #"{"weight_map": {"a": "/etc/x.safetensors"}}"#,
            #"{"weight_map": {"a": "sub/x.safetensors"}}"#, #"{"weight_map": {"a": "pytorch_model.bin"}}"#,
            #"{"weight_map": {}}"#, #"{"weight_map": 3}"#, "",
        ])
    func traversalInIndex(index: String) async throws {
        let pull = try Pull()
        defer { pull.remove() }
        var repository = HubRepository(files: Self.folder)
        repository.files["model.safetensors.index.json"] = Array(index.utf8)
        let error = await #expect(throws: HubError.self) { try await run(repository, in: pull) }
        guard case .badIndex = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(pull.files == ["lark/model.safetensors.index.json"])
    }

    @Test("An index that names a part which is not there says so")
    func missingPart() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        var repository = HubRepository(files: Self.folder)
        repository.files["model-00002-of-00002.safetensors"] = nil
        await #expect(
            throws: HubError.missingPart(repository: "acme/lark", file: "model-00002-of-00002.safetensors")
        ) { try await run(repository, in: pull) }
    }

    @Test("A listing whose sizes no file has is refused; one that is merely wrong is found at the first answer")
    func lyingSizes() async throws {
        for (size, expected) in [(-1, "has -1 bytes"), (Int64.max, "bytes"), (7, "'m.gguf' has 2 bytes, expected 7")] {
            let pull = try Pull()
            defer { pull.remove() }
            let repository = HubRepository(files: ["m.gguf": [1, 2]], listedSizes: ["m.gguf": size])
            let error = await #expect(throws: HubError.self) { try await run(repository, in: pull) }
            #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
            #expect(pull.files == [])
        }
    }

    @Test("Room is needed for all files together, less what lies there")
    func space() async throws {
        var pull = try Pull()
        defer { pull.remove() }
        let repository = HubRepository(files: ["m-00001-of-00002.gguf": [1], "m-00002-of-00002.gguf": [2, 3]])
        pull.freeBytes = 64 << 20
        await #expect(
            throws: HubError.notEnoughSpace(
                path: pull.folder.appending(path: "m-00001-of-00002.gguf").path, needed: 64 << 20 + 3, free: 64 << 20)
        ) { try await run(repository, in: pull) }
        pull.freeBytes = 64 << 20 + 2
        try Data([1]).write(to: pull.folder.appending(path: "m-00001-of-00002.gguf"))
        #expect(try await run(repository, in: pull).pulled.wasFetched)
    }
}
