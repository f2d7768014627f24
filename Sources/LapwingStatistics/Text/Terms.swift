/// Words and signs of a text, and runs of them: what a bag of terms is made of.
package struct TermOptions: Hashable, Sendable, Codable {
    /// The longest run of words that is a term.
    package var longestRun: Int
    /// A term of fewer texts is left out.
    package var fewestTexts: Int
    /// The most frequent so many are kept.
    package var mostTerms: Int

    package init(longestRun: Int = 2, fewestTexts: Int = 2, mostTerms: Int = 60_000) {
        self.longestRun = longestRun
        self.fewestTexts = fewestTexts
        self.mostTerms = mostTerms
    }
}

package enum Terms {
    /// In lower case and in order: each run of letters, digits and underscores, and each other visible sign by itself.
    package static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars {
            if isOfWord(scalar) {
                append(scalar, to: &word)
                continue
            }
            if !word.isEmpty { words.append(word) }
            word = ""
            if !scalar.properties.isWhitespace { words.append(String(scalar)) }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        case _ where scalar.isASCII: false
        default: scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to word: inout String) {
        switch scalar {
        case "A"..."Z": word.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value) + 32))
        case _ where scalar.isASCII: word.unicodeScalars.append(scalar)
        default: word += scalar.properties.lowercaseMapping
        }
    }

    /// Every run of 1 to `longestRun` words, its words joined by a space, as often as it stands there.
    static func all(of text: String, longestRun: Int) -> [String] {
        let words = words(of: text)
        return (1...max(longestRun, 1)).flatMap { length in
            words.count < length
                ? [] : (0...words.count - length).map { words[$0..<$0 + length].joined(separator: " ") }
        }
    }
}

/// Texts taken apart once, so that many vocabularies can be fitted on parts of them.
package struct TermCorpus: Sendable {
    struct Count: Sendable {
        var term: Int32
        var count: Int32
    }

    package let longestRun: Int
    /// Each term once, in order of its first use.
    let terms: [String]
    /// Of each text, in order of the terms.
    let texts: [[Count]]

    package init(_ texts: [String], longestRun: Int = TermOptions().longestRun) {
        var known: [String: Int32] = [:]
        var terms: [String] = []
        self.longestRun = longestRun
        self.texts = texts.map { text in
            var counts: [Int32: Int32] = [:]
            for term in Terms.all(of: text, longestRun: longestRun) {
                let id = known[term] ?? Int32(terms.count)
                if id == terms.count {
                    known[term] = id
                    terms.append(term)
                }
                counts[id, default: 0] += 1
            }
            return counts.map { Count(term: $0.key, count: $0.value) }.sorted { $0.term < $1.term }
        }
        self.terms = terms
    }

    package var count: Int { texts.count }
}
