import CLapwingKernels

/// The intermediate values of a forward pass, reserved once for the largest pass; untouched pages take no memory.
final class Scratch {
    /// Rows that go through the layers together; longer steps are cut.
    static let rowLimit = 512
    /// Up to this many rows, each split of each row's attention is a work item of its own.
    static let splitRowLimit = 16
    /// Positions that one attention split covers. Fixed, because it decides the order of sums.
    static let splitLength = 512
    /// Logits computed together take about this much memory.
    private static let logitByteTarget = 6 << 20

    let residual: UnsafeMutablePointer<Float>  // [row, embedding]
    let input: Activations  // [row, embedding or queries]
    let hidden: Activations  // [row, feedForward]
    let projections: UnsafeMutablePointer<Float>  // [row, queries then keys then values]
    let cosines: UnsafeMutablePointer<Float>  // [row, rotated dimension]
    let sines: UnsafeMutablePointer<Float>  // [row, rotated dimension]
    let states: UnsafeMutablePointer<Float>  // [row, head, split, headLength + 2]
    let logits: UnsafeMutablePointer<Float>  // [row of a tile, vocabulary]
    let logitTile: Int
    private let region: Region

    init(configuration c: ModelConfiguration, positionLimit: Int) throws(ModelError) {
        var layout = RegionLayout()
        let rows = Self.rowLimit, float = MemoryLayout<Float>.stride
        let splitLimit = (positionLimit + Self.splitLength - 1) / Self.splitLength
        let stateCount = max(rows, Self.splitRowLimit * splitLimit) * c.headCount
        logitTile = min(32, max(4, Self.logitByteTarget / (c.vocabularySize * float)))

        let residualAt = layout.place(rows * c.embeddingLength * float)
        let inputAt = Activations.place(rows, width: max(c.embeddingLength, c.queryLength), in: &layout)
        let hiddenAt = Activations.place(rows, width: c.feedForwardLength, in: &layout)
        let projectionsAt = layout.place(rows * (c.queryLength + 2 * c.keyLength) * float)
        let cosinesAt = layout.place(rows * c.ropeDimensionCount * float)
        let sinesAt = layout.place(rows * c.ropeDimensionCount * float)
        let statesAt = layout.place(stateCount * (c.headLength + 2) * float)
        let logitsAt = layout.place(logitTile * c.vocabularySize * float)

        region = try Region(byteCount: layout.byteCount)
        residual = region.floats(at: residualAt)
        input = Activations(in: region, at: inputAt)
        hidden = Activations(in: region, at: hiddenAt)
        projections = region.floats(at: projectionsAt)
        cosines = region.floats(at: cosinesAt)
        sines = region.floats(at: sinesAt)
        states = region.floats(at: statesAt)
        logits = region.floats(at: logitsAt)
    }
}

/// Input rows of a product in both forms the kernels read; rows lie end to end, whatever their width.
struct Activations {
    let values: UnsafeMutablePointer<Float>
    let blocks: UnsafeMutablePointer<lw_q8_block>
    let fine: UnsafeMutablePointer<Int8>

    fileprivate typealias Place = (values: Int, blocks: Int, fine: Int)

    fileprivate static func place(_ rows: Int, width: Int, in layout: inout RegionLayout) -> Place {
        let blockCount = rows * ((width + Int(LW_BLOCK_LENGTH) - 1) / Int(LW_BLOCK_LENGTH))
        return (
            layout.place(rows * width * MemoryLayout<Float>.stride),
            layout.place(blockCount * MemoryLayout<lw_q8_block>.stride), layout.place(blockCount * Int(LW_BLOCK_LENGTH))
        )
    }

    private init(
        values: UnsafeMutablePointer<Float>, blocks: UnsafeMutablePointer<lw_q8_block>, fine: UnsafeMutablePointer<Int8>
    ) {
        self.values = values
        self.blocks = blocks
        self.fine = fine
    }

    fileprivate init(in region: Region, at place: Place) {
        values = region.floats(at: place.values)
        blocks = (region.base + place.blocks).assumingMemoryBound(to: lw_q8_block.self)
        fine = (region.base + place.fine).assumingMemoryBound(to: Int8.self)
    }

    private static func blockCount(_ width: Int) -> Int { width / Int(LW_BLOCK_LENGTH) }

    /// The rows as the kernels take them, `width` values each.
    func rows(width: Int) -> lw_input {
        lw_input(
            values: values, value_stride: width, blocks: blocks, fine: fine, block_stride: Self.blockCount(width))
    }

    /// The rows from `row` on.
    func skipping(_ row: Int, width: Int) -> Activations {
        let block = row * Self.blockCount(width)
        return Activations(
            values: values + row * width, blocks: blocks + block, fine: fine + block * Int(LW_BLOCK_LENGTH))
    }

    /// Fills one row's blocks from its values.
    func quantize(row: Int, width: Int, by kernels: UnsafePointer<lw_kernels>) {
        let start = skipping(row, width: width)
        kernels.pointee.quantize(start.values, start.blocks, start.fine, Self.blockCount(width))
    }
}

extension Region {
    func floats(at offset: Int) -> UnsafeMutablePointer<Float> {
        (base + offset).assumingMemoryBound(to: Float.self)
    }
}
