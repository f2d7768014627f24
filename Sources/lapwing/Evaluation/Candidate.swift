import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingEngine
import LapwingEvaluation
import LapwingModel
import LapwingRouter
import LapwingServer
import LapwingStore

/// A model or route that is examined, with what must be put away afterwards.
struct Candidate {
    var examinee: any Examinee
    /// SHA-256 of its weights; nil for a model elsewhere.
    var weightsHash: String?
    /// What else decides about its answers.
    var settings: String
    /// The address that is asked; nil for a model of the configuration.
    var server: String?
    var concurrency: Int
    /// How a route is asked for one of several choices; nil where they are compared by log-probabilities of the candidate.
    var choiceWording: String?
    var shutDown: @Sendable () async -> Void

    /// `url` names a server; without it a route or a remote model of the configuration, else a local model.
    static func make(_ model: ModelOptions, url: String?, keyVariable: String?) async throws -> Candidate {
        let configuration = try model.options.loadIfPresent()
        if let url { return try await remote(url, model: model.model, keyVariable: keyVariable, configuration) }
        if let configuration, let name = model.model,
            configuration.routes.contains(where: { $0.name == name })
                || configuration.model(named: name)?.remote != nil
        {
            return try await routed(name, configuration)
        }
        return try local(model, configuration)
    }

    private static func local(_ model: ModelOptions, _ configuration: Configuration?) throws -> Candidate {
        let weights = try model.find().local
        let engine = try model.load(chatTemplate: nil)
        let machine = configuration?.machine ?? Configuration.Machine()
        let pricing = Pricing(machineRate: machine.perHour, prices: PriceBook())
        let examinee = ProviderExaminee(name: engine.name, chat: engine, scoring: engine) { usage in
            usage.computeNanoseconds.flatMap(pricing.machineCost)
        }
        return Candidate(
            examinee: examinee, weightsHash: try ContentDigest.ofWeights(weights.weights),
            settings: "kv \(weights.kvCache.rawValue)", concurrency: 8
        ) { await engine.shutDown() }
    }

    /// Through the router: its decisions, its receipts, and entries in the ledger.
    private static func routed(_ name: String, _ configuration: Configuration) async throws -> Candidate {
        if let reason = configuration.model(named: name)?.unavailable {
            throw Failure("model '\(name)' cannot be asked: \(reason)")
        }
        // Questions whose answers are known are no traffic to learn from.
        var configuration = configuration
        configuration.evidence.days = 0
        let assembly: Assembly
        do { assembly = try await Assembly.make(configuration) } catch StoreError.inUse(let path, _) {
            throw Failure(
                "'\(path)' is in use by a server, which can be asked itself: --url http://127.0.0.1:\(configuration.server.port) "
                    + "--model \(name)")
        }
        let route = configuration.routes.first { $0.name == name }
        let open = configuration.model(named: route?.open ?? name)
        let router = assembly.router
        let scores = open?.local != nil
        let labels = try route.flatMap { try RouteFiles($0, dataFolder: configuration.dataFolder).labels?.names }
        var kind: ProviderExaminee.RouteKind? = route == nil ? nil : .writing
        if let labels { kind = labels.isEmpty ? .requestLabels : .labels(labels) }
        return Candidate(
            examinee: ProviderExaminee(name: name, chat: router, scoring: scores ? router : nil, route: kind) { _ in
                nil
            },
            // What a closed model may answer is not of these weights.
            weightsHash: route?.closed == nil ? try open?.local.map { try ContentDigest.ofWeights($0.weights) } : nil,
            settings: try configuration.settings(of: name), concurrency: 8,
            choiceWording: choiceWording(answersWithLabels: labels != nil, isRoute: route != nil, scores: scores)
        ) { await assembly.shutDown() }
    }

    /// nil for a model whose log-probabilities are compared.
    private static func choiceWording(answersWithLabels: Bool, isRoute: Bool, scores: Bool) -> String? {
        if answersWithLabels { return "the route's own answer" }
        if !scores { return "told the choices in a chat, and answers with one" }
        return isRoute ? "scored by its open model alone" : nil
    }

    private static func remote(
        _ url: String, model: String?, keyVariable: String?, _ configuration: Configuration?
    ) async throws -> Candidate {
        guard let model else { throw Failure("--url needs --model, the name of a model or route of that server") }
        let key = try keyVariable.map { variable in
            guard let key = ProcessInfo.processInfo.environment[variable], !key.isEmpty else {
                throw Failure(
                    "the variable \(variable) is not set; --key-variable names the one that holds the server's key")
            }
            return key
        }
        let client = HTTPClient.forUpstreams()
        let book = try configuration.map { try PriceBook.assembled(for: $0) } ?? .builtIn
        let today = String(Date().ISO8601Format().prefix(10))
        let price = book.price(of: model, on: today)
        let examinee: RemoteExaminee
        do {
            examinee = try await RemoteExaminee.make(name: model, url: url, key: key, client: client) {
                price?.cost(of: $0)
            }
        } catch {
            try? await client.shutdown()
            throw error
        }
        return Candidate(examinee: examinee, weightsHash: nil, settings: "server", server: url, concurrency: 8) {
            try? await client.shutdown()
        }
    }
}

extension Configuration {
    /// All that decides about the answers of a model or a route: its own keys, the models that it may call, and the versions
    /// of what it reads from the data folder.
    fileprivate func settings(of name: String) throws -> String {
        let route = routes.first { $0.name == name }
        var names =
            [route?.open ?? name] + [route?.closed, route?.canary?.candidate, route?.embedder].compactMap(\.self)
        names += route?.fallback ?? []
        if case .model(let other) = route?.continuation { names.append(other) }
        let models = names.compactMap { model(named: $0) }
        let called = models + models.flatMap { $0.remote?.fallback ?? [] }.compactMap { model(named: $0) }
        var parts = [route.map { "\($0)" } ?? name] + called.map(\.identity)
        if let route { parts += try RouteFiles(route, dataFolder: dataFolder).identity }
        return parts.joined(separator: "\n")
    }
}

extension Configuration.Model {
    /// What it is called with, apart from how failures are made good.
    fileprivate var identity: String {
        switch source {
        case .local(let local): "\(name) \(local)"
        case .remote(let remote):
            "\(name) \(remote.provider) \(remote.upstream) \(remote.endpoints.map(\.url)) \(remote.apiVersion ?? "")"
        }
    }
}
