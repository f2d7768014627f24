import AsyncHTTPClient
import Foundation
import LapwingHub
import Synchronization
import Testing

@Suite struct DownloadTests {
    private let hub = HubFixture()

    @Test("A file is fetched whole, verified, and leaves nothing else behind")
    func fetches() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? hub.file(request)
        } body: { server in
            let last = Mutex<DownloadProgress?>(nil)
            let pulled = try await pull.run("acme/lark", from: server) { progress in last.withLock { $0 = progress } }
            #expect(pulled.wasFetched)
            let count = Int64(hub.content.count)
            #expect(last.withLock { $0 } == .fetching(received: count, total: count))
            #expect(server.seen.map(\.path).last == "/acme/lark/resolve/\(HubFixture.commit)/lark-Q4_1.gguf")
        }
        #expect(pull.files == ["lark-Q4_1.gguf"])
        #expect(pull.bytes("lark-Q4_1.gguf") == hub.content)
    }

    @Test("A connection that breaks off is taken up where it broke, with a Range")
    func resumesWithinARun() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let seen = try await ScriptedServer.run { request, count in
            hub.listing(request) ?? hub.file(request, dropAfter: count < 5 ? 70_000 : nil)
        } body: { server in
            try await pull.run("acme/lark", from: server)
            return server.seen
        }
        #expect(pull.bytes("lark-Q4_1.gguf") == hub.content)
        // How much of what was sent still came in before the break is the network's affair; each start is past the last.
        let starts = seen.dropFirst(3).map { Int(($0.headers["range"] ?? "").dropFirst(6).dropLast()) ?? 0 }
        #expect(starts.count == 2)
        #expect((1...70_000).contains(starts[0]))
        #expect((starts[0] + 1...starts[0] + 70_000).contains(starts[1]))
        // Every attempt brought something, so each wait is the first one's.
        #expect(pull.waits.delays.withLock { $0 } == [.seconds(1), .seconds(1)])
    }

    @Test("A run that gave up leaves its bytes, and the next run goes on from them")
    func resumesAcrossRuns() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        await #expect(throws: HubError.self) {
            try await ScriptedServer.run { request, count in
                if let listing = hub.listing(request) { return listing }
                return count == 3 ? hub.file(request, dropAfter: 100_000) : .init(status: 503)
            } body: { server in
                try await pull.run("acme/lark", from: server)
            }
        }
        #expect(pull.waits.delays.withLock { $0 } == [1, 2, 4, 8].map { .seconds($0) })
        let partial = "lark-Q4_1.gguf.\(hub.sha256.prefix(12)).partial"
        #expect(pull.files == [partial])
        let count = Int64(try #require(pull.bytes(partial)).count)
        #expect((1...100_000).contains(count))
        let progress = Mutex<[DownloadProgress]>([])
        let seen = try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? hub.file(request)
        } body: { server in
            try await pull.run("acme/lark", from: server) { step in progress.withLock { $0.append(step) } }
            return server.seen
        }
        #expect(seen.last?.headers["range"] == "bytes=\(count)-")
        let total = Int64(hub.content.count)
        #expect(progress.withLock { $0 }.first == .verifying(done: count, total: count))
        #expect(progress.withLock { $0 }.last == .fetching(received: total, total: total))
        #expect(pull.bytes("lark-Q4_1.gguf") == hub.content)
    }

    @Test("A server without ranges sends the whole file again, and the result is right")
    func serverWithoutRanges() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, count in
            if let listing = hub.listing(request) { return listing }
            return .init(body: hub.content, dropAfter: count == 3 ? 50_000 : nil)
        } body: { server in
            try await pull.run("acme/lark", from: server)
        }
        #expect(pull.bytes("lark-Q4_1.gguf") == hub.content)
    }

    @Test("A file with the wrong checksum never gets its name and is not kept")
    func wrongChecksum() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let expected = String(repeating: "ab", count: 32)
        await #expect(
            throws: HubError.checksumMismatch(file: hub.fileName, expected: expected, found: hub.sha256)
        ) {
            try await ScriptedServer.run { request, _ in
                hub.listing(request, sha256: expected) ?? hub.file(request)
            } body: { server in
                try await pull.run("acme/lark", from: server)
            }
        }
        #expect(pull.files == [])
    }

    @Test("A partial file that was damaged on the disk is fetched again from the start")
    func damagedPartial() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let partial = pull.folder.appending(path: "\(hub.fileName).\(hub.sha256.prefix(12)).partial")
        try Data(repeating: 7, count: 1000).write(to: partial)
        let seen = try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? hub.file(request)
        } body: { server in
            try await pull.run("acme/lark", from: server)
            return server.seen
        }
        #expect(seen.dropFirst(2).map { $0.headers["range"] } == ["bytes=1000-", nil])
        #expect(pull.bytes(hub.fileName) == hub.content)
    }

    @Test("A file that is there already is verified and not fetched again; another file there is not overwritten")
    func existingFile() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let path = pull.folder.appending(path: hub.fileName)
        try Data(hub.content).write(to: path)
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? hub.file(request)
        } body: { server in
            #expect(try await pull.run("acme/lark", from: server).wasFetched == false)
            #expect(server.seen.count == 2)
            try Data([1, 2, 3]).write(to: path)
            await #expect(throws: HubError.alreadyExists(path: path.path)) {
                try await pull.run("acme/lark", from: server)
            }
        }
        #expect(pull.bytes(hub.fileName) == [1, 2, 3])
    }

    @Test("A disk without room is found before the first byte")
    func noSpace() async throws {
        var pull = try Pull()
        defer { pull.remove() }
        pull.freeBytes = 1000
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? hub.file(request)
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(error?.description.contains("1.0 kB free") == true)
            #expect(server.seen.count == 2)
        }
    }

    @Test("Reading again what lies on the disk stops when it is cancelled, and keeps what is there")
    func cancelledVerification() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let path = pull.folder.appending(path: hub.fileName)
        try Data(hub.content).write(to: path)
        let partial = pull.folder.appending(path: "other.gguf.\(hub.sha256.prefix(12)).partial")
        try Data(hub.content.prefix(1000)).write(to: partial)
        for name in [hub.fileName, "other.gguf"] {
            let file = HubFile(path: name, size: Int64(hub.content.count), digest: .sha256(hub.sha256))
            let http = HubClient.makeHTTPClient()
            let client = try HubClient(http: http, environment: ["HF_ENDPOINT": "http://127.0.0.1:9"])
            let download = try Download(
                client: client, snapshot: HubSnapshot(repository: "acme/lark", commit: HubFixture.commit), file: file,
                path: pull.folder.appending(path: name).path)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await download.run { _ in Issue.record("it went on") }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            try await http.shutdown()
        }
        #expect(pull.files == [hub.fileName, partial.lastPathComponent])
        #expect(pull.bytes(partial.lastPathComponent)?.count == 1000)
    }

    @Test("A listed file that is not there is told without a list of nothing, and leaves nothing behind")
    func listedButGone() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? .init(status: 404)
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(error?.description == "'acme/lark' has no file 'lark-Q4_1.gguf'.")
        }
        #expect(pull.files == [])
    }

    @Test("A server that has another length than the listing says is not believed", arguments: [-100, 3])
    func otherLength(by difference: Int) async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let count = Int64(hub.content.count)
        await #expect(
            throws: HubError.sizeMismatch(file: hub.fileName, expected: count, found: count + Int64(difference))
        ) {
            try await ScriptedServer.run { request, _ in
                hub.listing(request) ?? .init(body: Array((hub.content + [1, 2, 3]).prefix(Int(count) + difference)))
            } body: { server in
                try await pull.run("acme/lark", from: server)
            }
        }
        #expect(pull.files == [])
    }

    @Test("An answer that does not tell its length is cut short where it goes on past the file's")
    func tooLong() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let partial = "\(hub.fileName).\(hub.sha256.prefix(12)).partial"
        try Data(hub.content.prefix(1000)).write(to: pull.folder.appending(path: partial))
        await #expect(throws: HubError.self) {
            try await ScriptedServer.run { request, _ in
                let range = request.headers["range"] == nil ? "0-" : "1000-"
                return hub.listing(request)
                    ?? .init(
                        status: 206, headers: ["content-range": "bytes \(range)300000/*"],
                        body: hub.content.suffix(299_000) + [1, 2, 3, 4])
            } body: { server in
                try await pull.run("acme/lark", from: server)
            }
        }
        #expect(pull.bytes(hub.fileName) == nil)
    }

    @Test("A file that has another tag when a download goes on is fetched from the start, If-Range known or not")
    func changedTag() async throws {
        for knowsIfRange in [true, false] {
            let pull = try Pull()
            defer { pull.remove() }
            let old = [UInt8](repeating: 9, count: hub.content.count)
            let seen = try await ScriptedServer.run { request, count in
                if let listing = hub.listing(request) { return listing }
                if count == 3 { return .init(headers: ["etag": "\"a\""], body: old, dropAfter: 90_000) }
                guard knowsIfRange, request.headers["if-range"] == "\"a\"" else {
                    return hub.file(request, tag: "\"b\"")
                }
                return .init(headers: ["etag": "\"b\""], body: hub.content)
            } body: { server in
                try await pull.run("acme/lark", from: server)
                return server.seen
            }
            #expect(pull.bytes(hub.fileName) == hub.content)
            #expect(seen.count == (knowsIfRange ? 4 : 5))
            #expect(seen[3].headers["if-range"] == "\"a\"")
        }
    }

    @Test("A weak tag is not sent as If-Range, which needs one that promises the same bytes")
    func weakTag() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        let seen = try await ScriptedServer.run { request, count in
            hub.listing(request) ?? hub.file(request, tag: "W/\"a\"", dropAfter: count == 3 ? 90_000 : nil)
        } body: { server in
            try await pull.run("acme/lark", from: server)
            return server.seen
        }
        #expect(seen.count == 4)
        #expect(seen[3].headers["range"] != nil && seen[3].headers["if-range"] == nil)
        #expect(pull.bytes(hub.fileName) == hub.content)
    }

    @Test("A server that breaks off at the same place and starts over is given up")
    func neverFurther() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? .init(body: hub.content, dropAfter: 0)
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(error?.description.contains(" in 5 attempts: ") == true)
        }
    }
}
