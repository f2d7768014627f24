import CLapwingKernels

extension ModelFile {
    /// The tensor's elements as floats, by the scalar definition of its type: for tests and small tensors.
    package func dequantize(_ tensor: TensorInfo) throws(WeightsError) -> [Float] {
        guard tensor.type.isReadable else {
            throw .unsupportedTensorType(name: tensor.name, type: tensor.type, offset: tensor.offset)
        }
        return tensor.type.dequantize(bytes(of: tensor))
    }
}

extension TensorType {
    /// The elements of whole blocks, in a readable type, as floats. The blocks are aligned to 4 bytes.
    package func dequantize(_ blocks: UnsafeRawBufferPointer) -> [Float] {
        precondition(blocks.count % blockByteCount == 0, "only whole blocks can be dequantised")
        let blockCount = blocks.count / blockByteCount
        return [Float](unsafeUninitializedCapacity: blockCount * blockElementCount) { values, count in
            if let source = blocks.baseAddress, let target = values.baseAddress {
                dequantize(source, into: target, blockCount: blockCount)
            }
            count = blockCount * blockElementCount
        }
    }

    /// Writes `blockCount` blocks as floats.
    func dequantize(
        _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>, blockCount: Int
    ) {
        func run<Block>(_ kernel: (UnsafePointer<Block>?, UnsafeMutablePointer<Float>?, Int) -> Void) {
            kernel(source.assumingMemoryBound(to: Block.self), target, blockCount)
        }
        switch self {
        case .f32: target.update(from: source.assumingMemoryBound(to: Float.self), count: blockCount)
        case .f16: run(lw_dequantize_f16)
        case .bf16: run(lw_dequantize_bf16)
        case .q4_0: run(lw_dequantize_q4_0)
        case .q4_1: run(lw_dequantize_q4_1)
        case .q5_0: run(lw_dequantize_q5_0)
        case .q5_1: run(lw_dequantize_q5_1)
        case .q8_0: run(lw_dequantize_q8_0)
        case .q2_K: run(lw_dequantize_q2_k)
        case .q3_K: run(lw_dequantize_q3_k)
        case .q4_K: run(lw_dequantize_q4_k)
        case .q5_K: run(lw_dequantize_q5_k)
        case .q6_K: run(lw_dequantize_q6_k)
        case .iq4_nl: run(lw_dequantize_iq4_nl)
        case .iq4_xs: run(lw_dequantize_iq4_xs)
        case .mxfp4: run(lw_dequantize_mxfp4)
        default: preconditionFailure("\(self) is not a readable type")
        }
    }
}
