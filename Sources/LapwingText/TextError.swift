/// Why a vocabulary or a chat template cannot be used.
package enum TextError: Error, Hashable, Sendable {
    /// The file's tokenizer is of a kind that this engine does not run.
    case unsupportedTokenizer(model: String, supported: [String])
    case unsupportedPreTokenizer(name: String, supported: [String])
    case emptyVocabulary
    case tokenTypeCountMismatch(tokens: Int, types: Int)
    case scoreCountMismatch(tokens: Int, scores: Int)
    case scoreNotFinite(token: Int, score: String)
    /// Text that is no token needs one, and there is none.
    case missingUnknownToken(model: String)
    case malformedCharacterMap(found: String, expected: String)
    case malformedTokenizerFile(file: String, reason: String)
    /// A `tokenizer.json` has a part that this engine does not run.
    case unsupportedTokenizerPart(part: String, type: String)
    /// A weight file has no word for a part of a folder's tokenizer.
    case notForWeightFile(part: String, found: String, expected: String)
    case tokenIDMissing(id: Int32, tokens: Int)
    case tokenIDTwice(id: Int32)
    case tokenIDOutOfRange(id: Int32, tokens: Int)
    case tokenTooLong(id: Int32, byteCount: Int, limit: Int)
    case unknownTokenType(token: Int, type: Int32)
    case tooManyTokens(found: Int, limit: Int)
    /// `role` is a key such as `bos`.
    case specialTokenOutOfRange(role: String, id: Int32, vocabularySize: Int)
    /// A merge is not two token texts with a space between.
    case malformedMerge(index: Int, merge: String)
    case mergeNamesMissingToken(index: Int, merge: String, missing: String)

    /// The template's text is not well formed.
    case templateSyntax(line: Int, reason: String)
    /// The template asks for something that this interpreter does not have.
    case templateUnsupported(line: Int, construct: String)
    /// The template is well formed and an operation in it failed.
    case templateEvaluation(line: Int, reason: String)
    /// The template called `raise_exception`; the sentence is its own.
    case templateRaised(message: String)
    /// The template passed one of the bounds on size, steps, depth or output.
    case templateLimit(what: String, limit: Int)
    case unknownTemplate(name: String, known: [String])
}

extension TextError: CustomStringConvertible {
    /// One sentence that says what was found and what was expected.
    package var description: String {
        switch self {
        case .unsupportedTokenizer(let model, let supported):
            "The tokenizer model '\(model)' is not supported; supported: \(supported.joined(separator: ", "))."
        case .unsupportedPreTokenizer(let name, let supported):
            "The pre-tokenizer '\(name)' is not known; known: \(supported.joined(separator: ", ")). Where the model cuts "
                + "text as one of those does, `gguf-new-metadata --pre-tokenizer NAME OLD.gguf NEW.gguf` (Python "
                + "package gguf) makes a file that says so."
        case .emptyVocabulary: "The vocabulary has no tokens."
        case .tokenTypeCountMismatch(let tokens, let types):
            "The vocabulary has \(tokens) tokens, but \(types) token types."
        case .scoreCountMismatch(let tokens, let scores):
            "The vocabulary has \(tokens) tokens, but \(scores) scores."
        case .scoreNotFinite(let token, let score): "The score of token \(token) is \(score); expected a finite number."
        case .missingUnknownToken(let model):
            "The '\(model)' vocabulary has neither an unknown token nor a token for each byte."
        case .malformedCharacterMap(let found, let expected):
            "The tokenizer's table of normalisation has \(found); expected \(expected)."
        case .malformedTokenizerFile(let file, let reason): "\(file) is malformed: \(reason)."
        case .unsupportedTokenizerPart(let part, let type):
            "The tokenizer has a \(part) of type '\(type)', which is not supported; a GGUF file of the model may be."
        case .notForWeightFile(let part, let found, let expected):
            "The tokenizer's \(part) is \(found), which a GGUF file cannot say; expected \(expected)."
        case .tokenIDMissing(let id, let tokens):
            "No token has the id \(id); the \(tokens) tokens' ids must be all from 0 on."
        case .tokenIDTwice(let id): "Two tokens have the id \(id)."
        case .tokenIDOutOfRange(let id, let tokens): "A token has the id \(id); expected 0 to \(tokens - 1)."
        case .tokenTooLong(let id, let byteCount, let limit):
            "Token \(id) has \(byteCount) bytes; the limit is \(limit)."
        case .unknownTokenType(let token, let type): "Token \(token) has type \(type); expected 0 to 6."
        case .tooManyTokens(let found, let limit):
            "The vocabulary has \(found) tokens or merges; the limit is \(limit)."
        case .specialTokenOutOfRange(let role, let id, let size):
            "The \(role) token is \(id), outside the vocabulary of \(size) tokens."
        case .malformedMerge(let index, let merge):
            "Merge \(index) is '\(merge)'; expected two tokens with a space between them."
        case .mergeNamesMissingToken(let index, let merge, let missing):
            "Merge \(index), '\(merge)', needs the token '\(missing)', which the vocabulary does not have."
        case .templateSyntax(let line, let reason): "The chat template is malformed at line \(line): \(reason)."
        case .templateUnsupported(let line, let construct):
            "The chat template uses \(construct) at line \(line), which is not supported; choose a named template instead."
        case .templateEvaluation(let line, let reason): "The chat template failed at line \(line): \(reason)."
        case .templateRaised(let message): "The chat template refused the conversation: \(message)"
        case .templateLimit(let what, let limit): "The chat template passed the limit of \(limit) \(what)."
        case .unknownTemplate(let name, let known):
            "There is no chat template '\(name)'; known: \(known.joined(separator: ", "))."
        }
    }
}
