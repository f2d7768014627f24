/// Prompts of plain words, drawn anew each time: no cache knows them, and servers with the same vocabulary count the same
/// tokens.
struct WordPrompts: Sendable {
    private static let candidates = """
        time people way day man thing woman life child world school state family student group country problem hand part \
        place case week company system program question work government number night point home water room mother area \
        money story fact month lot right study book eye job word business issue side kind head house service friend \
        father power hour game line end member law car city community name
        """

    /// The tokens of a text, those that a server adds by itself included.
    let tokenCount: @Sendable (String) -> Int
    private let words: [(text: String, tokenCount: Int)]

    init(tokenCount: @escaping @Sendable (String) -> Int) {
        self.tokenCount = tokenCount
        let first = tokenCount("the")
        let all = Self.candidates.split(separator: " ").map { word in
            (text: String(word), tokenCount: max(1, tokenCount("the \(word)") - first))
        }
        let whole = all.filter { $0.tokenCount == 1 }
        // A vocabulary without whole words gets prompts of about the length.
        words = whole.count >= 16 ? whole : all
    }

    /// Words of `length` tokens together.
    func text(_ length: Int) -> String {
        var text: [String] = []
        var count = 0
        while count < length, let word = words.randomElement() {
            text.append(word.text)
            count += word.tokenCount
        }
        return text.joined(separator: " ")
    }
}
