import LapwingModel

/// Divides a process's memory among its models: first what each must have, then pages for the caches.
///
/// A model must have its packed weights, the buffers of a forward pass, and pages for one context; it is given up to two.
/// Where no context was asked for, a shorter one will do rather than none. A plan over its limit is not to be carried out.
package struct MemoryPlan: Sendable {
    /// What one model needs, told from its file's header.
    package struct Demand: Sendable {
        package var name: String
        package var weightByteCount: Int
        package var pageByteCount: Int
        /// Bytes of a pass's buffers beside a cache of so many pages; never less for more pages.
        package var bufferByteCount: @Sendable (_ pageCount: Int) -> Int
        package var trainedContextLength: Int
        /// nil takes what the model was trained for, or as much of it as there is room for.
        package var contextLength: Int?

        package init(
            name: String, weightByteCount: Int, pageByteCount: Int, trainedContextLength: Int, contextLength: Int?,
            bufferByteCount: @escaping @Sendable (_ pageCount: Int) -> Int
        ) {
            self.name = name
            self.weightByteCount = weightByteCount
            self.pageByteCount = pageByteCount
            self.bufferByteCount = bufferByteCount
            self.trainedContextLength = trainedContextLength
            self.contextLength = contextLength
        }

        package init(
            name: String, _ footprint: ModelFootprint, contextLength: Int?, kvCache: KVCacheFormat = .int8
        ) {
            self.init(
                name: name, weightByteCount: footprint.weightByteCount, pageByteCount: footprint.pageByteCount(kvCache),
                trainedContextLength: footprint.configuration.contextLength, contextLength: contextLength
            ) { footprint.scratchByteCount(pageCount: $0) }
        }
    }

    /// One model's part.
    package struct Share: Sendable, Equatable {
        package var name: String
        package var weightByteCount: Int
        package var bufferByteCount: Int
        package var cacheByteCount: Int
        package var pageCount: Int
        /// Tokens of one request at most.
        package var contextLength: Int
        package var byteCount: Int { weightByteCount + bufferByteCount + cacheByteCount }
        /// Tokens that the cache holds, of all requests together.
        package var tokenCount: Int { pageCount * KVCache.pageSize }
    }

    /// For the program: its code, tokenizers, connections, and the answers under way. Measured with the default model and
    /// eight streams at 50 MB.
    package static let programByteCount = 64 << 20
    /// A model that no context was asked for is not run with less than this.
    package static let leastContextLength = 1024

    package let shares: [Share]
    package let limit: Int
    /// What a context that was asked for, or the least one, can be cut to so that all fits, as a part of it; nil where
    /// nothing but more memory or smaller weights helps.
    package let contextFraction: Double?

    package var byteCount: Int { Self.programByteCount + shares.reduce(0) { $0 + $1.byteCount } }
    package var fits: Bool { byteCount <= limit }

    /// Pages that a cache has where nothing limits it: two full contexts.
    package static func pageCount(contextLength: Int) -> Int { 2 * pages(contextLength) }

    private static func pages(_ tokens: Int) -> Int { (tokens + KVCache.pageSize - 1) / KVCache.pageSize }
}

extension MemoryPlan {
    /// Throws where a model was not trained for the context that was asked for.
    package init(_ demands: [Demand], limit: Int) throws(EngineError) {
        for demand in demands { try demand.checkContext() }
        self.limit = limit
        let least = demands.map {
            Self.pages($0.contextLength ?? min($0.trainedContextLength, Self.leastContextLength))
        }
        let most = demands.map { Self.pageCount(contextLength: $0.contextLength ?? $0.trainedContextLength) }
        let weights = demands.reduce(Self.programByteCount) { $0 + $1.weightByteCount }
        func cost(_ pages: [Int]) -> Int { zip(demands, pages).reduce(0) { $0 + $1.0.pageByteCount * $1.1 } }
        func buffers(_ pages: [Int]) -> Int { zip(demands, pages).reduce(0) { $0 + $1.0.bufferByteCount($1.1) } }
        /// The pages that there is room for beside buffers of that size.
        func pages(besideBuffers bufferByteCount: Int) -> [Int] {
            let room = limit - weights - bufferByteCount - cost(least)
            let extra = cost(most) - cost(least)
            let part = extra > 0 ? min(1, max(0, Double(room) / Double(extra))) : 0
            return zip(least, most).map { $0 + Int(part * Double($1 - $0)) }
        }

        // Buffers grow with the pages, by a hundredth as much: beside the smallest there is room for no fewer pages than can
        // be had, and beside what so many need, for hardly fewer.
        let bound = pages(besideBuffers: buffers(least))
        shares = zip(demands, pages(besideBuffers: buffers(bound))).map { demand, pageCount in
            Share(
                name: demand.name, weightByteCount: demand.weightByteCount,
                bufferByteCount: demand.bufferByteCount(pageCount),
                cacheByteCount: demand.pageByteCount * pageCount, pageCount: pageCount,
                contextLength: min(demand.contextLength ?? demand.trainedContextLength, pageCount * KVCache.pageSize))
        }
        let left = Double(limit - weights - buffers(least)) / Double(max(1, cost(least)))
        contextFraction = (0..<1).contains(left) && left > 0 ? left : nil
    }
}

extension MemoryPlan.Demand {
    fileprivate func checkContext() throws(EngineError) {
        guard let contextLength, contextLength > trainedContextLength else { return }
        throw .contextTooLong(model: name, requested: contextLength, trained: trainedContextLength)
    }
}
