import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

/// Members of a `config.json`.
typealias Members = [String: any Sendable]

/// A folder of a tiny model, written anew for each test that spoils it.
struct FolderSample {
    let folder: TemporaryFolder
    var model = TinyModel()
    var writer = SafetensorsWriter()

    init(_ model: TinyModel = TinyModel()) throws {
        folder = try TemporaryFolder()
        self.model = model
        writer.tensors = model.folderTensors()
    }

    /// Writes both files and opens them.
    func open(_ changes: Members = [:]) throws -> ModelFile { try ModelFile(path: write(changes).path) }

    /// Writes both files.
    func write(_ changes: Members = [:]) throws -> TemporaryFolder {
        _ = try folder.write(Array(model.configuration(changes).utf8), to: "config.json")
        _ = try folder.write(writer.bytes(), to: "model.safetensors")
        return folder
    }

    /// What opening says, without the names of the files that it is about.
    func error(_ changes: Members = [:]) -> WeightsError? {
        do {
            _ = try open(changes)
            return nil
        } catch let error as WeightsError {
            return error.withoutFiles
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }
}

extension WeightsError {
    var withoutFiles: WeightsError {
        if case .inFile(_, let error) = self { error.withoutFiles } else { self }
    }
}

@Suite("Safetensors files")
struct SafetensorsTests {
    private static let smallEntry = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"

    /// The refusal of a file of one tensor with this header, its data 8 bytes.
    private func refusal(_ header: String, byteCount: UInt64? = nil, dataCount: Int = 8) throws -> String {
        var sample = try FolderSample()
        sample.writer.tensors = [
            .init(name: "a", type: "F32", shape: [2], data: [UInt8](repeating: 0, count: dataCount))
        ]
        sample.writer.header = header
        sample.writer.headerByteCount = byteCount
        sample.writer.alignment = 1
        return try #require(sample.error()).description
    }

