import LapwingServer
import Testing
import lapwing

@Suite("A configuration that is read anew")
struct ConfigurationChangeTests {
    private func configuration(_ yaml: String) throws -> Configuration {
        try Configuration(yaml: yaml, file: "/x/lapwing.yaml", day: "2026-01-01", environment: ["K": "k"])
    }

    private static let yaml = """
        server: { port: 8080, limits: { body_bytes: 2048 } }
        models:
          tiny: { weights: tiny.gguf }
          big: { provider: openai-compatible, endpoints: ["http://a/v1"], price: { input: 1, output: 2 } }
        routes: { support: { open: tiny, closed: big } }
        """

    private func change(_ old: String = yaml, to new: String) throws -> ConfigurationChange {
        ConfigurationChange(from: try configuration(old), to: try configuration(new))
    }

    @Test("The same file changes nothing")
    func same() throws {
        let change = try change(to: Self.yaml)
        #expect(change.changed == [] && change.needsRestart == [])
    }

    @Test(
        "What a running server can serve otherwise is changed, and named",
        arguments: [
            ("input: 1", "input: 3", "models.big"), ("http://a/v1", "http://b/v1", "models.big"),
            ("tiny, closed: big", "big", "routes.support"),
            ("{ open: tiny", "{ hold: all, open: tiny", "routes.support"),
            ("support", "help", "routes.help routes.support"), ("2048", "4096", "server.limits"),
            ("limits", "timeouts: { body: 5s, idle: 9s }, limits", "server.timeouts.body server.timeouts.idle"),
            ("models:", "machine: { usd_per_hour: 3 }\nmodels:", "machine.usd_per_hour"),
            ("weights: tiny.gguf", "weights: tiny.gguf, cache: { ttl: 1h }", "models.tiny"),
            ("models:", "report: { counterfactual: big }\nmodels:", "report.counterfactual"),
            ("models:\n", "models:\n  more: { provider: openai, key: k }\n", "models.more"),
        ])
    func changes(found: String, replacement: String, keys: String) throws {
        let new = Self.yaml.replacing(found, with: replacement)
        let change = try change(to: new)
        #expect(change.changed.joined(separator: " ") == keys && change.needsRestart == [])
        let expected = try configuration(new)
        #expect(change.effective.models == expected.models && change.effective.server == expected.server)
    }

    @Test(
        "What it cannot is named, and stays as it was",
        arguments: [
            ("port: 8080", "port: 8081", "server.port"), ("{ port", "{ host: 127.0.0.2, port", "server.host"),
            ("body_bytes: 2048", "body_bytes: 2048, connections: 5", "server.limits.connections"),
            ("limits", "timeouts: { drain: 5s }, limits", "server.timeouts.drain"),
            ("limits", "tls: { certificate: a.pem, key: b.pem }, limits", "server.tls"),
            ("models:", "data: ./other\nmodels:", "data"), ("models:", "log: { format: json }\nmodels:", "log"),
            ("models:", "machine: { memory: 1GiB }\nmodels:", "machine.memory"),
            ("weights: tiny.gguf", "weights: other.gguf", "models.tiny"),
            ("weights: tiny.gguf", "weights: tiny.gguf, context: 64", "models.tiny"),
            (
                "provider: openai-compatible, endpoints: [\"http://a/v1\"], price: { input: 1, output: 2 }",
                "weights: big.gguf", "models.big"
            ),
        ])
    func restarts(found: String, replacement: String, key: String) throws {
        let old = try configuration(Self.yaml)
        let change = try change(to: Self.yaml.replacing(found, with: replacement))
        #expect(change.needsRestart == [key] && change.changed == [])
        #expect(change.effective.server == old.server && change.effective.models == old.models)
        #expect(change.effective.dataFolder == old.dataFolder)
        #expect(change.effective.machine.memory == old.machine.memory)
    }

    @Test("A model that is to run here waits for the start, and says so; one that is gone is gone")
    func localModels() throws {
        let added = try change(to: Self.yaml.replacing("models:\n", with: "models:\n  new: { weights: new.gguf }\n"))
        #expect(added.needsRestart == ["models.new"])
        #expect(added.effective.model(named: "new")?.unavailable == "it is loaded when the server is started again")
        let removed = try change(
            to: "server: { port: 8080, limits: { body_bytes: 2048 } }\nmodels: { tiny: { weights: tiny.gguf } }")
        #expect(removed.changed == ["models.big", "routes.support"])
    }

    @Test("Another certificate is shown at once, and none where there is one waits")
    func certificates() throws {
        let one = Self.yaml.replacing("limits", with: "tls: { certificate: a.pem, key: b.pem }, limits")
        let renewed = try change(one, to: one.replacing("a.pem", with: "c.pem"))
        #expect(renewed.changed == ["server.tls"] && renewed.needsRestart == [])
        #expect(renewed.effective.server.tls == CertificateFiles(certificate: "/x/c.pem", key: "/x/b.pem"))
        let dropped = try change(one, to: Self.yaml)
        #expect(dropped.needsRestart == ["server.tls"] && dropped.effective.server.tls?.key == "/x/b.pem")
    }
}
