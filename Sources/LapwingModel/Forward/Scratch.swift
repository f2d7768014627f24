import CLapwingKernels

/// The intermediate values of a forward pass, reserved once for the largest pass; untouched pages take no memory.
final class Scratch {
    /// Rows that go through the layers together; longer steps are cut.
    static let rowLimit = 256
    /// Up to this many rows, each split of each row's attention is a work item of its own.
    static let splitRowLimit = 16
    /// Positions that one attention split covers. Fixed, because it decides the order of sums.
    static let splitLength = 512
    /// Logits computed together take about this much memory.
    private static let logitByteTarget = 3 << 20

    let residual: UnsafeMutablePointer<Float>  // [row, embedding]
    let branch: UnsafeMutablePointer<Float>  // [row, embedding], of what is not added to the residual as it is
    let input: Activations  // [row, embedding or queries]
    let hidden: Activations  // [row, feedForward]
    let routerLogits: UnsafeMutablePointer<Float>  // [row, expert]
    let gathered: Activations  // [row of an expert, embedding]
    let expertOutputs: UnsafeMutablePointer<Float>  // [row of an expert, embedding]
    let projections: UnsafeMutablePointer<Float>  // [row, queries then keys then values]
    let cosines: UnsafeMutablePointer<Float>  // [rotation, row, rotated dimension]
    let sines: UnsafeMutablePointer<Float>  // [rotation, row, rotated dimension]
    let states: UnsafeMutablePointer<Float>  // [row, head, split, headLength + 2]
    let logits: UnsafeMutablePointer<Float>  // [row of a tile, vocabulary]
    let logitTile: Int
    private let region: Region

    init(configuration: ModelConfiguration, positionLimit: Int) throws(ModelError) {
        let places = Places(configuration, positionLimit: positionLimit)
        region = try Region(places.layout)
        residual = region.floats(at: places.residual)
        branch = region.floats(at: places.branch)
        input = Activations(in: region, at: places.input)
        hidden = Activations(in: region, at: places.hidden)
        routerLogits = region.floats(at: places.routerLogits)
        gathered = Activations(in: region, at: places.gathered)
        expertOutputs = region.floats(at: places.expertOutputs)
        projections = region.floats(at: places.projections)
        cosines = region.floats(at: places.cosines)
        sines = region.floats(at: places.sines)
        states = region.floats(at: places.states)
        logits = region.floats(at: places.logits)
        logitTile = places.logitTile
    }

    /// Bytes that it takes, told without reserving any.
    static func byteCount(_ configuration: ModelConfiguration, positionLimit: Int) -> Int {
        Places(configuration, positionLimit: positionLimit).layout.byteCount
    }

    /// Where in the region each part lies.
    private struct Places {
        private(set) var layout = RegionLayout()
        let residual, branch, routerLogits, expertOutputs, projections, cosines, sines, states, logits: Int
        let input, hidden, gathered: Activations.Place
        let logitTile: Int

        init(_ c: ModelConfiguration, positionLimit: Int) {
            let rows = Scratch.rowLimit, float = MemoryLayout<Float>.stride
            let splitLimit = (positionLimit + Scratch.splitLength - 1) / Scratch.splitLength
            let stateCount = max(rows, Scratch.splitRowLimit * splitLimit) * c.headCount
            let expertCount = c.experts?.count ?? 0, expertRows = c.experts == nil ? 0 : rows
            logitTile = min(32, max(4, Scratch.logitByteTarget / (c.vocabularySize * float)))

            residual = layout.place(rows * c.embeddingLength * float)
            branch = layout.place(c.usesBranch ? rows * c.embeddingLength * float : 0)
            input = Activations.place(rows, width: max(c.embeddingLength, c.queryLength), in: &layout)
            hidden = Activations.place(
                rows,
                width: max(c.feedForwardLength, c.experts?.feedForwardLength ?? 0, c.experts?.sharedLength ?? 0),
                in: &layout)
            routerLogits = layout.place(rows * expertCount * float)
            gathered = Activations.place(expertRows, width: c.embeddingLength, in: &layout)
            expertOutputs = layout.place(expertRows * c.embeddingLength * float)
            projections = layout.place(rows * (c.queryLength + 2 * c.keyLength) * float)
            cosines = layout.place(c.rotations.count * rows * c.ropeDimensionCount * float)
            sines = layout.place(c.rotations.count * rows * c.ropeDimensionCount * float)
            states = layout.place(stateCount * (c.headLength + 2) * float)
            logits = layout.place(logitTile * c.vocabularySize * float)
        }
    }
}

/// Input rows of a product in both forms the kernels read; rows lie end to end, whatever their width.
struct Activations {
    let values: UnsafeMutablePointer<Float>
    let blocks: UnsafeMutablePointer<lw_q8_block>
    let remainders: UnsafeMutablePointer<lw_q8_block>
    let marks: UnsafeMutablePointer<UInt64>

    fileprivate typealias Place = (values: Int, blocks: Int, remainders: Int, marks: Int)

    fileprivate static func place(_ rows: Int, width: Int, in layout: inout RegionLayout) -> Place {
        let blockByteCount = rows * (blockCount(width) + 1) * MemoryLayout<lw_q8_block>.stride
        return (
            layout.place(rows * width * MemoryLayout<Float>.stride), layout.place(blockByteCount),
            layout.place(blockByteCount), layout.place(rows * markCount(width) * MemoryLayout<UInt64>.stride)
        )
    }

    fileprivate init(in region: Region, at place: Place) {
        values = region.floats(at: place.values)
        blocks = (region.base + place.blocks).assumingMemoryBound(to: lw_q8_block.self)
        remainders = (region.base + place.remainders).assumingMemoryBound(to: lw_q8_block.self)
        marks = (region.base + place.marks).assumingMemoryBound(to: UInt64.self)
    }

    private static func blockCount(_ width: Int) -> Int { width / Int(LW_BLOCK_LENGTH) }
    private static func markCount(_ width: Int) -> Int { (blockCount(width) + 63) / 64 }

    /// The rows from `first` on as the kernels take them, `width` values each.
    func rows(from first: Int = 0, width: Int) -> lw_input {
        let blockStride = Self.blockCount(width), markStride = Self.markCount(width)
        return lw_input(
            values: values + first * width, value_stride: width, blocks: blocks + first * blockStride,
            remainders: remainders + first * blockStride, block_stride: blockStride,
            marks: marks + first * markStride, mark_stride: markStride)
    }

    /// Copies both forms of another's row.
    func copy(row: Int, of other: Activations, to target: Int, width: Int) {
        let blockStride = Self.blockCount(width), markStride = Self.markCount(width)
        (values + target * width).update(from: other.values + row * width, count: width)
        (blocks + target * blockStride).update(from: other.blocks + row * blockStride, count: blockStride)
        (remainders + target * blockStride).update(from: other.remainders + row * blockStride, count: blockStride)
        (marks + target * markStride).update(from: other.marks + row * markStride, count: markStride)
    }

    /// Fills one row's blocks from its values.
    func quantize(row: Int, width: Int, by kernels: UnsafePointer<lw_kernels>) {
        let blockStride = Self.blockCount(width)
        kernels.pointee.quantize(
            values + row * width, blocks + row * blockStride, remainders + row * blockStride,
            marks + row * Self.markCount(width), blockStride)
    }
}

extension Region {
    func floats(at offset: Int) -> UnsafeMutablePointer<Float> {
        (base + offset).assumingMemoryBound(to: Float.self)
    }
}
