import Crypto
import Foundation
import LapwingAPI

/// Names all that an answer hangs on: SHA-256 over who may see it, what would be called, and every field of the request.
///
/// The request is encoded by the compiler's own `Encodable`, so that a new field is part of the key without anybody
/// thinking of it; equal requests that encode differently are only a miss.
package struct AnswerKey: Hashable, Sendable {
    private struct Material: Encodable {
        struct Model: Encodable {
            let name: String
            let upstream: String
            /// Where it is asked, and in which API.
            let endpoints: [String]
            let dialect: String
            let side: CallReceipt.Side
        }

        /// Kept answers never pass from one tenant to another.
        let tenant: String
        let route: String
        /// Those that may answer, in their order; tiers that escalate differ in them from those that do not.
        let models: [Model]
        let threshold: Double?
        let mostTokens: Int?
        /// What the answer is one of, and what chooses among them.
        let labels: [String]?
        let head: String?
        let embedder: String?
        let request: GenerationRequest
        /// Apart and in order, because a dictionary is encoded in any.
        let biases: [Double]
        /// As they are sent: a model writes an answer in the order of its schema's members, which sorted keys leave out.
        let schemas: [String]
    }

    private let digest: SHA256Digest

    /// nil where the request holds a number that JSON has no word for.
    package init?(_ request: GenerationRequest, plan: RequestPlan, tenant: String) {
        var request = request
        // Neither changes the answer: it is sent in one body or as a stream, and its prompt read from a cache or anew.
        request.stream = false
        request.cachePrompt = true
        let biases = request.sampling.logitBias.sorted { $0.key < $1.key }
        request.sampling.logitBias = [:]
        let material = Material(
            tenant: tenant, route: plan.route.name,
            models: [CallReceipt.Side.open, .closed].flatMap { plan.models[$0] ?? [] }.map {
                Material.Model(
                    name: $0.binding.name, upstream: $0.binding.upstreamName,
                    endpoints: $0.binding.pool?.endpointNames ?? [], dialect: "\($0.binding.dialect)", side: $0.side)
            },
            threshold: plan.policy.threshold, mostTokens: plan.assumedMaxTokens,
            labels: plan.route.labels?.names, head: plan.route.labels?.head?.fullName,
            embedder: plan.route.embedder, request: request,
            biases: biases.flatMap { [Double($0.key), $0.value] },
            schemas: [request.toolUse?.json, request.responseFormat?.json].map {
                String(decoding: $0?.text ?? [], as: UTF8.self)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(material) else { return nil }
        digest = SHA256.hash(data: bytes)
    }
}
