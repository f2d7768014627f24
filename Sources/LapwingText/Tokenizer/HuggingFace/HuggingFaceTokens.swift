/// The tokens of a `tokenizer.json`: the model's own and those added to it, by their ids.
struct HuggingFaceTokens {
    /// The family, and its name in weight files.
    let family: TokenizerFamily
    let model: String
    private(set) var texts: [String] = []
    private(set) var types: [TokenType] = []
    private(set) var scores: [Double] = []
    private(set) var unknown: Int32?
    private(set) var leftStripping: Set<Int32> = []
    private(set) var rightStripping: Set<Int32> = []
    private var ids: [[UInt8]: Int32] = [:]

    init(_ root: JSONTree, model: JSONTree) throws(TextError) {
        (family, self.model) = try HuggingFaceTokens.family(root, model)
        let entries = try HuggingFaceTokens.entries(model["vocab"], family)
        let added = root["added_tokens"]?.array ?? []
        guard entries.count + added.count <= Vocabulary.countLimit else {
            throw .tooManyTokens(found: entries.count + added.count, limit: Vocabulary.countLimit)
        }
        var slots = [(text: String, score: Double)?](repeating: nil, count: entries.count + added.count)
        func place(_ text: String, _ id: Int32, _ score: Double, isAdded: Bool) throws(TextError) {
            guard slots.indices.contains(Int(id)) else { throw .tokenIDOutOfRange(id: id, tokens: slots.count) }
            if let present = slots[Int(id)] {
                guard isAdded, present.text.utf8.elementsEqual(text.utf8) else { throw .tokenIDTwice(id: id) }
            } else {
                slots[Int(id)] = (text, score)
            }
        }
        for entry in entries { try place(entry.text, entry.id, entry.score, isAdded: false) }
        for token in added {
            guard let id = token["id"]?.int32, let text = token["content"]?.string else {
                throw HuggingFaceTokenizer.missing("added_tokens.id and content")
            }
            try place(text, id, 0, isAdded: true)
        }
        // Ids are dense: nothing but free places lies after the last.
        while let last = slots.last, last == nil { slots.removeLast() }
        for (id, slot) in slots.enumerated() {
            guard let slot else { throw .tokenIDMissing(id: Int32(truncatingIfNeeded: id), tokens: slots.count) }
            texts.append(slot.text)
            scores.append(slot.score)
            ids[Array(slot.text.utf8)] = Int32(truncatingIfNeeded: id)
        }
        if family != .unigram { scores = [] }
        unknown = try findUnknown(model)
        types = texts.map { _ in .normal }
        markBytes(model)
        if let unknown { types[Int(unknown)] = .unknown }
        for token in added { mark(token) }
        if family == .wordPiece { respell(prefix: model["continuing_subword_prefix"]?.string ?? "##") }
    }

    func id(of text: String) -> Int32? { ids[Array(text.utf8)] }

    private static func family(_ root: JSONTree, _ model: JSONTree) throws(TextError) -> (TokenizerFamily, String) {
        // Files of old versions do not name the type.
        switch model["type"]?.string ?? (model["merges"] != nil ? "BPE" : nil) {
        case "BPE":
            let parts = [root["pre_tokenizer"], root["decoder"]].compactMap { $0 }
            return parts.contains { $0.hasType("ByteLevel") } ? (.byteLevelBPE, "gpt2") : (.sentencePieceBPE, "llama")
        case "Unigram": return (.unigram, "t5")
        case "WordPiece": return (.wordPiece, "bert")
        case let type: throw HuggingFaceTokenizer.unsupported("model", type)
        }
    }

    private struct Entry {
        var text: String
        var id: Int32
        var score: Double
    }

