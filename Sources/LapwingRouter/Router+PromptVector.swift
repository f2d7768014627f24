import LapwingAPI
import Logging

extension Router {
    /// The vector of what the user said, where the answer is judged by what became of prompts like it, or may be one day: by
    /// the route's embedder. One that cannot be asked is logged, and the answer judged without.
    func promptVector(
        of request: GenerationRequest, _ plan: RequestPlan, _ context: RequestContext
    ) async -> PromptVector? {
        guard plan.wantsEvidence, plan.route.calibrator?.neighbours != nil || services.keepsTexts,
            let name = plan.route.embedder, let model = table.model(name), let embedding = model.embedding,
            let text = GatePrompt.text(of: request)
        else { return nil }
        do {
            let vectors = try await GatePrompt.vectors(
                of: [text], by: embedding, model: model.upstreamName, context: context)
            return vectors.first.map { PromptVector($0, by: name) }
        } catch {
            if Task.isCancelled { return nil }
            logger.warning(
                "a prompt has no vector, and its answer is judged without",
                metadata: [
                    "request": "\(context.requestID)", "route": "\(plan.route.name)", "reason": "\(error)",
                ])
            return nil
        }
    }
}
