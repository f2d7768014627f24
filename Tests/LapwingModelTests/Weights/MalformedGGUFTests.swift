import LapwingModel
import LapwingTestSupport
import Testing

/// One way to spoil the sample file, and the error that must come of it.
struct Damage: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let error: WeightsError

    /// Overwrites one field; `error` gets the field's place and the damaged file's size.
    init(
        _ description: String, _ field: String, _ number: UInt64,
        error: (_ offset: Int, _ file: GGUFWriter.File) -> WeightsError
    ) {
        var file = GGUFSample.file()
        file.replace(field, with: number)
        testDescription = description
        bytes = file.bytes
        self.error = error(file.range(of: field).lowerBound, file)
    }

    /// Changes the file's parts before it is put together.
    init(
        _ description: String, change: (inout GGUFWriter) -> Void, error: (GGUFWriter.File) -> WeightsError
    ) {
        var writer = GGUFSample.writer()
        change(&writer)
        let file = writer.file()
        testDescription = description
        bytes = file.bytes
        self.error = error(file)
    }
}

/// The malformed files that have broken other readers, CVE-2024-21802 and its kin among them, and what ours says.
@Suite("Malformed GGUF files")
struct MalformedGGUFTests {
    @Test("A damaged start is refused", arguments: start)
    func refusesStart(damage: Damage) { expectRefusal(damage) }

    @Test("Damaged metadata is refused", arguments: metadata)
    func refusesMetadata(damage: Damage) { expectRefusal(damage) }

    @Test("A damaged alignment is refused", arguments: alignment)
    func refusesAlignment(damage: Damage) { expectRefusal(damage) }

    @Test("A damaged tensor entry is refused", arguments: tensorEntries)
    func refusesTensorEntries(damage: Damage) { expectRefusal(damage) }

    @Test("A tensor that does not lie where it can be read is refused", arguments: tensorExtents)
    func refusesTensorExtents(damage: Damage) { expectRefusal(damage) }

    @Test("A file cut at any byte is refused, and one with all its bytes is not")
    func refusesTruncation() throws {
        let bytes = GGUFSample.file().bytes
        for count in 0..<bytes.count {
            #expect(throws: WeightsError.self, "cut to \(count) bytes") {
                try GGUFFile(bytes: Array(bytes.prefix(count)))
            }
        }
        _ = try GGUFFile(bytes: bytes)
    }

    @Test("Ids of tensor types that were withdrawn, are another project's or do not exist are refused")
    func refusesUnknownTensorTypes() {
        for id: UInt32 in [4, 5, 31, 32, 33, 36, 37, 38, 43, 97, 133, 202, 335, 399, 255, .max] {
            var file = GGUFSample.file()
            file.replace("type of row", with: UInt64(id))
            let error = WeightsError.invalid(
                field: "type of tensor \"row\"", offset: file.range(of: "type of row").lowerBound,
                found: "type \(id), which is unknown or withdrawn", expected: "a GGML type id")
            #expect(throws: error) { try GGUFFile(bytes: file.bytes) }
        }
    }

    @Test("An error's sentence names the field and the byte")
    func errorsReadWell() {
        let error = WeightsError.truncated(field: "metadata count", offset: 16, needed: 99, remaining: 7)
        #expect(
            error.description
                == "metadata count at byte 16 needs 99 bytes, and the file has 7 more: cut short or damaged")
    }

    private func expectRefusal(_ damage: Damage) {
        #expect(throws: damage.error) { try GGUFFile(bytes: damage.bytes) }
    }
}

extension MalformedGGUFTests {
    static let start: [Damage] = [
        Damage("other magic", change: { _ in }, error: { _ in .notGGUF(found: Array("GGML".utf8)) })
            .with { $0.replaceSubrange(2..<4, with: "ML".utf8) },
        Damage("version 0", "version", 0) { offset, _ in .unsupportedVersion(0, offset: offset) },
        Damage("version 1", "version", 1) { offset, _ in .unsupportedVersion(1, offset: offset) },
        Damage("version 4", "version", 4) { offset, _ in .unsupportedVersion(4, offset: offset) },
        Damage("big-endian version 3", "version", 3 << 24) { offset, _ in .bigEndian(offset: offset) },
        Damage("2^64 - 1 tensors", "tensor count", .max) { offset, _ in
            .tooLarge(field: "tensor count", offset: offset, found: .max, limit: 100_000)
        },
        Damage("more tensors than the file has room for", "tensor count", 90_000) { offset, file in
            .truncated(
                field: "tensor count", offset: offset, needed: 90_000 * 25, remaining: file.bytes.count - offset - 8)
        },
        Damage("2^63 metadata values", "metadata count", 1 << 63) { offset, _ in
            .tooLarge(field: "metadata count", offset: offset, found: 1 << 63, limit: 100_000)
        },
        Damage("more metadata values than the file has room for", "metadata count", 100_000) { offset, file in
            .truncated(
                field: "metadata count", offset: offset, needed: 1_400_000, remaining: file.bytes.count - offset - 8)
        },
    ]

