import Foundation

/// The memory that a control group leaves to this process: a container's limit, which `/proc/meminfo` knows nothing of.
package struct ControlGroupMemory: Hashable, Sendable {
    /// Bytes.
    package var limit: Int64
    /// Of the limit, what is in use and cannot be given back at once.
    package var used: Int64

    package init(limit: Int64, used: Int64) { (self.limit, self.used) = (limit, used) }

    package static func read() -> ControlGroupMemory? {
        tightest { try? String(contentsOfFile: $0, encoding: .utf8) }
    }

    /// Of the process's group and those above it, the one that leaves the least; nil where none has a limit.
    ///
    /// Version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, version 1:
    /// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html. `text` gives a file's contents, nil where there is none.
    package static func tightest(_ text: (_ path: String) -> String?) -> ControlGroupMemory? {
        var found: [ControlGroupMemory] = []
        // Lines such as `4:memory:/a/b` of version 1 and `0::/a/b` of version 2.
        for line in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            // In a container the path may be the host's, of which only the root is visible here.
            var path = parts[2].split(separator: "/")
            while true {
                let folder = (["/sys/fs/cgroup"] + (isSecond ? [] : ["memory"]) + path.map(String.init))
                    .joined(separator: "/")
                if let group = isSecond ? second(folder, text) : first(folder, text) { found.append(group) }
                if path.popLast() == nil { break }
            }
        }
        return found.min { $0.limit - $0.used < $1.limit - $1.used }
    }

    private static func second(_ folder: String, _ text: (String) -> String?) -> ControlGroupMemory? {
        group(folder, limit: "memory.max", used: "memory.current", cache: "inactive_file", text)
    }

    private static func first(_ folder: String, _ text: (String) -> String?) -> ControlGroupMemory? {
        group(
            folder, limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: "total_inactive_file", text)
    }

    private static func group(
        _ folder: String, limit: String, used: String, cache: String, _ text: (String) -> String?
    ) -> ControlGroupMemory? {
        func number(_ name: String) -> Int64? {
            text("\(folder)/\(name)").flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        // Without a limit version 2 says `max`, and version 1 a number near the largest there is.
        guard let limit = number(limit), limit < 1 << 60, let used = number(used) else { return nil }
        let statistics = (text("\(folder)/memory.stat") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        let cached = statistics.first { $0.count == 2 && $0[0] == cache }.flatMap { Int64($0[1]) } ?? 0
        return ControlGroupMemory(limit: limit, used: max(0, used - cached))
    }
}
