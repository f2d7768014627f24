import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingServer
import Logging

/// Our own server on a free port of this machine, ledger and all, for as long as it is measured.
///
/// It does not speculate: peers decode a token a step, and the answers to made-up prompts repeat themselves as no real text
/// does.
package enum OwnServer {
    package static func run<Value: Sendable>(
        _ name: String, _ local: Configuration.Local, memory: MemoryLimit? = nil, threads: Int,
        body: @escaping @Sendable (_ url: String, Engine) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lapwing-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = Configuration(
            file: folder.appending(path: "lapwing.yaml").path, dataFolder: folder.path,
            models: [Configuration.Model(name: name, source: .local(local))])
        configuration.machine.memory = memory
        var engine = EngineOptions()
        engine.speculates = false
        let assembly = try await Assembly.make(configuration, workers: Workers(count: threads), engine: engine)
        let ports = AsyncStream<Int>.makeStream()
        var options = configuration.server
        options.port = 0
        let serving = try Serving(
            assembly, gatekeeper: OpenDoor(), options: options, logger: CommandLog.make(.critical)
        ) { port in
            ports.continuation.yield(port)
            ports.continuation.finish()
        }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await serving.run()
                return nil
            }
            group.addTask {
                guard let port = await ports.stream.first(where: { _ in true }), let engine = assembly.engines.first
                else { throw CancellationError() }
                return try await body("http://127.0.0.1:\(port)", engine)
            }
            var value: Value?
            for try await result in group {
                guard let result else { continue }
                value = result
                await serving.stop()
            }
            guard let value else { throw CancellationError() }
            return value
        }
    }
}
