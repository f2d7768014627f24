/// The names that price tables know an upstream's models by.
///
/// LiteLLM's table puts the vendor before the name that the vendor itself uses, and vendors ask different prices for the
/// same weights. So the address says whose price it is; a server that nobody knows has none but those under the bare name.
package enum ListedName {
    /// By the host of an address: what the table puts before a name.
    private static let vendors = [
        "api.together.xyz": "together_ai", "api.together.ai": "together_ai", "api.fireworks.ai": "fireworks_ai",
        "api.deepinfra.com": "deepinfra", "api.groq.com": "groq", "api.mistral.ai": "mistral",
        "api.deepseek.com": "deepseek", "generativelanguage.googleapis.com": "gemini", "openrouter.ai": "openrouter",
        "api.x.ai": "xai", "api.cerebras.ai": "cerebras",
    ]

    /// Best first. Empty hosts and unknown ones give the bare name only.
    package static func candidates(upstream: String, hosts: [String]) -> [String] {
        let found = Set(hosts.map { vendors[$0.lowercased()] })
        // Endpoints of several vendors have no common price.
        guard found.count == 1, let vendor = found.first.flatMap(\.self) else { return [upstream] }
        return ["\(vendor)/\(upstream)", upstream]
    }
}
