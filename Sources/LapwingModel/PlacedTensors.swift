import CLapwingKernels
import Synchronization

/// What a model expects of one tensor of its file.
struct ExpectedTensor {
    /// In the file's order, inputs first.
    let shape: [Int]
    /// What lies end to end along the slowest dimension, by the names that a file with a tensor for each has; empty for one
    /// thing under the tensor's own name. Each is a matrix, or a vector, of `count` rows; of three dimensions, one matrix.
    var parts: [(name: String, count: Int)] = []
}

/// A file's matrices and vectors with the place that each one's packed form has in a region.
struct PlacedTensors {
    private(set) var layout = RegionLayout()
    private var placements: [String: Placement] = [:]

    private struct Placement {
        let tensor: TensorInfo
        let layout: lw_layout
        let offset: Int

        var isVector: Bool { tensor.shape.count == 1 }
        var columns: Int { tensor.shape[0] }
        var rows: Int { isVector ? 1 : tensor.shape[1] }

        func matrix(in region: Region) -> PackedMatrix {
            PackedMatrix(layout: layout, rows: rows, columns: columns, region: region, offset: offset)
        }
    }

    /// Checks that the file has exactly the tensors that are expected, in types that can be packed.
    init(_ expected: [String: ExpectedTensor], in file: GGUFFile) throws(WeightsError) {
        let tensors = file.tensors.values.sorted { $0.name < $1.name }
        if let stray = tensors.first(where: { expected[$0.name] == nil }) {
            throw .unexpectedTensor(name: stray.name, offset: stray.offset)
        }
        for (name, expectation) in expected.sorted(by: { $0.key < $1.key }) {
            let tensor = try file.tensor(name, shape: Self.shape(expectation.shape, asIn: file.tensors[name]))
                .reshaped(expectation.shape)
            if expectation.parts.isEmpty { try place(name, tensor) }
            var first = 0
            for part in expectation.parts {
                try place(part.name, tensor.part(first..<first + part.count))
                first += part.count
            }
        }
    }

    /// A vector may be written as a matrix of one row.
    private static func shape(_ shape: [Int], asIn found: TensorInfo?) -> [Int] {
        found?.shape == shape + [1] ? shape + [1] : shape
    }

    private mutating func place(_ name: String, _ tensor: TensorInfo) throws(WeightsError) {
        let found = lw_layout_for_type(tensor.type.rawValue)
        let isVector = tensor.shape.count == 1
        // Vectors are few and small: those that are not plain floats in the file have no reason to exist.
        guard found >= 0, !isVector || tensor.type == .f32 else {
            throw .unsupportedTensorType(name: tensor.name, type: tensor.type, offset: tensor.offset)
        }
        let packing = lw_layout(rawValue: UInt32(found))
        let strips = isVector ? 0 : (tensor.shape[1] + Int(LW_STRIP_ROWS) - 1) / Int(LW_STRIP_ROWS)
        let size = isVector ? tensor.byteCount : strips * lw_strip_bytes(packing, tensor.shape[0])
        placements[name] = Placement(tensor: tensor, layout: packing, offset: layout.place(size))
    }

    /// Packs every tensor in the file's order, giving the file's pages back as it goes. Throws for a scale that is not
    /// finite, with which a row's result would depend on the rows beside it.
    func pack(_ file: GGUFFile, into region: Region, workers: Workers) throws(WeightsError) {
        for placement in placements.values.sorted(by: { $0.tensor.offset < $1.tensor.offset }) {
            let source = file.bytes(of: placement.tensor)
            if placement.isVector {
                UnsafeMutableRawBufferPointer(start: region.base + placement.offset, count: source.count)
                    .copyMemory(from: source)
            } else {
                let matrix = placement.matrix(in: region), isFinite = Atomic(true)
                workers.forEachRange(matrix.stripCount, grain: max(8, workers.grain(matrix.stripCount))) { range in
                    let packed = matrix.pack(source, type: placement.tensor.type.rawValue, strips: range)
                    if !packed { isFinite.store(false, ordering: .relaxed) }
                }
                guard isFinite.load(ordering: .relaxed) else {
                    throw .invalid(
                        field: "the tensor \"\(placement.tensor.name)\"", offset: placement.tensor.offset,
                        found: "a block whose scale is infinite or no number", expected: "finite scales")
                }
            }
            file.releasePages(of: placement.tensor)
        }
    }

    /// Equal where packing gives equal bytes for the same file: where each tensor goes, and what packing makes of eight
    /// rows of each type, which shows any change of the layouts.
    var fingerprint: UInt64 {
        var words: [UInt64] = []
        for (name, placement) in placements.sorted(by: { $0.key < $1.key }) {
            words.append(Array(name.utf8).withUnsafeBytes { Checksum.of($0) })
            words += [placement.columns, placement.rows, placement.offset].map(UInt64.init)
            words += [placement.tensor.type.rawValue, placement.layout.rawValue].map(UInt64.init)
        }
        let types = Set(placements.values.filter { !$0.isVector }.map(\.tensor.type))
        for type in types.sorted(by: { $0.rawValue < $1.rawValue }) { words.append(Self.probe(type)) }
        return Checksum.of(words)
    }

    private static func probe(_ type: TensorType) -> UInt64 {
        let rows = Int(LW_STRIP_ROWS), columns = 256
        let layout = lw_layout(rawValue: UInt32(lw_layout_for_type(type.rawValue)))
        let rowBytes = columns / type.blockElementCount * type.blockByteCount
        // Any bytes do that differ from each other: those of multiples of an odd number.
        let source = (0..<rows * rowBytes).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        var strip = [UInt8](repeating: 0, count: lw_strip_bytes(layout, columns))
        lw_pack(type.rawValue, source, rowBytes, rows, columns, &strip, 0, 1)
        return strip.withUnsafeBytes { Checksum.of($0) }
    }

    func contains(_ name: String) -> Bool { placements[name] != nil }

    func matrix(_ name: String, in region: Region) throws(WeightsError) -> PackedMatrix {
        try placement(name).matrix(in: region)
    }

    func vector(_ name: String, in region: Region) throws(WeightsError) -> FloatVector {
        let placement = try placement(name)
        return FloatVector(count: placement.columns, region: region, offset: placement.offset)
    }

    private func placement(_ name: String) throws(WeightsError) -> Placement {
        guard let placement = placements[name] else { throw .missingTensor(name: name) }
        return placement
    }
}

extension TensorInfo {
    /// The same elements under another shape.
    fileprivate func reshaped(_ shape: [Int]) -> TensorInfo {
        TensorInfo(name: name, type: type, shape: shape, offset: offset, byteCount: byteCount)
    }

    /// What lies at `range` of the slowest dimension: so many rows, or of three dimensions one matrix.
    func part(_ range: Range<Int>) -> TensorInfo {
        let count = shape.last ?? 1
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a part of the tensor")
        let each = byteCount / count
        return TensorInfo(
            name: name, type: type, shape: shape.dropLast() + (shape.count == 3 ? [] : [range.count]),
            offset: offset + range.lowerBound * each, byteCount: range.count * each)
    }
}
