import LapwingAPI

extension GenerationRequest {
    /// As it is asked of a model that writes, on a route that may answer with labels.
    func written(_ route: Route) -> GenerationRequest {
        route.labels.map { naming(labels ?? $0.names) } ?? self
    }
}
