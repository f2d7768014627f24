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

    func tree(sha256: String? = nil) -> ScriptedServer.Reply {
        let tree = """
            [{"type": "directory", "path": "docs", "size": 0, "oid": "1"},
             {"type": "file", "path": "README.md", "size": 12, "oid": "2"},
             {"type": "file", "path": "\(fileName)", "size": \(content.count), "oid": "3",
              "lfs": {"oid": "\(sha256 ?? self.sha256)", "size": \(content.count), "pointerSize": 134}}]
            """
        return ScriptedServer.Reply(body: Array(tree.utf8))
    }

    /// The file, or the part of it that the request's Range asks for.
    func file(_ request: ScriptedServer.Request, dropAfter: Int? = nil) -> ScriptedServer.Reply {
        guard let range = request.headers["range"], let start = Int(range.dropFirst("bytes=".count).dropLast()) else {
            return ScriptedServer.Reply(body: content, dropAfter: dropAfter)
        }
        return ScriptedServer.Reply(
            status: 206, headers: ["content-range": "bytes \(start)-\(content.count - 1)/\(content.count)"],
            body: Array(content[start...]), dropAfter: dropAfter)
    }

    func isTree(_ request: ScriptedServer.Request) -> Bool {
        request.path.hasPrefix("/api/models/\(repository)/tree/main")
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

    var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? [] }

    func bytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder.appending(path: name).path).map(Array.init)
    }

    @discardableResult
    func run(
        _ reference: String, from server: ScriptedServer,
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> PulledFile {
        let http = HubClient.makeHTTPClient()
        do {
            let pulled = try await run(reference, server.url, http, progress)
            try await http.shutdown()
            return pulled
        } catch {
            try await http.shutdown()
            throw error
        }
    }

    private func run(
        _ text: String, _ url: String, _ http: HTTPClient, _ progress: @escaping @Sendable (DownloadProgress) -> Void
    ) async throws -> PulledFile {
        var retries = HubClient.Retries()
        let waits = waits
        retries.sleep = { delay in waits.delays.withLock { $0.append(delay) } }
        let client = try HubClient(
            http: http, environment: environment.merging(["HF_ENDPOINT": url]) { $1 }, retries: retries)
        let reference = try HubReference(text)
        let file = try reference.choose(among: await client.files(of: reference))
        let free = freeBytes
        return try await Download(
            client: client, reference: reference, file: file, path: folder.appending(path: file.name).path,
            freeBytes: { _ in free }
        ).run(progress: progress)
    }
}
