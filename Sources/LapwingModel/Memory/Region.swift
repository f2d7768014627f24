import Foundation

/// Zeroed memory straight from the system or a part of a mapped file, page-aligned, given back when the last owner goes.
///
/// `@unchecked Sendable`: the region itself never changes; who writes into it, and when, is its owner's invariant.
package final class Region: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    /// The file that the memory is a part of; nil for memory of its own.
    private let mapping: FileMapping?

    /// Untouched pages cost nothing, so a region may be sized for the worst case. One that is not expected to fill, and
    /// so may be larger than the memory, is `sparse`.
    package init(byteCount: Int, sparse: Bool = false) throws(ModelError) {
        let size = max(byteCount, 1)
        var flags = MAP_PRIVATE | MAP_ANONYMOUS
        #if os(Linux)
            if sparse { flags |= MAP_NORESERVE }
        #endif
        let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { throw ModelError.outOfMemory(byteCount: byteCount) }
        base = mapped
        mapping = nil
        self.byteCount = size
        #if os(Linux)
            // Streaming weights through 4 KiB pages misses the TLB once a page; a refusal only costs speed. A sparse region
            // is touched here and there, and every touch of a huge page would cost 2 MiB.
            if size >= 1 << 22 { _ = madvise(mapped, size, sparse ? MADV_NOHUGEPAGE : MADV_HUGEPAGE) }
        #endif
    }

    /// Memory for all parts of a layout; in the sanitizer run, an access between two parts ends the process.
    convenience init(_ layout: RegionLayout) throws(ModelError) {
        try self.init(byteCount: layout.byteCount)
        #if LAPWING_CHECKS
            gaps = layout.gaps
            poisonGaps()
        #endif
    }

    /// Lets `body` read what lies between the parts too, as a copy of the whole must.
    func withWhole<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        #if LAPWING_CHECKS
            unpoison(base, byteCount)
            defer { poisonGaps() }
        #endif
        return try body(UnsafeRawBufferPointer(start: base, count: byteCount))
    }

    #if LAPWING_CHECKS
        private var gaps: [Range<Int>] = []
        private func poisonGaps() { for gap in gaps { poison(base + gap.lowerBound, gap.count) } }
    #endif

    /// The bytes of a file from `offset` on, a multiple of the page size. To write there ends the process.
    init(_ mapping: FileMapping, offset: Int) {
        guard let start = mapping.bytes.baseAddress, offset < mapping.bytes.count else {
            preconditionFailure("a region is a part of its file")
        }
        base = UnsafeMutableRawPointer(mutating: start + offset)
        byteCount = mapping.bytes.count - offset
        self.mapping = mapping
    }

    deinit {
        guard mapping == nil else { return }
        #if LAPWING_CHECKS
            // The system may give the same addresses to somebody else.
            unpoison(base, byteCount)
        #endif
        munmap(base, byteCount)
    }
}

#if LAPWING_CHECKS
    // AddressSanitizer's own interface, https://github.com/google/sanitizers/wiki/AddressSanitizerManualPoisoning
    @_silgen_name("__asan_poison_memory_region")
    private func poison(_ address: UnsafeRawPointer, _ byteCount: Int)
    @_silgen_name("__asan_unpoison_memory_region")
    private func unpoison(_ address: UnsafeRawPointer, _ byteCount: Int)
#endif

/// Hands out aligned parts of a region one after the other.
struct RegionLayout {
    static let alignment = 64
    private(set) var byteCount = 0
    #if LAPWING_CHECKS
        /// What belongs to no part: behind each one, at least as much as the alignment.
        private(set) var gaps: [Range<Int>] = []
    #endif

    /// The offset of a new part of that size.
    mutating func place(_ size: Int) -> Int {
        let offset = byteCount
        byteCount += (size + Self.alignment - 1) / Self.alignment * Self.alignment
        #if LAPWING_CHECKS
            byteCount += Self.alignment
            gaps.append(offset + size..<byteCount)
        #endif
        return offset
    }
}
