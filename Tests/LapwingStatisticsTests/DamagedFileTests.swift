import Foundation
import LapwingStatistics
import Testing

/// What a damaged file, or one of another version, may hold: it is refused when it is read, and nothing of it is used.
@Suite("Fits whose numbers do not belong together")
struct DamagedFileTests {
    private func isRefused<Value: Decodable>(_ type: Value.Type, _ json: String) -> Bool {
        do {
            _ = try JSONDecoder().decode(type, from: Data(json.utf8))
            return false
        } catch { return error is DecodingError }
    }

    @Test(
        "An isotonic fit has as many values as points, which ascend",
        arguments: [
            #"{"points":[],"values":[]}"#, #"{"points":[0,1],"values":[0.5]}"#, #"{"points":[1,0],"values":[0,1]}"#,
            #"{"points":[1,1],"values":[0,1]}"#,
        ])
    func isotonic(json: String) throws {
        #expect(isRefused(IsotonicFit.self, json))
        let fit = IsotonicFit([0, 1, 2], [0, 0.5, 1])
        #expect(try JSONDecoder().decode(IsotonicFit.self, from: JSONEncoder().encode(fit)) == fit)
    }

    @Test(
        "A logistic regression has an intercept a score and weights for each",
        arguments: [
            #"{"classCount":2,"weights":[],"intercepts":[]}"#, #"{"classCount":1,"weights":[1],"intercepts":[1]}"#,
            #"{"classCount":3,"weights":[1,2],"intercepts":[1,2,3]}"#,
            #"{"classCount":3,"weights":[1,2],"intercepts":[1,2]}"#,
        ])
    func logistic(json: String) throws {
        #expect(isRefused(LogisticRegression.self, json))
        let fit = LogisticRegression(classCount: 3, weights: [1, 2, 3], intercepts: [0, 0, 1])
        #expect(try JSONDecoder().decode(LogisticRegression.self, from: JSONEncoder().encode(fit)) == fit)
    }

    @Test("A judged row has a probability, waves are bounded, and means have their deviations")
    func others() {
        #expect(isRefused(ThresholdGuarantee.Row.self, #"{"probability":-1,"isRight":true}"#))
        #expect(!isRefused(ThresholdGuarantee.Row.self, #"{"probability":1,"isRight":true}"#))
        #expect(isRefused(RandomWaves.self, #"{"inputCount":65536,"waveCount":65536,"sharpness":1,"seed":1}"#))
        #expect(isRefused(RandomWaves.self, #"{"inputCount":2,"waveCount":2,"sharpness":-1,"seed":1}"#))
        #expect(isRefused(Standardization.self, #"{"means":[1,2],"deviations":[1]}"#))
    }

    @Test(
        "Neighbours have a gain each and vectors of their length",
        arguments: [
            #"{"vectorLength":4611686018427387904,"neighbourCount":1,"gains":[1],"vectors":""}"#,
            #"{"vectorLength":1,"neighbourCount":1,"gains":[],"vectors":""}"#,
            #"{"vectorLength":1,"neighbourCount":2,"gains":[1],"vectors":"AAAAAA=="}"#,
            #"{"vectorLength":2,"neighbourCount":1,"gains":[1],"vectors":"AAAAAA=="}"#,
        ])
    func neighbours(json: String) {
        #expect(isRefused(GainNeighbours.self, json))
        #expect(
            !isRefused(
                GainNeighbours.self, #"{"vectorLength":1,"neighbourCount":1,"gains":[1],"vectors":"AAAAAA=="}"#))
    }

    @Test("A gain model whose parts were swapped is refused, with what to do", arguments: GainModelTests.recipes)
    func gainModel(recipe: GainRecipe) throws {
        let rows = Array(0..<120)
        let model = GainModel.fit(GainModelTests.samples, gains: GainModelTests.gains, on: rows, recipe: recipe)
        let encoded = try JSONEncoder().encode(model)
        #expect(try JSONDecoder().decode(GainModel.self, from: encoded) == model)
        let other = GainRecipe([.words: 1, .counts: 1], .ridge(alpha: 1))
        let second = GainModel.fit(GainModelTests.samples, gains: GainModelTests.gains, on: rows, recipe: other)
        var parts = try #require(try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
        let others = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(second)) as? [String: Any])
        for key in ["linear", "recipe"] {
            let kept = parts[key]
            parts[key] = others[key]
            let swapped = try JSONSerialization.data(withJSONObject: parts)
            #expect(isRefused(GainModel.self, String(decoding: swapped, as: UTF8.self)), "\(key)")
            parts[key] = kept
        }
    }

    @Test("Where the difference is all but the margin the planned number is large, and a number")
    func sampleSize() {
        let needed = PairedNonInferiority.sampleSize(differing: 0.05, margin: 0.05, difference: 0.45 - 0.5)
        #expect(needed == 1_000_000_000_000)
    }

    @Test("Of a figure that some resamples do not have, the interval is that of the others")
    func infiniteFigures() {
        let values = [Double.infinity, 1, -.infinity, 2, .nan]
        let interval = Bootstrap.percentile({ values[$0[0]] }, over: [[0], [1], [2], [3], [4]], level: 0.95)
        #expect(interval.lowerBound >= 1 && interval.upperBound <= 2)
    }
}
