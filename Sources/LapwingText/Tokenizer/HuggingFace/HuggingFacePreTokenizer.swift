/// How a `tokenizer.json` of a byte-level model spells a pre-tokenizer.
extension PreTokenizer {
    init(_ node: JSONTree, ignoresMerges: Bool) throws(TextError) {
        var splits: [WordSplit] = []
        for part in PreTokenizer.parts(of: node) {
            if let split = try PreTokenizer.split(part) { splits.append(split) }
        }
        self.init(splits, ignoresMerges: ignoresMerges)
    }

    /// Whether text that does not begin with a space gets one.
    static func addsSpace(_ node: JSONTree) -> Bool {
        parts(of: node).contains { $0["type"]?.string == "ByteLevel" && $0["add_prefix_space"]?.bool ?? true }
    }

    private static func parts(of node: JSONTree) -> [JSONTree] { node["pretokenizers"]?.array ?? [node] }

    /// nil where a part changes the spelling of bytes and cuts nothing.
    private static func split(_ part: JSONTree) throws(TextError) -> WordSplit? {
        switch part["type"]?.string {
        case "ByteLevel": return part["use_regex"]?.bool ?? true ? .gpt2 : nil
        case "Digits": return part["individual_digits"]?.bool ?? false ? .eachNumber : .numbers
        case "Punctuation":
            switch part["behavior"]?.string ?? "Isolated" {
            case "Isolated": return .eachMark
            case "Contiguous": return .falconMarks
            case let behavior: throw HuggingFaceTokenizer.unsupported("pre-tokenizer", "Punctuation, \(behavior)")
            }
        case "Split":
            guard let pattern = part["pattern"]?["Regex"]?.string, let split = WordSplit(published: pattern) else {
                let pattern = part["pattern"]?["Regex"]?.string ?? part["pattern"]?["String"]?.string ?? "nothing"
                throw HuggingFaceTokenizer.unsupported("pre-tokenizer", "Split at \(pattern.prefix(80))")
            }
            // Where a pattern takes all text, what lies between its matches is nothing, and may as well be removed.
            let isRemoved = part["behavior"]?.string == "Removed" && part["invert"]?.bool == true
            guard part["behavior"]?.string == "Isolated" || isRemoved && split.patterns.contains(.spaces) else {
                throw HuggingFaceTokenizer.unsupported("pre-tokenizer", "Split, \(part["behavior"]?.string ?? "")")
            }
            return split
        case let type: throw HuggingFaceTokenizer.unsupported("pre-tokenizer", type)
        }
    }
}

extension WordSplit {
    /// By the pattern's text, as the models' own files have it.
    init?(published pattern: String) {
        var pattern = pattern.unicodeScalars.map { scalar in
            // Newlines as they are or as escapes.
            scalar == "\n" ? #"\n"# : scalar == "\r" ? #"\r"# : String(scalar)
        }.joined().replacing(#"\""#, with: "\"")
        // One thing in three spellings.
        for spelling in ["(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", "'(?i:[sdmt]|ll|ve|re)"] {
            pattern = pattern.replacing(spelling, with: WordSplit.contractions)
        }
        if let split = WordSplit.published[pattern] {
            self = split
        } else if pattern.hasPrefix(#"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯ"#) {
            self = .listedLetters
        } else {
            return nil
        }
    }

    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"

    private static let published: [String: WordSplit] = {
        let afterWords = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        let afterCased = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        let words = #"|[^\r\n\p{L}\p{N}]?\p{L}+"#
        let capital = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let small = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        func cased(_ ending: String) -> String {
            #"[^\r\n\p{L}\p{N}]?\#(capital)*\#(small)+\#(ending)|[^\r\n\p{L}\p{N}]?\#(capital)+\#(small)*\#(ending)"#
        }
        return [
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
            contractions + words + #"|\p{N}{1,3}"# + afterWords: .llama3,
            contractions + words + #"|\p{N}+"# + afterWords: .minicpm5,
            contractions + words + #"|\p{N}"# + afterWords: .qwen2,
            contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"#
                + #"\s*[\r\n]+|\s+(?!\S)|\s+"#: .qwen35,
            // The same but for possessive quantifiers and one newline, which the one before takes too.
            contractions
                + #"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#: .qwen2,
            cased("") + #"|\p{N}"# + afterCased: .tekken,
            cased(contractions + "?") + #"|\p{N}{1,3}"# + afterCased: .gpt4o,
            #" ?[^(\s|[.,!?…。，、।۔،])]+"#: .bloom,
            #"\p{N}"#: .eachNumber,
            #"\p{N}{1,3}"#: .numbersByThree,
            #"\p{N}+"#: .numbers,
            "[0-9][0-9][0-9]": .threeDigits,
            #"[\r\n]"#: .eachNewline,
            #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#: .wideMarks,
            #"\s+$"#: .spacesAtEnd,
            #"[一-龥ࠀ-一가-퟿]+"#: .eastern,
            #"\s?\p{L}+"#: .letters,
            #"\s?\p{P}+"#: .marks,
            #"[一-龥぀-ゟ゠-ヿ]+"#: .ideographsOrKana,
            ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"##
                + #" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#: .deepSeek3,
        ]
    }()
}
