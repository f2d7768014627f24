import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import Logging

/// A route's open model, and its embedder where it has one, without a server or a ledger around them.
struct OpenModel {
    let route: Configuration.Route
    let binding: ModelBinding
    let embedder: ModelBinding?
    private let loaded: [LocalModel.Loaded]
    private let clients: UpstreamClients

    /// Loads what runs here. Throws `Failure`.
    init(of route: Configuration.Route, in configuration: Configuration) throws {
        self.route = route
        clients = UpstreamClients()
        guard let model = configuration.model(named: route.open) else {
            throw Failure("route '\(route.name)' has the open model '\(route.open)', which is not there")
        }
        let other = route.embedder.flatMap { $0 == route.open ? nil : configuration.model(named: $0) }
        let models = [model] + [other].compactMap(\.self)
        for model in models {
            if let reason = model.unavailable { throw Failure("'\(model.name)' is unavailable: \(reason)") }
        }
        let files = try models.compactMap { model in try model.local.map { try LocalModel(model.name, $0) } }
        let plan = try MemoryBudget(configuration.machine.memory).plan(files)
        let workers = Workers()
        loaded = try zip(files, plan.shares).map { try $0.load($1, workers: workers) }
        let locals = Dictionary(uniqueKeysWithValues: zip(files.map(\.name), loaded))
        let bindings = try models.map { [clients] model in
            if let loaded = locals[model.name] { return ModelBinding(name: model.name, loaded) }
            guard let remote = model.remote else { throw Failure("'\(model.name)' is nowhere") }
            return try ModelBinding(model, remote, clients: clients, logger: Logger(label: "lapwing"))
        }
        binding = bindings[0]
        embedder = route.embedder == nil ? nil : bindings.last
        _ = try embedder?.labelEmbedder(on: route.name)
    }

    /// The model as it answers on the route. Throws `RouterError`.
    func answering(with labels: RouteLabels?) throws -> ModelBinding {
        var route = LapwingRouter.Route(name: route.name, open: route.open)
        (route.labels, route.checks) = (labels, self.route.checks)
        return try binding.answering(on: route, embedder: embedder)
    }

    func shutDown() async {
        for model in loaded {
            model.embedding?.shutDown()
            await model.engine?.shutDown()
        }
        await clients.shutDown()
    }
}

extension Configuration {
    /// Throws `Failure` where there is none of the name.
    func route(named name: String) throws -> Route {
        if let route = routes.first(where: { $0.name == name }) { return route }
        let names = routes.map(\.name)
        throw Failure(
            "there is no route '\(name)' in \(file)\(suggestion(for: name, among: names)); it has: "
                + (names.isEmpty ? "none" : names.joined(separator: ", ")))
    }
}
