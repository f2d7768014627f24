import LapwingStatistics

/// What a router reached on the questions it was not fitted on.
struct RoutingFigures: Codable {
    /// Average performance gap recovered: 0.5 is a random order.
    var apgr: Double
    /// Least share of calls to the strong model, in percent, at which half of the gap is closed, and four fifths.
    var cpt50: Double
    var cpt80: Double
    /// Percent of the strong model's quality kept with 17 of 100 calls sent to it.
    var kept17: Double

    init(_ scores: [Double], _ data: RouteLLMData, on rows: [Int]) {
        let curve = RoutingCurve(
            scores: rows.map { scores[$0] }, weak: rows.map { data.isWeakRight[$0] ? 1 : 0 },
            strong: rows.map { data.isStrongRight[$0] ? 1 : 0 })
        apgr = curve.averageGapRecovered ?? 0.5
        cpt50 = 100 * (curve.callShare(toRecover: 0.5) ?? 0)
        cpt80 = 100 * (curve.callShare(toRecover: 0.8) ?? 0)
        kept17 = 100 * curve.quality(atCallShare: 0.17) / curve.quality(atCallShare: 1)
    }

    /// Each figure's median.
    init(medianOf all: [RoutingFigures]) {
        func median(_ figure: KeyPath<RoutingFigures, Double>) -> Double {
            let sorted = all.map { $0[keyPath: figure] }.sorted()
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        (apgr, cpt50, cpt80, kept17) = (median(\.apgr), median(\.cpt50), median(\.cpt80), median(\.kept17))
    }
}

/// One way of dividing one set of questions, over several seeds.
struct Trial: Sendable {
    enum Split: Sendable {
        /// So many parts at random, each held out in turn.
        case folds(Int)
        /// So many parts of whole subjects, each held out in turn.
        case subjects(Int)
        /// So many questions at random to learn from, all others held out.
        case labels(Int)
    }

    struct Result {
        var figures: RoutingFigures
        /// The same questions' without moral_scenarios, whose 895 prompts all look alike.
        var without: RoutingFigures
        var recipe: GainRecipe
    }

    var name: String
    var split: Split
    var recipes: [GainRecipe]

    func run(_ data: RouteLLMData, _ samples: GainSamples, seed: UInt64) async -> Result {
        let gains = data.gains
        let groups: [Int]? = if case .subjects = split { data.subjectNumbers } else { nil }
        let search = GainSearch(recipes, seed: seed)
        let (folds, tested) = divided(data, seed: seed)
        let chosen = Choices()
        let scores = await Folds.outOfFold(folds, count: samples.count) { training, held in
            let model = search.fit(samples, gains: gains, on: training, groups: groups)
            chosen.note(model.recipe)
            return model.scores(samples, held)
        }
        let others = tested.filter { data.subjects[$0] != "mmlu_moral_scenarios" }
        return Result(
            figures: RoutingFigures(scores, data, on: tested), without: RoutingFigures(scores, data, on: others),
            recipe: chosen.mostFrequent ?? recipes[0])
    }

    private func divided(_ data: RouteLLMData, seed: UInt64) -> (folds: [[Int]], tested: [Int]) {
        let count = data.prompts.count
        switch split {
        case .folds(let parts): return (Folds.make(count: count, folds: parts, seed: seed), Array(0..<count))
        case .subjects(let parts):
            let folds = Folds.make(count: count, folds: parts, seed: seed, groups: data.subjectNumbers)
            return (folds, Array(0..<count))
        case .labels(let labels):
            let held = Folds.shuffled(count, seed: seed).dropFirst(labels).sorted()
            return ([held], held)
        }
    }
}
