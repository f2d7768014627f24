/// The patterns that are published with models.
extension WordSplit {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    static let gpt2 = WordSplit(
        .contraction(foldsCase: false), .run(.letter, after: .blank), .run(.number, after: .blank),
        .run(.other, after: .blank), .spaces)

    /// `'s|'t|'re|'ve|'m|'ll|'d` in either case, then
    /// `[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    static let llama3 = WordSplit(
        .contraction(foldsCase: true), .run(.letter, after: beforeLetters), .run(.number, count: 1...3),
        .run(.other, after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// As `llama3`, with `\p{N}` in place of `\p{N}{1,3}`.
    static let qwen2 = WordSplit(
        .contraction(foldsCase: true), .run(.letter, after: beforeLetters), .run(.number, count: 1...1),
        .run(.other, after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// As `qwen2`, with `[\p{L}\p{M}]` in place of `\p{L}` where letters are meant.
    static let qwen35 = WordSplit(
        .contraction(foldsCase: true), .run(.letter.union(.mark), after: beforeLetters), .run(.number, count: 1...1),
        .run(.other.subtracting(.mark), after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// As `qwen2` without contractions, because Turkish keeps its suffixes.
    static let ufakzeka = WordSplit(
        .run(.letter, after: beforeLetters), .run(.number, count: 1...1),
        .run(.other, after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// As `qwen2`, with ` ?[^\s\p{L}\p{N}\r\n]+` for punctuation.
    static let seedCoder = WordSplit(
        .contraction(foldsCase: true), .run(.letter, after: beforeLetters), .run(.number, count: 1...1),
        .run(.other, after: .blank), .lineBreaks, .spaces)

    /// As `llama3`, with `\p{N}+` in place of `\p{N}{1,3}`.
    static let minicpm5 = WordSplit(
        .contraction(foldsCase: true), .run(.letter, after: beforeLetters), .run(.number),
        .run(.other, after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|`
    /// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|`
    /// ` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    static let tekken = WordSplit(
        .cased(contracts: false), .run(.number, count: 1...1),
        .run(.other, after: .blank, tail: [.newline, .slash]), .lineBreaks, .spaces)

    /// As `tekken`, with a contraction after a word and `\p{N}{1,3}`.
    static let gpt4o = WordSplit(
        .cased(contracts: true), .run(.number, count: 1...3),
        .run(.other, after: .blank, tail: [.newline, .slash]), .lineBreaks, .spaces)

    /// ` ?[^(\s|.,!?…。，、।۔،)]+`
    static let bloom = WordSplit(.run(.unstopped, after: .blank))

    /// `` [\p{P}\$\+<=>\^~\|`]+ ``
    static let falconMarks = WordSplit(.run([.punctuation, .asciiPunctuation]))
    /// `[\p{P}\$\+<=>\^~\|]+`
    static let defaultMarks = WordSplit(.run([.punctuation, .asciiSymbol]))

    /// Each scalar of `falconMarks`.
    static let eachMark = WordSplit(.run([.punctuation, .asciiPunctuation], count: 1...1))
    /// `\p{N}`
    static let eachNumber = WordSplit(.run(.number, count: 1...1))
    /// `\p{N}{1,3}`
    static let numbersByThree = WordSplit(.run(.number, count: 1...3))
    /// `\p{N}+`
    static let numbers = WordSplit(.run(.number))
    /// `[0-9][0-9][0-9]`
    static let threeDigits = WordSplit(.run(.asciiDigit, count: 3...3))
    /// `[\r\n]`
    static let eachNewline = WordSplit(.run(.newline, count: 1...1))

    /// `\s?` and the letters of the alphabets with case, listed.
    static let listedLetters = WordSplit(.run(.listedCased, after: .space))
    /// `\s?[!-/:-~！-／：-～‘-‟　-。]+`
    static let wideMarks = WordSplit(.run(.wideMark, after: .space))
    /// `\s+$`
    static let spacesAtEnd = WordSplit(.spacesAtEnd)
    /// `[一-龥ࠀ-一가-퟿]+`
    static let eastern = WordSplit(.run(.eastern))
    /// `\s?\p{L}+`
    static let letters = WordSplit(.run(.letter, after: .space))
    /// `\s?\p{P}+`
    static let marks = WordSplit(.run(.punctuation, after: .space))

    /// `[一-龥぀-ゟ゠-ヿ]+`
    static let ideographsOrKana = WordSplit(.run(.ideographOrKana))
    /// ``[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|``
    /// ` ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    static let deepSeek3 = WordSplit(
        .run(.asciiLetter, after: .asciiPunctuation, needsLead: true),
        .run(.letter.union(.mark), after: [.mark, .number, .blank, .otherSpace, .rest]),
        .run([.punctuation, .symbol], after: .blank, tail: .newline), .lineBreaks, .spaces)

    /// `[^\r\n\p{L}\p{N}]`
    private static let beforeLetters: ScalarSet = [.other, .blank, .otherSpace]
}
