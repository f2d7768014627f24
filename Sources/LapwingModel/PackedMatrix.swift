import CLapwingKernels

/// A weight matrix in the kernels' own layout.
///
/// `@unchecked Sendable`: the strips lie in `region`, are written while the model loads and never after.
package struct PackedMatrix: @unchecked Sendable {
    package let strips: lw_matrix
    private let region: Region

    /// Describes a matrix whose strips lie `offset` bytes into `region`.
    init(layout: lw_layout, rows: Int, columns: Int, region: Region, offset: Int) {
        strips = lw_matrix(strips: region.base + offset, rows: rows, columns: columns, layout: layout)
        self.region = region
    }

    package var rows: Int { strips.rows }
    package var columns: Int { strips.columns }
    package var stripCount: Int { (rows + Int(LW_STRIP_ROWS) - 1) / Int(LW_STRIP_ROWS) }
    package var byteCount: Int { stripCount * lw_strip_bytes(strips.layout, columns) }

    /// Whether the kernels want its input as blocks of int8, or as floats.
    package var takesBlocks: Bool { strips.layout.rawValue >= LW_LAYOUT_Q4_0.rawValue }

    /// Fills strips `range` from a row-major tensor of the file; false where a block's scale is not finite.
    func pack(_ source: UnsafeRawBufferPointer, type: UInt32, strips range: Range<Int>) -> Bool {
        guard let base = source.baseAddress, rows > 0 else { return true }
        let target = UnsafeMutableRawPointer(mutating: strips.strips)
        return lw_pack(type, base, source.count / rows, rows, columns, target, range.lowerBound, range.upperBound)
    }

    /// Writes one row as floats.
    package func row(_ index: Int, into out: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: strips) { lw_matrix_row($0, index, out) }
    }
}
