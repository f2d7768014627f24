/// A number of bytes as people read it: `512 B`, `98.4 MB`, `7.2 GB` (powers of ten, as vendors count).
package struct ByteCount: Hashable, Sendable, CustomStringConvertible {
    package var bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }

    package var description: String {
        var scaled = Double(bytes)
        var unit = "B"
        for next in ["kB", "MB", "GB", "TB"] where scaled >= 999.95 {
            scaled /= 1000
            unit = next
        }
        let tenths = Int64((scaled * 10).rounded())
        return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
