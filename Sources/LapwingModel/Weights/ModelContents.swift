import Foundation

/// What a reader of one form finds of a model: all that a `ModelFile` knows.
struct ModelContents: Sendable {
    var files: JoinedFiles
    var metadata: Metadata
    /// Offsets are among all files' bytes, end to end, and behind them for what is derived.
    var tensors: [String: TensorInfo]
    var derived: DerivedTensors?
    var version: Int?
    var folder: String?
    var path: String?

    init(
        files: JoinedFiles, metadata: Metadata, tensors: [String: TensorInfo], derived: DerivedTensors? = nil,
        version: Int? = nil, folder: String? = nil, path: String? = nil
    ) {
        (self.files, self.metadata, self.tensors, self.derived) = (files, metadata, tensors, derived)
        (self.version, self.folder, self.path) = (version, folder, path)
    }

    /// Tells the form by what the path names.
    init(path: String, _ form: HuggingFaceForm) throws(WeightsError) {
        if let folder = HuggingFaceFolder.folder(of: path) {
            self = try HuggingFaceFolder(folder).contents(form)
            return
        }
        let first = ModelFile(try Self(gguf: FileMapping(path: path)))
        guard let count = try first.ifPresent("split.count", first.uint32), count > 1 else {
            self = first.contents
            return
        }
        self = try GGUFShards(path: path, count: Int(count)).contents()
    }

    /// One GGUF file.
    init(gguf mapping: FileMapping) throws(WeightsError) {
        let header = try GGUFHeader(mapping.bytes)
        self.init(
            files: JoinedFiles([mapping]), metadata: Metadata(header, in: mapping), tensors: header.tensors,
            version: header.version, path: mapping.source?.path)
    }
}
