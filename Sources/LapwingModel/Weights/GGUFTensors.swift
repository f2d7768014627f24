/// A tensor's entry in the header, before its place in the file is checked.
struct RawTensor {
    let name: String
    let type: TensorType
    let shape: [Int]
    let byteCount: Int
    /// Relative to the start of the data section.
    let relativeOffset: UInt64
    /// Where in the file `relativeOffset` stands, for errors.
    let fieldOffset: Int

    /// A one-byte name, no dimensions, type and offset.
    static let minimumByteCount = 8 + 1 + 4 + 4 + 8

    init(_ cursor: inout GGUFCursor, index: Int) throws(WeightsError) {
        let name = try cursor.name(limit: GGUFLimits.tensorNameByteCount, "name of tensor \(index)")
        let shapeOffset = cursor.offset
        let shape = try Self.readShape(&cursor, "tensor \"\(name)\"")
        let type = try Self.readType(&cursor, "type of tensor \"\(name)\"")
        byteCount = try Self.byteCount(shape, type, offset: shapeOffset, "shape of tensor \"\(name)\"")
        fieldOffset = cursor.offset
        relativeOffset = try cursor.integer(UInt64.self, "offset of tensor \"\(name)\"")
        (self.name, self.shape, self.type) = (name, shape, type)
    }

    private static func readShape(
        _ cursor: inout GGUFCursor, _ tensor: @autoclosure () -> String
    ) throws(WeightsError) -> [Int] {
        let count = try cursor.count(
            UInt32.self, limit: GGUFLimits.dimensionCount, minimumByteCount: 8, "dimension count of \(tensor())")
        var shape: [Int] = []
        for index in 0..<count {
            let offset = cursor.offset
            let field = "dimension \(index) of \(tensor())"
            let length = try cursor.integer(UInt64.self, field)
            guard length > 0, let length = Int(exactly: length) else {
                throw .invalid(
                    field: field, offset: offset, found: "\(length)", expected: "a length from 1 to 2^63 - 1")
            }
            shape.append(length)
        }
        return shape
    }

    private static func readType(
        _ cursor: inout GGUFCursor, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> TensorType {
        let offset = cursor.offset
        let id = try cursor.integer(UInt32.self, field())
        guard let type = TensorType(rawValue: id) else {
            throw .invalid(
                field: field(), offset: offset, found: "type \(id), which is unknown or withdrawn",
                expected: "a GGML type id")
        }
        return type
    }

    private static func byteCount(
        _ shape: [Int], _ type: TensorType, offset: Int, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> Int {
        guard (shape.first ?? 1) % type.blockElementCount == 0 else {
            throw .invalid(
                field: field(), offset: offset, found: "\(shape)",
                expected: "rows of a multiple of \(type.blockElementCount) elements, as \(type) needs")
        }
        var elementCount = 1
        for length in shape {
            let (product, overflow) = elementCount.multipliedReportingOverflow(by: length)
            guard !overflow else {
                throw .invalid(
                    field: field(), offset: offset, found: "\(shape)", expected: "fewer than 2^63 elements")
            }
            elementCount = product
        }
        let blockCount = elementCount / type.blockElementCount
        let (byteCount, overflow) = blockCount.multipliedReportingOverflow(by: type.blockByteCount)
        guard !overflow else {
            throw .invalid(field: field(), offset: offset, found: "\(shape)", expected: "fewer than 2^63 bytes")
        }
        return byteCount
    }
}

extension GGUFHeader {
    /// Checks that each tensor lies aligned within the file and apart from the others.
    static func place(
        _ raw: [RawTensor], dataOffset: Int, alignment: Int, fileByteCount: Int
    ) throws(WeightsError) -> [String: TensorInfo] {
        var tensors: [String: TensorInfo] = [:]
        tensors.reserveCapacity(raw.count)
        for tensor in raw {
            let field = "offset of tensor \"\(tensor.name)\""
            guard tensor.relativeOffset % UInt64(alignment) == 0 else {
                throw .invalid(
                    field: field, offset: tensor.fieldOffset, found: "\(tensor.relativeOffset)",
                    expected: "a multiple of the alignment, \(alignment)")
            }
            let available = max(0, fileByteCount - dataOffset)
            guard tensor.byteCount <= available, tensor.relativeOffset <= UInt64(available - tensor.byteCount) else {
                throw .invalid(
                    field: field, offset: tensor.fieldOffset,
                    found: "\(tensor.relativeOffset), with \(tensor.byteCount) bytes of data",
                    expected: "an extent within the \(available) bytes of the data section")
            }
            let info = TensorInfo(
                name: tensor.name, type: tensor.type, shape: tensor.shape,
                offset: dataOffset + Int(tensor.relativeOffset), byteCount: tensor.byteCount)
            guard tensors.updateValue(info, forKey: tensor.name) == nil else {
                throw .duplicate(field: "name of tensor", offset: tensor.fieldOffset, name: tensor.name)
            }
        }
        try checkApart(raw)
        return tensors
    }

    private static func checkApart(_ raw: [RawTensor]) throws(WeightsError) {
        let ordered = raw.sorted { $0.relativeOffset < $1.relativeOffset }
        for (tensor, next) in zip(ordered, ordered.dropFirst()) {
            // The sum stays within the file, which `place` has checked.
            let end = tensor.relativeOffset + UInt64(tensor.byteCount)
            guard end <= next.relativeOffset else {
                throw .invalid(
                    field: "offset of tensor \"\(next.name)\"", offset: next.fieldOffset,
                    found: "\(next.relativeOffset)", expected: "\(end) or more, the end of \"\(tensor.name)\"")
            }
        }
    }
}
