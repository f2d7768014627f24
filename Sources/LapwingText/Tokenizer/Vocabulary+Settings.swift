/// What a weight file's settings mean for its family.
extension Vocabulary {
    /// Takes a weight file's `add_space_prefix`.
    package mutating func setSpacePrefix(_ isAdded: Bool?) {
        guard let isAdded else { return }
        spacePrefix = !isAdded ? .never : model == "gpt2" ? .everyUnspacedStretch : .everyStretch
    }

    /// Takes a unigram model's compiled normalisation, and whether runs of spaces are one.
    package mutating func setUnigramNormalization(characterMap: [UInt8]?, joinsSpaces: Bool) throws(TextError) {
        var steps: [Normalization] = []
        if let characterMap, !characterMap.isEmpty { steps.append(.characterMap(try CharacterMap(characterMap))) }
        if joinsSpaces {
            steps.append(.joinSpaces)
            // The reference implementation begins each word with a space then.
            spacePrefix = .everyStretch
        }
        steps.append(.replace("\u{2581}", with: " "))
        normalization = steps
    }

    /// Takes how a BERT model folds text; where the file does not say, accents go with capitals.
    package mutating func setBertNormalization(lowercases: Bool?, stripsAccents: Bool?) {
        var bert = BertNormalization()
        bert.lowercases = lowercases ?? true
        bert.stripsAccents = stripsAccents ?? bert.lowercases
        normalization = [.bert(bert)]
    }
}
