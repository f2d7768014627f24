import Foundation

/// Zeroed memory straight from the system, page-aligned, given back when the last owner goes.
///
/// `@unchecked Sendable`: the region itself never changes; who writes into it, and when, is its owner's invariant.
package final class Region: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// Untouched pages cost nothing, so a region may be sized for the worst case.
    package init(byteCount: Int) throws(ModelError) {
        let size = max(byteCount, 1)
        let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { throw ModelError.outOfMemory(byteCount: byteCount) }
        base = mapped
        self.byteCount = size
        #if os(Linux)
            // Streaming weights through 4 KiB pages misses the TLB once a page; a refusal only costs speed.
            if size >= 1 << 22 { _ = madvise(mapped, size, MADV_HUGEPAGE) }
        #endif
    }

    deinit { munmap(base, byteCount) }
}

/// Hands out aligned parts of a region one after the other.
struct RegionLayout {
    static let alignment = 64
    private(set) var byteCount = 0

    /// The offset of a new part of that size.
    mutating func place(_ size: Int) -> Int {
        let offset = byteCount
        byteCount += (size + Self.alignment - 1) / Self.alignment * Self.alignment
        return offset
    }
}
