import LapwingStatistics

/// How far samples of an answer say the same as it does: self-consistency (Wang and others, 2022) as evidence.
enum SampleAgreement {
    /// The mean over the samples, 0 to 1; nil without any.
    static func mean(of samples: [String], with answer: String) -> Double? {
        guard !samples.isEmpty else { return nil }
        return samples.reduce(0) { $0 + between($1, answer) } / Double(samples.count)
    }

    /// Texts that have numbers agree where their last ones do, which a worked answer ends with; others where `Agreement`
    /// says so. Where it cannot tell, the F1 of their words (Rajpurkar and others, "SQuAD", 2016).
    static func between(_ first: String, _ second: String) -> Double {
        let same = Agreement.between(first, second)
        if same != true, !AnswerCounts.isJSON(first), let a = Numbers.all(in: first).last,
            let b = Numbers.all(in: second).last
        {
            return a == b ? 1 : 0
        }
        if let same { return same ? 1 : 0 }
        return wordOverlap(Terms.words(of: first), Terms.words(of: second))
    }

    private static func wordOverlap(_ first: [String], _ second: [String]) -> Double {
        var left: [String: Int] = [:]
        for word in first { left[word, default: 0] += 1 }
        var shared = 0
        for word in second where left[word, default: 0] > 0 {
            left[word]? -= 1
            shared += 1
        }
        return shared == 0 ? 0 : 2 * Double(shared) / Double(first.count + second.count)
    }
}
