/// The types of a metadata value, by their ids in the file.
package enum MetadataType: UInt32, Sendable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// Bytes of a value, for an array or a string the least it may take: its lengths alone.
    var minimumByteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}

/// Where a metadata value lies; it is decoded when somebody asks for it.
enum MetadataValue: Sendable {
    case scalar(MetadataType, offset: Int)
    case string(Range<Int>)
    /// `offset` is that of the first element.
    case array(of: MetadataType, count: Int, offset: Int)
}

extension MetadataValue {
    /// Reads past one value and checks its extent, the strings of an array included.
    static func read(_ cursor: inout GGUFCursor, _ field: @autoclosure () -> String) throws(WeightsError) -> Self {
        let type = try readType(&cursor, "type of \(field())")
        switch type {
        case .string:
            return .string(try cursor.string(limit: GGUFLimits.stringByteCount, field()))
        case .array:
            return try readArray(&cursor, field())
        default:
            let offset = cursor.offset
            try cursor.skip(UInt64(type.minimumByteCount), field())
            if type == .bool, cursor.bytes[offset] > 1 {
                throw .invalid(
                    field: field(), offset: offset, found: "the byte \(cursor.bytes[offset])",
                    expected: "0 or 1 for a Boolean")
            }
            return .scalar(type, offset: offset)
        }
    }

    private static func readArray(
        _ cursor: inout GGUFCursor, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> Self {
        let typeOffset = cursor.offset
        let type = try readType(&cursor, "element type of \(field())")
        guard type != .array else {
            throw .invalid(
                field: "element type of \(field())", offset: typeOffset, found: "an array of arrays",
                expected: "a type of plain elements")
        }
        let count = try cursor.count(
            UInt64.self, limit: GGUFLimits.arrayCount, minimumByteCount: type.minimumByteCount,
            "element count of \(field())")
        let offset = cursor.offset
        if type == .string {
            for index in 0..<count {
                _ = try cursor.string(limit: GGUFLimits.stringByteCount, "element \(index) of \(field())")
            }
        } else {
            // Cannot overflow: the count was compared with the bytes that remain.
            try cursor.skip(UInt64(count * type.minimumByteCount), field())
        }
        return .array(of: type, count: count, offset: offset)
    }

    private static func readType(
        _ cursor: inout GGUFCursor, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> MetadataType {
        let offset = cursor.offset
        let id = try cursor.integer(UInt32.self, field())
        guard let type = MetadataType(rawValue: id) else {
            throw .invalid(field: field(), offset: offset, found: "type \(id)", expected: "a type from 0 to 12")
        }
        return type
    }
}

extension MetadataValue: CustomStringConvertible {
    /// What kind of value it is, for an error: `a string`, `an array of uint8`.
    var description: String {
        switch self {
        case .scalar(let type, _): "\(type)"
        case .string: "string"
        case .array(let type, let count, _): "array of \(count) \(type)"
        }
    }

    /// Byte of the value's first element in the file.
    var offset: Int {
        switch self {
        case .scalar(_, let offset): offset
        case .string(let range): range.lowerBound
        case .array(_, _, let offset): offset
        }
    }
}
