import Foundation
import Testing

/// Files of `Tests/LapwingTextTests/Fixtures`.
enum Fixture {
    /// A file of JSON lines.
    static func lines<Line: Decodable>(of name: String, as type: Line.Type) throws -> [Line] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
        let decoder = JSONDecoder()
        return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(Line.self, from: $0)
        }
    }
}
