import CLapwingKernels
import Synchronization

/// One tensor's rows in their new type, a slab of them at a time, so that memory stays bounded whatever its size.
struct QuantizedRows {
    let file: GGUFFile
    let planned: Quantization.Planned
    /// The importance of each column, a run for each expert.
    let weights: [Float]?

    private static let slabFloats = 4 << 20

    private var columns: Int { planned.tensor.shape.first ?? 1 }
    var count: Int { planned.tensor.elementCount / columns }
    /// Rows that go together.
    var slabCount: Int { max(1, Self.slabFloats / columns) }

    /// Rows in `slab`, one after another, as the new type has them; a row's bytes depend on that row alone.
    func withBytes(
        of slab: Range<Int>, workers: Workers, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let source = file.bytes(of: planned.tensor)
        let sourceRowBytes = source.count / count
        guard planned.type != planned.tensor.type else {
            let part = slab.lowerBound * sourceRowBytes..<slab.upperBound * sourceRowBytes
            return try body(UnsafeRawBufferPointer(rebasing: source[part]))
        }
        let rowBytes = planned.byteCount / count
        let blocks = UnsafeMutableRawBufferPointer.allocate(byteCount: slab.count * rowBytes, alignment: 64)
        defer { blocks.deallocate() }
        let unsound = Atomic<Int>(.max)
        workers.forEachRange(slab.count, grain: max(1, workers.grain(slab.count) / 4)) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { values in
                for offset in range {
                    let row = slab.lowerBound + offset
                    guard let values = values.baseAddress, let target = blocks.baseAddress,
                        let base = source.baseAddress
                    else { return }
                    let type = planned.tensor.type
                    type.dequantize(
                        base + row * sourceRowBytes, into: values, blockCount: columns / type.blockElementCount)
                    guard UnsafeBufferPointer(start: values, count: columns).allSatisfy(\.isFinite) else {
                        unsound.min(row, ordering: .relaxed)
                        continue
                    }
                    quantize(values, row: row, into: target + offset * rowBytes)
                }
            }
        }
        let row = unsound.load(ordering: .relaxed)
        guard row == .max else { throw QuantizationError.notFinite(name: planned.tensor.name, row: row) }
        try body(UnsafeRawBufferPointer(blocks))
    }

    private func quantize(_ values: UnsafePointer<Float>, row: Int, into target: UnsafeMutableRawPointer) {
        let type = planned.type.rawValue
        guard let weights else { return lw_quantize(type, values, nil, columns, target) }
        let rowsOfExpert = planned.tensor.shape.count > 1 ? planned.tensor.shape[1] : 1
        weights.withUnsafeBufferPointer { weights in
            let start = weights.count > columns ? row / rowsOfExpert * columns : 0
            lw_quantize(type, values, weights.baseAddress.map { $0 + start }, columns, target)
        }
    }
}
