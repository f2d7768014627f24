import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Writing GGUF files")
struct GGUFFileWriterTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/out.gguf"
    }

    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }

    /// Writes every tensor's data in pieces of `length` bytes.
    private func write(_ data: [(GGUFFileWriter.Tensor, [UInt8])], metadata: [GGUFFileWriter.Entry], length: Int) throws
    {
        let writer = try GGUFFileWriter(path: path, metadata: metadata, tensors: data.map(\.0))
        for (_, bytes) in data {
            for start in stride(from: 0, to: bytes.count, by: length) {
                try bytes[start..<min(start + length, bytes.count)].withUnsafeBytes { try writer.write($0) }
            }
        }
        try writer.finish()
    }

    @Test("Metadata of every type and tensors come back from the reader as they were", arguments: [7, 1 << 20])
    func roundTrip(length: Int) throws {
        let source = try GGUFFile(bytes: GGUFSample.file().bytes)
        let entries = source.keys.compactMap { key in
            source.encodedValue(key).map { GGUFFileWriter.Entry(key, encoded: $0) }
        }
        let tensors = source.tensors.values.sorted { $0.offset < $1.offset }
        try write(
            tensors.map {
                (.init(name: $0.name, type: $0.type, shape: $0.shape), Array(source.bytes(of: $0)))
            }, metadata: entries, length: length)
        let copy = try GGUFFile(path: path)
        #expect(copy.keys == source.keys)
        for key in source.keys { #expect(copy.encodedValue(key) == source.encodedValue(key), "\(key)") }
        #expect(copy.tensors.keys == source.tensors.keys)
        for tensor in tensors {
            let written = try #require(copy.tensors[tensor.name])
            #expect(written.type == tensor.type && written.shape == tensor.shape)
            #expect(Array(copy.bytes(of: written)) == Array(source.bytes(of: tensor)))
        }
        #expect(names == ["out.gguf"])
        #expect(copy.byteCount == (try Data(contentsOf: URL(filePath: path)).count))
    }

    @Test("Values that are made are those that are read")
    func madeValues() throws {
        let values: [(String, GGUFValue)] = [
            ("text", .string("drei ☃")), ("flag", .bool(true)), ("number", .uint32(7)), ("half", .float32(0.5)),
            ("texts", .array([.string("a"), .string("")])), ("numbers", .array([.int32(-1), .int32(2)])),
            ("none", .array([])),
        ]
        try write([], metadata: values.map { .init($0.0, $0.1) }, length: 1)
        let file = try GGUFFile(path: path)
        #expect(try file.string("text") == "drei ☃" && file.bool("flag") && file.uint32("number") == 7)
        #expect(
            try file.float("half") == 0.5 && file.strings("texts") == ["a", ""] && file.int32s("numbers") == [-1, 2])
        for (key, value) in values { #expect(file.encodedValue(key) == value.encoded) }
    }

    private static let matrix = GGUFFileWriter.Tensor(name: "matrix", type: .f32, shape: [4, 3])

    @Test("A writer that is dropped leaves nothing behind, and a file that was there stays")
    func dropped() throws {
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        do {
            let writer = try GGUFFileWriter(path: path, metadata: [], tensors: [Self.matrix])
            try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try writer.write($0) }
            #expect(names.count == 2)
        }
        #expect(names == ["out.gguf"])
        #expect(try Data(contentsOf: URL(filePath: path)) == Data([1, 2, 3]))
    }

    @Test("A disk without room for the whole file is refused before anything is written")
    func noRoom() throws {
        #expect(throws: QuantizationError.notEnoughSpace(path: path, needed: 160, available: 159)) {
            _ = try GGUFFileWriter(
                path: path, metadata: [], tensors: [Self.matrix], availableByteCount: { _ in 159 })
        }
        #expect(names.isEmpty)
        let writer = try GGUFFileWriter(
            path: path, metadata: [], tensors: [Self.matrix], availableByteCount: { _ in 160 })
        #expect(writer.byteCount == 160)
    }

    @Test("A disk that is found full on the way is an error")
    func fullDisk() throws {
        // Linux has a file that is always full.
        let descriptor = open("/dev/full", O_WRONLY)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        #expect([UInt8](repeating: 0, count: 8).withUnsafeBytes { GGUFFileWriter.put($0, to: descriptor) } == ENOSPC)
    }

    @Test("A folder that is not there is an error that names the file")
    func noFolder() {
        let path = folder.path + "/none/out.gguf"
        #expect(throws: QuantizationError.cannotWrite(path: path, reason: "No such file or directory")) {
            _ = try GGUFFileWriter(path: path, metadata: [], tensors: [])
        }
    }

    @Test("A folder's free space is known, that of none is not")
    func freeSpace() throws {
        #expect(try #require(GGUFFileWriter.availableByteCount(in: folder.path)) > 0)
        #expect(GGUFFileWriter.availableByteCount(in: folder.path + "/none") == nil)
    }
}
