extension LogisticConfidence {
    /// The model for routes that have no calibrator of their own: fitted on one small model's answers to public questions,
    /// so its figures order answers and promise nothing about anybody's traffic.
    ///
    /// `Scripts/fit_default_confidence.py --gguf SmolLM2-135M-Instruct.Q4_1.gguf --data … --limit 186`: greedy answers to
    /// questions of ARC-easy, OpenBookQA, PIQA, Banking77, GSM8K and IFEval with checkable answers; half to fit, half held
    /// out: AUROC 0.862, expected calibration error 0.114, log loss 0.428 against 0.668 for the base rate of 39%.
    package static let default1 = LogisticConfidence(
        name: "default-1", isCalibrated: false, intercept: 7.239023,
        terms: [
            Term(.mean, weight: 2.717029, mean: -0.591246),
            Term(.minimum, weight: -0.388220, mean: -1.825470),
            Term(.lowDecile, weight: 0.691456, mean: -1.426051),
            Term(.firstMargin, weight: 0.322228, mean: 0.853174),
            Term(.firstEntropy, weight: -3.846956, mean: 0.843266),
            Term(.logLength, weight: -1.386489, mean: 2.771508),
            Term(.isFinished, weight: 0.617390, mean: 0.731183),
        ])
}
