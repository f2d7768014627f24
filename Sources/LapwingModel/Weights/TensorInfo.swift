/// Where one tensor lies in a weights file. Only a file that checked the extent makes one.
package struct TensorInfo: Sendable, Equatable {
    package let name: String
    package let type: TensorType
    /// Lengths of the dimensions, fastest first: `[columns, rows]` for a matrix, empty for a single number.
    package let shape: [Int]
    /// Bytes from the start of the file.
    package let offset: Int
    package let byteCount: Int

    package var elementCount: Int { shape.reduce(1, *) }
}
