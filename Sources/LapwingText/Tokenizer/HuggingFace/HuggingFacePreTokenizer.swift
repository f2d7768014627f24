/// Which of our pre-tokenizers a `tokenizer.json` of a byte-level model asks for.
enum HuggingFacePreTokenizer {
    /// One of `PreTokenizer`'s names; nil where it is none of ours.
    static func name(of node: JSONTree, model: JSONTree) -> String? {
        let parts = node["pretokenizers"]?.array ?? [node]
        if parts.count == 1, parts[0]["type"]?.string == "ByteLevel", parts[0]["use_regex"]?.bool ?? true {
            return "gpt-2"
        }
        return nil
    }

    static func addsSpace(_ node: JSONTree) -> Bool {
        (node["pretokenizers"]?.array ?? [node]).contains { part in
            part["type"]?.string == "ByteLevel" && part["add_prefix_space"]?.bool ?? true
        }
    }
}
