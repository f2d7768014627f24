import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import Logging

/// A route's open model alone, without a server or a ledger around it.
struct OpenModel {
    let route: Configuration.Route
    let binding: ModelBinding
    private let loaded: LocalModel.Loaded?
    private let clients: UpstreamClients

    /// Loads it where it runs here. Throws `Failure`.
    init(of route: Configuration.Route, in configuration: Configuration) throws {
        self.route = route
        clients = UpstreamClients()
        guard let model = configuration.model(named: route.open) else {
            throw Failure("route '\(route.name)' has the open model '\(route.open)', which is not there")
        }
        if let reason = model.unavailable { throw Failure("'\(model.name)' is unavailable: \(reason)") }
        switch model.source {
        case .local(let local):
            let file = try LocalModel(model.name, local)
            let share = try MemoryBudget(configuration.machine.memory).plan([file]).shares[0]
            let loaded = try file.load(share, workers: Workers())
            self.loaded = loaded
            binding = ModelBinding(name: model.name, loaded)
        case .remote(let remote):
            loaded = nil
            binding = try ModelBinding(model, remote, clients: clients, logger: Logger(label: "lapwing"))
        }
    }

    /// The model as it answers on the route. Throws `RouterError`.
    func answering(with labels: RouteLabels?) throws -> ModelBinding {
        var route = LapwingRouter.Route(name: route.name, open: route.open)
        (route.labels, route.checks) = (labels, self.route.checks)
        return try binding.answering(on: route)
    }

    func shutDown() async {
        loaded?.embedding?.shutDown()
        await loaded?.engine?.shutDown()
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
