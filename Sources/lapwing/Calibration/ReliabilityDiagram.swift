import LapwingRouter
import LapwingStatistics

/// Said probabilities against what came true, as a picture.
enum ReliabilityDiagram {
    private static let (size, left, top) = (400.0, 50.0, 40.0)

    /// Bins of equal counts, each with its 95% interval; beside a perfect judge's diagonal.
    static func svg(_ fit: CalibratorFit, title: String) -> String {
        let bins = CalibrationMetrics.reliability(
            probabilities: fit.sample.map(\.probability), outcomes: fit.sample.map(\.isRight),
            bins: CalibrationReport.binCount)
        let (width, height) = (size + left + 30, size + top + 60)
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(height))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
            text(
                left, 18,
                "\(escaped(title)): \(fit.report.count) answers, \(fit.method.name), calibration error "
                    + Figures.fixed(fit.report.calibrationError, places: 3), anchor: "start"),
            line(x(0), y(0), x(1), y(1), "#999", dashed: true),
            line(x(0), y(0), x(1), y(0), "#333"), line(x(0), y(0), x(0), y(1), "#333"),
            text(x(0.5), y(0) + 40, "probability that was said", anchor: "middle"),
            "<text transform=\"translate(14,\(number(y(0.5)))) rotate(-90)\" text-anchor=\"middle\">share right</text>",
        ]
        for tenth in 0...5 {
            let value = Double(tenth) / 5
            parts.append(text(x(value), y(0) + 18, Figures.fixed(value, places: 1), anchor: "middle"))
            parts.append(text(x(0) - 8, y(value) + 4, Figures.fixed(value, places: 1), anchor: "end"))
        }
        for bin in bins {
            let right = Int((bin.shareRight * Double(bin.count)).rounded())
            let interval = ProportionInterval.wilson(successes: right, of: bin.count)
            let place = x(bin.meanProbability)
            parts.append(line(place, y(interval.lowerBound), place, y(interval.upperBound), "#2a6fb0"))
            parts.append(
                "<circle cx=\"\(number(place))\" cy=\"\(number(y(bin.shareRight)))\" r=\"4\" fill=\"#2a6fb0\">"
                    + "<title>\(bin.count) answers</title></circle>")
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    private static func x(_ value: Double) -> Double { left + size * value }
    private static func y(_ value: Double) -> Double { top + size * (1 - value) }
    private static func number(_ value: Double) -> String { Figures.fixed(value, places: 1) }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, dashed: Bool = false
    ) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
            + "stroke=\"\(colour)\"\(dashed ? " stroke-dasharray=\"4 4\"" : "")/>"
    }

    private static func text(_ x: Double, _ y: Double, _ words: String, anchor: String) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(words)</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
