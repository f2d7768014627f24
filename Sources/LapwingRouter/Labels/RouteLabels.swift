import LapwingAPI

/// The labels that a route answers with, and what finds the right one. Where it has none of its own, each request brings
/// those that its answer is to be one of.
package enum RouteLabels: Hashable, Sendable {
    /// The open model's own scores, as they are.
    case scored([String])
    /// What was fitted to the open model's scores or vectors.
    case head(LabelHead)

    package var names: [String] {
        switch self {
        case .scored(let labels): labels
        case .head(let head): head.labels
        }
    }

    /// Those of a request. Throws where it has none and the route neither, or both have some.
    package func names(for request: GenerationRequest) throws(RequestError) -> [String] {
        guard let asked = request.labels else {
            guard names.isEmpty else { return names }
            throw .invalid(
                field: "structured_outputs", found: "nothing",
                expected: "{ \"choice\": […] }, as '\(request.model)' answers with one of the choices")
        }
        guard names.isEmpty else {
            throw .unsupported(
                field: "structured_outputs",
                reason: "'\(request.model)' answers with one of \(names.count) labels of its own")
        }
        return asked
    }

    package var head: LabelHead? { if case .head(let head) = self { head } else { nil } }
}

extension ModelBinding {
    /// The same model as it answers on the route; `embedder` is the one that the route names.
    package func answering(on route: Route, embedder: ModelBinding? = nil) throws(RouterError) -> ModelBinding {
        if let labels = route.labels { return try answering(with: labels, on: route.name, embedder: embedder) }
        if let checks = route.checks { return try checking(checks, on: route.name) }
        return self
    }

    /// The same model answering with labels alone. A model that cannot be called stays as it is; throws where it can and has
    /// not what the labels take.
    package func answering(
        with labels: RouteLabels, on route: String, embedder: ModelBinding? = nil
    ) throws(RouterError) -> ModelBinding {
        guard unavailable == nil else { return self }
        var binding = self
        if let embedder, let reason = embedder.unavailable {
            binding.unavailable = "its embedder '\(embedder.name)' is not there: \(reason)"
            return binding
        }
        binding.provider = LabelProvider(model: name, source: try source(of: labels, on: route, embedder: embedder))
        // Scores and vectors are of one model: none of its endpoints or fallbacks is asked in another way.
        (binding.pool, binding.fallback, binding.mostAttempts) = (nil, [], 1)
        (binding.dialect, binding.reportsLogProbabilities) = (.local, true)
        return binding
    }

    private func source(
        of labels: RouteLabels, on route: String, embedder: ModelBinding?
    ) throws(RouterError) -> any LabelSource {
        switch labels {
        case .scored(let names): return try scorer(names, .scores(LabelScale()), on: route, embedder)
        case .head(let head):
            guard head.model == name else {
                throw .unfitLabels(
                    route: route, found: "the head '\(head.name)', fitted to '\(head.model)'",
                    expected: "one that was fitted to its open model, '\(name)'")
            }
            guard head.embedder == nil || head.embedder == embedder?.name else {
                func words(_ name: String?) -> String { name.map { "'embedder: \($0)'" } ?? "no 'embedder'" }
                throw .unfitLabels(
                    route: route, found: "\(words(embedder?.name)) beside the head '\(head.name)'",
                    expected: "\(words(head.embedder)), as it was fitted")
            }
            switch head.form {
            case .scores, .scoreVector: return try scorer(head.labels, head.form, on: route, embedder)
            case .vectors(let linear):
                guard let embedding else {
                    throw .unfitLabels(
                        route: route, found: "'\(name)', which serves no embeddings",
                        expected: "a model that does, for the head '\(head.name)'")
                }
                return HeadLabels(head.labels, linear, embedding: embedding, model: upstreamName)
            }
        }
    }

    private func scorer(
        _ labels: [String], _ form: LabelHead.Form, on route: String, _ embedder: ModelBinding?
    ) throws(RouterError) -> any LabelSource {
        guard let scoring, let tokenizing else {
            throw .unfitLabels(
                route: route, found: "'\(name)', which does not score given text",
                expected: "a language model that runs here, or labels with a 'head'")
        }
        return LabelScorer(
            scoring: scoring, tokenizing: tokenizing, model: upstreamName, labels: labels, form: form,
            embedder: try embedder?.labelEmbedder(on: route))
    }

    /// The model as a route's embedder.
    package func labelEmbedder(on route: String) throws(RouterError) -> LabelEmbedder {
        guard let embedding, location == .local else { throw .unfitEmbedder(route: route, model: name) }
        return LabelEmbedder(embedding, model: upstreamName)
    }
}
