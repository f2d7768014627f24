import Foundation
import Synchronization

/// Tensors that no file holds as they are asked for. They lie behind the files' bytes, take memory when they are first
/// read, and give it back with their pages; read again, they are made again.
final class DerivedTensors: Sendable {
    /// How a tensor's bytes come about.
    enum Recipe: Sendable {
        case values([Float])
        /// The elements of a tensor in any readable type, with a constant added.
        case floats(of: TensorInfo, plus: Float)
        /// A tensor's bytes where they are aligned as its type needs.
        case copy(of: TensorInfo)
        /// Queries, keys and values that lie head by head; afterwards all heads' queries lie together, then keys, then values.
        /// Those of a bias become floats.
        case sorted(TensorInfo, heads: Int)
        /// Each head's rows with its first and second half in turns. A bias becomes floats.
        case interleaved(TensorInfo, heads: Int)
        /// End to end.
        case joined([TensorInfo])
    }

    private struct Entry: Sendable {
        let recipe: Recipe
        let range: Range<Int>  // within the region
    }

    private let files: JoinedFiles
    private let start: Int
    private let entries: [Entry]
    private let region: Region
    private let made = Mutex<Set<Int>>([])

    /// Reserves the memory, and reads nothing. Each tensor's own offset and name are those in `tensors`.
    init(_ recipes: [(tensor: TensorInfo, recipe: Recipe)], files: JoinedFiles) throws(ModelError) {
        self.files = files
        start = Self.start(behind: files)
        entries = recipes.map { [start] tensor, recipe in
            let offset = tensor.offset - start
            return Entry(recipe: recipe, range: offset..<offset + tensor.byteCount)
        }
        region = try Region(byteCount: entries.last?.range.upperBound ?? 0, sparse: true)
    }

    /// The first offset that no file's byte has, a multiple of every type's alignment.
    static func start(behind files: JoinedFiles) -> Int { next(files.byteCount) }

    /// The next place where a tensor may begin: two never share a page.
    static func next(_ offset: Int) -> Int { (offset + pageByteCount - 1) / pageByteCount * pageByteCount }

    /// The longest page of any system.
    private static let pageByteCount = 1 << 16

    func contains(_ tensor: TensorInfo) -> Bool { tensor.offset >= start }

    /// The bytes of a tensor or a part of one; valid until its pages are released.
    func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        let index = index(of: tensor), offset = tensor.offset - start
        made.withLock { made in
            if made.insert(index).inserted { make(entries[index]) }
        }
        return UnsafeRawBufferPointer(start: region.base + offset, count: tensor.byteCount)
    }

    func releasePages(of tensor: TensorInfo) {
        let index = index(of: tensor), range = entries[index].range
        _ = made.withLock { made in
            made.remove(index)
            // The end of the range is the start of a page, or of the region's last bytes: nobody else's.
            return madvise(region.base + range.lowerBound, range.count, MADV_DONTNEED)
        }
    }

    private func index(of tensor: TensorInfo) -> Int {
        let offset = tensor.offset - start
        let index = entries.lastIndex { $0.range.lowerBound <= offset }
        guard let index, offset + tensor.byteCount <= entries[index].range.upperBound else {
            preconditionFailure("the tensor is of another file")
        }
        return index
    }

    private func make(_ entry: Entry) {
        let target = UnsafeMutableRawBufferPointer(
            start: region.base + entry.range.lowerBound, count: entry.range.count)
        switch entry.recipe {
        case .values(let values):
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        case .floats(let source, let addend):
            let values = floats(source).map { $0 + addend }
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        case .copy(let source):
            target.copyMemory(from: bytes(in: source))
        case .sorted(let source, let heads):
            withMatrixOrFloats(of: source) { Self.sort($0, heads: heads, into: target) }
        case .interleaved(let source, let heads):
            let rows = source.shape.last ?? 1
            withMatrixOrFloats(of: source) { Self.interleave($0, rows: rows, heads: heads, into: target) }
        case .joined(let sources):
            var offset = 0
            for source in sources {
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + source.byteCount])
                    .copyMemory(from: bytes(in: source))
                offset += source.byteCount
            }
        }
    }

    /// A matrix' bytes, or a vector's elements as floats.
    private func withMatrixOrFloats(of source: TensorInfo, _ body: (UnsafeRawBufferPointer) -> Void) {
        if source.shape.count == 1 { floats(source).withUnsafeBytes(body) } else { body(bytes(in: source)) }
    }

    private func bytes(in source: TensorInfo) -> UnsafeRawBufferPointer {
        files.bytes(source.offset..<source.offset + source.byteCount)
    }

    private func floats(_ source: TensorInfo) -> [Float] {
        // A copy, which is aligned: a safetensors file's tensors need not be.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.byteCount, alignment: 16)
        defer { copy.deallocate() }
        copy.copyMemory(from: bytes(in: source))
        return source.type.dequantize(UnsafeRawBufferPointer(copy))
    }

    private static func sort(
        _ source: UnsafeRawBufferPointer, heads: Int, into target: UnsafeMutableRawBufferPointer
    ) {
        let share = source.count / (3 * heads)
        for head in 0..<heads {
            for kind in 0..<3 {
                let from = (head * 3 + kind) * share, to = (kind * heads + head) * share
                UnsafeMutableRawBufferPointer(rebasing: target[to..<to + share])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + share]))
            }
        }
    }
    private static func interleave(
        _ source: UnsafeRawBufferPointer, rows: Int, heads: Int, into target: UnsafeMutableRawBufferPointer
    ) {
        let rowBytes = source.count / rows, half = rows / heads / 2
        for row in 0..<rows {
            let (head, within) = row.quotientAndRemainder(dividingBy: 2 * half)
            let from = row * rowBytes, to = (head * 2 * half + within % half * 2 + within / half) * rowBytes
            UnsafeMutableRawBufferPointer(rebasing: target[to..<to + rowBytes])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + rowBytes]))
        }
    }
}
