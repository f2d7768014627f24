import CLapwingKernels

/// Memory for the rows of one pass, and for the attention of one sequence and head on each thread.
///
/// `@unchecked Sendable`: whoever took it out of the model's pool is its only user; threads of a pass write to parts of
/// their own.
final class EncoderScratch: @unchecked Sendable {
    let rowLimit: Int
    let hidden: UnsafeMutablePointer<Float>  // [row, dimension]; the residual between two layers
    let middle: UnsafeMutablePointer<Float>  // [row, dimension]; that between the halves of one
    let queryKeyValue: UnsafeMutablePointer<Float>  // [row, 3 * dimensions]
    let context: UnsafeMutablePointer<Float>  // [row, dimension]
    let inner: UnsafeMutablePointer<Float>  // [row, feedForward]
    let bytes: UnsafeMutablePointer<Int8>  // [row, the longest input rounded up to fours]
    let scales: UnsafeMutablePointer<Float>  // [row]
    let sums: UnsafeMutablePointer<Int32>  // [row]
    private let region: Region

    init(_ c: EncoderConfiguration, rowLimit: Int) throws(ModelError) {
        self.rowLimit = rowLimit
        var layout = RegionLayout()
        func place(_ count: Int) -> Int { layout.place(rowLimit * count * MemoryLayout<Float>.stride) }
        let hidden = place(c.dimensionCount), middle = place(c.dimensionCount)
        let queryKeyValue = place(3 * c.dimensionCount), context = place(c.dimensionCount)
        let inner = place(c.feedForwardLength)
        let bytes = layout.place(rowLimit * ((max(c.dimensionCount, c.feedForwardLength) + 3) / 4 * 4))
        let scales = place(1), sums = place(1)
        region = try Region(layout)
        self.hidden = region.floats(at: hidden)
        self.middle = region.floats(at: middle)
        self.queryKeyValue = region.floats(at: queryKeyValue)
        self.context = region.floats(at: context)
        self.inner = region.floats(at: inner)
        self.bytes = (region.base + bytes).assumingMemoryBound(to: Int8.self)
        self.scales = region.floats(at: scales)
        self.sums = (region.base + sums).assumingMemoryBound(to: Int32.self)
    }
}
