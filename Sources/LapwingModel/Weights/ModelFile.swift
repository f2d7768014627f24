import Foundation

/// A model on the disk: metadata by key and tensor data without a copy, in whichever form it came.
///
/// It is one GGUF file, the shards of one, or a Hugging Face folder; each tells its metadata under GGUF's keys and its
/// tensors under GGUF's names. All is untrusted: `init` checks every extent and keeps only offsets, and values are decoded
/// when asked for.
package final class ModelFile: Sendable {
    let contents: ModelContents

    /// All tensors by name, also those in types that the engine does not compute with.
    package var tensors: [String: TensorInfo] { contents.tensors }
    /// The version of the GGUF format, 2 or 3; nil for a folder.
    package var version: Int? { contents.version }
    /// The metadata's keys in the file's order.
    package var keys: [String] { metadata.keys }
    /// Bytes of all files that hold tensors.
    package var byteCount: Int { contents.files.byteCount }
    /// The folder of `config.json`, where the tokenizer's files lie too; nil for GGUF, which has the tokenizer within.
    package var folder: String? { contents.folder }
    /// Its file; of several the first, and of a folder the folder. nil for a file that was in memory already.
    package var path: String? { contents.path }

    /// Opens a GGUF file, all shards of the one that is named, or a folder, which one of its safetensors files names too.
    package convenience init(path: String) throws(WeightsError) {
        self.init(try ModelContents(path: path, .running))
    }

    /// Opens a model to be written as a GGUF file: of a folder the tensors that such a file has, so that its metadata and
    /// tensors can be copied. A GGUF file is as it is.
    package convenience init(toWrite path: String) throws(WeightsError) {
        self.init(try ModelContents(path: path, .file))
    }

    /// Reads a GGUF file that is already in memory, from a copy of it.
    package convenience init(bytes: [UInt8]) throws(WeightsError) {
        self.init(try ModelContents(gguf: FileMapping(copying: bytes)))
    }

    init(_ contents: ModelContents) { self.contents = contents }

    /// A tensor that can be computed with.
    package func tensor(_ name: String) throws(WeightsError) -> TensorInfo {
        guard let tensor = tensors[name] else { throw .missingTensor(name: name) }
        guard tensor.type.isReadable else {
            throw .unsupportedTensorType(name: name, type: tensor.type, offset: tensor.offset)
        }
        return tensor
    }

    /// A tensor that can be computed with and has exactly this shape, fastest dimension first.
    package func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> TensorInfo {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw .shapeMismatch(name: name, offset: tensor.offset, expected: shape, found: tensor.shape)
        }
        return tensor
    }

    /// The data of a tensor or a part of one where it lies in the file, aligned to its elements at least; valid while this
    /// object lives, but what no file holds as it is, only until its pages are released.
    package func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        if let derived = contents.derived, derived.contains(tensor) { return derived.bytes(of: tensor) }
        precondition(
            tensor.offset >= 0 && tensor.offset + tensor.byteCount <= byteCount, "the tensor is of another file")
        return contents.files.bytes(tensor.offset..<tensor.offset + tensor.byteCount)
    }

    /// Tells the system that a tensor's pages need not stay in memory: they are read again if they are used again.
    package func releasePages(of tensor: TensorInfo) {
        if let derived = contents.derived, derived.contains(tensor) { return derived.releasePages(of: tensor) }
        contents.files.releasePages(tensor.offset..<tensor.offset + tensor.byteCount)
    }

    /// Tells the system that metadata is not needed for now; what is read again comes from the file.
    package func releaseHeaderPages() { metadata.mapping.releasePages(headerBytes) }

    /// Of all files that it was read from, and in a folder of all that lie there.
    var paths: [String] {
        let names = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        return contents.files.paths + names.map { "\(folder ?? "")/\($0)" }
    }

    var metadata: Metadata { contents.metadata }

    /// What `PackedCache` is a cache of; nil for a file that was in memory already.
    var source: FileSource? { contents.path.flatMap(contents.files.source) }

    /// Tells metadata and the tensors' places from those of other files.
    var headerChecksum: UInt64 {
        var words = [Checksum.of(headerBytes)]
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            words.append(Array(name.utf8).withUnsafeBytes { Checksum.of($0) })
            words += (tensor.shape + [Int(tensor.type.rawValue), tensor.offset, tensor.byteCount]).map(UInt64.init)
        }
        return Checksum.of(words)
    }

    /// The metadata, with all that stands before the first tensor's data where a file holds it.
    private var headerBytes: UnsafeRawBufferPointer {
        let bytes = metadata.mapping.bytes
        let end = metadata.isOfFile ? tensors.values.lazy.map(\.offset).min() ?? bytes.count : bytes.count
        return UnsafeRawBufferPointer(rebasing: bytes[..<min(end, bytes.count)])
    }
}

package typealias GGUFFile = ModelFile
