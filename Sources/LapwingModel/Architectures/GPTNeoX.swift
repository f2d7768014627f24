extension Architecture {
    /// GPT-NeoX and Pythia: both halves of a layer side by side, each with its norm; a part of each head is rotated.
    static let gptneox = Architecture("gptneox") { keys, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.norm = .layer
        c.activation = .geluErf
        c.isGated = false
        c.hasParallelHalves = try keys.flag("use_parallel_residual", default: true)
        c.required = [.allBiases]
    }
}
