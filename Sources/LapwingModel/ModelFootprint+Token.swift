extension ModelFootprint {
    /// Bytes of a file's weights that one token alone reads: of a mixture those of the experts that it goes through, and no
    /// more than a row of an embedding that is not the head too. Throws what loading would throw for its hyperparameters.
    package static func byteCountPerToken(of file: GGUFFile) throws -> Int {
        let experts = try ModelConfiguration(file: file).experts
        let hasHead = file.tensors["output.weight"] != nil
        return file.tensors.values.reduce(0) { sum, tensor in
            if tensor.name == DecoderLoader.embeddingName, hasHead { return sum }
            guard let experts, isOfExperts(tensor.name) else { return sum + tensor.byteCount }
            return sum + tensor.byteCount * experts.usedCount / experts.count
        }
    }

    /// `blk.0.ffn_up_exps.weight` or `blk.0.ffn_up.3.weight`, and not the router or the norm.
    private static func isOfExperts(_ name: String) -> Bool {
        ["gate", "up", "down"].contains { name.contains(".ffn_\($0).") || name.contains(".ffn_\($0)_exps.") }
    }
}
