import Foundation
import LapwingAPI
import LapwingText
import Yams

extension NodeReader {
    mutating func machine(_ field: Field) -> Configuration.Machine {
        var machine = Configuration.Machine()
        for (key, field) in fields(of: field, known: ["usd_per_hour", "memory"]) ?? [] {
            switch key {
            case "usd_per_hour":
                guard let dollars = dollars(field) else { continue }
                (machine.perHour, machine.isDefault) = (dollars, false)
            default: machine.memory = memory(field)
            }
        }
        return machine
    }

    private mutating func memory(_ field: Field) -> MemoryLimit? {
        guard let text = string(field, expected: MemoryLimit.expected) else { return nil }
        guard let limit = MemoryLimit(text) else {
            refuse(field, found: "'\(text)'", expected: MemoryLimit.expected)
            return nil
        }
        return limit
    }

    mutating func models(_ field: Field, folder: URL, day: String) -> [Configuration.Model] {
        (fields(of: field) ?? []).compactMap { name, field in model(name, field, folder: folder, day: day) }
    }

    private mutating func model(
        _ name: String, _ field: Field, folder: URL, day: String
    ) -> Configuration.Model? {
        declaredModels.append(name)
        guard isName(name, field) else { return nil }
        let isLocal = [
            "weights", "context", "kv_cache", "packed_cache", "chat_template", "pooling", "precision", "cache",
        ]
        let isRemote =
            ["provider", "upstream", "endpoints", "api_version", "key", "price", "logprobs"] + Self.poolKeys
        guard var given = fields(of: field, known: isLocal + isRemote) else { return nil }
        unset = []
        defer { unset = nil }
        let kept = given.first { $0.key == "cache" }.flatMap { cache($0.field) }
        given.removeAll { $0.key == "cache" }
        let keys = given.map(\.key)
        let source: Configuration.Model.Source
        switch (keys.contains("weights"), keys.contains("provider")) {
        case (true, false):
            guard onlyKnown(given, isLocal, "a model with 'weights'") else { return nil }
            source = .local(local(given, folder: folder))
        case (false, true):
            guard onlyKnown(given, ["context", "cache"] + isRemote, "a model with a 'provider'") else { return nil }
            source = .remote(remote(name, field, given, day: day))
        case (let both, _):
            refuse(
                field, found: both ? "both 'weights' and 'provider'" : "neither 'weights' nor 'provider'",
                expected: "one of them: 'weights' for a model that runs here, 'provider' for one that runs elsewhere")
            return nil
        }
        var model = Configuration.Model(name: name, source: source)
        model.cache = kept
        if let unset, !unset.isEmpty {
            let reason = "\(unset.joined(separator: ", ")) \(unset.count == 1 ? "is" : "are") not set"
            model.unavailable = reason
            warn(field, "\(reason); the model is unavailable")
        }
        return model
    }

    private mutating func onlyKnown(
        _ given: [(key: String, field: Field)], _ known: [String], _ what: String
    ) -> Bool {
        for (key, field) in given where !known.contains(key) {
            refuse(field, found: "'\(key)' in \(what)", expected: "only \(known.joined(separator: ", "))")
            return false
        }
        return true
    }

    /// What cannot be read is refused, or makes the model unavailable; either way its value here is never used.
    private mutating func local(_ given: [(key: String, field: Field)], folder: URL) -> Configuration.Local {
        var local = Configuration.Local(weights: "")
        for (key, field) in given {
            switch key {
            case "weights":
                guard let path = string(field, expected: "the path of a GGUF file or a model's folder") else {
                    continue
                }
                local.weights = Configuration.absolute(path, in: folder)
            case "context": local.context = integer(field, in: 16...1_048_576, "a number of tokens")
            case "kv_cache": local.kvCache = choice(field) ?? local.kvCache
            case "pooling": local.pooling = choice(field)
            case "precision": local.precision = choice(field)
            case "packed_cache": local.packedCache = boolean(field) ?? false
            default: local.chatTemplate = choice(field)
            }
        }
        return local
    }

    /// The same for a model that runs elsewhere.
    private mutating func remote(
        _ name: String, _ field: Field, _ given: [(key: String, field: Field)], day: String
    ) -> Configuration.Remote {
        var remote = Configuration.Remote(provider: .openAICompatible, upstream: name, endpoints: [])
        // nil where it cannot be read: what the model lacks is then not known.
        var provider: Configuration.Remote.Provider?
        for (key, field) in given {
            switch key {
            case "provider": provider = choice(field)
            case "upstream": remote.upstream = string(field, expected: "the model's name there") ?? name
            case "endpoints": remote.endpoints = endpoints(field)
            case "key": remote.key = string(field, expected: "a key such as \"${NAME}\"", isSecret: true)
            case "api_version": remote.apiVersion = apiVersion(field)
            case "logprobs": remote.reportsLogProbabilities = boolean(field) ?? true
            case "context": remote.context = integer(field, in: 16...100_000_000, "a number of tokens")
            case "price": remote.price = price(field, day: day)
            default: readPool(name, key, field, into: &remote)
            }
        }
        guard let provider else { return remote }
        remote.provider = provider
        complete(&remote, field, has: Set(given.map(\.key)))
        return remote
    }

