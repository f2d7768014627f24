extension Architecture {
    /// Phi 1 to 2: one norm for both halves of a layer, which run side by side; biases everywhere.
    static let phi2 = Architecture("phi2") { _, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.norm = .layer
        c.activation = .gelu
        c.isGated = false
        c.hasParallelHalves = true
        c.required = [.allBiases]
    }

    /// Phi 3: as Llama, with its projections and its gate joined in one tensor each.
    static let phi3 = Architecture("phi3") { keys, c throws(WeightsError) in
        c.ropeStyle = .halves
        c.setWindows(try keys.window())
    }
}
