import Foundation

extension MachineFacts {
    /// Memory of this process that is resident now, in bytes; nil where it cannot be told.
    package static func residentBytes() -> Int64? {
        kilobytes("VmRSS", in: (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "")
    }
}
