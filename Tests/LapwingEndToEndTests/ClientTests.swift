import Foundation
import Testing

/// Packages that people really use, against a real server with the real model.
@Suite(.enabled(if: Resources.model != nil && Resources.python != nil, "needs the default model and .cache/clients"))
struct ClientTests {
    @Test("The openai package chats, streams, completes with log-probabilities and sees clear refusals")
    func openAIPackage() throws {
        let folder = try TestFolder()
        try folder.configure(model: try #require(Resources.model))
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/openai_client.py"), server.baseURL, "support",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/([5-9]\d) checks passed/), "\(outcome.standardOutput)")
        #expect(server.stop() == 0)
        let verified = try Binary.run("ledger", "verify", "--config", folder.configuration)
        #expect(verified.status == 0, "\(verified.standardOutput)\(verified.standardError)")
    }

    @Test("Every surface works with every kind of provider or is refused by name, as Docs/Providers.md says")
    func providers() throws {
        let outcome = try Command.run(
            [try #require(Resources.python), Resources.script("clients/providers.py"), try Binary.path()],
            environment: ["LAPWING_MODEL": try #require(Resources.model)])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/1[5-9]\d checks passed/), "\(outcome.standardOutput)")
    }

    @Test("The openai package gets embeddings in both encodings, a Cohere-shaped call ranks, and both are entered")
    func embeddings() throws {
        let folder = try TestFolder()
        try folder.configure(model: try #require(Resources.model))
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/embeddings_client.py"), server.baseURL, "smollm2",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/([2-9]\d) checks passed/), "\(outcome.standardOutput)")
        #expect(server.stop() == 0)
        let exported = try Binary.run("ledger", "export", "--config", folder.configuration).standardOutput
        #expect(exported.contains(#""endpoint":"embeddings""#) && exported.contains(#""endpoint":"rerank""#))
    }

    @Test(
        "The openai package gets vectors of a model of BERT's family, in floats and in bytes, and a Cohere-shaped call ranks",
        .enabled(if: Resources.encoder != nil, "needs models/all-MiniLM-L6-v2"))
    func encoder() throws {
        let folder = try TestFolder()
        let weights = try #require(Resources.encoder)
        try folder.write(models: [
            "minilm: { weights: \"\(weights)\" }", "minilm-int8: { weights: \"\(weights)\", precision: int8 }",
        ])
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/minilm_client.py"), server.baseURL,
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("8 checks passed"), "\(outcome.standardOutput)")
        #expect(server.stop() == 0)
    }
}
