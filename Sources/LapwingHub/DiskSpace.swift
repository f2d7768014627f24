import Foundation

/// Free space of the disk that holds a folder.
package enum DiskSpace {
    package static let free: @Sendable (String) -> Int64? = { folder in
        var folder = URL(filePath: folder).standardized
        // What is not there yet will be made where its nearest folder is.
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}
