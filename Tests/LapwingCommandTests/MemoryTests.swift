import ArgumentParser
import Foundation
import LapwingEngine
import LapwingTestSupport
import Testing
import lapwing

@Suite("The memory that models may take")
struct MemoryTests {
    @Test("A limit is a size with its unit or a share; anything else is none")
    func limits() {
        let read: [(String, MemoryLimit)] = [
            ("512MB", .bytes(512_000_000)), ("2GiB", .bytes(2 << 30)), ("1.5 gb", .bytes(1_500_000_000)),
            ("64kib", .bytes(65_536)), ("100B", .bytes(100)), ("60%", .percent(60)), ("0.5%", .percent(0.5)),
        ]
        for (text, limit) in read { #expect(MemoryLimit(text) == limit, "\(text)") }
        for text in ["", "512", "MB", "-1GB", "0MB", "101%", "1e9B", "2GX", "nan%", "9999999999TB", "1.2.3GB"] {
            #expect(MemoryLimit(text) == nil, "\(text)")
        }
        #expect(MemoryLimit.percent(25).byteCount(of: 8000) == 2000)
        #expect(MemoryLimit.percent(25).byteCount(of: nil) == nil)
    }

    @Test("The budget is the tighter one of what was asked for and what is available")
    func budget() {
        #expect(MemoryBudget(.bytes(100), memory: 1000, available: 500).byteCount == 100)
        #expect(
            MemoryBudget(.bytes(600), memory: 1000, available: 500) == MemoryBudget(nil, memory: 1000, available: 500))
        #expect(MemoryBudget(.percent(20), memory: 1000, available: 500).byteCount == 200)
        #expect(MemoryBudget(nil, memory: 1000, available: nil).byteCount == 1000)
        #expect(MemoryBudget(nil, memory: nil, available: nil).byteCount == .max)
    }

    @Test("A plan is one line; a refusal has the same figures and says what would fit")
    func words() throws {
        let demand = MemoryPlan.Demand(
            name: "a", weightByteCount: 98_100_000, pageByteCount: 400_000, trainedContextLength: 8192,
            contextLength: 8192
        ) { _ in 9_900_000 }
        func text(_ megabytes: Int, _ asked: Bool, _ demands: [MemoryPlan.Demand]) throws -> (line: String, no: String)
        {
            let limit = asked ? MemoryLimit.bytes(megabytes * 1_000_000) : nil
            let budget = MemoryBudget(limit, memory: nil, available: asked ? nil : Int64(megabytes) * 1_000_000)
            let plan = try MemoryPlan(demands, limit: budget.byteCount)
            return (budget.line(plan), budget.refusal(plan))
        }
        let roomy = try text(2000, false, [demand])
        #expect(
            roomy.line
                == "weights 98.1 MB + buffers 9.9 MB + cache 204.8 MB (16,384 tokens) + program 67.1 MB = 379.9 MB of "
                + "2.0 GB available")
        let tight = try text(200, true, [demand])
        #expect(
            tight.no
                == "'a' does not fit the memory: weights 98.1 MB + buffers 9.9 MB + cache 102.4 MB (8,192 tokens) + "
                + "program 67.1 MB = 277.5 MB of 200.0 MB allowed. What helps: a context of 1,984 tokens; a limit of "
                + "278MB; a smaller quantisation")
        let tooLarge = try text(100, false, [demand])
        #expect(tooLarge.no.hasSuffix("What helps: 177.5 MB more of free memory; a smaller quantisation"))
        var other = demand
        (other.name, other.contextLength) = ("b", 4096)
        let two = try text(400, true, [demand, other])
        #expect(two.no.hasPrefix("'a', 'b' do not fit the memory: weights 196.2 MB + "))
        #expect(two.no.contains("(a 8,192, b 4,096 tokens)"))
        #expect(
            two.no.contains("a context of 6,208 tokens for 'a'; a context of 3,104 tokens for 'b'; a limit of 437MB"))
    }

    @Test("A container's limit counts, also where it stands above the process's own group or only at the root")
    func controlGroups() {
        func group(_ files: [String: String]) -> ControlGroupMemory? { .tightest { files[$0] } }
        #expect(group([:]) == nil)
        #expect(
            group([
                "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n",
                "/sys/fs/cgroup/a/b/memory.current": "5\n", "/sys/fs/cgroup/a/memory.max": "1000\n",
                "/sys/fs/cgroup/a/memory.current": "700\n",
                "/sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 200\n",
            ]) == ControlGroupMemory(limit: 1000, used: 500))
        let second = [
            "/proc/self/cgroup": "5:cpu:/x\n4:memory:/of/the/host\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "100\n",
        ]
        #expect(group(second) == ControlGroupMemory(limit: 2000, used: 100))
        #expect(
            group(second.merging(["/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"]) { $1 }) == nil)
        var facts = MachineFacts.read()
        (facts.memory, facts.availableMemory) = (5000, 3000)
        facts.tighten(to: ControlGroupMemory(limit: 2000, used: 100))
        #expect(facts.memory == 2000 && facts.availableMemory == 1900)
        facts.tighten(to: ControlGroupMemory(limit: 9000, used: 9001))
        #expect(facts.memory == 2000 && facts.availableMemory == 0)
    }

    @Test("`--memory` and the configuration's key are read, and bind run and serve before any weight is read")
    func commands() async throws {
        let model = try TinyModel().write()
        let folder = URL(filePath: model.path).deletingLastPathComponent()
        let path = folder.appending(path: "lapwing.yaml").path
        func failure(_ yaml: String, _ arguments: [String]) async throws -> String? {
            try yaml.write(toFile: path, atomically: true, encoding: .utf8)
            var command = try #require(
                try Lapwing.parseAsRoot(arguments + ["--config", path]) as? any AsyncParsableCommand)
            do { try await command.run() } catch { return (error as? Failure)?.message }
            return nil
        }
        let models = "models: { a: { weights: tiny.gguf } }"
        let run = ["run", "--max-tokens", "1", "Hi"]
        #expect(try await failure(models, run) == nil)
        #expect(try await failure(models, run + ["--memory", "200MB"]) == nil)
        for (yaml, arguments) in [
            (models, run + ["--memory", "64MiB"]), ("machine: { memory: 64MiB }\n" + models, run),
            (models, ["serve", "--memory", "64MiB"]), ("machine: { memory: 64MiB }\n" + models, ["serve"]),
        ] {
            let message = try await failure(yaml, arguments)
            #expect(message?.hasPrefix("'a' does not fit the memory: ") == true, "\(message ?? "nothing")")
        }
        // The command's own goes first.
        #expect(try await failure("machine: { memory: 64MiB }\n" + models, run + ["--memory", "50%"]) == nil)
        #expect(throws: (any Error).self) { try Lapwing.parseAsRoot(run + ["--memory", "lots"]) }
        #expect(throws: ConfigurationError.self) {
            try Configuration(
                yaml: "machine: { memory: lots }\n" + models, file: path, day: "2026-01-01", environment: [:])
        }
    }
}
