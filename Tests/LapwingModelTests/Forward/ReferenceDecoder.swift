import Foundation
import LapwingModel

/// The llama architecture written down once more, in double precision and without any of the engine's code.
struct ReferenceDecoder {
    let file: GGUFFile
    let layers: Int
    let heads: Int
    let kvHeads: Int
    let width: Int
    let length: Int
    let base: Double
    /// Elements at the start of a head that are rotated.
    let rotatedCount: Int
    let scale: Double
    /// Divisors of the frequencies, one a pair; empty for none.
    let factors: [Double]
    /// 0 for none.
    let expertCount: Int
    let usedExpertCount: Int

    init(file: GGUFFile) throws {
        self.file = file
        layers = Int(try file.uint32("llama.block_count"))
        heads = Int(try file.uint32("llama.attention.head_count"))
        kvHeads = Int(try file.uint32("llama.attention.head_count_kv"))
        width = Int(try file.uint32("llama.embedding_length"))
        length = try file.ifPresent("llama.attention.key_length", file.uint32).map(Int.init) ?? width / heads
        base = Double(try file.float("llama.rope.freq_base"))
        rotatedCount = Int(try file.uint32("llama.rope.dimension_count"))
        scale = Double(try file.ifPresent("llama.rope.scaling.factor", file.float) ?? 1)
        factors = try file.tensors["rope_freqs.weight"].map { try file.dequantize($0).map(Double.init) } ?? []
        expertCount = Int(try file.ifPresent("llama.expert_count", file.uint32) ?? 0)
        usedExpertCount = Int(try file.ifPresent("llama.expert_used_count", file.uint32) ?? 0)
    }

    /// Logits of every position.
    func logits(_ tokens: [Int32]) throws -> [[Double]] {
        let embedding = try matrix("token_embd.weight")
        var stream = tokens.map { embedding[Int($0)] }
        for layer in 0..<layers {
            let block = "blk.\(layer)."
            let inputs = try stream.map { normalized($0, try vector(block + "attn_norm.weight")) }
            let attended = try attention(block, inputs)
            let output = try matrix(block + "attn_output.weight")
            stream = zip(stream, attended).map { zip($0, times(output, $1)).map(+) }
            let feedForward = try feedForward(block)
            let norm = try vector(block + "ffn_norm.weight")
            stream = stream.map { row in zip(row, feedForward(normalized(row, norm))).map(+) }
        }
        let head = file.tensors["output.weight"] == nil ? embedding : try matrix("output.weight")
        let norm = try vector("output_norm.weight")
        return stream.map { times(head, normalized($0, norm)) }
    }

    private func feedForward(_ block: String) throws -> ([Double]) -> [Double] {
        func network(_ gate: [[Double]], _ up: [[Double]], _ down: [[Double]]) -> ([Double]) -> [Double] {
            { input in times(down, zip(times(gate, input), times(up, input)).map { $0 / (1 + exp(-$0)) * $1 }) }
        }
        guard expertCount > 0 else {
            return try network(
                matrix(block + "ffn_gate.weight"), matrix(block + "ffn_up.weight"), matrix(block + "ffn_down.weight"))
        }
        let experts = try (0..<expertCount).map { expert in
            try network(
                self.expert(expert, block + "ffn_gate"), self.expert(expert, block + "ffn_up"),
                self.expert(expert, block + "ffn_down"))
        }
        let router = try matrix(block + "ffn_gate_inp.weight")
        // The softmax over all experts, then the chosen ones' share of it: Mixtral's own code.
        return { input in
            let weights = times(router, input).map { exp($0) }
            let chosen = weights.indices.sorted { weights[$0] > weights[$1] }.prefix(usedExpertCount)
            let total = chosen.reduce(0) { $0 + weights[$1] }
            return chosen.reduce([Double](repeating: 0, count: input.count)) { sums, expert in
                zip(sums, experts[expert](input)).map { $0 + weights[expert] / total * $1 }
            }
        }
    }

    private func attention(_ block: String, _ inputs: [[Double]]) throws -> [[Double]] {
        func projected(_ name: String, rotate: Bool) throws -> [[Double]] {
            let weight = try matrix(block + name)
            return inputs.enumerated().map { position, input in
                let row = times(weight, input)
                return rotate ? rotated(row, position: position) : row
            }
        }
        let queries = try projected("attn_q.weight", rotate: true)
        let keys = try projected("attn_k.weight", rotate: true)
        let values = try projected("attn_v.weight", rotate: false)
        return queries.indices.map { position in
            (0..<heads).flatMap { head -> [Double] in
                let own = head * length, shared = head / (heads / kvHeads) * length
                let scores = (0...position).map { t in
                    (0..<length).reduce(0) { $0 + queries[position][own + $1] * keys[t][shared + $1] }
                        / Double(length).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let total = weights.reduce(0, +)
                return (0..<length).map { d in
                    (0...position).reduce(0) { $0 + weights[$1] / total * values[$1][shared + d] }
                }
            }
        }
    }

    private func rotated(_ row: [Double], position: Int) -> [Double] {
        var row = row
        for start in stride(from: 0, to: row.count, by: 2) where start % length < rotatedCount {
            let place = start % length
            let factor = factors.isEmpty ? 1 : factors[place / 2]
            let angle = Double(position) / scale * pow(base, -Double(place) / Double(rotatedCount)) / factor
            let (even, odd) = (row[start], row[start + 1])
            row[start] = even * cos(angle) - odd * sin(angle)
            row[start + 1] = even * sin(angle) + odd * cos(angle)
        }
        return row
    }

    private func normalized(_ row: [Double], _ weight: [Double]) -> [Double] {
        let rms = (row.reduce(0) { $0 + $1 * $1 } / Double(row.count) + 1e-5).squareRoot()
        return zip(row, weight).map { $0 / rms * $1 }
    }

    private func times(_ matrix: [[Double]], _ input: [Double]) -> [Double] {
        matrix.map { row in
            var sum = 0.0
            // Plain loops, because closures cost most of a debug build's time here.
            row.withUnsafeBufferPointer { row in
                input.withUnsafeBufferPointer { input in
                    for index in 0..<row.count { sum += row[index] * input[index] }
                }
            }
            return sum
        }
    }

    private func vector(_ name: String) throws -> [Double] {
        try file.dequantize(file.tensor(name)).map(Double.init)
    }

    private func matrix(_ name: String) throws -> [[Double]] {
        let tensor = try file.tensor(name)
        let values = try vector(name)
        return (0..<tensor.shape[1]).map { Array(values[$0 * tensor.shape[0]..<($0 + 1) * tensor.shape[0]]) }
    }

    /// One expert's part, whichever way the file keeps it.
    private func expert(_ index: Int, _ part: String) throws -> [[Double]] {
        guard let tensor = file.tensors[part + "_exps.weight"] else { return try matrix("\(part).\(index).weight") }
        let values = try vector(tensor.name)
        let (columns, rows) = (tensor.shape[0], tensor.shape[1])
        return (index * rows..<(index + 1) * rows).map { Array(values[$0 * columns..<($0 + 1) * columns]) }
    }
}
