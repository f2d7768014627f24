/// Cuts a byte stream into server-sent events (WHATWG HTML, section 9.2.6) wherever the network cut it.
package struct ServerSentEvents {
    package struct Overflow: Error, Hashable {
        package let limit: Int

        package init(limit: Int) { self.limit = limit }
    }

    /// Most bytes of a line, and of an event's data.
    private let limit: Int
    private var line: [UInt8] = []
    private var data: [UInt8]?
    /// The last byte was a carriage return, so a line feed right after it ends no other line.
    private var skipsLineFeed = false
    private var isFirstLine = true

    package init(limit: Int) { self.limit = limit }

    /// The data of each event that these bytes complete, lines joined by line feeds. Comments and other fields are dropped.
    package mutating func append(_ bytes: some Sequence<UInt8>) throws(Overflow) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n") where skipsLineFeed: skipsLineFeed = false
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                skipsLineFeed = byte == UInt8(ascii: "\r")
                if let event = try endLine() { events.append(event) }
            default:
                skipsLineFeed = false
                guard line.count < limit else { throw Overflow(limit: limit) }
                line.append(byte)
            }
        }
        return events
    }

    /// The event that the end of the stream left without its empty line. The standard drops it; servers that forget the
    /// last line feed after `[DONE]` are common enough to look.
    package mutating func finish() throws(Overflow) -> [UInt8]? {
        if let event = try endLine() { return event }
        defer { data = nil }
        return data
    }

    private mutating func endLine() throws(Overflow) -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else {
            defer { data = nil }
            return data
        }
        guard let value = Self.value(of: line, field: "data") else { return nil }
        guard (data?.count ?? 0) + value.count <= limit else { throw Overflow(limit: limit) }
        if data == nil {
            data = Array(value)
        } else {
            data?.append(UInt8(ascii: "\n")); data?.append(contentsOf: value)
        }
        return nil
    }

    /// What follows `field:` and one space; nil for other lines.
    private static func value(of line: [UInt8], field: StaticString) -> ArraySlice<UInt8>? {
        let name = field.withUTF8Buffer { Array($0) }
        guard line.starts(with: name) else { return nil }
        if line.count == name.count { return [] }
        guard line[name.count] == UInt8(ascii: ":") else { return nil }
        let value = line[(name.count + 1)...]
        return value.first == UInt8(ascii: " ") ? value.dropFirst() : value
    }
}
