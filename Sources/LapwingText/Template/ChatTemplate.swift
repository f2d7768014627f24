import Foundation

/// One message as a template sees it.
package struct TemplateMessage: Hashable, Sendable {
    package var role: String
    package var content: String
    package var name: String?

    package init(role: String, content: String, name: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
    }
}

/// A conversation to the text that a model was trained on.
///
/// The template is Jinja as Hugging Face's chat templates use it, run by an interpreter that reaches nothing but the
/// messages: no files, no imports, no attribute of the host. It comes with the weights, so it is bounded in all it uses.
package struct ChatTemplate: Sendable {
    private let statements: [TemplateStatement]
    private let limits: TemplateLimits
    /// What the template calls a role, where that is not the role's own name.
    private var roleNames: [String: String] = [:]
    private let clock: @Sendable () -> Int64

    /// - Parameter clock: Seconds since 1970, for templates that tell the date.
    package init(
        source: String, limits: TemplateLimits = TemplateLimits(),
        clock: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) throws(TextError) {
        statements = try TemplateParser.parse(source, limits: limits)
        self.limits = limits
        self.clock = clock
    }

    package init(_ named: NamedTemplate) throws(TextError) {
        try self.init(source: named.source)
        // No model with one of these templates has seen the newer name.
        roleNames = ["developer": "system"]
    }

    /// The prompt's text. `addGenerationPrompt` ends it where the assistant's answer begins.
    package func render(
        messages: [TemplateMessage], addGenerationPrompt: Bool, bosToken: String, eosToken: String
    ) throws(TextError) -> String {
        let values = messages.map { message in
            var pairs: [(String, TemplateValue)] = [
                ("role", .string(roleNames[message.role] ?? message.role)), ("content", .string(message.content)),
            ]
            if let name = message.name { pairs.append(("name", .string(name))) }
            return TemplateValue.dict(TemplateDict(pairs))
        }
        return try render(
            variables: [
                "messages": .list(values), "add_generation_prompt": .bool(addGenerationPrompt),
                "bos_token": .string(bosToken), "eos_token": .string(eosToken),
            ])
    }

    /// The text for the variables that a JSON object holds, whose members keep their order: `messages` with all their
    /// fields, `tools`, `add_generation_prompt` and what else a template asks for.
    package func render(variables json: String) throws(TextError) -> String {
        guard case .object(let members) = try JSONTree(Array(json.utf8), file: "the template's variables") else {
            throw .templateEvaluation(line: 0, reason: "its variables are not a JSON object")
        }
        var variables: [String: TemplateValue] = [:]
        for (name, value) in members { variables[name] = try TemplateValue(value, limits: limits) }
        return try render(variables: variables)
    }

    private func render(variables: [String: TemplateValue]) throws(TextError) -> String {
        // Templates ask `tools is not none`, so what is absent is none, as Hugging Face passes it.
        let absent: [String: TemplateValue] = ["tools": .none, "documents": .none]
        let interpreter = TemplateInterpreter(
            variables: absent.merging(variables) { $1 }, limits: limits, now: clock())
        return try interpreter.render(statements)
    }
}
