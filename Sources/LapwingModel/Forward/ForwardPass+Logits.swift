import CLapwingKernels
import Foundation

extension ForwardPass {
    /// Final norm and output head for the rows that are left, a tile of rows at a time so that memory stays bounded.
    func predict(_ onLogits: (_ row: Int, UnsafeMutableBufferPointer<Float>) -> Void) {
        let vocabulary = configuration.vocabularySize
        let output = model.weights.output
        normalize(by: model.weights.outputNorm, asBlocks: output.matrix.takesBlocks)
        for start in stride(from: 0, to: rows.count, by: scratch.logitTile) {
            let count = min(scratch.logitTile, rows.count - start)
            let tile = Product(output, to: scratch.logits, stride: vocabulary)
            multiply(scratch.input, by: tile, rows: start..<start + count)
            if configuration.logitCap > 0 { capLogits(count * vocabulary) }
            for offset in 0..<count {
                let logits = UnsafeMutableBufferPointer(
                    start: scratch.logits + offset * vocabulary, count: vocabulary)
                onLogits(rows[start + offset].index, logits)
            }
        }
    }

    /// Final norm alone.
    func finish(_ onStates: (_ row: Int, UnsafeMutableBufferPointer<Float>) -> Void) {
        let width = configuration.embeddingLength
        normalize(by: model.weights.outputNorm, asBlocks: false)
        for (index, row) in rows.enumerated() {
            onStates(row.index, UnsafeMutableBufferPointer(start: scratch.input.values + index * width, count: width))
        }
    }

    private func capLogits(_ count: Int) {
        let cap = configuration.logitCap
        workers.forEachRange(count, grain: 4096) { range in
            for index in range { scratch.logits[index] = cap * tanh(scratch.logits[index] / cap) }
        }
    }
}
