import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// How far a download is.
package enum DownloadProgress: Hashable, Sendable {
    /// Bytes read again of what lies on the disk already.
    case verifying(done: Int64, total: Int64)
    /// Bytes on the disk, also those that an earlier run had left.
    case fetching(received: Int64, total: Int64)
}

/// Where a file came to lie.
package struct PulledFile: Hashable, Sendable {
    package var path: String
    package var file: HubFile
    package var sha256: String
    /// False where it lay there already.
    package var wasFetched: Bool
}

/// Fetches one file of the hub to the disk: resumed where it broke off, verified before it gets its name.
package struct Download: Sendable {
    private let client: HubClient
    private let snapshot: HubSnapshot
    private let file: HubFile
    private let path: String
    private let digest: HubDigest

    /// `path` is where the file is to lie.
    package init(client: HubClient, snapshot: HubSnapshot, file: HubFile, path: String) throws(HubError) {
        guard let digest = file.digest else { throw .noChecksum(file: file.path) }
        self.client = client
        self.snapshot = snapshot
        self.file = file
        self.path = path
        self.digest = digest
    }

    /// Whether something has the file's name already.
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    /// Bytes that are still to come, as far as the sizes on the disk tell.
    var remaining: Int64 {
        let sizes = [path, PartialFile.path(for: path, digest)].map { FileSize.of($0) ?? 0 }
        return max(0, file.size - (sizes.max() ?? 0))
    }

    /// Runs to the end and returns where the verified file lies. Nothing is at `path` before.
    package func run(progress: @Sendable (DownloadProgress) -> Void) async throws -> PulledFile {
        let verifying = { (done: Int64, total: Int64) in progress(.verifying(done: done, total: total)) }
        if isThere {
            var hash = ContentHash(of: file)
            try hash.update(contentsOf: path, progress: verifying)
            guard hash.asTold == digest.text else { throw HubError.alreadyExists(path: path) }
            return PulledFile(path: path, file: file, sha256: hash.sha256, wasFetched: false)
        }
        var partial = try PartialFile(path: path, of: file, digest, progress: verifying)
        let hadBytes = partial.count > 0
        do {
            return try await fetch(into: &partial, progress)
        } catch let error as HubError where hadBytes && error.isDamage {
            // What an earlier run left may have been damaged on this disk: once more from the start.
            try partial.restart()
            return try await fetch(into: &partial, progress)
        }
    }

    private func fetch(
        into partial: inout PartialFile, _ progress: @Sendable (DownloadProgress) -> Void
    ) async throws -> PulledFile {
        let url = client.fileURL(snapshot, file)
        var attempt = 1
        // Only what was not there before is progress: else a server that breaks off and starts over would be asked for ever.
        var furthest = partial.count
        while partial.count < file.size {
            do {
                try await fetchOnce(url, into: &partial) { count in
                    progress(.fetching(received: count, total: file.size))
                }
                // An answer that ends early and cleanly is tried again like one that breaks off.
                if partial.count < file.size { throw Passing(reason: "the answer ended early") }
            } catch let error as HubError {
                throw error
            } catch {
                if partial.count > furthest { (attempt, furthest) = (1, partial.count) }
                try await client.wait(after: error, attempt: attempt, url: url)
                attempt += 1
            }
        }
        progress(.fetching(received: partial.count, total: file.size))
        let sha256 = try partial.finish(digest)
        return PulledFile(path: path, file: file, sha256: sha256, wasFetched: true)
    }

    private func fetchOnce(
        _ url: URL, into partial: inout PartialFile, _ received: (Int64) -> Void
    ) async throws {
        let response = try await client.get(url, from: partial.count, ifTagged: partial.entityTag)
        if let total = response.wholeLength, total != file.size {
            throw HubError.sizeMismatch(file: file.path, expected: file.size, found: total)
        }
        let tag = response.headers.first(name: "etag")
        switch response.status {
        case .partialContent:
            let range = response.headers.first(name: "content-range") ?? ""
            guard range.hasPrefix("bytes \(partial.count)-") else {
                throw HubError.unexpectedAnswer(
                    url: url.shown, reason: "content-range is '\(range)', asked for \(partial.count)-")
            }
            // A server that knows ranges need not know If-Range.
            if let known = partial.entityTag, let tag, tag != known {
                try partial.restart()
                throw Passing(reason: "the file changed on the way")
            }
        case .ok:
            // No ranges there, or the file changed: the whole of it comes.
            if partial.count > 0 { try partial.restart() }
        case .notFound:
            throw HubError.fileNotFound(repository: snapshot.repository, file: file.path, available: [])
        default: throw try await client.failure(response, url, snapshot.repository)
        }
        partial.entityTag = tag
        for try await chunk in response.body {
            guard partial.count + Int64(chunk.readableBytes) <= file.size else {
                throw HubError.sizeMismatch(
                    file: file.path, expected: file.size, found: partial.count + Int64(chunk.readableBytes))
            }
            try partial.append(chunk.readableBytesView)
            received(partial.count)
        }
    }
}

extension HTTPClientResponse {
    /// Bytes of the whole file, of which a part may come; nil where the answer does not tell.
    fileprivate var wholeLength: Int64? {
        switch status {
        case .ok: headers.first(name: "content-length").flatMap { Int64($0) }
        case .partialContent, .rangeNotSatisfiable:
            headers.first(name: "content-range")?.split(separator: "/").last.flatMap { Int64($0) }
        default: nil
        }
    }
}

extension HubError {
    fileprivate var isDamage: Bool {
        switch self {
        case .checksumMismatch, .sizeMismatch: true
        default: false
        }
    }
}
