import LapwingModel

extension GGUFWriter {
    /// The file's tensors in several files, each with its `split` keys, the metadata in the first: the bytes of each by name.
    package func shards(_ count: Int, name: String = "model") -> [(name: String, bytes: [UInt8])] {
        (0..<count).map { number in (Self.shardName(name, number, of: count), shard(number, of: count).file().bytes) }
    }

    /// One of them before it is put together, for a test that changes a part.
    package func shard(_ number: Int, of count: Int) -> GGUFWriter {
        var shard = self
        if number > 0 { shard.metadata = [] }
        shard.add("split.no", .uint16(UInt16(number)))
        shard.add("split.count", .uint16(UInt16(count)))
        shard.add("split.tensors.count", .int32(Int32(tensors.count)))
        shard.tensors = tensors.enumerated().filter { $0.offset % count == number }.map(\.element)
        return shard
    }

    /// `model-00001-of-00003.gguf` for number 0.
    package static func shardName(_ name: String, _ number: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String { String(String(100_000 + number).dropFirst()) }
        return "\(name)-\(padded(number + 1))-of-\(padded(count)).gguf"
    }
}
