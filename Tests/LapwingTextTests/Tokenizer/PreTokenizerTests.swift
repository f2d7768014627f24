import Foundation
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct PreTokenizerTests {
    struct Line: Decodable {
        var text: String
        /// Words' lengths, and the names of those that cut so.
        var cuts: [String: String]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            cuts = try container.decode([String: String].self)
        }
    }

    @Test("Words are those of the published patterns")
    func publishedPatterns() throws {
        var preTokenizers: [Substring: PreTokenizer] = [:]
        let lines = try Fixture.lines(of: "word-splits.jsonl", as: Line.self)
        #expect(lines.count >= 500)
        for line in lines {
            for (cut, names) in line.cuts {
                for name in names.split(separator: " ") {
                    let preTokenizer = try preTokenizers[name] ?? PreTokenizer(name: String(name))
                    preTokenizers[name] = preTokenizer
                    let lengths = preTokenizer.words(of: line.text).map { String($0.unicodeScalars.count) }
                    #expect(lengths.joined(separator: " ") == cut, "\(name): \(line.text.debugDescription)")
                }
            }
        }
        #expect(preTokenizers.count == 17)
    }

    @Test("smollm cuts every number first, then as GPT-2 within what is left")
    func smollm() throws {
        let words = try PreTokenizer(name: "smollm").words(of: "pay  12½ 's2's \n7")
        #expect(words == ["pay", "  ", "1", "2", "½", " '", "s", "2", "'s", " \n", "7"])
    }

    @Test("A run of white space leaves its last scalar to the word after it", arguments: ["gpt-2", "llama-bpe"])
    func whiteSpace(name: String) throws {
        let preTokenizer = try PreTokenizer(name: name)
        #expect(preTokenizer.words(of: "a   b") == ["a", "  ", " b"])
        #expect(preTokenizer.words(of: "a   ") == ["a", "   "])
        #expect(preTokenizer.words(of: "a\u{3000}\u{3000}é").first == "a")
    }

    @Test("llama-bpe takes numbers by three, qwen2 one by one, gpt-2 all at once")
    func numbers() throws {
        #expect(try PreTokenizer(name: "llama-bpe").words(of: "12345") == ["123", "45"])
        #expect(try PreTokenizer(name: "qwen2").words(of: "123") == ["1", "2", "3"])
        #expect(try PreTokenizer(name: "gpt-2").words(of: " 12345") == [" 12345"])
    }
}
