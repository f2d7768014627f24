/// Chooses among recipes by what they do on held-out parts of the training samples, and fits the best on all of them.
package struct GainSearch: Sendable {
    package var recipes: [GainRecipe]
    package var foldCount: Int
    package var seed: UInt64

    package init(_ recipes: [GainRecipe], foldCount: Int = 3, seed: UInt64) {
        precondition(!recipes.isEmpty, "a search needs recipes")
        self.recipes = recipes
        self.foldCount = foldCount
        self.seed = seed
    }

    private var wanted: Set<GainFeature> { Set(recipes.flatMap(\.weights.keys)) }

    /// Looks at no sample but `rows`. With `groups` a group is held out as a whole, as where future prompts are of other kinds.
    package func fit(_ samples: GainSamples, gains: [Int], on rows: [Int], groups: [Int]? = nil) -> GainModel {
        .fit(
            samples, gains: gains, on: rows, recipe: best(samples, gains: gains, on: rows, groups: groups))
    }

    /// The recipe whose out-of-fold ranking has the highest mean quality over all shares of calls, the first of several.
    /// Where the strong model is the better one overall that is the one with the highest APGR.
    package func best(_ samples: GainSamples, gains: [Int], on rows: [Int], groups: [Int]? = nil) -> GainRecipe {
        guard recipes.count > 1 else { return recipes[0] }
        var scores = [[Double]](repeating: [Double](repeating: 0, count: rows.count), count: recipes.count)
        let inner = groups.map { all in rows.map { all[$0] } }
        // Few samples are divided several times over, as one division of them says little.
        let repeats = UInt64(max(1, min(4, 6000 / rows.count)))
        let folds = (0..<repeats).flatMap {
            Folds.make(count: rows.count, folds: foldCount, seed: seed + $0, groups: inner)
        }
        // One group alone has no other part to be judged by.
        guard folds.allSatisfy({ $0.count < rows.count }) else { return recipes[0] }
        for fold in folds {
            let held = Set(fold)
            let fitted = rows.indices.filter { !held.contains($0) }
            let features = GainFeatures(wanted, of: samples, on: fitted.map { rows[$0] })
            let training = GainRows(wanted, features, samples, fitted.map { rows[$0] })
            let testing = GainRows(wanted, features, samples, fold.map { rows[$0] })
            let neighbours =
                recipes.contains { $0.neighbourShare > 0 }
                ? GainNeighbours(samples, gains: gains, on: fitted.map { rows[$0] }) : nil
            let near = neighbours.map { $0.gains(samples, fold.map { rows[$0] }) }
            // Recipes that differ in the neighbours' share alone are fitted once.
            var linear: [GainRecipe: [Double]] = [:]
            for (index, recipe) in recipes.enumerated() {
                let alone = GainRecipe(recipe.weights, recipe.learner)
                let own =
                    linear[alone]
                    ?? GainModel(
                        recipe: alone, features: features, rows: training, gains: fitted.map { gains[rows[$0]] },
                        neighbours: nil
                    ).scores(testing, near: nil)
                linear[alone] = own
                for (position, place) in fold.enumerated() {
                    scores[index][place] += recipe.mixed(own[position], near: near?[position])
                }
            }
        }
        let reached = scores.map { meanQuality($0, rows.map { Double(gains[$0]) }) }
        return recipes[reached.indices.max { (reached[$0], -$0) < (reached[$1], -$1) } ?? 0]
    }

    private func meanQuality(_ scores: [Double], _ gains: [Double]) -> Double {
        RoutingCurve(scores: scores, weak: gains.map { _ in 0 }, strong: gains).meanQuality
    }
}
