extension Architecture {
    /// Gemma 1: scaled embeddings and GELU. Norm weights are stored with their 1 added.
    static let gemma = Architecture("gemma") { _, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.activation = .gelu
        c.embeddingScale = Float(c.embeddingLength).squareRoot()
    }

    /// Gemma 2: norms after both halves too, capped scores and logits, a window in every other layer.
    static let gemma2 = Architecture("gemma2") { keys, c throws(WeightsError) in
        try gemma.describe(keys, &c)
        c.required = [.postNorms]
        c.attentionCap = try keys.positive("attn_logit_softcapping", default: 50)
        c.logitCap = try keys.positive("final_logit_softcapping", default: 30)
        c.setWindows(
            try keys.window() ?? 4096,
            allButEach: try keys.length("attention.sliding_window_pattern", limit: 1 << 10, default: 2))
        // Files do not tell the scale: that of the 27B model is by the embedding's share of a head, not its length.
        if !keys.contains("attention.scale"), c.layerCount == 46 {
            c.attentionScale = 1 / Float(c.embeddingLength / c.headCount).squareRoot()
        }
    }

    /// Gemma 3: norms of heads, and five windowed layers to each one that sees all; only that one's rotation is stretched.
    static let gemma3 = Architecture("gemma3") { keys, c throws(WeightsError) in
        try gemma.describe(keys, &c)
        c.required = [.postNorms, .headNorms]
        let period = try keys.length("attention.sliding_window_pattern", limit: 1 << 10, default: 6)
        c.setWindows(try keys.window() ?? 1024, allButEach: period)
        c.rotations.append(Rotation(base: try keys.positive("rope.freq_base_swa", default: 10_000)))
        for index in c.layers.indices where c.layers[index].window != nil { c.layers[index].rotation = 1 }
        if !keys.contains("attention.scale"), c.layerCount == 62 {
            c.attentionScale = 1 / Float(c.embeddingLength / c.headCount).squareRoot()
        }
    }
}
