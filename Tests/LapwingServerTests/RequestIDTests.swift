import LapwingServer
import Testing

@Suite("Request ids")
struct RequestIDTests {
    @Test("An id is req_ and 26 characters of Crockford's alphabet")
    func shape() {
        let id = RequestIDGenerator(milliseconds: { 1_700_000_000_000 }).next()
        #expect(id.hasPrefix("req_") && id.count == 30)
        #expect(id.dropFirst(4).allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
    }

    @Test("A later id sorts after an earlier one, whatever the random bits")
    func order() {
        func id(_ milliseconds: Int64, _ bits: (UInt64, UInt16)) -> String {
            RequestIDGenerator(milliseconds: { milliseconds }, random: { bits }).next()
        }
        let times: [Int64] = [0, 1, 1_700_000_000_000, 1_700_000_000_001, 281_474_976_710_655]
        let ids = times.enumerated().map { id($1, $0 % 2 == 0 ? (.max, .max) : (0, 0)) }
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.last == "req_7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    }

    @Test("Ids of one moment differ")
    func random() {
        let generator = RequestIDGenerator(milliseconds: { 5 })
        #expect(Set((0..<1000).map { _ in generator.next() }).count == 1000)
    }
}
