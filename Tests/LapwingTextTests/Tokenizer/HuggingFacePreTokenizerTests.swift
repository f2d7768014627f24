import Foundation
import LapwingText
import Testing

/// A `tokenizer.json` that spells how words are cut.
@Suite(.timeLimit(.minutes(1))) struct HuggingFacePreTokenizerTests {
    static let bytes = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#

    /// The words of a text, each a token because the merges of its letters are there.
    private func words(of text: String, _ parts: String) throws -> [String] {
        let json = #"{"type":"Sequence","pretokenizers":[\#(parts)]}"#
        let model = #"{"type":"BPE","ignore_merges":true,"vocab":{"a":0},"merges":[]}"#
        let file = #"{"added_tokens":[],"pre_tokenizer":\#(json),"model":\#(model)}"#
        let vocabulary = try HuggingFaceTokenizer(tokenizer: Array(file.utf8)).vocabulary
        return try #require(vocabulary.spelledPreTokenizer).words(of: text)
    }

    private func split(_ pattern: String, _ behavior: String = "Isolated", invert: Bool = false) throws -> String {
        let quoted = String(decoding: try JSONEncoder().encode(pattern), as: UTF8.self)
        return #"{"type":"Split","pattern":{"Regex":\#(quoted)},"behavior":"\#(behavior)","invert":\#(invert)}"#
    }

    @Test("Parts cut one after the other")
    func parts() throws {
        let falcon = #"{"type":"Punctuation","behavior":"Contiguous"},{"type":"ByteLevel"},{"type":"Digits"},"#
        let words = try words(of: "a 1234--b!", falcon + split("[0-9][0-9][0-9]"))
        #expect(words == ["a", " ", "123", "4", "--", "b", "!"])
        let digits = #"{"type":"Digits","individual_digits":true},{"type":"Punctuation"},"# + Self.bytes
        #expect(try self.words(of: "a 12!?", digits) == ["a ", "1", "2", "!", "?"])
    }

    @Test(
        "Contractions are known in each of the spellings",
        arguments: [
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
            "'(?i:[sdmt]|ll|ve|re)",
        ])
    func contractions(spelling: String) throws {
        let pattern = #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        for parts in [try split(spelling + pattern), try split(spelling + pattern, "Removed", invert: true)] {
            #expect(try words(of: "it'S 1234", "\(parts),\(Self.bytes)") == ["it", "'S", " ", "123", "4"])
        }
    }

    @Test("A pattern that is not known, or is used another way, is refused with what it is")
    func refused() throws {
        for (part, found) in [
            (try split(#"\d+"#), #"\d+"#), (try split(#"\p{N}"#, "Removed", invert: true), "Removed"),
            (try split(#"\p{N}"#, "MergedWithNext"), "MergedWithNext"),
            (#"{"type":"UnicodeScripts"}"#, "UnicodeScripts"),
            (#"{"type":"Punctuation","behavior":"Removed"}"#, "Removed"),
        ] {
            let error = #expect(throws: TextError.self) { try words(of: "a", "\(part),\(Self.bytes)") }
            #expect(try #require(error).description.contains(found))
        }
    }
}
