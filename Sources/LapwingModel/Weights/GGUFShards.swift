/// A model in several GGUF files, `NAME-00001-of-00003.gguf` and so on: the first has the metadata, each some tensors.
///
/// Each tells its number, from 0, and the counts of all files and tensors: `split.no`, `split.count`, `split.tensors.count`.
struct GGUFShards {
    private let stem: Substring
    private let count: Int

    /// `path` is that of any shard, `count` what it tells.
    init(path: String, count: Int) throws(WeightsError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        // -00001-of-00003.gguf
        let ending = path.suffix(20), number = Int(ending.dropFirst().prefix(5))
        guard ending.utf8.count == 20, let number, (1...count).contains(number),
            ending == Self.ending(number, of: count)
        else {
            throw .inFile(
                name: name,
                .invalid(
                    field: "the file's name", offset: 0, found: name,
                    expected: "NAME\(Self.ending(1, of: count)) or another number, as split.count is \(count)"))
        }
        stem = path.dropLast(20)
        self.count = count
    }

    private static func ending(_ number: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "-\(padded(number))-of-\(padded(count)).gguf"
    }

    /// Opens all, and checks that they belong together.
    func contents() throws(WeightsError) -> ModelContents {
        let first = try open(1)
        var all = first.contents
        let total: UInt32
        do { total = try first.uint32("split.tensors.count") } catch { throw .inFile(name: name(1), error) }
        if count > 1 {
            for number in 2...count {
                let shard = try open(number)
                do { try add(shard, total: total, to: &all) } catch { throw .inFile(name: name(number), error) }
            }
        }
        guard all.tensors.count == Int(total) else {
            throw .unfitHyperparameter(
                key: "the number of tensors in all \(count) files", offset: nil, found: "\(all.tensors.count)",
                expected: "\(total), as split.tensors.count says")
        }
        return all
    }

    private func add(_ shard: ModelFile, total: UInt32, to all: inout ModelContents) throws(WeightsError) {
        try expect("split.tensors.count", total, in: shard)
        let start = shard.contents.files.move(to: &all.files)
        for tensor in shard.tensors.values {
            let moved = TensorInfo(
                name: tensor.name, type: tensor.type, shape: tensor.shape, offset: start + tensor.offset,
                byteCount: tensor.byteCount)
            guard all.tensors.updateValue(moved, forKey: tensor.name) == nil else {
                throw .duplicate(field: "data of tensor", offset: tensor.offset, name: tensor.name)
            }
        }
    }

    private func open(_ number: Int) throws(WeightsError) -> ModelFile {
        let mapping = try FileMapping(path: "\(stem)\(Self.ending(number, of: count))")
        do {
            let shard = ModelFile(try ModelContents(gguf: mapping))
            try expect("split.count", UInt32(count), in: shard)
            try expect("split.no", UInt32(number - 1), in: shard)
            return shard
        } catch {
            throw .inFile(name: name(number), error)
        }
    }

    private func expect(_ key: String, _ number: UInt32, in shard: ModelFile) throws(WeightsError) {
        let found = try shard.uint32(key)
        guard found == number else {
            throw .unfitHyperparameter(
                key: key, offset: shard.offset(of: key), found: "\(found)",
                expected: "\(number), as a shard of this model has it")
        }
    }

    private func name(_ number: Int) -> String {
        "\(stem.split(separator: "/").last ?? "")\(Self.ending(number, of: count))"
    }
}
