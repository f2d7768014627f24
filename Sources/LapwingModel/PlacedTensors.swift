import CLapwingKernels
import Synchronization

/// A file's tensors with the place that each one's packed form has in a region.
///
/// Experts that share a tensor are placed one by one, under the names that files with a tensor for each have:
/// expert 3 of `blk.0.ffn_up_exps.weight` is `blk.0.ffn_up.3.weight`.
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

    /// Checks that the file has exactly the tensors of `shapes`, in types that can be packed.
    init(_ shapes: [String: [Int]], in file: GGUFFile) throws(WeightsError) {
        if let stray = file.tensors.values.sorted(by: { $0.name < $1.name }).first(where: { shapes[$0.name] == nil }) {
            throw .unexpectedTensor(name: stray.name, offset: stray.offset)
        }
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let tensor = try file.tensor(name, shape: shape)
            guard shape.count == 3 else {
                try place(name, tensor)
                continue
            }
            for expert in 0..<shape[2] {
                try place(name.replacing("_exps.", with: ".\(expert).", maxReplacements: 1), tensor.part(expert))
            }
        }
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
    /// One of the equal parts along the slowest dimension, which lie end to end.
    func part(_ index: Int) -> TensorInfo {
        let count = shape.last ?? 1
        precondition(index >= 0 && index < count, "a part of the tensor")
        return TensorInfo(
            name: name, type: type, shape: shape.dropLast(), offset: offset + index * (byteCount / count),
            byteCount: byteCount / count)
    }
}
