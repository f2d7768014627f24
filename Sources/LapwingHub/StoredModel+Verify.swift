import Foundation

/// What reading a model again came to.
package struct Verification: Hashable, Sendable, Encodable {
    package enum State: String, Hashable, Sendable, Encodable {
        /// Every file has the checksum that it was pulled with.
        case verified
        /// It opens and its tensors lie within it; no checksum is known, as it was not pulled by this program.
        case opens
        case damaged
    }

    package var name: String
    package var path: String
    package var state: State
    /// Where it was pulled from.
    package var repository: String?
    package var commit: String?
    package var byteCount: Int64 = 0
    /// A sentence for each file that is not as it should be.
    package var faults: [String] = []
}

extension StoredModel {
    /// Reads all files again where their checksums are known, and else the headers. `progress` is over all files. Throws
    /// `CancellationError` in a cancelled task.
    package func verify(progress: @Sendable (DownloadProgress) -> Void) throws -> Verification {
        var result = Verification(name: name, path: path, state: .damaged)
        do {
            guard let record = try PullRecord(of: path) else {
                // Opening checks every extent.
                result.byteCount = try WeightFile(path: path).byteCount
                result.state = .opens
                return result
            }
            (result.repository, result.commit) = (record.repository, record.commit)
            let total = record.files.reduce(0) { $0 + $1.size }
            for file in record.files {
                let before = result.byteCount
                let fault = try fault(of: file) { done in progress(.verifying(done: before + done, total: total)) }
                if let fault { result.faults.append(fault) }
                result.byteCount += file.size
            }
            result.state = result.faults.isEmpty ? .verified : .damaged
        } catch let error as CancellationError {
            throw error
        } catch {
            result.faults.append("\(error)")
        }
        return result
    }

    private func fault(of file: PullRecord.File, progress: (Int64) -> Void) throws -> String? {
        let folder = ModelFolder.isModel(path) ? path : URL(filePath: path).deletingLastPathComponent().path
        let place = "\(folder)/\(file.path)"
        guard let size = FileSize.of(place) else { return "'\(place)' is missing" }
        guard size == file.size else { return "'\(place)' has \(size) bytes, pulled with \(file.size)" }
        var hash = ContentHash()
        try hash.update(contentsOf: place) { done, _ in progress(done) }
        let found = hash.sha256
        return found == file.sha256 ? nil : "'\(place)' has the SHA-256 \(found), pulled with \(file.sha256)"
    }
}
