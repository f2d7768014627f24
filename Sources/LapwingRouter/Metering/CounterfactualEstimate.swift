import LapwingAPI

/// What the closed model would have cost for an answer that another model gave.
///
/// A closed model's own token counts are not known, so ours are scaled. Over 2,650 texts of banking77, GSM8K, IFEval,
/// ARC-easy and Swift source, the tokens of cl100k, o200k and Claude 2 by those of SmolLM2 had the median 0.97, and 95% of
/// the ratios lay between 0.70 (text full of figures) and 1.10. Output tokens are those of the answer that was kept.
package struct CounterfactualEstimate: Sendable {
    /// Percent of our tokens: expected, and the ends of the interval.
    static let expected: Int64 = 97
    static let low: Int64 = 70
    static let high: Int64 = 110
    /// What OpenAI's chat format adds to the contents: three tokens a message and one for its role, three for the answer.
    static let tokensPerMessage = 4
    static let tokensPerChat = 3

    package let model: String
    package let price: Price

    package init(model: String, price: Price) {
        self.model = model
        self.price = price
    }

    /// From a call that another model answered. nil when a cost passes Int64.
    package func scaled(from usage: Usage) -> Counterfactual? {
        guard let cost = self.cost(of: usage, percent: Self.expected),
            let low = self.cost(of: usage, percent: Self.low),
            let high = self.cost(of: usage, percent: Self.high)
        else { return nil }
        return Counterfactual(model: model, cost: cost, low: low, high: high, isEstimated: true)
    }

    /// From a call that this model answered itself. Where its provider did not say how many tokens it was, our own count
    /// has the interval that it has for any other model.
    package func known(from usage: Usage) -> Counterfactual? {
        guard let cost = price.cost(of: usage) else { return nil }
        var known = Counterfactual(model: model, cost: cost, low: cost, high: cost, isEstimated: usage.isEstimated)
        if usage.isEstimated {
            guard let scaled = scaled(from: usage) else { return nil }
            (known.low, known.high) = (scaled.low, scaled.high)
        }
        return known
    }

    /// The price of a hundred million tokens' worth of percents, so that the scaling too is rounded only once.
    private func cost(of usage: Usage, percent: Int64) -> NanoUSD? {
        let terms = [(usage.promptTokens, price.inputPerMillion), (usage.completionTokens, price.outputPerMillion)]
        let total = terms.reduce(Int128(0)) { $0 + Int128($1.0) * Int128($1.1.rawValue) * Int128(percent) }
        return Int64(exactly: roundHalfToEven(total, dividedBy: 100_000_000)).map { NanoUSD($0) }
    }
}

extension CounterfactualEstimate {
    /// The prompts' tokens without what our own template put around them, which no other model would see; `usage`'s
    /// where the model has no tokenizer at hand or they are token ids.
    static func promptTokens(of prompts: [Prompt], usage: Usage, model: ModelBinding) async -> Int {
        guard let tokenizer = model.tokenizing else { return usage.promptTokens }
        var total = 0
        for prompt in prompts {
            let texts: [String]
            switch prompt {
            case .messages(let messages):
                texts = messages.map(\.content)
                total += tokensPerChat + messages.count * tokensPerMessage
            case .text(let text): texts = [text]
            case .tokens: return usage.promptTokens
            }
            for text in texts {
                guard
                    let tokens = try? await tokenizer.tokenize(
                        text, model: model.upstreamName, addSpecialTokens: false)
                else { return usage.promptTokens }
                total += tokens.count
            }
        }
        return total
    }
}
