import Foundation

/// A weight file on its way to a smaller type: what each tensor becomes, and the writing of it.
package struct Quantization: Sendable {
    package let type: QuantizationType
    package let tensors: [Planned]
    private let file: GGUFFile
    private let importance: ImportanceMatrix?
    /// Of the result, beside those of the source.
    private let added: [GGUFFileWriter.Entry]

    /// A tensor and the type that it gets.
    package struct Planned: Sendable, Equatable {
        package let tensor: TensorInfo
        package let type: TensorType

        package var byteCount: Int { tensor.elementCount / type.blockElementCount * type.blockByteCount }
    }

    /// Decides for every tensor of a file that was opened to be written, or of a GGUF file.
    ///
    /// - Parameters:
    ///   - allowsRequantizing: Lets what is quantised already lose precision a second time.
    ///   - adding: Metadata that a folder's `ModelFile` lacks: the tokenizer's.
    package init(
        _ file: GGUFFile, to type: QuantizationType, importance: ImportanceMatrix? = nil,
        allowsRequantizing: Bool = false, adding: [GGUFFileWriter.Entry] = []
    ) throws {
        let mix = QuantizationMix(type, for: file, hasImportance: importance != nil)
        let ordered = file.tensors.values.sorted { ($0.offset, $0.name) < ($1.offset, $1.name) }
        tensors = ordered.map { Planned(tensor: $0, type: mix.type(of: $0.name, stored: $0.type, shape: $0.shape)) }
        (self.file, self.type, self.importance, added) = (file, type, importance, adding)
        for planned in tensors where planned.type != planned.tensor.type {
            let (tensor, target) = (planned.tensor, planned.type)
            guard tensor.type.isFloat || target.isFloat || allowsRequantizing else {
                throw QuantizationError.alreadyQuantized(name: tensor.name, type: tensor.type)
            }
            if !target.isFloat { _ = try importance?.weights(for: tensor) }
        }
    }

    /// Bytes of all tensors as they are.
    package var sourceByteCount: Int { tensors.reduce(0) { $0 + $1.tensor.byteCount } }
    /// Bytes of all tensors as they will be.
    package var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
    package var elementCount: Int { tensors.reduce(0) { $0 + $1.tensor.elementCount } }

    /// Bits that a weight takes on average, before and after.
    package var bitsPerWeight: (source: Double, result: Double) {
        let count = Double(max(1, elementCount))
        return (Double(sourceByteCount) * 8 / count, Double(byteCount) * 8 / count)
    }

    /// How many of the result's bytes are written, of all.
    package struct Progress: Sendable, Equatable {
        package var byteCount: Int
        package var total: Int
    }

    /// Writes the file; the task's cancellation ends it and leaves nothing behind.
    package func write(
        to path: String, workers: Workers, progress: (Progress) -> Void = { _ in }
    ) throws {
        if file.paths.contains(where: { Self.isSameFile($0, path) }) {
            throw QuantizationError.wouldReplaceInput(path: path)
        }
        let alignment = try file.ifPresent("general.alignment", file.uint32) ?? 32
        let writer = try GGUFFileWriter(
            path: path, metadata: metadata,
            tensors: tensors.map { .init(name: $0.tensor.name, type: $0.type, shape: $0.tensor.shape) },
            alignment: Int(alignment), permissions: file.source?.permissions)
        var state = Progress(byteCount: 0, total: byteCount)
        progress(state)
        for planned in tensors {
            let rows = QuantizedRows(
                file: file, planned: planned, weights: try importance?.weights(for: planned.tensor))
            for start in stride(from: 0, to: rows.count, by: rows.slabCount) {
                try Task.checkCancellation()
                let slab = start..<min(start + rows.slabCount, rows.count)
                try rows.withBytes(of: slab, workers: workers) { bytes in
                    try writer.write(bytes)
                    state.byteCount += bytes.count
                }
                progress(state)
            }
            file.releasePages(of: planned.tensor)
        }
        try writer.finish()
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var first = stat(), second = stat()
        guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}

// MARK: Metadata

extension Quantization {
    /// The version of the quantised layouts, which has been this since 2023.
    private static let layoutVersion: UInt32 = 2

    /// The source's, with what says how the file was quantised in the place of what said so before.
    private var metadata: [GGUFFileWriter.Entry] {
        let own = ownMetadata + added
        let replaced = Set(own.map(\.key))
        // The result is one file, however many parts the source has.
        let dropped = ["quantize.imatrix.", "split."]
        let kept = file.keys.filter { key in !replaced.contains(key) && !dropped.contains(where: key.hasPrefix) }
        return kept.compactMap { key in
            file.encodedValue(key).map { GGUFFileWriter.Entry(key, encoded: $0) }
        } + own
    }

    private var ownMetadata: [GGUFFileWriter.Entry] {
        var entries = [GGUFFileWriter.Entry("general.file_type", .uint32(type.fileType))]
        if tensors.contains(where: { !$0.type.isFloat }) {
            entries.append(.init("general.quantization_version", .uint32(Self.layoutVersion)))
        }
        guard let importance else { return entries }
        let origin = importance.origin
        return entries + [
            .init("quantize.imatrix.file", .string(origin.file)),
            .init("quantize.imatrix.dataset", .string(origin.dataset)),
            .init("quantize.imatrix.entries_count", .uint32(UInt32(importance.meanSquares.count))),
            .init("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: origin.chunkCount))),
        ]
    }
}

extension QuantizationMix {
    /// The mix for a file, by its own metadata and names.
    init(_ type: QuantizationType, for file: GGUFFile, hasImportance: Bool) {
        let layers = file.tensors.keys.compactMap { name in
            name.split(separator: ".").dropFirst().first.flatMap { name.hasPrefix("blk.") ? Int($0) : nil }
        }
        // Names are anybody's: a layer has no number beyond those of the tensors.
        let sound = layers.filter { (0..<file.tensors.count).contains($0) }
        self.init(type: type, layerCount: (sound.max() ?? -1) + 1)
        let architecture = (try? file.string("general.architecture")) ?? ""
        /// Some architectures have an array with a number for each layer: then the rules for grouped heads do not apply.
        func number(_ key: String) -> Int? { (try? file.uint32("\(architecture).\(key)")).map(Int.init) }
        self.architecture = architecture
        self.hasImportance = hasImportance
        hasOutput = file.tensors["output.weight"] != nil
        expertCount = number("expert_count") ?? 0
        let heads = number("attention.head_count") ?? 1
        groupSize = heads / max(1, number("attention.head_count_kv") ?? heads)
    }
}
