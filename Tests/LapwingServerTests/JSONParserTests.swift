import LapwingAPI
import LapwingServer
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8), maxDepth: 8) }

    @Test("Every kind of value is read")
    func kinds() throws {
        let value = try parse(
            #" { "a" : [ 1 , -2.5e1 , true , false , null , "x" , {} , [] ] , "" : 9223372036854775807 } "#)
        #expect(value == ["a": [1, -25.0, true, false, nil, "x", [:], []], "": .integer(.max)])
    }

    @Test("An integer past Int64 becomes a Double, a whole number with a fraction stays one")
    func numbers() throws {
        #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try parse("1.0") == .number(1))
        #expect(try parse("-0") == .integer(0))
    }

    @Test("Escapes and surrogate pairs become their characters")
    func strings() throws {
        #expect(try parse(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00€""#) == .string("a\"\\/\u{8}\u{C}\n\r\té😀€"))
        #expect(try parse(#""\u0000""#) == .string("\0"))
    }

    @Test(
        "What is not JSON is refused with the byte at which it stops being JSON",
        arguments: [
            ("", 0), ("nul", 0), ("[1,]", 3), ("[1 2]", 3), ("{\"a\"}", 4), ("{\"a\":1,}", 7), ("{a:1}", 1),
            ("01", 2), ("1.", 2), ("-", 1), ("1e", 2), ("1e999", 5), ("+1", 0), (".5", 0), ("NaN", 0), ("\"a", 2),
            ("\"\n\"", 1), (#""\x""#, 3), (#""\u12""#, 3), (#""\ud800""#, 7), (#""\ud800\u0041""#, 13),
            (#""\udc00""#, 7), (#""\u+123""#, 3), ("[[[[[[[[[1]]]]]]]]]", 8), ("{} {}", 3), ("{\"a\":1,\"a\":2}", 7),
        ])
    func refusals(text: String, offset: Int) throws {
        do {
            let value = try parse(text)
            Issue.record("read as \(value)")
        } catch RequestError.malformedBody(let reason) {
            #expect(reason.hasSuffix("(at byte \(offset))"), "the reason is: \(reason)")
        }
    }

    @Test("Bytes that are no UTF-8 are refused", arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22]])
    func invalidUTF8(bytes: [UInt8]) {
        #expect(throws: RequestError.self) { try JSONParser.parse(bytes, maxDepth: 8) }
    }

    @Test("Whatever the bytes, the parser ends and does not trap")
    func mutations() {
        let seed = Array(#"{"a":[1,-2.5e1,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":"d"}}"#.utf8)
        var generator = SplitMix64(seed: 1)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0 ... .max, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes = Array(bytes[..<max(1, index)])
                }
            }
            if (try? JSONParser.parse(bytes, maxDepth: 8)) != nil { accepted += 1 }
        }
        #expect(accepted > 0, "some mutations, such as of a digit, leave it JSON")
    }
}
