import LapwingAPI
import LapwingStatistics
import Logging

/// The fitted gates of the routes that have one, by the routes' names.
package struct RouteGates: PromptGate {
    package struct Gate: Sendable {
        package var file: GateFile
        /// Scores over it are sent to the closed model.
        package var threshold: Double
        /// Who makes the vectors that the gate needs; nil where it needs none.
        package var embedding: (any EmbeddingProvider)?

        package init(file: GateFile, threshold: Double, embedding: (any EmbeddingProvider)? = nil) {
            self.file = file
            self.threshold = threshold
            self.embedding = embedding
        }
    }

    private let gates: [String: Gate]
    private let logger: Logger

    package init(_ gates: [String: Gate], logger: Logger) {
        self.gates = gates
        self.logger = logger
    }

    package func finding(
        for request: GenerationRequest, route: Route, context: RequestContext
    ) async -> GateFinding? {
        guard let gate = gates[route.name], let prompt = GatePrompt.text(of: request) else { return nil }
        do {
            let score = try await gate.score(prompt, context: context)
            let confidence = Confidence(
                probability: Self.openness(score), calibrator: "\(gate.file.name)-v\(gate.file.version)",
                isCalibrated: false)
            return GateFinding(
                side: score > gate.threshold ? .closed : .open, confidence: confidence,
                threshold: Self.openness(gate.threshold))
        } catch {
            logger.warning(
                "the prompt gate could not be asked, the open model was",
                metadata: ["request": "\(context.requestID)", "route": "\(route.name)", "reason": "\(error)"])
            return nil
        }
    }
}

extension RouteGates {
    /// A gain, which lies between -1 and 1, as a number that stands on the side of the open model, as every confidence does:
    /// 1 where the closed one would lose for certain, 0 where it would win.
    private static func openness(_ gain: Double) -> Double { (1 - min(max(gain, -1), 1)) / 2 }
}

extension RouteGates.Gate {
    func score(_ prompt: String, context: RequestContext) async throws -> Double {
        guard file.model.embeddingLength != nil else { return file.model.score(prompt: prompt) }
        guard let embedding, let name = file.embedding else {
            throw RequestError.internal(reason: "the gate needs embeddings, and no model makes them")
        }
        let vector = try await GatePrompt.vectors(of: [prompt], by: embedding, model: name, context: context)[0]
        guard vector.count == file.model.embeddingLength else {
            throw RequestError.internal(
                reason: "'\(name)' makes vectors of \(vector.count) numbers, and the gate was fitted with others")
        }
        return file.model.score(prompt: prompt, embedding: vector)
    }
}

/// What of a request a gate reads; fitting and serving must agree on it.
package enum GatePrompt {
    /// All that the user said, or the text of a completion; nil for token ids and for several prompts.
    static func text(of request: GenerationRequest) -> String? { text(of: request.prompts) }

    package static func text(of prompts: [Prompt]) -> String? {
        guard prompts.count == 1 else { return nil }
        switch prompts[0] {
        case .messages(let messages):
            let said = messages.filter { $0.role == "user" }.map(\.content)
            return said.isEmpty ? nil : said.joined(separator: "\n")
        case .text(let text): return text
        case .tokens: return nil
        }
    }

    /// The prompts' vectors. Only a prompt's beginning is read: encoders read a few hundred tokens at once.
    package static func vectors(
        of prompts: [String], by provider: any EmbeddingProvider, model: String, context: RequestContext
    ) async throws -> [[Float]] {
        func vectors(_ prompts: [String], _ length: Int) async throws -> [[Float]] {
            let inputs = prompts.map { EmbeddingInput.text(GainSamples.embedded($0, longest: length)) }
            return try await provider.embed(EmbeddingRequest(model: model, inputs: inputs), context: context).vectors
        }
        do { return try await vectors(prompts, GainSamples.longestEmbedded) } catch let error as RequestError {
            guard case .tooLong = error else { throw error }
            // Other scripts and digits have about a token a character.
            var found: [[Float]] = []
            for prompt in prompts { found += try await vectors([prompt], GainSamples.longestEmbedded / 3) }
            return found
        }
    }
}
