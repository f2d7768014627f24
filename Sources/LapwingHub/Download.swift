import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// How far a download is.
package enum DownloadProgress: Hashable, Sendable {
    /// Bytes read again of what lies on the disk already.
    case verifying(done: Int64, total: Int64)
    /// Bytes on the disk, and those of them that an earlier run had left.
    case fetching(received: Int64, total: Int64, resumed: Int64)
}

/// Where a file came to lie.
package struct PulledFile: Hashable, Sendable {
    package var path: String
    package var file: HubFile
    /// False where it lay there already.
    package var wasFetched: Bool
}

/// Fetches one file of the hub to the disk: resumed where it broke off, verified before it gets its name.
package struct Download: Sendable {
    private let client: HubClient
    private let reference: HubReference
    private let file: HubFile
    private let path: String
    private let sha256: String
    private let freeBytes: @Sendable (String) -> Int64?

    /// `path` is where the file is to lie. `freeBytes` tells the free space of a folder's disk.
    package init(
        client: HubClient, reference: HubReference, file: HubFile, path: String,
        freeBytes: @escaping @Sendable (String) -> Int64? = DiskSpace.free
    ) throws(HubError) {
        guard let sha256 = file.sha256, sha256.count == 64, sha256.allSatisfy(\.isHexDigit) else {
            throw .noChecksum(file: file.path)
        }
        self.client = client
        self.reference = reference
        self.file = file
        self.path = path
        self.sha256 = sha256
        self.freeBytes = freeBytes
    }

    /// Runs to the end and returns where the verified file lies. Nothing is at `path` before.
    package func run(progress: @Sendable (DownloadProgress) -> Void) async throws -> PulledFile {
        let verifying = { (done: Int64, total: Int64) in progress(.verifying(done: done, total: total)) }
        if FileManager.default.fileExists(atPath: path) {
            guard try PartialFile.sha256(ofFile: path, progress: verifying) == sha256 else {
                throw HubError.alreadyExists(path: path)
            }
            return PulledFile(path: path, file: file, wasFetched: false)
        }
        var partial = try PartialFile(path: path, sha256: sha256, progress: verifying)
        let resumed = partial.count
        try checkSpace(needed: file.size - partial.count)
        do {
            try await fetch(into: &partial, resumed: resumed, progress)
            try partial.finish(file)
        } catch let error as HubError where resumed > 0 && error.isDamage {
            // What an earlier run left may have been damaged on this disk: once more from the start.
            try partial.restart()
            try await fetch(into: &partial, resumed: 0, progress)
            try partial.finish(file)
        }
        return PulledFile(path: path, file: file, wasFetched: true)
    }

    private func checkSpace(needed: Int64) throws(HubError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        // A little is left over for what else the machine does.
        let wanted = needed + 64 * 1024 * 1024
        if let free = freeBytes(folder), free < wanted {
            throw .notEnoughSpace(path: path, needed: wanted, free: free)
        }
    }

    private func fetch(
        into partial: inout PartialFile, resumed: Int64, _ progress: @Sendable (DownloadProgress) -> Void
    ) async throws {
        let url = client.fileURL(reference, file)
        var attempt = 1
        while partial.count < file.size {
            let before = partial.count
            do {
                try await fetchOnce(url, into: &partial) { count in
                    progress(.fetching(received: count, total: file.size, resumed: resumed))
                }
                // An answer that ends early and cleanly is tried again like one that breaks off.
                if partial.count < file.size { throw Passing(reason: "the answer ended early") }
            } catch let error as HubError {
                throw error
            } catch {
                attempt = partial.count > before ? 1 : attempt
                try await client.wait(after: error, attempt: attempt, url: url)
                attempt += 1
            }
        }
        progress(.fetching(received: partial.count, total: file.size, resumed: resumed))
    }

    private func fetchOnce(
        _ url: URL, into partial: inout PartialFile, _ received: (Int64) -> Void
    ) async throws {
        let response = try await client.get(url, from: partial.count)
        switch response.status {
        case .partialContent:
            let range = response.headers.first(name: "content-range") ?? ""
            guard range.hasPrefix("bytes \(partial.count)-") else {
                throw HubError.unexpectedAnswer(
                    url: url.shown, reason: "content-range is '\(range)', asked for \(partial.count)-")
            }
        case .ok:
            // No ranges there: the whole file comes again.
            if partial.count > 0 { try partial.restart() }
        case .notFound:
            throw HubError.fileNotFound(repository: reference.repository, file: file.path, available: [])
        default: throw try await client.failure(response, url, reference)
        }
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

extension HubError {
    fileprivate var isDamage: Bool {
        switch self {
        case .checksumMismatch, .sizeMismatch: true
        default: false
        }
    }
}

/// Free space of the disk that holds a folder.
package enum DiskSpace {
    package static let free: @Sendable (String) -> Int64? = { folder in
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}
