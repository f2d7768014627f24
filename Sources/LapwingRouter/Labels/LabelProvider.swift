import LapwingAPI

/// Answers a chat with one label of a closed set, as a token with its probability.
///
/// There is nothing to draw: the answer is the most probable label, whatever a request says of sampling, stops and length.
package struct LabelProvider: ChatProvider {
    private let model: String
    private let source: any LabelSource

    /// `model` is the name that answers carry.
    package init(model: String, source: any LabelSource) {
        self.model = model
        self.source = source
    }

    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let prompt = try prompt(of: request)
        let answer = try await source.labels(for: prompt, among: request.labels, context: context)
        var token = answer.token
        if request.topLogProbabilities == nil { (token.logProbability, token.top) = (nil, []) }
        let (stream, output) = GenerationStream.makeStream()
        output.yield(.delta(choice: 0, text: answer.labels[answer.best], tokens: [token]))
        output.yield(.finished(choice: 0, reason: .stop))
        output.yield(.completed(model: model, usage: answer.usage, receipt: nil))
        output.finish()
        return stream
    }

    private func prompt(of request: GenerationRequest) throws(RequestError) -> Prompt {
        guard let prompt = request.prompts.first, request.prompts.count == 1 else {
            throw .invalid(field: "prompt", found: "\(request.prompts.count) prompts", expected: "one, for one label")
        }
        guard request.choiceCount == 1 else {
            throw .invalid(
                field: "n", found: "\(request.choiceCount)", expected: "1: the label of a prompt is always the same")
        }
        if request.echo { throw .unsupported(field: "echo", reason: "the answer is a label alone") }
        if request.continuesLastMessage {
            throw .unsupported(field: "continue_final_message", reason: "the answer is a label alone")
        }
        let lacking = GenerationRequest.Feature.allCases.filter { $0 != .labels }
        if let refusal = request.refusal(lacking: lacking, in: model) { throw refusal }
        return prompt
    }
}
