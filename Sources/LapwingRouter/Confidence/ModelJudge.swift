/// What judges the answers of a route's open side, whichever model gives them.
package struct ModelJudge: Sendable {
    private let calibrator: (model: String, judge: any ConfidenceModel)?
    private let standard: any ConfidenceModel
    /// Whether the route's threshold was found from the calibrator, and so promises nothing of another model's answers.
    let promises: Bool

    /// `calibrator` judges the model that it was fitted to; `standard` all others.
    package init(
        _ standard: any ConfidenceModel, calibrator: Calibrator? = nil, segment: Segment = Segment(),
        promises: Bool = false
    ) {
        self.standard = standard
        self.calibrator = calibrator.map { ($0.model, $0.model(for: segment)) }
        self.promises = promises && calibrator != nil
    }

    /// Whether the calibrator was fitted to the model's answers.
    func knows(_ model: String) -> Bool { calibrator?.model == model }

    func judge(of model: String?) -> any ConfidenceModel {
        guard let calibrator, calibrator.model == model else { return standard }
        return calibrator.judge
    }
}
