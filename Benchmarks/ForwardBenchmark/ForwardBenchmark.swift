import Foundation
import LapwingModel

/// Runs a model's forward pass in the shapes that matter: a long prompt, one row, eight rows of eight sequences.
struct ForwardBenchmark {
    private static let promptLength = 512
    private static let decodeLength = 64
    private static let streamCount = 8
    private static let pagesPerStream = 8

    private let model: LanguageModel
    private let cache: KVCache
    private let start: ContinuousClock.Instant

    init(path: String) throws {
        start = .now
        model = try LanguageModel.load(path: path)
        cache = try model.makeCache(pageCount: Self.streamCount * Self.pagesPerStream)
    }

    func run(rounds: Int) {
        let loaded = seconds(since: start)
        forward([row(tokens(4), position: 0)])
        print(
            """
            {"load_seconds": \(loaded), "first_token_seconds": \(seconds(since: start)), \
            "kernels": "\(model.kernels.name)", "threads": \(model.workers.count), "weight_bytes": \(model.weightByteCount)}
            """)
        for _ in 0..<rounds {
            let prefill = rate(Self.promptLength) { forward([row(tokens(Self.promptLength), position: 0)]) }
            let decode = rate(Self.decodeLength) {
                for position in 4..<4 + Self.decodeLength { forward([row(tokens(1), position: position)]) }
            }
            let streams = rate(Self.decodeLength * Self.streamCount) {
                for position in 4..<4 + Self.decodeLength {
                    forward((0..<Self.streamCount).map { row(tokens(1), position: position, stream: $0) })
                }
            }
            print(#"{"prefill": \#(prefill), "decode": \#(decode), "eight_streams": \#(streams)}"#)
        }
    }

    func writeLogits(ids: String, to path: String) throws {
        let ids = try Data(contentsOf: URL(fileURLWithPath: ids)).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) }
        }
        try Data().write(to: URL(fileURLWithPath: path))
        let out = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        for start in stride(from: 0, to: ids.count, by: Self.promptLength) {
            let part = Array(ids[start..<min(start + Self.promptLength, ids.count)])
            let step = ModelStep(tokens: part, sequences: [row(part, position: 0, logits: .all).rows])
            model.forward(step, cache: cache) { _, logits in out.write(Data(buffer: UnsafeBufferPointer(logits))) }
        }
        try out.close()
    }

    private typealias Part = (tokens: [Int32], rows: SequenceRows)

    /// Rows of one sequence; a stream has its own pages, and the first may use those of all.
    private func row(_ tokens: [Int32], position: Int, stream: Int = 0, logits: LogitRows = .last) -> Part {
        let first = stream * Self.pagesPerStream
        let pages = (first..<cache.pageCount).map(Int32.init)
        return (tokens, SequenceRows(rowCount: tokens.count, startPosition: position, pages: pages, logits: logits))
    }

    private func forward(_ parts: [Part]) {
        model.forward(ModelStep(tokens: parts.flatMap(\.tokens), sequences: parts.map(\.rows)), cache: cache) { _, _ in
        }
    }

    /// Ids all over the vocabulary: speed does not hang on what is read.
    private func tokens(_ count: Int) -> [Int32] {
        (0..<count).map { Int32((37 * $0 + 101) % model.configuration.vocabularySize) }
    }

    private func rate(_ count: Int, _ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        return Double(count) / seconds(since: start)
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double { start.duration(to: .now) / .seconds(1) }
}
