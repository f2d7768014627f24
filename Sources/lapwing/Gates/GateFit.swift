import LapwingStatistics

/// A gate fitted on all prompts, and what gates fitted on the other parts made of each part.
struct GateFit: Sendable {
    let model: GainModel
    /// Of each prompt, by a model that never saw it.
    let scores: [Double]
    let curve: RoutingCurve
    private let weak: [Double]
    private let strong: [Double]
    /// A number a prompt: the same text has the same one. nil where no text stands there twice.
    private let groups: [Int]?

    init(_ rows: GateRows, _ samples: GainSamples, folds: Int, seed: UInt64) async throws {
        let gains = rows.gains
        let groups = rows.groups
        let search = GainSearch(GainRecipe.standard(hasEmbeddings: samples.hasEmbeddings), seed: seed)
        let parts = Folds.make(count: samples.count, folds: folds, seed: seed, groups: groups)
        scores = await Folds.outOfFold(parts, count: samples.count) { training, held in
            search.fit(samples, gains: gains, on: training, groups: groups).scores(samples, held)
        }
        model = search.fit(samples, gains: gains, on: Array(0..<samples.count), groups: groups)
        self.groups = groups
        weak = rows.isWeakRight.map { $0 ? 1 : 0 }
        strong = rows.isStrongRight.map { $0 ? 1 : 0 }
        curve = RoutingCurve(scores: scores, weak: weak, strong: strong)
    }

    /// The middle 95% of a figure over resampled prompts.
    func interval(_ figure: @escaping (RoutingCurve) -> Double) -> ClosedRange<Double> {
        Bootstrap.percentile(
            { rows in
                figure(
                    RoutingCurve(
                        scores: rows.map { scores[$0] }, weak: rows.map { weak[$0] }, strong: rows.map { strong[$0] }))
            }, over: BootstrapIndices(count: scores.count, resamples: 400, clusters: groups))
    }
}

/// What `lapwing calibrate gate` says.
struct GateFigures: Encodable {
    struct Point: Encodable {
        /// Of prompts that go to the closed model.
        var share: Double
        /// Of the closed model's quality.
        var kept: Double
        var interval: [Double]
    }

    var gate: String
    var prompts: Int
    /// Texts among them.
    var distinctPrompts: Int
    /// Whether the closed model's answers are themselves what the open one's were held against.
    var closedIsMeasure: Bool
    /// Of prompts that the gate sends to the closed model.
    var share: Double
    var weakQuality: Double
    var strongQuality: Double
    var apgr: Double?
    var apgrInterval: [Double]
    /// Least share of calls that closes half of the gap between the models, and four fifths.
    var cpt50: Double?
    var cpt80: Double?
    var curve: [Point]

    init(path: String, _ rows: GateRows, share: Double, _ fit: GateFit) {
        gate = path
        (prompts, distinctPrompts, closedIsMeasure) = (rows.prompts.count, rows.distinctCount, rows.closedIsMeasure)
        self.share = share
        weakQuality = fit.curve.quality(atCallShare: 0)
        strongQuality = fit.curve.quality(atCallShare: 1)
        apgr = fit.curve.averageGapRecovered
        let interval = fit.interval { $0.averageGapRecovered ?? .nan }
        apgrInterval = [interval.lowerBound, interval.upperBound]
        cpt50 = fit.curve.callShare(toRecover: 0.5)
        cpt80 = fit.curve.callShare(toRecover: 0.8)
        curve = Set([0, 0.05, 0.1, 0.17, 0.2, 0.3, 0.5, share]).sorted().map { share in
            let kept: (RoutingCurve) -> Double = { $0.quality(atCallShare: share) / $0.quality(atCallShare: 1) }
            let interval = fit.interval(kept)
            return Point(
                share: share, kept: kept(fit.curve), interval: [interval.lowerBound, interval.upperBound])
        }
    }

    func lines(for terminal: Terminal) -> [String] {
        func percent(_ value: Double) -> String { Figures.fixed(100 * value, places: 1) + "%" }
        var table = Table([("to closed", .right), ("quality kept", .right), ("95% interval", .right)])
        table.rows = curve.map { point in
            [percent(point.share), percent(point.kept), point.interval.map(percent).joined(separator: " to ")]
        }
        let gap = apgr.map {
            "APGR \(Figures.fixed($0, places: 3)) (\(apgrInterval.map { Figures.fixed($0, places: 3) }.joined(separator: " to ")); "
                + "a random order has 0.5)"
        }
        let calls = zip(["half", "four fifths"], [cpt50, cpt80]).compactMap { part, share in
            share.map { "\(part) of the gap at \(percent($0)) of calls" }
        }
        let count =
            "\(Figures.grouped(prompts)) prompts"
            + (distinctPrompts < prompts ? ", \(Figures.grouped(distinctPrompts)) different ones" : "")
        return [
            "\(gate): \(count); "
                + "alone the open model is right on \(percent(weakQuality)), the closed one"
                + (closedIsMeasure ? ", which is the measure," : "") + " on \(percent(strongQuality))",
            ([gap].compactMap(\.self) + calls).joined(separator: ", "),
        ] + table.lines(for: terminal) + ["it sends \(percent(share)) of such prompts to the closed model"]
    }
}
