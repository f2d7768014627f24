import CLapwingKernels
import Foundation
import Synchronization

/// An encoder of BERT's family ready to run: a vector of a text, or a score of a pair of texts.
///
/// What a sequence becomes does not depend on those that it comes with, bit for bit, nor on the number of threads.
package final class EncoderModel: Sendable {
    package let configuration: EncoderConfiguration
    /// The file, for the tokenizer's metadata.
    package let file: GGUFFile
    package let kernels: KernelTable
    package let workers: Workers
    package let precision: EncoderPrecision
    let weights: EncoderWeights
    /// Memory that no pass has at the moment; no more than there were passes at once.
    private let scratches = Mutex<[EncoderScratch]>([])

    /// Reads a weight file and packs it; throws `WeightsError` for a damaged file, `ModelError` for one we cannot run.
    package static func load(path: String, options: EncoderOptions = EncoderOptions()) throws -> EncoderModel {
        try EncoderModel(file: GGUFFile(path: path), options: options)
    }

    package init(file: GGUFFile, options: EncoderOptions = EncoderOptions()) throws {
        let kernels = try KernelTable(named: options.kernels)
        let configuration = try EncoderConfiguration(file: file)
        let workers = options.workers ?? Workers()
        self.file = file
        self.configuration = configuration
        self.kernels = kernels
        self.workers = workers
        precision = options.precision
        weights = try EncoderLoader(file: file, configuration: configuration)
            .load(precision: options.precision, workers: workers)
    }

    /// Whether a file is of an architecture that this runs.
    package static func runs(_ file: GGUFFile) -> Bool {
        (try? file.string("general.architecture")) == EncoderConfiguration.architecture
    }

    /// Tokens of the longest sequence, `[CLS]` and `[SEP]` included.
    package var maximumLength: Int { configuration.maximumLength }
    /// Elements of a vector.
    package var dimensionCount: Int { configuration.dimensionCount }

    /// A vector for each sequence of tokens, `[CLS]` and `[SEP]` included; of length 1 unless `normalized` is false.
    ///
    /// `pooling` takes the place of what the file says. Throws `EncoderError`.
    package func embed(
        _ sequences: [[Int32]], pooling: EncoderPooling? = nil, normalized: Bool = true,
        excess: ExcessTokens = .refuse
    ) throws -> [[Float]] {
        let pooling = pooling ?? configuration.pooling
        guard pooling != .score else { throw EncoderError.wrongKind(found: pooling, expected: "mean or firstToken") }
        let sound = try sequences.enumerated().map { index, tokens in
            try checked(tokens, secondStart: tokens.count, index: index, excess: excess)
        }
        return try map(sound) { pass, index in
            let (rows, count) = pass.rows(of: index)
            return vector(rows, count: pooling == .mean ? count : 1, normalized: normalized)
        }
    }

    /// A score for each pair, greater for a second text that fits the first better; the classifier's own number, which a
    /// sigmoid turns into a share. Throws `EncoderError`.
    package func score(_ pairs: [EncoderPair], excess: ExcessTokens = .refuse) throws -> [Float] {
        guard let classifier = weights.classifier else {
            throw EncoderError.wrongKind(found: configuration.pooling, expected: "score")
        }
        let sound = try pairs.enumerated().map { index, pair in
            try checked(pair.tokens, secondStart: pair.secondStart, index: index, excess: excess)
        }
        return try map(sound) { pass, index in score(pass.rows(of: index).start, by: classifier) }
    }
}

// MARK: Passes

extension EncoderModel {
    /// Rows of a pass beside others: its values stay in a near cache, and the weights that it reads serve many rows.
    private static let passRows = 48...128