    private static func entries(_ node: JSONTree?, _ family: TokenizerFamily) throws(TextError) -> [Entry] {
        var entries: [Entry] = []
        switch node {
        case .object(let members) where family != .unigram:
            for member in members {
                guard let id = member.value.int32 else { throw HuggingFaceTokenizer.missing("model.vocab ids") }
                entries.append(Entry(text: member.key, id: id, score: 0))
            }
        case .array(let pairs) where family == .unigram:
            for (index, pair) in pairs.enumerated() {
                guard let pair = pair.array, pair.count == 2, let text = pair[0].string, let score = pair[1].number
                else { throw HuggingFaceTokenizer.missing("model.vocab scores") }
                entries.append(Entry(text: text, id: Int32(truncatingIfNeeded: index), score: score))
            }
        default: throw HuggingFaceTokenizer.missing("model.vocab")
        }
        guard !entries.isEmpty else { throw .emptyVocabulary }
        return entries
    }

    /// `left right` for each merge, which files write as one text or as two.
    static func merges(_ model: JSONTree) throws(TextError) -> [String] {
        guard let list = model["merges"]?.array else { throw HuggingFaceTokenizer.missing("model.merges") }
        guard list.count <= Vocabulary.countLimit else {
            throw .tooManyTokens(found: list.count, limit: Vocabulary.countLimit)
        }
        var merges: [String] = []
        merges.reserveCapacity(list.count)
        for (index, merge) in list.enumerated() {
            if let text = merge.string {
                merges.append(text)
            } else if let parts = merge.array, parts.count == 2, let left = parts[0].string, let right = parts[1].string
            {
                // A space in a part could not be told from the one between them.
                guard !left.isEmpty, !left.utf8.dropFirst().contains(UInt8(ascii: " ")) else {
                    throw .malformedMerge(index: index, merge: "\(left) \(right)")
                }
                merges.append("\(left) \(right)")
            } else {
                throw HuggingFaceTokenizer.missing("model.merges")
            }
        }
        return merges
    }

    private func findUnknown(_ model: JSONTree) throws(TextError) -> Int32? {
        if let id = model["unk_id"]?.int32 {
            guard texts.indices.contains(Int(id)) else { throw .tokenIDOutOfRange(id: id, tokens: texts.count) }
            return id
        }
        return model["unk_token"]?.string.flatMap { id(of: $0) }
    }

    /// Tokens such as `<0x0A>` stand for bytes where the model says so.
    private mutating func markBytes(_ model: JSONTree) {
        guard model["byte_fallback"]?.bool == true else { return }
        for byte in UInt8.min...UInt8.max {
            let digits = String(byte, radix: 16, uppercase: true)
            if let id = id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>") { types[Int(id)] = .byte }
        }
    }

    private mutating func mark(_ token: JSONTree) {
        guard let id = token["id"]?.int32, types.indices.contains(Int(id)) else { return }
        if token["special"]?.bool == true {
            if id != unknown { types[Int(id)] = .control }
        } else if family == .byteLevelBPE || !texts[Int(id)].contains("\u{2581}") {
            // One with a space's mark cannot be in a text; merges make it, as they make others.
            types[Int(id)] = .userDefined
        }
        if token["lstrip"]?.bool == true { leftStripping.insert(id) }
        if token["rstrip"]?.bool == true { rightStripping.insert(id) }
    }

    /// Weight files mark the tokens that begin a word, these files those that go on.
    private mutating func respell(prefix: String) {
        for (index, type) in types.enumerated() where type == .normal {
            let text = texts[index]
            let goesOn = !prefix.isEmpty && text.utf8.starts(with: prefix.utf8)
            texts[index] =
                goesOn ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : "\u{2581}" + text
        }
    }
}

extension JSONTree {
    /// Whether this part, or one of those in it, is of a type.
    fileprivate func hasType(_ type: String) -> Bool {
        switch self {
        case .object(let members):
            self["type"]?.string == type || members.contains { $0.value.hasType(type) }
        case .array(let elements): elements.contains { $0.hasType(type) }
        default: false
        }
    }
}
