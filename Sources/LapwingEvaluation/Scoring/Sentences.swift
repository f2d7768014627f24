/// Where sentences end: at `.`, `!`, `?` and their like before a space, unless the word is a known abbreviation, a single
/// capital or the number of a list.
enum Sentences {
    static func count(in text: String) -> Int {
        var count = 0
        var hasWords = false
        let characters = Array(text)
        var word = ""
        for (index, character) in characters.enumerated() {
            if character.isLetter || character.isNumber { hasWords = true }
            guard !character.isWhitespace else {
                word = ""
                continue
            }
            word.append(character)
            guard hasWords, isEnd(character), followsNothing(characters, after: index), !isAbbreviation(word) else {
                continue
            }
            count += 1
            (hasWords, word) = (false, "")
        }
        return count + (hasWords ? 1 : 0)
    }

    private static func isEnd(_ character: Character) -> Bool { ".!?。！？…".contains(character) }

    /// A space, the end, or a closing mark and then one of them.
    private static func followsNothing(_ characters: [Character], after index: Int) -> Bool {
        var next = index + 1
        while next < characters.count, "\"')]}”’*_".contains(characters[next]) { next += 1 }
        return next >= characters.count || characters[next].isWhitespace || "。！？".contains(characters[index])
    }

    private static func isAbbreviation(_ word: String) -> Bool {
        guard word.hasSuffix(".") else { return false }
        let bare = word.dropLast().drop { "(\"'[*".contains($0) }
        if bare.count == 1, bare.first?.isUppercase == true { return bare != "I" }
        if !bare.isEmpty, bare.allSatisfy(\.isNumber) { return bare.count <= 2 }
        return abbreviations.contains(bare.lowercased())
    }

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "jr", "sr", "inc", "ltd", "co", "fig", "p.s",
        "p.p.s", "u.s",
        "a.m", "p.m", "no",
    ]
}