    @Test(
        "A header that lies is refused with what was found and expected",
        arguments: [
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}", "within the 8 bytes of data"),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "found [8, 0]"),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "found [0]"),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]}}", "at most 2 numbers"),
            (
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
                "8 bytes, expected 12, as F32 of the shape [3]"
            ),
            (
                "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "8 bytes, expected 4, as F16 of the shape [2]"
            ),
            (
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}",
                "fewer than 2^63 bytes"
            ),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "a whole number from 0"),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", "a whole number from 0"),
            (
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}",
                "a whole number from 0"
            ),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", "at most 8 numbers"),
            (
                "{\"a\":{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "is Q4; the types that can be read are F32, F16, BF16"
            ),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "found no data_offsets"),
            ("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "found no shape"),
            ("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "found no dtype"),
            ("{\"a\":{\(smallEntry),\"more\":1}}", "the member \"more\""),
            ("{\"a\":{\(smallEntry)},\"a\":{\(smallEntry)}}", "\"a\" is there already"),
            ("{\"a\":{\(smallEntry)},\"\\u0061\":{\(smallEntry)}}", "\"a\" is there already"),
            ("{\"a\":{\"dtype\":\"F32\",\(smallEntry)}}", "\"dtype\" is there already"),
            ("{\"a\":{\(smallEntry)},\"b\":{\(smallEntry)}}", "expected 8, the end of the tensor before"),
            ("{\"b\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}}", "tensors of 7 bytes, expected 8"),
            ("{\"b\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[1,8]}}", "a beginning at 1, expected 0"),
            ("{\"__metadata__\":{\"format\":1},\"a\":{\(smallEntry)}}", "a string"),
            ("[{\(smallEntry)}]", "an object"),
            ("{\"a\":{\(smallEntry)}}{}", "the end of the JSON text"),
            ("{\"a\":{\(smallEntry)}", "a comma or the end of the object"),
            ("{\"a\" {\(smallEntry)}}", "a colon"),
            ("{\"a\\x\":{\(smallEntry)}}", "an escape"),
            ("{\"a\\ud800\":{\(smallEntry)}}", "an escape"),
            ("{\"a", "the rest of a string"),
            ("", "an object"),
        ])
    func refusesHeader(header: String, expected: String) throws {
        let found = try refusal(header)
        #expect(found.contains(expected), "\(header): \(found)")
    }

    @Test("A header's length past the file or over the limit is refused, and so is a file without one")
    func refusesLength() throws {
        let header = "{\"a\":{\(Self.smallEntry)}}"
        #expect(try refusal(header, byteCount: 70).contains("the header at byte 8 needs 70 bytes"))
        #expect(try refusal(header, byteCount: .max).contains("is \(UInt64.max), over the limit of 33554432"))
        #expect(try refusal(header, dataCount: 7).contains("expected"))
        let sample = try FolderSample()
        _ = try sample.folder.write(Array(sample.model.configuration().utf8), to: "config.json")
        _ = try sample.folder.write([1, 0, 0], to: "model.safetensors")
        #expect(
            throws: WeightsError.inFile(
                name: "model.safetensors",
                .truncated(field: "the header's length", offset: 0, needed: 8, remaining: 3))
        ) { try ModelFile(path: sample.folder.path) }
    }

    @Test("A file cut at any byte of its header, and anywhere in its data, is refused")
    func refusesTruncation() throws {
        let sample = try FolderSample()
        _ = try sample.open()
        let bytes = sample.writer.bytes()
        let headerEnd = bytes.count - sample.writer.tensors.reduce(0) { $0 + $1.data.count }
        for count in Array(stride(from: 0, to: headerEnd, by: 7)) + [headerEnd, headerEnd + 5000, bytes.count - 1] {
            _ = try sample.folder.write(Array(bytes.prefix(count)), to: "model.safetensors")
            #expect(throws: WeightsError.self, "cut to \(count)") { try ModelFile(path: sample.folder.path) }
        }
    }

    @Test("Whole numbers, doubles and bytes are refused by their names where the model needs them")
    func refusesTypes() throws {
        for (type, byteCount) in [("F64", 8), ("I64", 8), ("I32", 4), ("U8", 1), ("BOOL", 1), ("F8_E4M3", 1)] {
            var sample = try FolderSample()
            let index = try #require(sample.writer.tensors.firstIndex { $0.name == "model.norm.weight" })
            sample.writer.tensors[index].type = type
            sample.writer.tensors[index].data = [UInt8](repeating: 0, count: 64 * byteCount)
            #expect(
                sample.error()
                    == .unsupportedType(
                        tensor: "model.norm.weight", type: type, supported: ["F32", "F16", "BF16"]))
        }
    }

    @Test("A buffer that follows from the configuration may have any type, and is not a tensor of the model")
    func ignoresBuffers() throws {
        var sample = try FolderSample()
        sample.writer.tensors.append(
            .init(
                name: "model.layers.0.self_attn.rotary_emb.inv_freq", type: "F64", shape: [1],
                data: [UInt8](repeating: 0, count: 8)))
        #expect(try sample.open().tensors.count == sample.writer.tensors.count - 1)
    }

    @Test("Weights that a header of odd length leaves unaligned are read all the same")
    func readsUnaligned() throws {
        var sample = try FolderSample()
        let plain = try sample.open()
        let values = try plain.dequantize(plain.tensor("blk.1.ffn_up.weight"))
        for extra in 1...3 {
            sample.writer.header = nil
            sample.writer.alignment = 1
            var text = String(decoding: sample.writer.bytes().dropFirst(8).prefix { $0 != 0 }, as: UTF8.self)
            text = String(text[...(text.lastIndex(of: "}") ?? text.startIndex)])
            while text.utf8.count % 4 != extra { text += " " }
            sample.writer.header = text
            let file = try sample.open()
            let tensor = try file.tensor("blk.1.ffn_up.weight")
            #expect(Int(bitPattern: file.bytes(of: tensor).baseAddress) % 4 == 0)
            #expect(try file.dequantize(tensor) == values)
            file.releasePages(of: tensor)
            #expect(try file.dequantize(tensor) == values)
        }
    }

    @Test("A shard that is missing or cut, or lacks what the index says, is named")
    func namesShards() throws {
        let written = try TinyModel().writeFolder(shards: 3)
        let second = "model-00002-of-00003.safetensors", path = "\(written.path)/\(second)"
        let bytes = try Data(contentsOf: URL(filePath: path))
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: WeightsError.unreadable(path: path, reason: "No such file or directory")) {
            try ModelFile(path: written.path)
        }
        try bytes.dropLast(3).write(to: URL(filePath: path))
        #expect { try ModelFile(path: written.path) } throws: {
            "\($0)".hasPrefix("\(second): the header: data_offsets")
        }
        try Data(contentsOf: URL(filePath: "\(written.path)/model-00001-of-00003.safetensors"))
            .write(to: URL(filePath: path))
        #expect { try ModelFile(path: written.path) } throws: {
            "\($0)".hasPrefix("\(second): there is no tensor \"model.")
        }
    }

    @Test(
        "An index that leads out of the folder, or to no file, is refused",
        arguments: [
            ("{\"weight_map\":{\"a\":\"../model.safetensors\"}}", "a .safetensors file of this folder"),
            ("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "a .safetensors file of this folder"),
            ("{\"weight_map\":{\"a\":3}}", "a .safetensors file of this folder"),
            ("{\"weight_map\":{}}", "an object of file names"),
            ("{\"weight_map\":[]}", "an object of file names"),
            ("{}", "an object of file names"),
            ("[", "a JSON value"),
        ])
    func refusesIndex(text: String, expected: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(TinyModel().configuration().utf8), to: "config.json")
        _ = try folder.write(Array(text.utf8), to: "model.safetensors.index.json")
        #expect { try ModelFile(path: folder.path) } throws: {
            "\($0)".hasPrefix("model.safetensors.index.json: ") && "\($0)".contains(expected)
        }
    }
}
