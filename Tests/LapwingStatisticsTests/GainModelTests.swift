import Foundation
import LapwingStatistics
import Testing

@Suite("Gain models")
struct GainModelTests {
    /// Prompts whose words say what is gained, with noise; vectors that say the same.
    static let prompts = (0..<240).map { index in
        let kinds = ["integral of the curve over", "capital city of the country", "does the user mean that"]
        return "What is the \(kinds[index % 3]) number \(index % 7)? Word\(index % 11) again.\nA. one\nB. two"
    }
    static let gains: [Int] = {
        var random = SplitMix64(seed: 4)
        return (0..<240).map { index in
            let chance = [0.6, 0.1, 0.2][index % 3]
            return random.below(1000) < Int(chance * 1000) ? 1 : random.below(10) == 0 ? -1 : 0
        }
    }()
    static let vectors: [[Float]] = (0..<240).map { index in
        let kind = index % 3
        return (0..<3).map { $0 == kind ? 1 : 0 }
    }
    static let samples = GainSamples(
        prompts: prompts, answers: prompts.map { _ in "It is 3*4 = 12. #### 12" }, embeddings: vectors)
    static let recipes = [
        GainRecipe([.words: 1], .ridge(alpha: 2)),
        GainRecipe([.words: 1, .countWaves: 0.5], .ridge(alpha: 4), neighbourShare: 0.4),
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 1, .answerWords: 1], .logistic(c: 1)),
    ]

    private func outOfFold(_ folds: [[Int]], _ gains: [Int]) async -> [Double] {
        let search = GainSearch(Self.recipes, seed: 3)
        return await Folds.outOfFold(folds, count: Self.prompts.count) { training, held in
            search.fit(Self.samples, gains: gains, on: training).scores(Self.samples, held)
        }
    }

    @Test("Permuting the labels of a fold changes no score of it, and others'")
    func noPeeking() async {
        let folds = Folds.make(count: Self.prompts.count, folds: 4, seed: 1)
        let before = await outOfFold(folds, Self.gains)
        for fold in folds {
            var permuted = Self.gains
            var random = SplitMix64(seed: 9)
            for (row, other) in zip(fold, fold.shuffled(using: &random)) { permuted[row] = Self.gains[other] }
            #expect(permuted != Self.gains)
            let after = await outOfFold(folds, permuted)
            #expect(fold.map { after[$0] } == fold.map { before[$0] })
            let others = Set(0..<Self.prompts.count).subtracting(fold)
            #expect(others.contains { after[$0] != before[$0] })
        }
    }

    @Test("Where the closed model loses more than it wins the recipe is still the one whose ranking gains the most")
    func losses() {
        // What the words tell apart is who wins; the signs of all prompts are alike.
        let prompts = (0..<200).map { "the \($0 % 4 == 0 ? "orchard" : "harbour") of number \($0 % 9)" }
        let gains = (0..<200).map { $0 % 4 == 0 ? 1 : $0 % 2 == 1 ? -1 : 0 }
        let samples = GainSamples(prompts: prompts)
        let words = GainRecipe([.words: 1], .ridge(alpha: 2))
        let search = GainSearch([GainRecipe([.counts: 1], .ridge(alpha: 1000)), words], seed: 1)
        #expect(search.best(samples, gains: gains, on: Array(0..<200)) == words)
    }

    @Test(
        "Each kind of recipe puts prompts with much to gain before those with little, out of fold", arguments: recipes)
    func ranking(_ recipe: GainRecipe) async throws {
        let folds = Folds.make(count: Self.prompts.count, folds: 4, seed: 1)
        let gains = Self.gains
        let scores = await Folds.outOfFold(folds, count: Self.prompts.count) { training, held in
            GainModel.fit(Self.samples, gains: gains, on: training, recipe: recipe).scores(Self.samples, held)
        }
        func area(_ scores: [Double]) -> Double? {
            RoutingCurve(scores: scores, weak: gains.map { _ in 0 }, strong: gains.map(Double.init)).averageGapRecovered
        }
        // Orders by chance lie around 0.5, the order of the kinds' true chances is at 0.77.
        var random = SplitMix64(seed: 8)
        let byChance = (0..<200).compactMap { _ in area(gains.map { _ in Double(random.below(1 << 30)) }) }
        #expect(try #require(area(scores)) > #require(byChance.max()))
    }

    @Test("A model read from its file scores a single prompt as it scored it among others", arguments: recipes)
    func file(_ recipe: GainRecipe) throws {
        let model = GainModel.fit(Self.samples, gains: Self.gains, on: Array(0..<200), recipe: recipe)
        let read = try JSONDecoder().decode(GainModel.self, from: JSONEncoder().encode(model))
        #expect(read == model)
        let scores = model.scores(Self.samples, Array(200..<240))
        for row in 200..<240 {
            let score = read.score(
                prompt: Self.prompts[row], answer: "It is 3*4 = 12. #### 12", embedding: Self.vectors[row])
            #expect(abs(score - scores[row - 200]) < 1e-12)
        }
    }

    @Test("Folds hold each sample once, and a group is never divided")
    func folds() {
        let groups = (0..<100).map { $0 / 9 }
        for folds in [
            Folds.make(count: 100, folds: 5, seed: 2), Folds.make(count: 100, folds: 5, seed: 2, groups: groups),
        ] {
            #expect(folds.flatMap(\.self).sorted() == Array(0..<100))
        }
        let grouped = Folds.make(count: 100, folds: 5, seed: 2, groups: groups)
        for group in Set(groups) {
            #expect(grouped.count { fold in fold.contains { groups[$0] == group } } == 1)
        }
    }
}