    /// Calls `result` for each sequence after it has gone through all layers; results are in the sequences' order.
    private func map<Result: Sendable>(
        _ sequences: [EncoderSequence], _ result: (EncoderPass, Int) -> Result
    ) throws -> [Result] {
        let parts = parts(of: sequences)
        let results = Mutex<[[Result]]>(Array(repeating: [], count: parts.count)), failure = Mutex<ModelError?>(nil)
        func run(_ index: Int, workers: Workers?) {
            do {
                let part = Array(sequences[parts[index]])
                let scratch = try takeScratch(rowCount: part.reduce(0) { $0 + $1.tokens.count })
                defer { scratches.withLock { $0.append(scratch) } }
                let pass = EncoderPass(part, of: self, in: scratch, workers: workers)
                pass.run()
                let own = part.indices.map { result(pass, $0) }
                results.withLock { $0[index] = own }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        // Too few passes for all threads share the threads within each.
        if parts.count < workers.count {
            for index in parts.indices { run(index, workers: workers) }
        } else {
            workers.forEachRange(parts.count, grain: 1) { range in for index in range { run(index, workers: nil) } }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return results.withLock { $0.flatMap { $0 } }
    }

    /// Consecutive sequences of so many rows together that each thread has some parts, or one longer sequence.
    private func parts(of sequences: [EncoderSequence]) -> [Range<Int>] {
        let total = sequences.reduce(0) { $0 + $1.tokens.count }
        let limit = min(max(total / (4 * workers.count), Self.passRows.lowerBound), Self.passRows.upperBound)
        var parts: [Range<Int>] = [], start = 0, rows = 0
        for (index, sequence) in sequences.enumerated() {
            if index > start, rows + sequence.tokens.count > limit {
                parts.append(start..<index)
                (start, rows) = (index, 0)
            }
            rows += sequence.tokens.count
        }
        if start < sequences.count { parts.append(start..<sequences.count) }
        return parts
    }

    private func takeScratch(rowCount: Int) throws(ModelError) -> EncoderScratch {
        let free = scratches.withLock { free -> EncoderScratch? in
            if let index = free.firstIndex(where: { $0.rowLimit >= rowCount }) { return free.remove(at: index) }
            // One that is too small makes room for the larger one, so that their number stays.
            _ = free.popLast()
            return nil
        }
        if let free { return free }
        // A longer sequence is a pass of its own; doubling asks the system for memory seldom.
        return try EncoderScratch(configuration, rowLimit: Self.scratchRows(for: rowCount))
    }

    /// Rows of the memory that is kept for the next passes.
    package var keptRowCount: Int { scratches.withLock { $0.reduce(0) { $0 + $1.rowLimit } } }

    static func scratchRows(for rowCount: Int) -> Int {
        var rowLimit = passRows.upperBound
        while rowLimit < rowCount { rowLimit *= 2 }
        return rowLimit
    }

    private func checked(
        _ tokens: [Int32], secondStart: Int, index: Int, excess: ExcessTokens
    ) throws(EncoderError) -> EncoderSequence {
        guard let last = tokens.last else { throw .emptySequence(index: index) }
        guard (0...tokens.count).contains(secondStart) else {
            throw .secondStartOutOfRange(index: index, start: secondStart, count: tokens.count)
        }
        if let token = tokens.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw .tokenOutOfRange(index: index, token: token, vocabularySize: configuration.vocabularySize)
        }
        if secondStart < tokens.count, configuration.typeCount < 2 {
            throw .wrongKind(found: configuration.pooling, expected: "a model with two types of tokens")
        }
        guard tokens.count > maximumLength else { return EncoderSequence(tokens: tokens, secondStart: secondStart) }
        guard excess == .truncate else {
            throw .tooLong(index: index, count: tokens.count, limit: maximumLength)
        }
        return EncoderSequence(tokens: tokens.prefix(maximumLength - 1) + [last], secondStart: secondStart)
    }
}

/// Tokens that were checked; those from `secondStart` on are of the type 1.
struct EncoderSequence: Sendable {
    let tokens: [Int32]
    let secondStart: Int
}

// MARK: Results

extension EncoderModel {
    /// The mean of `count` rows, of which one is itself.
    private func vector(_ rows: UnsafeMutablePointer<Float>, count: Int, normalized: Bool) -> [Float] {
        let width = dimensionCount
        var vector = Array(UnsafeBufferPointer(start: rows, count: width))
        for row in 1..<max(count, 1) { for i in 0..<width { vector[i] += rows[row * width + i] } }
        for i in 0..<width { vector[i] /= Float(count) }
        guard normalized else { return vector }
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { return vector }
        return vector.map { Float(Double($0) / length) }
    }

    private func score(_ row: UnsafeMutablePointer<Float>, by classifier: EncoderClassifier) -> Float {
        let first = Array(UnsafeBufferPointer(start: row, count: dimensionCount))
        let input = classifier.pooler?.apply(first).map { Float(tanh(Double($0))) } ?? first
        return classifier.output.apply(input)[0]
    }
}

extension EncoderClassifier.Linear {
    fileprivate func apply(_ input: [Float]) -> [Float] {
        bias.indices.map { row in
            input.indices.reduce(bias[row]) { $0 + weight[row * input.count + $1] * input[$1] }
        }
    }
}
