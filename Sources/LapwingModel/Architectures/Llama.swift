extension Architecture {
    /// Llama 1 to 3, Mistral, Mixtral, SmolLM 1 and 2, and all that is built as they are.
    static let llama = Architecture("llama") { keys, c throws(WeightsError) in
        c.setWindows(try keys.window())
    }

    /// SmolLM 3: each fourth layer does not rotate.
    static let smollm3 = Architecture("smollm3") { _, c throws(WeightsError) in
        for index in c.layers.indices where (index + 1) % 4 == 0 { c.layers[index].rotation = nil }
    }
}
