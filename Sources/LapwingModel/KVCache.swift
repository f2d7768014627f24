import CLapwingKernels

/// How a cache keeps keys and values.
package enum KVCacheFormat: String, Sendable, CaseIterable {
    /// A byte a value: half the memory, and a few times the speed over long contexts, for a mean divergence of 0.0005 nats
    /// on the default model.
    case int8
    /// Half precision.
    case f16
    /// Floats, slowly: for comparing with a reference.
    case f32

    package var layout: lw_cache_format {
        switch self {
        case .int8: LW_CACHE_I8
        case .f16: LW_CACHE_F16
        case .f32: LW_CACHE_F32
        }
    }
}

/// Keys and values of all layers in pages of 32 positions.
///
/// Layout: [layer][page][kvHead][`lw_page_bytes`]. A page may belong to several sequences as long as none of them writes
/// into it. Not thread-safe: one forward pass at a time uses a cache.
package final class KVCache {
    /// Positions a page holds.
    package static let pageSize = Int(LW_PAGE_LENGTH)
    package let pageCount: Int
    package let format: KVCacheFormat
    package var pageSize: Int { Self.pageSize }
    package var byteCount: Int { region.byteCount }

    let scratch: Scratch
    private let region: Region
    private let layerCount: Int
    private let headLength: Int
    private let scale: Float
    private let cap: Float
    /// Bytes of one kv head of one layer in a page.
    private let headBytes: Int
    /// Bytes of one layer's page.
    private let pageBytes: Int

    init(pageCount: Int, format: KVCacheFormat, configuration: ModelConfiguration) throws(ModelError) {
        precondition(pageCount > 0, "a cache has at least one page")
        self.pageCount = pageCount
        self.format = format
        layerCount = configuration.layerCount
        headLength = configuration.headLength
        scale = configuration.attentionScale
        cap = configuration.attentionCap
        headBytes = lw_page_bytes(format.layout, headLength)
        pageBytes = configuration.kvHeadCount * headBytes
        let byteCount = pageCount.multipliedReportingOverflow(by: Self.pageByteCount(configuration, format: format))
        guard !byteCount.overflow else { throw ModelError.outOfMemory(byteCount: .max) }
        region = try Region(byteCount: byteCount.partialValue, sparse: true)
        scratch = try Scratch(configuration: configuration, positionLimit: pageCount * Self.pageSize)
    }

    /// Bytes of a page, all layers.
    static func pageByteCount(_ configuration: ModelConfiguration, format: KVCacheFormat) -> Int {
        configuration.layerCount * configuration.kvHeadCount * lw_page_bytes(format.layout, configuration.headLength)
    }

    /// One kv head of one layer as the kernels see it, through the page table of one sequence.
    func pages(layer: Int, kvHead: Int, table: UnsafePointer<Int32>) -> lw_pages {
        lw_pages(
            base: region.base + layer * pageCount * pageBytes + kvHead * headBytes, page_stride: pageBytes,
            table: table, head_length: headLength, scale: scale, cap: cap)
    }

    func store(
        _ pages: inout lw_pages, position: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
        by kernels: UnsafePointer<lw_kernels>
    ) {
        switch format {
        case .int8: kernels.pointee.store_i8(&pages, position, key, value)
        case .f16: kernels.pointee.store_f16(&pages, position, key, value)
        case .f32: lw_store_f32(&pages, position, key, value)
        }
    }

    /// Folds a range of positions into `count` lines.
    func attend(
        _ pages: inout lw_pages, lines: UnsafePointer<lw_attention_line>, count: Int, positions: Range<Int>,
        by kernels: UnsafePointer<lw_kernels>
    ) {
        switch format {
        case .int8: kernels.pointee.attend_i8(&pages, lines, count, positions.lowerBound, positions.upperBound)
        case .f16: kernels.pointee.attend_f16(&pages, lines, count, positions.lowerBound, positions.upperBound)
        case .f32: lw_attend_f32(&pages, lines, count, positions.lowerBound, positions.upperBound)
        }
    }

    /// Copies a page's positions, all layers, into another page; no forward pass may be running.
    package func copyPage(_ source: Int32, to destination: Int32) {
        let pages = 0..<Int32(pageCount)
        precondition(pages.contains(source) && pages.contains(destination), "a page is one of the cache's")
        guard source != destination else { return }
        for layer in 0..<layerCount {
            let pages = region.base + layer * pageCount * pageBytes
            (pages + Int(destination) * pageBytes).copyMemory(
                from: pages + Int(source) * pageBytes, byteCount: pageBytes)
        }
    }
}
