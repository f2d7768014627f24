import LapwingAPI

extension Router: CatalogProvider {
    /// Routes first, then models, each in the order of the configuration.
    package func models() async -> [ModelCard] {
        let routes = table.routes.map { route in
            let open = table.answering(route)
            var card = ModelCard(
                name: route.name, kind: .route, contextLength: open?.contextLength, unavailable: open?.unavailable,
                capabilities: open?.knownCapabilities)
            if drift.hasFired(route.name) { card.notice = "its calibration has drifted: everything escalates" }
            return card
        }
        let models = table.models.map { model in
            ModelCard(
                name: model.name, kind: model.location == .local ? .local : .remote,
                contextLength: model.contextLength, unavailable: model.unavailable,
                capabilities: model.knownCapabilities)
        }
        return routes + models
    }

    /// How the endpoints of all pools stand now, by model.
    package var endpoints: [(model: String, endpoint: ModelPool.Standing)] {
        table.models.flatMap { model in (model.pool?.standings ?? []).map { (model.name, $0) } }
    }

    /// Ready as long as it takes requests and there is a model that can be called.
    package func readiness() async -> Readiness {
        if running.isDraining { return .notReady(reason: "shutting down") }
        guard table.models.contains(where: { $0.unavailable == nil }) else {
            return .notReady(reason: "no model is available")
        }
        return .ready
    }
}

extension ModelBinding {
    /// An upstream is passed whatever it may serve, which it alone knows.
    fileprivate var knownCapabilities: [ModelCapability]? {
        location == .local && unavailable == nil ? capabilities : nil
    }
}
