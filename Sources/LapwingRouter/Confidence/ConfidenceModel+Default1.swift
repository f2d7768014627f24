extension LogisticConfidence {
    /// The model for routes that have no calibrator of their own: fitted on one small model's answers to public questions,
    /// so its figures order answers and promise nothing about anybody's traffic.
    ///
    /// `Scripts/fit_default_confidence.py --url … --model smollm2 --data …`: SmolLM2-135M-Instruct Q4_1's greedy answers to
    /// 1,445 questions of ARC-easy, OpenBookQA, PIQA, Banking77, GSM8K and IFEval with checkable answers; half to fit, half
    /// held out: AUROC 0.797, expected calibration error 0.066, log loss 0.534 against 0.666 for the base rate of 38%;
    /// judged on the first 48 tokens 0.795, 0.075 and 0.539. Within ARC-easy, OpenBookQA or PIQA alone the AUROC is under
    /// 0.6: a model this small does not know what it knows.
    package static let default1 = LogisticConfidence(
        name: "default-1", isCalibrated: false, intercept: 5.064396,
        terms: [
            Term(.mean, weight: 3.713420, mean: -0.592189),
            Term(.minimum, weight: -0.410494, mean: -1.888434),
            Term(.lowDecile, weight: -0.541920, mean: -1.423977),
            Term(.firstMargin, weight: 0.191215, mean: 0.803627),
            Term(.firstEntropy, weight: -1.684452, mean: 0.853680),
            Term(.logLength, weight: -1.143215, mean: 2.904859),
            Term(.isFinished, weight: -0.487273, mean: 0.707756),
        ])
}
