import LapwingAPI
import LapwingStore

extension Router: ScoringProvider {
    /// Scores with the model itself or a route's open one; entered and priced as any other call.
    package func score(_ request: ScoringRequest, context: RequestContext) async throws -> ScoringResult {
        let (route, model) = try table.openModel(of: request.model)
        guard let provider = model.scoring else {
            throw RequestError.unsupported(field: "model", reason: "'\(model.name)' does not score given text")
        }
        var request = request
        request.model = model.upstreamName
        let record = RequestRecord(
            endpoint: "score", route: route, first: model,
            prompts: [.tokens(request.prompt + request.continuations.flatMap(\.self))], threshold: nil, stream: false,
            countsSavings: false, context: context, services: services)
        let task = try running.start { [request, record, side = table.side(of: model)] in
            try await Self.score(
                request, context: context, model: model, side: side, provider: provider, record: record)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private static func score(
        _ request: ScoringRequest, context: RequestContext, model: ModelBinding, side: CallReceipt.Side,
        provider: any ScoringProvider, record: RequestRecord
    ) async throws -> ScoringResult {
        var record = record
        try await record.expect(model)
        var meter = record.meter(model, side: side)
        let decision: Decision = side == .closed ? .closed : .open
        do {
            var result = try await provider.score(request, context: meter.metered(context))
            meter.observe(.event(.completed(model: model.name, usage: result.usage, receipt: nil)))
            result.receipt = try await record.enter(
                RequestRecord.Outcome(status: .completed, decision: decision, calls: [(meter, .kept)]))
            return result
        } catch {
            guard meter.reportedUsage == nil else { throw RequestError(error) }
            let error = RequestError(error)
            meter.observe(.ended(error))
            // Entered although the caller, and with it this task, may be gone.
            let entering = Task { [record, meter] in
                try await record.enter(
                    RequestRecord.Outcome(
                        status: error == .cancelled ? .cancelled : .failed, calls: [(meter, .failed)], error: error))
            }
            _ = try await entering.value
            throw error
        }
    }
}

extension Router: TokenizingProvider {
    package func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.tokenize(text, model: name, addSpecialTokens: addSpecialTokens)
    }

    package func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.detokenize(tokens, model: name)
    }

    package func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.tokenizerDescription(model: name)
    }

    /// A route's tokens are its open model's.
    private func tokenizer(of name: String) throws(RequestError) -> (any TokenizingProvider, String) {
        let (_, model) = try table.openModel(of: name)
        guard let provider = model.tokenizing else {
            throw .unsupported(field: "model", reason: "the tokenizer of '\(model.name)' is not known here")
        }
        return (provider, model.upstreamName)
    }
}
