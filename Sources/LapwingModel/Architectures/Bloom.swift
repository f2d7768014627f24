extension Architecture {
    /// BLOOM: scores fall with distance (ALiBi, https://arxiv.org/abs/2108.12409) in place of rotation.
    static let bloom = Architecture("bloom") { _, c throws(WeightsError) in
        c.norm = .layer
        c.activation = .gelu
        c.isGated = false
        c.alibiBias = 8
        c.required = [.allBiases, .embeddingNorm]
        for index in c.layers.indices { c.layers[index].rotation = nil }
    }
}
