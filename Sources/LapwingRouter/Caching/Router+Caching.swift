import LapwingAPI

extension Router {
    /// Where the request's answer may lie, and what was found there; nil where its route keeps none.
    func lookUp(
        _ request: GenerationRequest, _ plan: RequestPlan, _ context: RequestContext
    ) -> (place: RouteCache.Place, answer: KeptAnswer?)? {
        guard let cache = caches[plan.route.name],
            let key = AnswerKey(request, plan: plan, tenant: context.tenant)
        else { return nil }
        let place = RouteCache.Place(cache: cache, key: key, isKept: context.cache != .forbidden)
        return (place, context.cache == .allowed ? cache.answer(to: key) : nil)
    }

    /// Answers with a kept answer: nothing is called, held or spent, and the entry says whose answer it is.
    func replay(_ answer: KeptAnswer, record: RequestRecord) throws(RequestError) -> GenerationStream {
        let (stream, output) = GenerationStream.makeStream()
        _ = try running.start { [record] in
            var record = record
            record.noteContent()
            do {
                // It has no intent, so that nothing of it is shown before it is on the record.
                let receipt = try await record.enter(answer)
                output.yield(.committed(record.commitment(of: answer)))
                for event in answer.events { output.yield(event) }
                output.yield(.completed(model: answer.model, usage: answer.usage, receipt: receipt))
                output.finish()
            } catch {
                output.finish(throwing: RequestError(error))
            }
        }
        return stream
    }
}
