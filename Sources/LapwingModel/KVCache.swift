import CLapwingKernels

/// Keys and values of all layers in pages of 32 positions, half precision.
///
/// Layout: [layer][page][kvHead][keys (headLength x 32), values (32 x headLength)]. A page may belong to several
/// sequences as long as none of them writes into it. Not thread-safe: one forward pass at a time uses a cache.
package final class KVCache {
    /// Positions a page holds.
    package static let pageSize = Int(LW_PAGE_LENGTH)
    package let pageCount: Int
    package var pageSize: Int { Self.pageSize }
    package var byteCount: Int { pageCount * layerCount * halvesPerPage * MemoryLayout<UInt16>.size }

    let scratch: Scratch
    private let region: Region
    private let layerCount: Int
    private let headLength: Int
    private let halvesPerPage: Int

    init(pageCount: Int, configuration: ModelConfiguration) throws(ModelError) {
        precondition(pageCount > 0, "a cache has at least one page")
        self.pageCount = pageCount
        layerCount = configuration.layerCount
        headLength = configuration.headLength
        halvesPerPage = 2 * configuration.keyLength * Self.pageSize
        let byteCount = pageCount.multipliedReportingOverflow(by: layerCount * halvesPerPage * 2)
        guard !byteCount.overflow else { throw ModelError.outOfMemory(byteCount: .max) }
        region = try Region(byteCount: byteCount.partialValue, sparse: true)
        scratch = try Scratch(configuration: configuration, positionLimit: pageCount * Self.pageSize)
    }

    /// One kv head of one layer as the kernels see it, through the page table of one sequence.
    func pages(layer: Int, kvHead: Int, table: UnsafePointer<Int32>) -> lw_pages {
        let base = region.base.assumingMemoryBound(to: UInt16.self)
        let start = layer * pageCount * halvesPerPage + kvHead * 2 * headLength * Self.pageSize
        return lw_pages(
            base: base + start, page_stride: halvesPerPage, table: table, head_length: headLength,
            scale: 1 / Float(headLength).squareRoot())
    }

    /// Copies a page's positions, all layers, into another page; no forward pass may be running.
    package func copyPage(_ source: Int32, to destination: Int32) {
        let pages = 0..<Int32(pageCount)
        precondition(pages.contains(source) && pages.contains(destination), "a page is one of the cache's")
        guard source != destination else { return }
        let byteCount = halvesPerPage * MemoryLayout<UInt16>.size
        for layer in 0..<layerCount {
            let pages = region.base + layer * pageCount * byteCount
            (pages + Int(destination) * byteCount).copyMemory(
                from: pages + Int(source) * byteCount, byteCount: byteCount)
        }
    }
}
