/// What a model says of its own answer when it is asked again.
package struct AnswerChecks: Hashable, Sendable, Codable {
    /// How far further samples say the same, 0 to 1; nil where none were drawn.
    package var sampleAgreement: Double?
    /// Log-odds, in nats, that it calls the answer right; nil where it was not asked.
    package var selfCheck: Double?

    package init(sampleAgreement: Double? = nil, selfCheck: Double? = nil) {
        self.sampleAgreement = sampleAgreement
        self.selfCheck = selfCheck
    }
}
