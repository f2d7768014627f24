/// Prompts, and what may be known beside them, taken apart once so that many models can be fitted on parts of them.
///
/// Nothing of one sample depends on another.
package struct GainSamples: Sendable {
    let prompts: TermCorpus
    let promptCounts: [[Double]]
    /// The open model's answers; nil where it is not asked before the choice.
    let answers: TermCorpus?
    let answerCounts: [[Double]]?
    /// A vector of each prompt, of one length, as long as 1.
    let embeddings: [[Float]]?

    package init(prompts: [String], answers: [String]? = nil, embeddings: [[Float]]? = nil) {
        precondition(answers.map { $0.count == prompts.count } ?? true, "an answer for each prompt")
        precondition(embeddings.map { $0.count == prompts.count } ?? true, "a vector for each prompt")
        let prompts = prompts.map { $0.count > Self.longestRead ? String($0.prefix(Self.longestRead)) : $0 }
        self.prompts = TermCorpus(prompts)
        promptCounts = prompts.map(PromptCounts.values)
        self.answers = answers.map { TermCorpus($0) }
        answerCounts = answers.map { zip($0, prompts).map { AnswerCounts.values($0, prompt: $1) } }
        self.embeddings = embeddings
    }

    /// Characters of a prompt whose words and signs count, so that a long one costs no more than others.
    private static let longestRead = 16_384

    package var count: Int { promptCounts.count }
    package var hasEmbeddings: Bool { embeddings != nil }

    /// Characters of a prompt that are embedded: encoders read a few hundred tokens at once.
    package static let longestEmbedded = 1100

    /// What of a prompt is embedded: its first characters, each run of white space as one space.
    package static func embedded(_ prompt: String, longest: Int = longestEmbedded) -> String {
        String(prompt.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(longest))
    }
}
