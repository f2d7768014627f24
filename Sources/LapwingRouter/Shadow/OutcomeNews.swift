import LapwingAPI
import LapwingStore

/// An outcome that has just become known.
package struct OutcomeNews: Hashable, Sendable {
    package var route: String
    package var source: AnswerOutcome.Source
    /// Whose answer it is about.
    package var side: CallReceipt.Side
    package var right: Bool
    /// What the open answer was judged to be, and by whose reckoning; nil where it was not judged.
    package var probability: Double?
    package var calibrator: String?
    /// Whether it is the first that is known of the answer: what others say of it too is no further label.
    package var isFirst: Bool

    package init(
        route: String, source: AnswerOutcome.Source, side: CallReceipt.Side, right: Bool,
        probability: Double? = nil, calibrator: String? = nil, isFirst: Bool = true
    ) {
        self.route = route
        self.source = source
        self.side = side
        self.right = right
        self.probability = probability
        self.calibrator = calibrator
        self.isFirst = isFirst
    }
}

extension Router {
    /// To be told of each outcome once it is kept, or about to be.
    package func note(_ news: OutcomeNews) {
        if news.side == .open, news.isFirst {
            drift.observe(
                route: news.route, calibrator: news.calibrator, probability: news.probability, right: news.right)
        }
        guard news.source == .feedback || news.source == .dataset, let canaries, canaries.isDue(news.route) else {
            return
        }
        if !shadows.add({ canaries.look(news.route) }) { canaries.postpone(news.route) }
    }
}
