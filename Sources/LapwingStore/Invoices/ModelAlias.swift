/// What a model is called without the day of its snapshot, in the spelling that all of its names have in common.
///
/// `gpt-4-turbo-2024-04-09`, `gpt-4-turbo` and `GPT-4 Turbo` are one; so are `claude-haiku-4-5-20251001` and
/// `Claude Haiku 4.5`.
enum ModelAlias {
    static func key(_ name: String) -> String {
        var key = name.lowercased().replacing(/[ ._]+/, with: "-")
        // Days as OpenAI, Anthropic and Mistral write them.
        key = key.replacing(/-(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6}|[0-9]{4}|latest)$/, with: "")
        // The console writes the family after the version of older models, and the API the other way about.
        if let match = key.wholeMatch(of: /claude-([0-9]+(?:-[0-9]+)?)-([a-z]+)/) {
            key = "claude-\(match.2)-\(match.1)"
        }
        return key
    }
}
