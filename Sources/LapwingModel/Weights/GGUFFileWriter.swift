import Foundation

/// Writes a GGUF file piece by piece, under a temporary name that becomes its own when the file is whole.
///
/// The header comes first, so all tensors are named at the start; their data follows in that order, in pieces of any
/// length. A writer that goes before `finish()` takes the unfinished file with it.
package final class GGUFFileWriter {
    /// A tensor to be written.
    package struct Tensor: Sendable, Equatable {
        package var name: String
        package var type: TensorType
        /// Fastest dimension first.
        package var shape: [Int]

        package init(name: String, type: TensorType, shape: [Int]) {
            (self.name, self.type, self.shape) = (name, type, shape)
        }

        package var elementCount: Int { shape.reduce(1, *) }
        package var byteCount: Int { elementCount / type.blockElementCount * type.blockByteCount }
    }

    /// A key with its type and value as `GGUFValue.encoded` or another file has them.
    package struct Entry: Sendable {
        package var key: String
        package var encoded: [UInt8]

        package init(_ key: String, encoded: [UInt8]) { (self.key, self.encoded) = (key, encoded) }
        package init(_ key: String, _ value: GGUFValue) { self.init(key, encoded: value.encoded) }

        /// An array of strings, which it also is where it is empty.
        package init(_ key: String, strings: [String]) {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: MetadataType.array.rawValue)
            bytes.append(littleEndian: MetadataType.string.rawValue)
            bytes.append(littleEndian: UInt64(strings.count))
            for text in strings { bytes.append(string: text) }
            self.init(key, encoded: bytes)
        }
    }

    /// Bytes of the whole file.
    package let byteCount: Int
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private let alignment: Int
    private let tensors: [Tensor]
    private var isFinished = false
    /// The tensor that the next piece belongs to, and how much of it is there.
    private var current = (tensor: 0, byteCount: 0)

    /// Checks that the disk has room for the whole file, and writes the header. `permissions` are those of the file that it
    /// is made from, where there is one: what only its owner may read stays so.
    package init(
        path: String, metadata: [Entry], tensors: [Tensor], alignment: Int = 32, permissions: mode_t? = nil,
        availableByteCount: (_ folder: String) -> Int? = GGUFFileWriter.availableByteCount
    ) throws {
        let header = Self.header(metadata: metadata, tensors: tensors, alignment: alignment)
        byteCount = tensors.reduce(header.count) { $0 + Self.padded($1.byteCount, to: alignment) }
        (self.path, self.tensors, self.alignment) = (path, tensors, alignment)
        temporary = "\(path).\(UInt32.random(in: 0 ... .max)).partial"
        let folder = URL(filePath: path).deletingLastPathComponent().path
        if let available = availableByteCount(folder), available < byteCount {
            throw QuantizationError.notEnoughSpace(path: path, needed: byteCount, available: available)
        }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (permissions ?? 0o644) | 0o200)
        guard descriptor >= 0 else {
            throw QuantizationError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        try header.withUnsafeBytes { try put($0) }
        skipEmptyTensors()
    }

    /// Writes the next piece of data: of one tensor, its last piece up to its end.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard !bytes.isEmpty else { return }
        precondition(current.tensor < tensors.count, "all tensors are written")
        let whole = tensors[current.tensor].byteCount
        precondition(current.byteCount + bytes.count <= whole, "a piece is of one tensor")
        try put(bytes)
        current.byteCount += bytes.count
        guard current.byteCount == whole else { return }
        try [UInt8](repeating: 0, count: Self.padded(whole, to: alignment) - whole).withUnsafeBytes { try put($0) }
        current = (current.tensor + 1, 0)
        skipEmptyTensors()
    }

    /// Gives the file its name, in the place of any that has it, when it is safely on the disk.
    package func finish() throws {
        precondition(current.tensor == tensors.count, "every tensor is written")
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure(errno) }
        isFinished = true
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isFinished { unlink(temporary) }
    }

    private func skipEmptyTensors() {
        while current.tensor < tensors.count, tensors[current.tensor].byteCount == 0 { current.tensor += 1 }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        if let failure = Self.put(bytes, to: descriptor) { throw self.failure(failure) }
    }

    /// The system's error, or nil when all was written.
    package static func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
        var rest = bytes
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        return nil
    }

    /// Bytes that this user may write into a folder; nil where the system does not say.
    package static func availableByteCount(in folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? nil : bytes
    }

    private func failure(_ code: Int32) -> QuantizationError {
        .cannotWrite(path: path, reason: String(cString: strerror(code)))
    }

    // MARK: The header

    private static func header(metadata: [Entry], tensors: [Tensor], alignment: Int) -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        bytes.append(littleEndian: UInt32(3))
        bytes.append(littleEndian: UInt64(tensors.count))
        bytes.append(littleEndian: UInt64(metadata.count))
        for entry in metadata {
            bytes.append(string: entry.key)
            bytes += entry.encoded
        }
        var offset = 0
        for tensor in tensors {
            bytes.append(string: tensor.name)
            bytes.append(littleEndian: UInt32(tensor.shape.count))
            for length in tensor.shape { bytes.append(littleEndian: UInt64(length)) }
            bytes.append(littleEndian: tensor.type.rawValue)
            bytes.append(littleEndian: UInt64(offset))
            offset += padded(tensor.byteCount, to: alignment)
        }
        bytes += [UInt8](repeating: 0, count: padded(bytes.count, to: alignment) - bytes.count)
        return bytes
    }

    private static func padded(_ count: Int, to alignment: Int) -> Int {
        (count + alignment - 1) / alignment * alignment
    }
}
