import Foundation
import LapwingAPI

/// NumPy's file of one array, version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
package enum NumPyFile {
    /// A matrix of 32-bit floats, row after row.
    package static func data(_ rows: [[Float]]) -> Data {
        let shape = "(\(rows.count), \(rows.first?.count ?? 0))"
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        // Spaces and a line end, so that the numbers begin at a multiple of 64.
        let used = 10 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - used % 64) % 64) + "\n"
        var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
        data += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
        data += Data(header.utf8)
        for row in rows { data += row.littleEndianBytes }
        return data
    }
}
