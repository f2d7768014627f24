import Foundation

/// What the operating system says of this machine.
package struct MachineFacts: Hashable, Sendable {
    package var processor: String
    package var coreCount: Int
    /// Bytes; nil where it cannot be told.
    package var memory: Int64?
    package var availableMemory: Int64?

    package static func read() -> MachineFacts {
        let processInfo = ProcessInfo.processInfo
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let memory = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        var facts = MachineFacts(
            processor: value("model name", in: text) ?? architecture, coreCount: processInfo.activeProcessorCount,
            memory: Int64(clamping: processInfo.physicalMemory), availableMemory: kilobytes("MemAvailable", in: memory))
        if let group = ControlGroupMemory.read() { facts.tighten(to: group) }
        return facts
    }

    /// Takes a container's limits in place of the machine's where they are tighter.
    package mutating func tighten(to group: ControlGroupMemory) {
        memory = min(memory ?? group.limit, group.limit)
        let left = max(0, group.limit - group.used)
        availableMemory = min(availableMemory ?? left, left)
    }

    /// Most memory that this process has had resident so far, in bytes; nil where it cannot be told.
    package static func peakResidentBytes() -> Int64? {
        kilobytes("VmHWM", in: (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "")
    }

    /// The value of the first line `key : value`.
    package static func value(_ key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == key {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    package static func kilobytes(_ key: String, in text: String) -> Int64? {
        value(key, in: text).flatMap { $0.split(separator: " ").first.flatMap { Int64($0) } }.map { $0 * 1024 }
    }

    private static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "x86_64"
        #endif
    }
}
