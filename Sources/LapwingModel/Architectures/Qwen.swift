extension Architecture {
    /// Qwen 1.5 to 2.5: queries, keys and values have biases.
    static let qwen2 = Architecture("qwen2") { _, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.required = [.projectionBias]
    }

    /// Qwen 3: each head's query and key has a norm.
    static let qwen3 = Architecture("qwen3") { _, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.required = [.headNorms]
    }

    /// Qwen 3 with experts.
    static let qwen3moe = Architecture("qwen3moe") { keys, c throws(WeightsError) in
        try qwen3.describe(keys, &c)
        guard c.experts != nil else { throw keys.unfit("expert_count", 0, "the number of experts") }
    }
}
