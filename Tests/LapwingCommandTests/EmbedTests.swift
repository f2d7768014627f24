import Foundation
import LapwingAPI
import LapwingTestSupport
import Testing
import lapwing

/// `lapwing embed`, over a tiny model.
@Suite struct EmbedTests {
    private let program: Program
    /// Keeps the weights.
    private let model: WrittenModel

    init() throws {
        model = try TinyModel().write()
        program = try Program(
            yaml: """
                models:
                  chatty: { weights: "\(model.path)", context: 128 }
                  tiny: { weights: "\(model.path)", context: 128, pooling: mean }
                """)
        try program.write("the lapwing calls\n\n  \nmy card has not arrived\r\nthe nest\n", to: "lines.txt")
    }

    private struct Embedded: Decodable {
        var line: Int
        var text: String
        var embedding: [Float]
    }

    private func embedded(_ arguments: String...) throws -> [Embedded] {
        let outcome = try program.run(["embed"] + arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        return try outcome.output.split(separator: "\n").map {
            try JSONDecoder().decode(Embedded.self, from: Data($0.utf8))
        }
    }

    @Test("Each line that holds text becomes an object with its number, its text and a vector as long as 1")
    func vectors() throws {
        let lines = try embedded("lines.txt")
        #expect(lines.map(\.line) == [1, 4, 5])
        #expect(lines.map(\.text) == ["the lapwing calls", "my card has not arrived", "the nest"])
        for line in lines { #expect(abs(line.embedding.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4) }
        #expect(Set(lines.map(\.embedding.count)).count == 1)
        let short = try embedded("lines.txt", "--dimensions", "2")
        #expect(short.allSatisfy { $0.embedding.count == 2 })
        let last = try embedded("lines.txt", "--model", "chatty", "--pooling", "last")
        #expect(last.map(\.embedding) != lines.map(\.embedding))
    }

    @Test("Base64 and NumPy's file hold the same vectors")
    func encodings() throws {
        let lines = try embedded("lines.txt")
        let text = try program.run(["embed", "lines.txt", "--base64"]).output
        let vectors = try text.split(separator: "\n").map { line in
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
            let base64 = try #require(value["embedding"]?.string)
            return try #require([Float](base64: base64))
        }
        #expect(vectors == lines.map(\.embedding))
        let outcome = try program.run(["embed", "lines.txt", "--npy", "lines.npy"])
        #expect(outcome.status == 0 && outcome.output.isEmpty)
        let data = try Data(contentsOf: URL(filePath: program.path + "/lines.npy"))
        #expect(data == NumPyFile.data(vectors))
        #expect(data.prefix(8) == Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0]))
        let headerLength = Int(data[8]) + Int(data[9]) << 8
        #expect((10 + headerLength) % 64 == 0 && data[9 + headerLength] == UInt8(ascii: "\n"))
        let header = String(decoding: data[10..<10 + headerLength], as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, \(vectors[0].count)), }"))
        #expect([Float](base64: data[(10 + headerLength)...].base64EncodedString()) == vectors.flatMap(\.self))
    }

    @Test("A query gives the nearest lines first, as text and as JSON")
    func query() throws {
        let outcome = try program.run(["embed", "lines.txt", "--query", "my card has not arrived", "--top", "2"])
        let lines = outcome.output.split(separator: "\n")
        #expect(outcome.status == 0 && lines.count == 2)
        #expect(lines.first == "1.000  my card has not arrived")
        let json = try program.run(["embed", "lines.txt", "--query", "the nest", "--top", "1", "--json"]).output
        #expect(json.hasPrefix(#"{"line":5,"score":"#) && json.hasSuffix(#""text":"the nest"}"# + "\n"))
    }

    static let refusals: [(arguments: [String], status: Int32, says: String)] = [
        (["nothing.txt"], 1, "cannot read 'nothing.txt'"), (["-"], 1, "standard input holds no text"),
        (["bytes.bin"], 1, "bytes.bin is not UTF-8 text"), (["long.txt"], 1, "long.txt, line 2: "),
        (["lines.txt", "--model", "chatty"], 1, "'chatty' makes no vectors"),
        (["lines.txt", "--dimensions", "100000"], 1, "'dimensions'"), (["lines.txt", "--top", "0"], 2, "--top is 0"),
        (["lines.txt", "--json"], 2, "--json goes with --query"),
        (["lines.txt", "--query", "a", "--npy", "x"], 2, "--query prints none"),
        (["lines.txt", "--base64", "--npy", "x"], 2, "exclude each other"),
        (["lines.txt", "--query", " "], 2, "--query is empty"),
        (["lines.txt", "--npy", "no/such/folder.npy"], 1, "cannot write 'no/such/folder.npy'"),
    ]

    @Test("What cannot be embedded is refused in a sentence", arguments: refusals)
    func refused(
        arguments: [String], status: Int32, says: String
    ) throws {
        _ = try program.folder.write([0xFF, 0xFE], to: "bytes.bin")
        try program.write("short\n" + String(repeating: "word ", count: 200), to: "long.txt")
        let outcome = try program.run(["embed"] + arguments)
        #expect(outcome.status == status)
        #expect(outcome.error.contains(says), "\(outcome.error)")
    }
}
