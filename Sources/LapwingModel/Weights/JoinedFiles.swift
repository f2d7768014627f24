import Foundation

/// Mapped files with their bytes counted end to end, as if they were one.
struct JoinedFiles: Sendable {
    private var files: [(start: Int, mapping: FileMapping)] = []
    private(set) var byteCount = 0

    init(_ mappings: [FileMapping] = []) {
        for mapping in mappings { append(mapping) }
    }

    /// Gives the place of the file's first byte among all.
    @discardableResult
    mutating func append(_ mapping: FileMapping) -> Int {
        let start = byteCount
        files.append((start, mapping))
        byteCount += mapping.bytes.count
        return start
    }

    /// Appends these files to others; gives the place that this one's first byte has there.
    func move(to others: inout JoinedFiles) -> Int {
        let start = others.byteCount
        for file in files { others.append(file.mapping) }
        return start
    }

    /// Bytes that lie within one file.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let (start, mapping) = file(at: range.lowerBound)
        precondition(
            range.lowerBound >= start && range.upperBound <= start + mapping.bytes.count, "bytes of another file")
        return UnsafeRawBufferPointer(rebasing: mapping.bytes[range.lowerBound - start..<range.upperBound - start])
    }

    func releasePages(_ range: Range<Int>) { file(at: range.lowerBound).mapping.releasePages(bytes(range)) }

    /// Of those that are on the disk.
    var paths: [String] { files.compactMap(\.mapping.source?.path) }

    /// One source for all: its time changes when that of any file does. nil where a file is in memory only.
    func source(path: String) -> FileSource? {
        let sources = files.compactMap(\.mapping.source)
        guard let first = sources.first, sources.count == files.count else { return nil }
        guard files.count > 1 || first.path != path else { return first }
        let changed = Checksum.of(sources.map { UInt64(bitPattern: $0.changed) })
        return FileSource(path: path, changed: Int64(bitPattern: changed), permissions: first.permissions)
    }

    private func file(at offset: Int) -> (start: Int, mapping: FileMapping) {
        // The last that begins at or before the offset.
        var low = 0, high = files.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if files[middle].start <= offset { low = middle } else { high = middle }
        }
        precondition(low < files.count, "there is no file")
        return files[low]
    }
}

extension FileSource {
    /// What several files are together.
    fileprivate init(path: String, changed: Int64, permissions: mode_t) {
        (self.path, self.changed, self.permissions) = (path, changed, permissions)
    }
}
