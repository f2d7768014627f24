import LapwingRouter
import Testing

private func events(_ parts: [String], limit: Int = 1000) throws -> [String] {
    var parser = ServerSentEvents(limit: limit)
    var found: [[UInt8]] = []
    for part in parts { found += try parser.append(Array(part.utf8)) }
    if let rest = try parser.finish() { found.append(rest) }
    return found.map { String(decoding: $0, as: UTF8.self) }
}

@Suite("ServerSentEvents")
struct ServerSentEventsTests {
    private let stream = """
        : a comment\r\n\
        event: message\r\n\
        data: one\r\n\
        data: more\r\n\
        \r\n\
        data:two\ndata:  lines\n\nid: 3\n\nretry: 5\r\rdata: ünï\r\rdata\n\ndatabase: x\n\n: ping\n\ndata: [DONE]\n\n
        """

    @Test("Every ending of a line, comments, other fields and data of several lines")
    func wholeStream() throws {
        #expect(try events([stream]) == ["one\nmore", "two\n lines", "ünï", "", "[DONE]"])
    }

    @Test("The same events come out wherever the network cuts the bytes")
    func everyCut() throws {
        let bytes = Array(stream.utf8)
        let expected = try events([stream])
        for cut in 0...bytes.count {
            var parser = ServerSentEvents(limit: 1000)
            let found = try parser.append(bytes[..<cut]) + parser.append(bytes[cut...])
            #expect(found.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
        var single = ServerSentEvents(limit: 1000)
        var found: [[UInt8]] = []
        for byte in bytes { found += try single.append([byte]) }
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test("A byte order mark is skipped at the beginning only")
    func byteOrderMark() throws {
        #expect(try events(["\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n"]) == ["a"])
    }

    @Test("An event without its empty line is given at the end")
    func unfinished() throws {
        #expect(try events(["data: a\n\ndata: [DONE]"]) == ["a", "[DONE]"])
        #expect(try events(["data: a\n\ndata: b\n"]) == ["a", "b"])
        #expect(try events(["data: a\n\n"]) == ["a"])
        #expect(try events([""]) == [])
    }

    @Test("A line, or an event of many lines, longer than the limit is refused")
    func limits() throws {
        #expect(try events(["data: 1234\n\n"], limit: 10) == ["1234"])
        #expect(throws: ServerSentEvents.Overflow(limit: 10)) { try events(["data: 12345\n\n"], limit: 10) }
        #expect(throws: ServerSentEvents.Overflow(limit: 10)) {
            try events([String(repeating: "data:1234\n", count: 3)], limit: 10)
        }
        #expect(throws: ServerSentEvents.Overflow(limit: 10)) {
            try events([":" + String(repeating: "x", count: 10)], limit: 10)
        }
    }
}
