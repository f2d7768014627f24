import Foundation

/// A model that was fetched, or was there already: a file, or a folder.
package struct PulledModel: Hashable, Sendable {
    package var path: String
    package var snapshot: HubSnapshot
    package var files: [PulledFile]

    package var size: Int64 { files.reduce(0) { $0 + $1.file.size } }
    package var wasFetched: Bool { files.contains(where: \.wasFetched) }
}

/// Fetches a model of the hub, all its files from one commit.
package struct HubPull: Sendable {
    private let client: HubClient
    private let reference: HubReference
    private let folder: String
    private let freeBytes: @Sendable (String) -> Int64?

    /// `folder` is where the model's file or folder is to lie. `freeBytes` tells the free space of a folder's disk.
    package init(
        client: HubClient, reference: HubReference, folder: String,
        freeBytes: @escaping @Sendable (String) -> Int64? = DiskSpace.free
    ) {
        (self.client, self.reference, self.folder, self.freeBytes) = (client, reference, folder, freeBytes)
    }

    /// Runs to the end; what is at the returned path is verified. `progress` is over all files, but for what is read again
    /// of the disk.
    package func run(progress: @escaping @Sendable (DownloadProgress) -> Void) async throws -> PulledModel {
        let snapshot = try await client.snapshot(of: reference)
        let listing = try await client.files(of: snapshot)
        var model = try reference.choose(among: listing)
        let path = URL(filePath: folder).appending(path: model.name).path
        var pulled = PulledModel(path: path, snapshot: snapshot, files: [])
        // What lies there first: where it is another model's, all of it stays as it is.
        for file in model.files {
            let download = try download(file, of: model, snapshot, at: path)
            if download.isThere { pulled.files.append(try await download.run(progress: progress)) }
        }
        model.files = try await complete(model, listing, snapshot, at: path)
        let rest = model.files.filter { file in !pulled.files.contains { $0.file == file } }
        // Then what is there of the parts that the index names, then what is small: it fails sooner.
        let downloads = try rest.sorted { $0.size < $1.size }.map { try download($0, of: model, snapshot, at: path) }
        try checkSpace(for: path, needed: downloads.reduce(0) { $0 + $1.remaining })
        for download in downloads.filter(\.isThere) + downloads.filter({ !$0.isThere }) {
            let (before, total) = (pulled.size, model.size)
            let file = try await download.run { step in
                switch step {
                case .verifying: progress(step)
                case .fetching(let received, _): progress(.fetching(received: before + received, total: total))
                }
            }
            pulled.files.append(file)
        }
        let folder = model.isFolder ? path : URL(filePath: path).deletingLastPathComponent().path
        let files = pulled.files.map { file in
            PullRecord.File(
                path: String(file.path.dropFirst(folder.count + 1)), size: file.file.size, sha256: file.sha256)
        }
        try PullRecord(snapshot, files: files).write(of: path)
        return pulled
    }

    /// All files of a model; of a folder in parts those too that its index names, which is fetched for it.
    private func complete(
        _ model: HubModel, _ listing: [HubFile], _ snapshot: HubSnapshot, at path: String
    ) async throws -> [HubFile] {
        guard model.isFolder, let index = model.files.first(where: { $0.path == ModelFolder.indexName }) else {
            return model.files
        }
        guard index.size <= ModelFolder.indexByteCountLimit else {
            throw HubError.badIndex(
                file: index.path,
                reason: "it has \(index.size) bytes, at most \(ModelFolder.indexByteCountLimit) are read")
        }
        try checkSpace(for: path, needed: index.size)
        let fetched = try await download(index, of: model, snapshot, at: path).run { _ in }
        let parts = try ModelFolder.parts(ofIndex: fetched.path).map { name throws(HubError) in
            guard let part = listing.first(where: { $0.path == name }) else {
                throw .missingPart(repository: snapshot.repository, file: name)
            }
            return part
        }
        return model.files + parts
    }

    private func download(
        _ file: HubFile, of model: HubModel, _ snapshot: HubSnapshot, at path: String
    ) throws(HubError) -> Download {
        let place =
            model.isFolder
            ? URL(filePath: path).appending(path: file.path)
            : URL(filePath: path).deletingLastPathComponent().appending(path: file.name)
        return try Download(client: client, snapshot: snapshot, file: file, path: place.path)
    }

    private func checkSpace(for path: String, needed: Int64) throws(HubError) {
        // A little is left over for what else the machine does.
        let wanted = needed + 64 * 1024 * 1024
        if let free = freeBytes(folder), free < wanted {
            throw .notEnoughSpace(path: path, needed: wanted, free: free)
        }
    }
}
