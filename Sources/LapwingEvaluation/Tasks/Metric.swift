/// What an answer is judged by. Each is a number from 0 to 1; 1 is right.
package enum Metric: String, Hashable, Sendable, Codable, CaseIterable {
    // Of choices, by their log-probabilities.
    /// The likeliest choice is right.
    case acc
    /// The likeliest choice by log-probability over characters is right.
    case accNorm = "acc_norm"
    /// The share of probability on right choices.
    case mc2

    // Of written answers.
    /// The answer is the target, but for spaces around it.
    case exact
    /// The answer has the target in it, whatever the case of letters.
    case contains
    /// The target, a pattern, is found in the answer.
    case regex
    /// The answer's last number is the target's.
    case number
    /// The answer's JSON has the target's fields with the target's values, and no others.
    case json
    /// The same, field by field: the harmonic mean of precision and recall.
    case jsonF1 = "json_f1"
    /// The longest common subsequence of words: the harmonic mean of precision and recall.
    case rougeL = "rouge_l"
    /// Words in common, as SQuAD counts them: the harmonic mean of precision and recall.
    case tokenF1 = "token_f1"
    /// What each row says in its field `match`.
    case match
    /// The number behind `####`.
    case gsm8kStrict = "gsm8k_strict"
    /// The number behind `The answer is`.
    case gsm8kCoTStrict = "gsm8k_cot_strict"
    /// The last number of all.
    case gsm8kFlexible = "gsm8k_flexible"
    /// Every instruction of the prompt is followed.
    case ifevalPromptStrict = "ifeval_prompt_strict"
    /// The share of instructions that are followed, over all prompts.
    case ifevalInstructionStrict = "ifeval_instruction_strict"
    /// The same two, where the answer may be wrapped in a first and last line and in asterisks.
    case ifevalPromptLoose = "ifeval_prompt_loose"
    case ifevalInstructionLoose = "ifeval_instruction_loose"

    package var needsChoices: Bool { self == .acc || self == .accNorm || self == .mc2 }

    /// Whether questions count by their instructions, and not one each. The harness gives no standard error for those.
    package var isWeighted: Bool { self == .ifevalInstructionStrict || self == .ifevalInstructionLoose }
}
