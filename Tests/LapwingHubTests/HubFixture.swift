import AsyncHTTPClient
import Crypto
import Foundation
import LapwingHub
import Synchronization

/// A repository with one weight file, and the replies that the hub's API would give for it.
struct HubFixture: Sendable {
    let content: [UInt8]
    var repository = "acme/lark"
    var fileName = "lark-Q4_1.gguf"

    /// Bytes that differ from one another, so that a wrong offset shows.
    init(count: Int = 300_000) {
        var state: UInt64 = 88_172_645_463_325_252
        content = (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    var sha256: String { SHA256.hash(data: content).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// The commit that every revision is.
    static let commit = String(repeating: "c0ffee00", count: 5)

    /// What the hub says of the model and of its files; nil for a request for a file.
    func listing(_ request: ScriptedServer.Request, sha256: String? = nil) -> ScriptedServer.Reply? {
        if request.path.hasPrefix("/api/models/\(repository)/revision/") {
            return ScriptedServer.Reply(body: Array("{\"sha\": \"\(Self.commit)\", \"gated\": false}".utf8))
        }
        guard isTree(request) else { return nil }
        let tree = """
            [{"type": "directory", "path": "docs", "size": 0, "oid": "1"},
             {"type": "file", "path": "README.md", "size": 12, "oid": "2"},
             {"type": "file", "path": "\(fileName)", "size": \(content.count), "oid": "3",
              "lfs": {"oid": "\(sha256 ?? self.sha256)", "size": \(content.count), "pointerSize": 134}}]
            """
        return ScriptedServer.Reply(body: Array(tree.utf8))
    }

    /// The file, or the part of it that the request's Range asks for.
    func file(
        _ request: ScriptedServer.Request, tag: String? = nil, dropAfter: Int? = nil
    ) -> ScriptedServer.Reply {
        let tags = tag.map { ["etag": $0] } ?? [:]
        guard let range = request.headers["range"], let start = Int(range.dropFirst("bytes=".count).dropLast()) else {
            return ScriptedServer.Reply(headers: tags, body: content, dropAfter: dropAfter)
        }
        return ScriptedServer.Reply(
            status: 206,
            headers: tags.merging(["content-range": "bytes \(start)-\(content.count - 1)/\(content.count)"]) { $1 },
            body: Array(content[start...]), dropAfter: dropAfter)
    }

    func isTree(_ request: ScriptedServer.Request) -> Bool {
        request.path.hasPrefix("/api/models/\(repository)/tree/\(Self.commit)")
    }
}

/// What one `pull` came to, and what it left on the disk.
struct Pull {
    let folder: URL
    let waits: Waits
    var environment: [String: String] = [:]
    var freeBytes: Int64 = .max

    final class Waits: Sendable {
        let delays = Mutex<[Duration]>([])
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "lapwing-hub-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        waits = Waits()
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Of all files, in folders too, those that hold something of the model.
    var files: [String] {
        let all = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
        return all.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder.appending(path: name).path, isDirectory: &isFolder)
            return !isFolder.boolValue && !name.hasSuffix(".lapwing-pulled")
        }.sorted()
    }

    func bytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder.appending(path: name).path).map(Array.init)
    }

    @discardableResult
    func run(
        _ reference: String, from server: ScriptedServer,
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> PulledModel {
        let http = HubClient.makeHTTPClient()
        do {
            var retries = HubClient.Retries()
            let (waits, free) = (waits, freeBytes)
            retries.sleep = { delay in waits.delays.withLock { $0.append(delay) } }
            let client = try HubClient(
                http: http, environment: environment.merging(["HF_ENDPOINT": server.url]) { $1 }, retries: retries)
            let pulled = try await HubPull(
                client: client, reference: HubReference(reference), folder: folder.path, freeBytes: { _ in free }
            ).run(progress: progress)
            try await http.shutdown()
            return pulled
        } catch {
            try await http.shutdown()
            throw error
        }
    }
}
