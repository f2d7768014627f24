/// Where a text may be cut before its tokens are sought, because no token crosses these places.
enum WordCut {
    case nowhere
    /// Before each run of spaces that follows something else.
    case beforeSpaces
    /// Before each space.
    case beforeEachSpace

    init(_ vocabulary: Vocabulary, types: [TokenType], tokens: TokenTable) {
        self =
            vocabulary.splitsAtSpaces ? .beforeEachSpace : tokens.hasSpaceInside(types) ? .nowhere : .beforeSpaces
    }

    /// The end of the word that begins at `start`.
    func wordEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        if self == .nowhere { return text.count }
        var end = start + 1
        if self == .beforeSpaces {
            while end < text.count, text[end - 1] == UInt8(ascii: " "), text[end] == UInt8(ascii: " ") { end += 1 }
        }
        while end < text.count, text[end] != UInt8(ascii: " ") { end += 1 }
        return end
    }
}
