/// How much each input of each matrix matters: the mean square of what came in there over some text.
///
/// An error e of a weight changes an output by e times the input, so errors are weighed with the inputs' mean squares.
package struct ImportanceMatrix: Sendable, Equatable {
    /// By tensor; of a tensor with several experts, one after another.
    package var meanSquares: [String: [Float]]
    /// Where it comes from, kept in the file that is made with it.
    package var origin: Origin

    package struct Origin: Sendable, Equatable {
        package var file: String
        package var dataset: String
        package var chunkCount: Int

        package init(file: String, dataset: String, chunkCount: Int) {
            (self.file, self.dataset, self.chunkCount) = (file, dataset, chunkCount)
        }
    }

    package init(meanSquares: [String: [Float]], origin: Origin) {
        (self.meanSquares, self.origin) = (meanSquares, origin)
    }

    /// The weights of a tensor's columns, one run for each expert, with a mean of one and none near zero: what the text
    /// never used still deserves sound codes. nil for a tensor that the matrix does not know.
    func weights(for tensor: TensorInfo) throws(QuantizationError) -> [Float]? {
        let columns = tensor.shape.first ?? 1
        let experts = tensor.shape.count > 2 ? tensor.shape[2...].reduce(1, *) : 1
        // Queries, keys and values read the same input, whether they are one tensor or three.
        let found =
            meanSquares[tensor.name] ?? meanSquares[tensor.name.replacing("attn_qkv", with: "attn_q")]
            ?? joined(tensor.name, experts: experts)
        guard let found else { return nil }
        guard found.count == columns * experts else {
            throw .unfitImportance(name: tensor.name, expected: columns * experts, found: found.count)
        }
        var weights = found
        for expert in 0..<experts {
            let part = expert * columns..<(expert + 1) * columns
            let mean = found[part].reduce(0) { $0 + Double($1) } / Double(columns)
            for index in part {
                // An expert that the text never reached counts all its columns the same.
                weights[index] = mean > 0 ? max(Float(Double(found[index]) / mean), Self.leastWeight) : 1
            }
        }
        return weights
    }

    private static let leastWeight: Float = 1e-3

    /// The experts' own entries, for a tensor that holds them all: `blk.0.ffn_up.3.weight` for `blk.0.ffn_up_exps.weight`.
    private func joined(_ name: String, experts: Int) -> [Float]? {
        guard name.contains("_exps.") else { return nil }
        var all: [Float] = []
        for expert in 0..<experts {
            guard let part = meanSquares[name.replacing("_exps.", with: ".\(expert).", maxReplacements: 1)] else {
                return nil
            }
            all += part
        }
        return all
    }
}
