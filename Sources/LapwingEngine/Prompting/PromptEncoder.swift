import LapwingAPI
import LapwingText

/// Prompts to tokens, checked against the vocabulary. A value that any thread may use.
struct PromptEncoder: Sendable {
    let tokenizer: Tokenizer
    let contextLength: Int
    /// The source of the template, as the tokenizer's description gives it.
    let templateSource: String?
    let tokenTexts: TokenTexts
    private let template: Template

    /// Texts of tokens that templates and descriptions name.
    struct TokenTexts: Sendable {
        var bos: String?
        var eos: String?
        var pad: String?
    }

    private enum Template: Sendable {
        case usable(ChatTemplate)
        /// The model still completes text; only conversations are refused, with this reason.
        case unusable(reason: String)
    }

    init(_ source: ModelVocabulary, override: NamedTemplate?, modelVocabularySize: Int, contextLength: Int) throws {
        tokenizer = try Tokenizer(source.vocabulary)
        guard tokenizer.vocabularySize <= modelVocabularySize else {
            throw EngineError.vocabularyMismatch(tokenizer: tokenizer.vocabularySize, model: modelVocabularySize)
        }
        self.contextLength = contextLength
        templateSource = source.chatTemplate
        let tokenizer = tokenizer
        func text(_ token: Int32?) -> String? { token.map { tokenizer.decode([$0], renderSpecial: true) } }
        tokenTexts = TokenTexts(
            bos: text(source.vocabulary.bos), eos: text(source.vocabulary.eos), pad: text(source.vocabulary.pad))
        template = Self.template(override: override, source: source.chatTemplate)
    }

    private static func template(override: NamedTemplate?, source: String?) -> Template {
        do throws(TextError) {
            if let override { return .usable(try ChatTemplate(override)) }
            guard let source else { return .unusable(reason: "the model's file has no chat template") }
            return .usable(try ChatTemplate(source: source))
        } catch {
            return .unusable(reason: cannotBeUsed(error))
        }
    }

    private static func cannotBeUsed(_ error: TextError) -> String {
        "the model's chat template cannot be used: \(error)"
    }

    /// The prompt's tokens, at least one. `field` names the prompt in errors. With `continuing`, the last message is the
    /// beginning of the answer: it stands where the answer begins, as if the model had written it.
    func encode(_ prompt: Prompt, field: String, continuing: Bool = false) throws(RequestError) -> [TokenID] {
        let tokens: [TokenID]
        switch prompt {
        case .messages(let messages):
            let begun = continuing ? messages.last : nil
            tokens = tokenizer.encode(
                try render(begun == nil ? messages : messages.dropLast()) + (begun?.content ?? ""))
        case .text(let text): tokens = tokenizer.encode(text, addSpecialTokens: true)
        case .tokens(let given): tokens = given
        }
        guard !tokens.isEmpty else {
            throw .invalid(field: field, found: "no tokens", expected: "at least one token")
        }
        try check(tokens, field: field)
        return tokens
    }

    /// Refuses ids that the model has no embedding for.
    func check(_ tokens: [TokenID], field: String) throws(RequestError) { try tokenizer.check(tokens, field: field) }

    private func render(_ messages: [ChatMessage]) throws(RequestError) -> String {
        switch template {
        case .unusable(let reason): throw .unsupported(field: "messages", reason: reason)
        case .usable(let template):
            do throws(TextError) {
                return try template.render(
                    messages: messages.map { TemplateMessage(role: $0.role, content: $0.content, name: $0.name) },
                    addGenerationPrompt: true, bosToken: tokenTexts.bos ?? "", eosToken: tokenTexts.eos ?? "")
            } catch {
                // Only a refusal of its own is about the conversation; all else is the template's fault.
                guard case .templateRaised(let message) = error else {
                    throw .unsupported(field: "messages", reason: Self.cannotBeUsed(error))
                }
                throw .invalid(
                    field: "messages", found: "a conversation that the chat template refuses: \(message)",
                    expected: "roles and order that it takes")
            }
        }
    }
}
