/// Why an engine cannot be made from a weight file. Each case carries what was found and what was expected.
package enum EngineError: Error, Equatable {
    /// The tokenizer knows tokens that the model has no embedding for.
    case vocabularyMismatch(tokenizer: Int, model: Int)
    case contextTooLong(model: String, requested: Int, trained: Int)
    case contextEmpty
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .vocabularyMismatch(let tokenizer, let model):
            "The weight file's tokenizer has \(tokenizer) tokens, but its embedding has \(model)."
        case .contextTooLong(let model, let requested, let trained):
            "A context of \(requested) tokens was asked for, but '\(model)' was trained for \(trained)."
        case .contextEmpty: "The context is less than one token long."
        }
    }
}
