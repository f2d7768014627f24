import LapwingModel
import LapwingStatistics
import LapwingTestSupport

/// A small sound file with every type of metadata and several types of tensors, to be damaged in tests.
enum GGUFSample {
    static func writer() -> GGUFWriter {
        var writer = GGUFWriter()
        writer.add("general.architecture", .string("llama"))
        writer.add("general.alignment", .uint32(32))
        writer.add("a.uint8", .uint8(200))
        writer.add("a.int8", .int8(-8))
        writer.add("a.uint16", .uint16(50_000))
        writer.add("a.int16", .int16(-1600))
        writer.add("a.uint32", .uint32(.max))
        writer.add("a.int32", .int32(32))
        writer.add("a.uint64", .uint64(1 << 40))
        writer.add("a.int64", .int64(64))
        writer.add("a.float32", .float32(0.5))
        writer.add("a.float64", .float64(0.25))
        writer.add("a.infinity", .float32(.infinity))
        writer.add("a.bool", .bool(true))
        writer.add("a.strings", strings: ["eins", "", "drei ☃"])
        writer.add("a.int32s", .array([.int32(1), .int32(-2), .int32(3)]))
        writer.add("a.float32s", .array([.float32(1.5), .float32(-2)]))
        writer.add("a.uint8s", .array([.uint8(1), .uint8(2)]))
        writer.add("a.bools", .array([.bool(true), .bool(false)]))
        writer.add("a.empty", .array([]))
        var random = SplitMix64(seed: 3)
        writer.add(tensor: "matrix", .f32, shape: [4, 3], data: Quantize.encode((0..<12).map(Float.init), as: .f32))
        writer.add(tensor: "row", .q4_0, shape: [32], data: random.bytes(18))
        writer.add(tensor: "cube", .bf16, shape: [2, 2, 2], data: random.bytes(16))
        writer.add(tensor: "unusual", .nvfp4, shape: [64, 2], data: random.bytes(72))
        writer.add(tensor: "number", .f16, shape: [], data: [0, 0x3C])
        return writer
    }

    static func file() -> GGUFWriter.File { writer().file() }
}
