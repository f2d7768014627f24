import Crypto
import Foundation

/// A repository of several files, and the replies that the hub's API would give for it.
struct HubRepository: Sendable {
    var name = "acme/lark"
    /// Small ones are told with git's ids, weights with their SHA-256.
    var files: [String: [UInt8]]
    /// What the listing says in place of what it should.
    var listedPaths: [String: String] = [:]
    var listedSizes: [String: Int64] = [:]

    func reply(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
        let path = request.path.removingPercentEncoding ?? ""
        if path.hasPrefix("/api/models/\(name)/revision/") {
            return .init(body: Array("{\"sha\": \"\(HubFixture.commit)\"}".utf8))
        }
        if path.hasPrefix("/api/models/\(name)/tree/\(HubFixture.commit)?") {
            return .init(body: Array("[\(files.keys.sorted().map(entry).joined(separator: ","))]".utf8))
        }
        let start = "/\(name)/resolve/\(HubFixture.commit)/"
        guard path.hasPrefix(start), let bytes = files[String(path.dropFirst(start.count))] else {
            return .init(status: 404, headers: ["x-error-code": "EntryNotFound"])
        }
        return .init(body: bytes)
    }

    private func entry(_ path: String) -> String {
        let bytes = files[path] ?? []
        let size = listedSizes[path] ?? Int64(bytes.count)
        let lfs =
            path.hasSuffix(".safetensors") || path.hasSuffix(".gguf")
            ? ", \"lfs\": {\"oid\": \"\(Self.hexadecimal(SHA256.hash(data: bytes)))\", \"size\": \(size)}" : ""
        let blob = Self.hexadecimal(Insecure.SHA1.hash(data: Array("blob \(bytes.count)\0".utf8) + bytes))
        return """
            {"type": "file", "path": "\(listedPaths[path] ?? path)", "size": \(size), "oid": "\(blob)"\(lfs)}
            """
    }

    static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
