import ArgumentParser
import Foundation
import LapwingHub
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// `lapwing calibrate simulate`: what every threshold of a route would come to.
struct SimulatePolicy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Show what every threshold of a route would cost and be worth.",
        discussion: """
            Quality is that of the held-out answers in the route's calibrator, costs are those of its calls in the ledger. \
            Where nobody knows whether the closed model would have been right, it is taken to be so as often as --strong says.

              lapwing calibrate simulate intents
              lapwing calibrate simulate intents --strong 0.93 --csv curve.csv
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The route.") var route: String
    @Option(help: "How often the closed model is right where the calibrator's sample does not say.") var strong = 1.0
    @Option(help: ArgumentHelp("Also write the points to this file.", valueName: "file")) var csv: String?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if !(0...1).contains(strong) { throw ValidationError("--strong is \(strong), expected a number from 0 to 1.") }
    }

    func run() throws {
        let configuration = try options.load()
        let route = try configuration.route(named: route)
        let name = route.calibrator ?? route.name
        let calibrator: Calibrator = try RouteFiles.calibrators(in: configuration.dataFolder).newest(name)
        var costs = PolicyCurve.Costs()
        if FileManager.default.fileExists(atPath: configuration.ledgerPath) {
            costs = try PolicyCurve.Costs(of: route.name, in: LedgerReader(path: configuration.ledgerPath))
        }
        // A threshold means something where this calibrator judges.
        let target =
            route.calibrator == nil
            ? nil
            : RouteTarget(
                route, sample: calibrator.sample,
                traffic: configuration.ledgerReader?.recentTraffic(
                    of: route.name, now: RouterTime.system.milliseconds()))
        let curve = PolicyCurve(
            calibrator.sample, costs: costs, threshold: target.map { min($0.decision.threshold, 1) }, strong: strong)
        if let csv {
            do { try Data(curve.csv.utf8).write(to: URL(filePath: csv)) } catch {
                throw Failure("cannot write '\(csv)': \((error as? CocoaError)?.reason ?? "\(error)")")
            }
        }
        if json {
            return try Output.standard.json(
                Result(route: route.name, calibrator: calibrator.fullName, points: curve.points, today: curve.today))
        }
        Output.standard.line(
            "\(route.name), by \(calibrator.sample.count) held-out answers of \(calibrator.fullName) and "
                + "\(Figures.grouped(costs.requests)) requests in the ledger"
                + (costs.escalatedShare.map { ", of which \(Figures.fixed(100 * $0, places: 1))% escalated" } ?? ""))
        if !calibrator.sample.contains(where: { $0.strongIsRight != nil }) {
            Output.standard.line(
                "the closed model is taken to be right \(Figures.fixed(100 * strong, places: 1))% of the time (--strong)"
            )
        }
        for line in curve.lines { Output.standard.line(line) }
    }

    private struct Result: Encodable {
        var route: String
        var calibrator: String
        var points: [PolicyCurve.Point]
        var today: PolicyCurve.Point?
    }
}