    static let metadata: [Damage] = [
        Damage("a key of 2^64 - 1 bytes", "length of key a.uint8", .max) { offset, _ in
            .tooLarge(field: "length of metadata key 2", offset: offset, found: .max, limit: 65_535)
        },
        Damage("a key past the end", "length of key a.uint8", 60_000) { offset, file in
            .truncated(
                field: "length of metadata key 2", offset: offset, needed: 60_000,
                remaining: file.bytes.count - offset - 8)
        },
        Damage("an empty key", change: { $0.metadata[2].key = "" }) { file in
            .invalid(
                field: "metadata key 2", offset: file.range(of: "length of key ").lowerBound,
                found: "an empty string", expected: "a name")
        },
        Damage("the same key twice", change: { $0.metadata[3].key = "a.uint8" }) { file in
            let second = file.fields.last { $0.name == "length of key a.uint8" }
            return .duplicate(
                field: "metadata key 3", offset: second?.range.lowerBound ?? 0, name: "a.uint8")
        },
        Damage("a value of type 13", "type of a.uint8", 13) { offset, _ in
            .invalid(
                field: "type of metadata value \"a.uint8\"", offset: offset, found: "type 13",
                expected: "a type from 0 to 12")
        },
        Damage("elements of type 255", "element type of a.int32s", 255) { offset, _ in
            .invalid(
                field: "element type of metadata value \"a.int32s\"", offset: offset, found: "type 255",
                expected: "a type from 0 to 12")
        },
        Damage("an array of arrays", "element type of a.int32s", 9) { offset, _ in
            .invalid(
                field: "element type of metadata value \"a.int32s\"", offset: offset, found: "an array of arrays",
                expected: "a type of plain elements")
        },
        Damage("an array of 2^63 elements", "element count of a.strings", 1 << 63) { offset, _ in
            .tooLarge(
                field: "element count of metadata value \"a.strings\"", offset: offset, found: 1 << 63,
                limit: 4 << 20)
        },
        Damage("an array far past the end", "element count of a.int32s", 4 << 20) { offset, file in
            .truncated(
                field: "element count of metadata value \"a.int32s\"", offset: offset, needed: 16 << 20,
                remaining: file.bytes.count - offset - 8)
        },
        Damage("a token of 2^31 + 1 bytes", "length of element 1 of a.strings", 1 << 31 + 1) { offset, _ in
            .tooLarge(
                field: "length of element 1 of metadata value \"a.strings\"", offset: offset, found: 1 << 31 + 1,
                limit: 16 << 20)
        },
        Damage("a string past the end", "length of general.architecture", 1 << 20) { offset, file in
            .truncated(
                field: "length of metadata value \"general.architecture\"", offset: offset, needed: 1 << 20,
                remaining: file.bytes.count - offset - 8)
        },
        Damage("a Boolean of 2", "a.bool", 2) { offset, _ in
            .invalid(
                field: "metadata value \"a.bool\"", offset: offset, found: "the byte 2",
                expected: "0 or 1 for a Boolean")
        },
    ]

    static let alignment: [Damage] =
        [0, 1, 4, 13, 24, 1 << 17, 1 << 31].map { (number: UInt64) in
            Damage("alignment \(number)", "general.alignment", number) { offset, _ in
                .invalid(
                    field: "metadata value \"general.alignment\"", offset: offset, found: "\(number)",
                    expected: "a power of two from 8 to 65536")
            }
        } + [
            Damage("an alignment of 64 bits", change: { $0.metadata[1].value = .uint64(32) }) { file in
                .wrongType(
                    key: "general.alignment", offset: file.range(of: "general.alignment").lowerBound,
                    found: "uint64", expected: "uint32")
            },
            Damage("an alignment that the tensors do not have", "general.alignment", 64) { _, file in
                .invalid(
                    field: "offset of tensor \"cube\"", offset: file.range(of: "offset of cube").lowerBound,
                    found: "96", expected: "a multiple of the alignment, 64")
            },
        ]

    static let tensorEntries: [Damage] = [
        Damage("a name of 65 bytes", "length of name of row", 65) { offset, _ in
            .tooLarge(field: "length of name of tensor 1", offset: offset, found: 65, limit: 64)
        },
        Damage("an empty name", change: { $0.tensors[1].name = "" }) { file in
            .invalid(
                field: "name of tensor 1", offset: file.range(of: "length of name of ").lowerBound,
                found: "an empty string", expected: "a name")
        },
        Damage("the same name twice", change: { $0.tensors[2].name = "row" }) { file in
            let second = file.fields.last { $0.name == "offset of row" }
            return .duplicate(field: "name of tensor", offset: second?.range.lowerBound ?? 0, name: "row")
        },
        Damage("five dimensions", "dimension count of cube", 5) { offset, _ in
            .tooLarge(field: "dimension count of tensor \"cube\"", offset: offset, found: 5, limit: 4)
        },
        Damage("2^32 - 1 dimensions", "dimension count of cube", .max) { offset, _ in
            .tooLarge(
                field: "dimension count of tensor \"cube\"", offset: offset, found: UInt64(UInt32.max), limit: 4)
        },
        Damage("a dimension of 0", "dimension 1 of cube", 0) { offset, _ in
            .invalid(
                field: "dimension 1 of tensor \"cube\"", offset: offset, found: "0",
                expected: "a length from 1 to 2^63 - 1")
        },
        Damage("a dimension of 2^64 - 32", "dimension 0 of matrix", .max - 31) { offset, _ in
            .invalid(
                field: "dimension 0 of tensor \"matrix\"", offset: offset, found: "18446744073709551584",
                expected: "a length from 1 to 2^63 - 1")
        },
        Damage("a row that is not whole blocks", "dimension 0 of row", 33) { _, file in
            .invalid(
                field: "shape of tensor \"row\"", offset: file.range(of: "dimension count of row").lowerBound,
                found: "[33]", expected: "rows of a multiple of 32 elements, as Q4_0 needs")
        },
        Damage(
            "whole blocks, but not in each row",
            change: { $0.tensors[1].shape = [16, 2] },
            error: { file in
                .invalid(
                    field: "shape of tensor \"row\"", offset: file.range(of: "dimension count of row").lowerBound,
                    found: "[16, 2]", expected: "rows of a multiple of 32 elements, as Q4_0 needs")
            }),
    ]

