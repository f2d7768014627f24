import Foundation

/// What `Scripts/make_reference.py` wrote; the format is described there.
struct LlamaReference {
    struct Prompt {
        let tokens: [Int32]
        let answer: [Int32]
        /// The best tokens over the same answer with weights expanded to floats.
        let exactBest: [Int32]
        /// Nats between llama.cpp's two best tokens, on the file as it is and with expanded weights.
        let margins: [Float]
        let exactMargins: [Float]
    }

    /// The best tokens of a position with their log-probabilities, and the log-probability of all others together.
    struct Distribution {
        let tokens: [Int]
        let logProbabilities: [Double]
        let rest: Double
    }

    let tokens: [Int32]
    let sequenceLength: Int
    let distributions: [Distribution]
    let prompts: [Prompt]

    init() throws {
        let url = Bundle.module.url(forResource: "smollm2-reference", withExtension: "bin", subdirectory: "Fixtures")
        guard let url else { throw CocoaError(.fileNoSuchFile) }
        var reader = Reader(bytes: try Data(contentsOf: url))
        guard reader.take(UInt32.self) == 0x4652_574c, reader.take(UInt32.self) == 1 else {
            throw CocoaError(.fileReadCorruptFile)
        }
        let positions = reader.count()
        sequenceLength = reader.count()
        let kept = reader.count()
        let promptCount = reader.count()
        tokens = (0..<positions).map { _ in reader.take(Int32.self) }
        distributions = (0..<positions).map { _ in
            let tokens = (0..<kept).map { _ in Int(reader.take(UInt16.self)) }
            let codes = (0...kept).map { _ in -Double(reader.take(UInt16.self)) / 2048 }
            return Distribution(tokens: tokens, logProbabilities: Array(codes.dropLast()), rest: codes[kept])
        }
        prompts = (0..<promptCount).map { _ in
            let length = reader.count(), answerLength = reader.count()
            return Prompt(
                tokens: (0..<length).map { _ in reader.take(Int32.self) },
                answer: (0..<answerLength).map { _ in reader.take(Int32.self) },
                exactBest: (0..<answerLength).map { _ in reader.take(Int32.self) },
                margins: (0..<answerLength).map { _ in reader.float() },
                exactMargins: (0..<answerLength).map { _ in reader.float() })
        }
    }

    private struct Reader {
        let bytes: Data
        var offset = 0

        mutating func take<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> T {
            defer { offset += MemoryLayout<T>.size }
            return T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
        }

        mutating func float() -> Float { Float(bitPattern: take(UInt32.self)) }
        mutating func count() -> Int { Int(take(UInt32.self)) }
    }
}
