import Foundation

/// The code of this process, as mapped from the program's file and its libraries.
package enum ProgramImage {
    /// Gives back the code's pages; what is run again is mapped again from the file. Does nothing where there is no `/proc`.
    ///
    /// Starting reads most of a program once (the Swift runtime looks through all conformances, and the kernel maps
    /// 64 KiB around each fault), and serving a fifth of that: Docs/Log.md has the figures.
    package static func releasePages() {
        // To the end: reading it as a file of a known size takes the first few kilobytes.
        let maps = (try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()) ?? Data()
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            // address-address permissions offset device inode path. Never what is only readable: the loader wrote there.
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { continue }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: bounds[0]), Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
