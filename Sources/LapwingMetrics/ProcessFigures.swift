import CoreMetrics
import Foundation
import Synchronization

/// What Linux says of this process; nothing elsewhere.
package struct ProcessFigures: Sendable {
    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private static let pageBytes = sysconf(Int32(_SC_PAGESIZE))

    private let gauges: [(@Sendable (Double) -> Void, @Sendable () -> Double?)]

    package init(_ registry: PrometheusRegistry) {
        func pair(
            _ definition: MetricDefinition, _ read: @escaping @Sendable () -> Double?
        ) -> (@Sendable (Double) -> Void, @Sendable () -> Double?) {
            // Made when there is something to say.
            ({ definition.gauge(in: registry).set($0) }, read)
        }
        let told = Told()
        gauges = [
            pair(.residentBytes) {
                Self.words("statm").dropFirst().first.flatMap { Double($0) }.map { $0 * Double(Self.pageBytes) }
            },
            pair(.virtualBytes) {
                Self.words("statm").first.flatMap { Double($0) }.map { $0 * Double(Self.pageBytes) }
            },
            // Fields 14 and 15 of proc(5), counted from the one after the name, which is the third.
            (
                { seconds in
                    let total = Int64(seconds * 1e9)
                    let before = told.nanoseconds.exchange(total, ordering: .relaxed)
                    MetricDefinition.cpuSeconds.counter(in: registry).increment(by: total - before)
                },
                {
                    let ticks = Self.stat.dropFirst(11).prefix(2).compactMap { Double($0) }
                    return ticks.count == 2 ? (ticks[0] + ticks[1]) / Self.ticksPerSecond : nil
                }
            ),
            pair(.openFiles) { Self.openFiles },
            pair(.mostFiles) { Self.mostFiles },
            pair(.startTime) {
                guard let ticks = Self.stat.dropFirst(19).first.flatMap { Double($0) }, let boot = Self.bootTime else {
                    return nil
                }
                return boot + ticks / Self.ticksPerSecond
            },
        ]
    }

    /// How much processor time is counted already.
    private final class Told: Sendable { let nanoseconds = Atomic<Int64>(0) }

    package func read() {
        for (set, value) in gauges { if let value = value() { set(value) } }
    }

    private static func text(_ path: String) -> String? {
        // Files of /proc have no length to be read by.
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        return (try? handle.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func words(_ name: String) -> [String] {
        text("/proc/self/\(name)").map { $0.split(separator: " ").map(String.init) } ?? []
    }

    /// What follows the process's name, which may hold anything.
    private static var stat: [String] {
        guard let line = text("/proc/self/stat"), let end = line.lastIndex(of: ")") else { return [] }
        return line[line.index(after: end)...].split(separator: " ").map(String.init)
    }

    private static var bootTime: Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    private static var openFiles: Double? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    private static var mostFiles: Double? {
        text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            .flatMap { $0.split(separator: " ").dropFirst(3).first }.flatMap { Double($0) }
    }
}