    static let tensorExtents: [Damage] = [
        Damage(
            "dimensions whose product wraps to a small number",
            change: { $0.tensors[2].shape = [1 << 32, 1 << 32, 4] },
            error: { file in
                .invalid(
                    field: "shape of tensor \"cube\"", offset: file.range(of: "dimension count of cube").lowerBound,
                    found: "[4294967296, 4294967296, 4]", expected: "fewer than 2^63 elements")
            }),
        Damage("elements whose bytes wrap", "dimension 0 of matrix", 1 << 60) { _, file in
            .invalid(
                field: "shape of tensor \"matrix\"", offset: file.range(of: "dimension count of matrix").lowerBound,
                found: "[1152921504606846976, 3]", expected: "fewer than 2^63 bytes")
        },
        Damage(
            "two tensors whose sizes together wrap",
            change: {
                $0.tensors[0].type = TensorType.i8.rawValue
                $0.tensors[0].shape = [0x7FFF_FFFF_FFFF_FFC0]
                $0.tensors[2].type = TensorType.i8.rawValue
                $0.tensors[2].shape = [0x7FFF_FFFF_FFFF_FFC0]
            },
            error: { file in
                outside(
                    "matrix", file, found: "0, with 9223372036854775744 bytes of data")
            }),
        Damage("a size near 2^63", "dimension 0 of unusual", 1 << 58) { _, file in
            outside("unusual", file, found: "128, with 324259173170675712 bytes of data")
        },
        Damage("an offset past the end", "offset of cube", 1 << 20) { _, file in
            outside("cube", file, found: "1048576, with 16 bytes of data")
        },
        Damage("an offset that wraps", "offset of cube", .max - 31) { _, file in
            outside("cube", file, found: "18446744073709551584, with 16 bytes of data")
        },
        Damage("an offset whose sum with the data section's wraps to the header", "offset of cube", 0 &- 1024) {
            _, file in
            outside("cube", file, found: "18446744073709550592, with 16 bytes of data")
        },
        Damage("a tensor longer than the file", "dimension 1 of matrix", 1000) { _, file in
            outside("matrix", file, found: "0, with 16000 bytes of data")
        },
        Damage("an offset that is not aligned", "offset of cube", 97) { offset, _ in
            .invalid(
                field: "offset of tensor \"cube\"", offset: offset, found: "97",
                expected: "a multiple of the alignment, 32")
        },
        Damage("a tensor inside another", "offset of cube", 32) { offset, _ in
            .invalid(
                field: "offset of tensor \"cube\"", offset: offset, found: "32",
                expected: "48 or more, the end of \"matrix\"")
        },
        Damage("the last byte missing", change: { $0.tensors[4].data = [0] }) { file in
            outside("number", file, found: "224, with 2 bytes of data")
        },
        Damage("no data at all", change: { for index in $0.tensors.indices { $0.tensors[index].data = [] } }) { file in
            outside("matrix", file, found: "0, with 48 bytes of data")
        },
    ]

    /// The error of a tensor that reaches past the data section, which follows the header's last field.
    private static func outside(_ tensor: String, _ file: GGUFWriter.File, found: String) -> WeightsError {
        let headerByteCount = file.fields.last?.range.upperBound ?? 0
        let available = file.bytes.count - (headerByteCount + 31) / 32 * 32
        return .invalid(
            field: "offset of tensor \"\(tensor)\"", offset: file.range(of: "offset of \(tensor)").lowerBound,
            found: found, expected: "an extent within the \(available) bytes of the data section")
    }
}

extension Damage {
    private init(testDescription: String, bytes: [UInt8], error: WeightsError) {
        (self.testDescription, self.bytes, self.error) = (testDescription, bytes, error)
    }

    /// The same with its bytes changed.
    fileprivate func with(_ change: (inout [UInt8]) -> Void) -> Damage {
        var bytes = bytes
        change(&bytes)
        return Damage(testDescription: testDescription, bytes: bytes, error: error)
    }
}