    /// Puts in what a provider's models have in common, and refuses what its API lacks.
    private mutating func complete(_ remote: inout Configuration.Remote, _ field: Field, has: Set<String>) {
        switch remote.provider {
        case .openAI where !has.contains("endpoints"):
            remote.endpoints = [Configuration.Endpoint(url: "https://api.openai.com/v1")]
            requireKey(field, has, of: "OpenAI", "OPENAI_API_KEY")
        case .anthropic where !has.contains("endpoints"):
            remote.endpoints = [Configuration.Endpoint(url: "https://api.anthropic.com/v1")]
            requireKey(field, has, of: "Anthropic", "ANTHROPIC_API_KEY")
        case .azure where !has.contains("endpoints"):
            refuse(
                field, found: "no 'endpoints'", expected: "the resource's, such as [\"https://me.openai.azure.com\"]")
        case .openAICompatible where !has.contains("endpoints"):
            refuse(field, found: "no 'endpoints'", expected: "at least one, such as [\"http://10.0.0.5:8000/v1\"]")
        default: break
        }
        if has.contains("api_version"), remote.provider != .azure {
            refuse(field, found: "'api_version' of '\(remote.provider.rawValue)'", expected: "it for 'azure' alone")
        }
        guard remote.provider == .anthropic else { return }
        if has.contains("logprobs"), remote.reportsLogProbabilities {
            refuse(field, found: "'logprobs: true' of 'anthropic'", expected: "false, as its API gives none")
        }
        remote.reportsLogProbabilities = false
    }

    private mutating func requireKey(_ field: Field, _ has: Set<String>, of vendor: String, _ variable: String) {
        guard !has.contains("key") else { return }
        refuse(field, found: "no 'key'", expected: "one for \(vendor), such as key: \"${\(variable)}\"")
    }

    private mutating func apiVersion(_ field: Field) -> String? {
        let expected = "a version of Azure's such as 2024-10-21"
        guard let text = string(field, expected: expected) else { return nil }
        guard !text.isEmpty, text.utf8.count <= 40,
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        return text
    }

    private mutating func endpoints(_ field: Field) -> [Configuration.Endpoint] {
        guard let elements = elements(of: field, expected: "a list of addresses") else { return [] }
        if elements.isEmpty { refuse(field, found: "an empty list", expected: "at least one address") }
        return elements.compactMap { element in
            guard case .mapping = element.node else {
                return url(element).map { Configuration.Endpoint(url: $0) }
            }
            guard let given = fields(of: element, known: ["url", "weight"]) else { return nil }
            guard given.contains(where: { $0.key == "url" }) else {
                refuse(element, found: "no 'url'", expected: "url: ADDRESS, and a weight if it is not 1")
                return nil
            }
            var endpoint = Configuration.Endpoint(url: "")
            for (key, field) in given {
                if key == "url" {
                    guard let url = url(field) else { return nil }
                    endpoint.url = url
                } else {
                    endpoint.weight = integer(field, in: 1...1000, "a weight") ?? 1
                }
            }
            return endpoint
        }
    }

    private mutating func url(_ field: Field) -> String? {
        let expected = "an address such as http://10.0.0.5:8000/v1"
        guard let text = string(field, expected: expected) else { return nil }
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
            let host = url.host(), !host.isEmpty, url.query() == nil, url.fragment() == nil, url.user() == nil
        else {
            // What a variable held is not shown: it may be a key put in the wrong place.
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        if let path = ["/chat/completions", "/completions", "/messages", "/embeddings"].first(where: address.hasSuffix)
        {
            refuse(field, found: "an address that ends in \(path)", expected: "what stands before that, which is added")
            return nil
        }
        return address
    }

    private mutating func price(_ field: Field, day: String) -> Price? {
        guard let given = fields(of: field, known: ["input", "cached_input", "output", "effective"]) else { return nil }
        var price = Price(inputPerMillion: .zero, outputPerMillion: .zero, source: "lapwing.yaml", effective: day)
        for (key, field) in given {
            switch key {
            case "input": price.inputPerMillion = dollars(field) ?? .zero
            case "cached_input": price.cachedInputPerMillion = dollars(field)
            case "output": price.outputPerMillion = dollars(field) ?? .zero
            default: price.effective = date(field) ?? day
            }
        }
        for missing in ["input", "output"] where !given.contains(where: { $0.key == missing }) {
            refuse(field, found: "no '\(missing)'", expected: "input and output, in US dollars for a million tokens")
            return nil
        }
        return price
    }

    mutating func dollars(_ field: Field) -> NanoUSD? {
        let expected = "US dollars such as 0.24, not negative, with at most nine places, and at most 1000000"
        guard let text = number(field, expected: expected) else { return nil }
        guard let dollars = NanoUSD(dollars: text), (NanoUSD.zero...NanoUSD(1_000_000_000_000_000)).contains(dollars)
        else {
            refuse(field, found: text, expected: expected)
            return nil
        }
        return dollars
    }

    private mutating func date(_ field: Field) -> String? {
        let expected = "a date as YYYY-MM-DD"
        guard let text = string(field, expected: expected) else { return nil }
        guard DayText.beginning(of: text) != nil else {
            refuse(field, found: "'\(text)'", expected: expected)
            return nil
        }
        return text
    }

    /// Whether `name` can be a model's or a route's, which travels in JSON, in headers and in reports.
    mutating func isName(_ name: String, _ field: Field) -> Bool {
        let fits = name.utf8.count <= 200 && name.utf8.allSatisfy { (33...126).contains($0) }
        if !fits {
            refuse(field, found: "the name '\(name.prefix(40))'", expected: "up to 200 ASCII characters without spaces")
        }
        return fits
    }
}
