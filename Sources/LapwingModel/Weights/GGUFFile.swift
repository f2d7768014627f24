/// A GGUF weights file, mapped into memory: metadata by key and tensor data without a copy.
///
/// The file is untrusted. `init` checks every extent and keeps only offsets; values are decoded when asked for.
package final class GGUFFile: Sendable {
    private let mapping: FileMapping
    let header: GGUFHeader

    /// All tensors by name, also those in types that the engine does not compute with.
    package var tensors: [String: TensorInfo] { header.tensors }
    /// The version of the format, 2 or 3.
    package var version: Int { header.version }
    /// The metadata's keys in the file's order.
    package var keys: [String] { header.keys }
    package var byteCount: Int { mapping.bytes.count }

    package init(path: String) throws(WeightsError) {
        mapping = try FileMapping(path: path)
        header = try GGUFHeader(mapping.bytes)
    }

    /// Reads a file that is already in memory, from a copy of it.
    package init(bytes: [UInt8]) throws(WeightsError) {
        mapping = FileMapping(copying: bytes)
        header = try GGUFHeader(mapping.bytes)
    }

    /// A tensor that can be computed with.
    package func tensor(_ name: String) throws(WeightsError) -> TensorInfo {
        guard let tensor = header.tensors[name] else { throw .missingTensor(name: name) }
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

    /// The tensor's data where it lies in the file, aligned to 8 bytes at least; valid while this object lives.
    package func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        precondition(
            tensor.offset >= 0 && tensor.offset + tensor.byteCount <= mapping.bytes.count,
            "the tensor is of another file")
        return UnsafeRawBufferPointer(rebasing: mapping.bytes[tensor.offset..<tensor.offset + tensor.byteCount])
    }

    /// Tells the system that a tensor's pages need not stay in memory: they are read again if they are used again.
    package func releasePages(of tensor: TensorInfo) { mapping.releasePages(bytes(of: tensor)) }

    /// Tells the system that metadata is not needed for now; what is read again comes from the file.
    package func releaseHeaderPages() { mapping.releasePages(headerBytes) }

    /// The whole file, for decoding metadata.
    var contents: UnsafeRawBufferPointer { mapping.bytes }

    /// nil for a file that was in memory already.
    var source: FileSource? { mapping.source }

    /// All that stands before the first tensor's data.
    var headerBytes: UnsafeRawBufferPointer {
        let end = tensors.values.lazy.map(\.offset).min() ?? byteCount
        return UnsafeRawBufferPointer(rebasing: contents[..<end])
    }
}
