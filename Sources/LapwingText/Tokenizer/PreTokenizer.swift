/// How text is cut into words before any merge; no merge crosses a word's border.
///
/// The patterns are those published with the models. They are matched by hand, because a pattern engine would take
/// most of the tokenizer's time.
package struct PreTokenizer: Sendable, Hashable {
    let splits: [WordSplit]
    /// Whether a word that is a token is that token, whatever its merges would give.
    var ignoresMerges = false
    /// Whether a beginning-of-sequence token is added where the file does not say.
    var addsBOSByDefault = false

    init(_ splits: [WordSplit], ignoresMerges: Bool = false, addsBOSByDefault: Bool = false) {
        self.splits = splits
        self.ignoresMerges = ignoresMerges
        self.addsBOSByDefault = addsBOSByDefault
    }

    /// By a weight file's `tokenizer.ggml.pre`.
    package init(name: String) throws(TextError) {
        guard let match = PreTokenizer.names.first(where: { $0.names.contains(name) }) else {
            throw .unsupportedPreTokenizer(name: name, supported: PreTokenizer.names.flatMap(\.names))
        }
        self = match.preTokenizer
    }

    /// The first of its names in weight files; nil for a sequence that none stands for.
    var fileName: String? {
        PreTokenizer.names.first {
            $0.preTokenizer.splits == splits && $0.preTokenizer.ignoresMerges == ignoresMerges
        }?.names.first
    }

    /// The file's own, spelled out or named.
    init(_ vocabulary: Vocabulary) throws(TextError) {
        if let spelled = vocabulary.spelledPreTokenizer {
            self = spelled
        } else {
            try self.init(name: vocabulary.preTokenizer)
        }
    }

    /// The words of a text, which joined give the text again.
    package func words(of text: String) -> [String] {
        var words: [String] = []
        var text = text
        text.withUTF8 { bytes in
            var scanner = WordScanner(bytes, range: bytes.indices, preTokenizer: self)
            while let word = scanner.next() { words.append(String(decoding: bytes[word], as: UTF8.self)) }
        }
        return words
    }

    /// The names under which weight files ask for each.
    private static let names: [(preTokenizer: PreTokenizer, names: [String])] = [
        (
            PreTokenizer([.gpt2]),
            [
                "gpt-2", "gpt-neox", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4",
                "roberta-bpe", "modern-bert", "mellum", "gigachat", "a.x-4.0", "jina-es", "jina-de", "jina-v1-en",
                "jina-v2-es", "jina-v2-de", "jina-v2-code",
            ]
        ),
        (
            PreTokenizer([.eachNumber, .gpt2]),
            ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"]
        ),
        (
            PreTokenizer([.llama3], ignoresMerges: true, addsBOSByDefault: true),
            [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                "jina-v5-nano",
            ]
        ),
        (PreTokenizer([.llama3], ignoresMerges: true), ["glm4", "glm5"]),
        (PreTokenizer([.llama3]), ["dbrx", "smaug-bpe", "chatglm-bpe"]),
        (PreTokenizer([.numbersByThree, .minicpm5], ignoresMerges: true), ["minicpm5"]),
        (
            PreTokenizer([.qwen2]),
            [
                "qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2", "kormo",
                "f2llmv2", "bailingmoe", "bailingmoe2", "llada-moe",
            ]
        ),
        (PreTokenizer([.qwen35]), ["qwen35"]),
        (PreTokenizer([.seedCoder]), ["seed-coder"]),
        (PreTokenizer([.ufakzeka]), ["ufakzeka"]),
        (PreTokenizer([.tekken], ignoresMerges: true, addsBOSByDefault: true), ["tekken"]),
        (PreTokenizer([.gpt4o]), ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"]),
        (PreTokenizer([.bloom]), ["bloom", "poro-chat", "gpt3-finnish"]),
        (PreTokenizer([.bloom, .eachNumber]), ["viking"]),
        (PreTokenizer([.falconMarks, .gpt2, .threeDigits]), ["falcon"]),
        (PreTokenizer([.defaultMarks, .gpt2, .numbers, .threeDigits]), ["default"]),
        (
            PreTokenizer([.eachNewline, .listedLetters, .wideMarks, .spacesAtEnd, .eastern, .numbers]),
            ["deepseek-llm"]
        ),
        (PreTokenizer([.eachNewline, .letters, .marks, .eastern, .eachNumber]), ["deepseek-coder"]),
        (
            PreTokenizer([.numbersByThree, .ideographsOrKana, .deepSeek3]),
            ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"]
        ),
    ]
}
