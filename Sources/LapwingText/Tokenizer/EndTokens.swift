/// Which tokens end an answer: those that the file names, and those whose text is a known end of turn or document.
///
/// Files often name only one of several (`<|end_of_text|>` but not `<|eot_id|>`), so the reference implementations
/// go by the text as well.
struct EndTokens {
    private(set) var all: Set<Int32>
    /// Ends whose type in the file is plain text, which the model's own tokenizer treats as control tokens.
    private(set) var misfiled: [Int32] = []

    /// Texts that no merge of ordinary text can give.
    private static let unmistakable: Set<String> = [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>",
        "<end_of_utterance>", "<|fim_pad|>", "<|fim_repo|>", "<|repo_name|>", "<|file_sep|>",
    ]
    /// Texts that are also words of ordinary text, HTML for one: they count only where the file says control.
    private static let ambiguous: Set<String> = ["</s>", "<eos>", "<EOT>", "[EOS]", "[EOT]", "<reponame>"]

    init(_ vocabulary: Vocabulary, types: [TokenType]) {
        all = Set([vocabulary.eos, vocabulary.eot, vocabulary.eom].compactMap { $0 })
        for (index, text) in vocabulary.tokens.enumerated() {
            guard text.utf8.count <= 18, let first = text.utf8.first else { continue }
            guard first == UInt8(ascii: "<") || first == UInt8(ascii: "[") else { continue }
            let token = Int32(truncatingIfNeeded: index)
            if EndTokens.unmistakable.contains(text) {
                all.insert(token)
                if types[index] == .normal { misfiled.append(token) }
            } else if types[index] == .control, EndTokens.ambiguous.contains(text) {
                all.insert(token)
            }
        }
    }
}
