extension Architecture {
    /// Qwen 1.5 to 2.5: queries, keys and values have biases.
    static let qwen2 = Architecture("qwen2") { _, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.required = [.projectionBias]
    }

    /// Qwen 1.5 and 2 with experts: their weights are shares among all, and one more expert serves every row.
    static let qwen2moe = Architecture("qwen2moe") { keys, c throws(WeightsError) in
        try qwen2.describe(keys, &c)
        guard c.experts != nil else { throw keys.unfit("expert_count", 0, "the number of experts") }
        c.experts?.normalizesWeights = try keys.flag("expert_weights_norm", default: false)
        c.experts?.sharedLength = try keys.length("expert_shared_feed_forward_length", limit: 1 << 20)
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
