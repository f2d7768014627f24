import Foundation

/// What Foundation reports of a file, in the system's own words: its texts name error domains and codes.
extension CocoaError {
    /// The `errno` behind it; nil where there is none.
    package var errorNumber: Int32? {
        let underlying = underlying.map { $0 as NSError }
        return underlying?.domain == NSPOSIXErrorDomain ? underlying.map { Int32($0.code) } : nil
    }

    /// Why it failed, such as `permission denied`.
    package var reason: String {
        errorNumber.map { String(cString: strerror($0)).lowercased() } ?? localizedDescription
    }

    /// Which file, where that is known, and why.
    package var sentence: String { (filePath.map { "'\($0)': " } ?? "") + reason }
}
