/// The memory that a model takes, told from its file's header before any weight is read.
package struct ModelFootprint: Sendable {
    package let configuration: ModelConfiguration
    /// Bytes of packed weights.
    package let weightByteCount: Int

    /// Throws what loading would throw for a file that cannot be run.
    package init(_ file: GGUFFile) throws {
        configuration = try ModelConfiguration(file: file)
        weightByteCount = try DecoderLoader(file: file, configuration: configuration).packedByteCount
    }

    /// Bytes of a cache's page, all layers.
    package func pageByteCount(_ format: KVCacheFormat = .int8) -> Int {
        KVCache.pageByteCount(configuration, format: format)
    }

    /// Bytes of the intermediate values beside a cache of `pageCount` pages.
    package func scratchByteCount(pageCount: Int) -> Int {
        Scratch.byteCount(configuration, positionLimit: pageCount * KVCache.pageSize)
    }
}
