import CLapwingKernels

extension ImportanceMatrix {
    /// Runs the text through a model and takes the mean squares of what each of its matrices reads.
    ///
    /// `progress` gets the tokens that are done; the task's cancellation ends it.
    package init(
        measuredBy model: LanguageModel, over text: CalibrationText, name: String,
        progress: (_ tokenCount: Int) -> Void = { _ in }
    ) throws {
        let squares = InputSquares(), cache = try model.makeCache(for: text)
        var done = 0
        for sequence in text.sequences {
            try Task.checkCancellation()
            model.observe(ModelStep(sequence, at: 0, in: cache), cache: cache, by: squares)
            done += sequence.count
            progress(done)
        }
        var found: [String: [Float]] = [:]
        for (name, matrix) in model.weights.namedMatrices {
            guard let sum = squares[matrix], sum.rowCount > 0 else { continue }
            found[name] = sum.squares.map { Float($0 / Double(sum.rowCount)) }
        }
        self.init(
            meanSquares: found, origin: Origin(file: "", dataset: name, chunkCount: text.sequences.count))
    }
}

extension DecoderWeights {
    /// Every matrix of a product, by its tensor's name; parts of a joined tensor by the names of tensors of their own.
    var namedMatrices: [(name: String, matrix: PackedMatrix)] {
        let isTied = output.matrix.strips.strips == embedding.strips.strips
        var all = [(isTied ? "token_embd.weight" : "output.weight", output.matrix)]
        for (index, layer) in layers.enumerated() {
            let block = "blk.\(index)."
            func add(_ name: String, _ matrix: PackedMatrix) { all.append(("\(block)\(name).weight", matrix)) }
            func add(_ network: FeedForward, _ infix: String) {
                // Without a gate the only input matrix is the one that is called up.
                if let up = network.up { add("ffn_up\(infix)", up.matrix) }
                add((network.up == nil ? "ffn_up" : "ffn_gate") + infix, network.gate.matrix)
                add("ffn_down\(infix)", network.down.matrix)
            }
            add("attn_q", layer.query.matrix)
            add("attn_k", layer.key.matrix)
            add("attn_v", layer.value.matrix)
            add("attn_output", layer.attentionOutput.matrix)
            switch layer.feedForward {
            case .dense(let network): add(network, "")
            case .mixture(let mixture):
                for (expert, network) in mixture.experts.enumerated() { add(network, ".\(expert)") }
                if let shared = mixture.shared { add(shared.network, "_shexp") }
            }
        }
        return all
    }
}
