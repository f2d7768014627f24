import LapwingModel
import LapwingTestSupport
import Testing

@Suite("GGUF metadata")
struct GGUFMetadataTests {
    private let layout = GGUFSample.file()

    @Test("Values are read by key in their own type")
    func readsValues() throws {
        let file = try GGUFFile(bytes: layout.bytes)
        #expect(file.keys.prefix(3) == ["general.architecture", "general.alignment", "a.uint8"])
        #expect(try file.string("general.architecture") == "llama")
        #expect(try file.uint32("a.uint8") == 200)
        #expect(try file.uint32("a.uint16") == 50_000)
        #expect(try file.uint32("a.uint32") == .max)
        #expect(try file.uint32("a.int32") == 32)
        #expect(try file.uint32("a.int64") == 64)
        #expect(try file.float("a.float32") == 0.5)
        #expect(try file.float("a.float64") == 0.25)
        #expect(try file.bool("a.bool"))
        #expect(try file.strings("a.strings") == ["eins", "", "drei ☃"])
        #expect(try file.int32s("a.int32s") == [1, -2, 3])
        #expect(try file.floats("a.float32s") == [1.5, -2])
    }

    @Test("An absent key is nil where that is allowed and an error by name where it is not")
    func absentKeys() throws {
        let file = try GGUFFile(bytes: layout.bytes)
        #expect(!file.contains("a.absent"))
        #expect(try file.ifPresent("a.absent", file.float) == nil)
        #expect(try file.ifPresent("a.float32", file.float) == 0.5)
        #expect(throws: WeightsError.missingKey("a.absent")) { try file.uint32("a.absent") }
    }

    @Test("A number that does not fit is refused", arguments: ["a.int8", "a.int16", "a.uint64"])
    func refusesNumbersOutOfRange(key: String) throws {
        let file = try GGUFFile(bytes: layout.bytes)
        let error = WeightsError.invalid(
            field: "metadata value \"\(key)\"", offset: layout.range(of: key).lowerBound,
            found: "a number below 0 or over 2^32 - 1", expected: "a number from 0 to 2^32 - 1")
        #expect(throws: error) { try file.uint32(key) }
    }

    @Test("A float that is not finite is refused")
    func refusesInfinity() throws {
        let file = try GGUFFile(bytes: layout.bytes)
        let error = WeightsError.invalid(
            field: "metadata value \"a.infinity\"", offset: layout.range(of: "a.infinity").lowerBound, found: "inf",
            expected: "a finite number")
        #expect(throws: error) { try file.float("a.infinity") }
    }

    @Test("A value of another type is refused with both types and its place")
    func refusesWrongTypes() throws {
        let file = try GGUFFile(bytes: layout.bytes)
        func offset(_ name: String) -> Int { layout.range(of: name).lowerBound }
        #expect(
            throws: WeightsError.wrongType(
                key: "a.bool", offset: offset("a.bool"), found: "bool", expected: "string")
        ) { try file.string("a.bool") }
        #expect(
            throws: WeightsError.wrongType(
                key: "a.float32", offset: offset("a.float32"), found: "float32", expected: "an integer")
        ) { try file.uint32("a.float32") }
        #expect(
            throws: WeightsError.wrongType(
                key: "a.int32", offset: offset("a.int32"), found: "int32", expected: "a float")
        ) { try file.float("a.int32") }
        #expect(
            throws: WeightsError.wrongType(
                key: "a.uint8", offset: offset("a.uint8"), found: "uint8", expected: "bool")
        ) { try file.bool("a.uint8") }
    }

    @Test("An array of another element type is refused, as token types and scores of bytes once were not")
    func refusesWrongElementTypes() throws {
        let file = try GGUFFile(bytes: layout.bytes)
        func error(_ expected: String) -> WeightsError {
            .wrongType(
                key: "a.uint8s", offset: layout.range(of: "element count of a.uint8s").upperBound,
                found: "array of 2 uint8", expected: expected)
        }
        #expect(throws: error("array of int32")) { try file.int32s("a.uint8s") }
        #expect(throws: error("array of float32")) { try file.floats("a.uint8s") }
        #expect(throws: error("array of string")) { try file.strings("a.uint8s") }
    }

    @Test("Text that is not UTF-8 is refused when it is asked for, with its place")
    func refusesBadText() throws {
        var file = layout
        let inArray = file.range(of: "length of element 2 of a.strings").upperBound
        let alone = file.range(of: "length of general.architecture").upperBound
        file.bytes[inArray] = 0xFF
        file.bytes[alone] = 0xC0
        let damaged = try GGUFFile(bytes: file.bytes)
        func error(_ field: String, _ offset: Int) -> WeightsError {
            .invalid(field: field, offset: offset, found: "bytes that are not UTF-8", expected: "UTF-8 text")
        }
        #expect(throws: error("element 2 of metadata value \"a.strings\"", inArray)) {
            try damaged.strings("a.strings")
        }
        #expect(throws: error("metadata value \"general.architecture\"", alone)) {
            try damaged.string("general.architecture")
        }
    }
}
