/// A share of a route's requests that a candidate answers in the open model's place, to learn whether it is as good.
package struct CanaryOptions: Hashable, Sendable {
    package var candidate: String
    /// From 0 to 1, drawn by user, else by key, else by request.
    package var share: Double
    /// How much less often right the candidate may be and still count as good.
    package var margin: Double
    /// How likely a verdict may be when it is wrong, however often one looks.
    package var alpha: Double

    package init(candidate: String, share: Double, margin: Double, alpha: Double = 0.05) {
        self.candidate = candidate
        self.share = share
        self.margin = margin
        self.alpha = alpha
    }
}
