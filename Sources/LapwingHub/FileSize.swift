import Foundation

enum FileSize {
    /// Bytes of a file, or of the one that a link leads to: weights are often moved to another disk. nil where there is none.
    static func of(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }
}
