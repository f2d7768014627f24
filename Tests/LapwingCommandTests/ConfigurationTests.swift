import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import LapwingServer
import LapwingStore
import LapwingText
import Testing
import lapwing

@Suite struct ConfigurationTests {
    private func read(_ yaml: String, _ environment: [String: String] = [:]) throws(ConfigurationError) -> Configuration
    {
        try Configuration(yaml: yaml, file: "/srv/shop/lapwing.yaml", day: "2026-01-02", environment: environment)
    }

    private static let whole = """
        server:
          host: "::1"
          port: 9000
          limits: { body_bytes: 65536, stop_strings: 4, connections: 9 }
          tls: { certificate: cert.pem, key: /etc/key.pem }
          timeouts: { head: 5s, body: 6s, idle: 7s, write: 8s, drain: 2m }
        data: ./store
        machine: { usd_per_hour: 0.25 }
        models:
          smollm2: { weights: models/a.gguf, context: 4096, kv_cache: f16, chat_template: chatml, pooling: last }
          mixtral:
            provider: openai-compatible
            upstream: mistralai/Mixtral-8x7B-Instruct-v0.1
            endpoints: ["http://10.0.0.5:8000/v1/", { url: "https://b.example/v1", weight: 2 }]
            logprobs: false
            price: { input: 0.24, cached_input: 0.1, output: 0.000000001, effective: 2025-05-01 }
          gpt-4: { provider: openai, upstream: gpt-4-turbo, key: "${KEY}" }
        routes:
          support: { open: smollm2, closed: gpt-4, hold: 48, escalate: { below: 0.92, tiers: [enterprise, pro] } }
          labels:
            { open: mixtral, hold: all, escalate: { below: 0.5 }, unknown: escalate, labels: { file: l.json },
              calibrator: intents }
        report: { counterfactual: gpt-4 }
        """

    @Test(
        "A relative path is found from the file's folder, upwards too",
        arguments: [
            ("d", "/srv/shop/d"), ("./d", "/srv/shop/d"), ("../d", "/srv/d"), ("a/../d", "/srv/shop/d"),
            ("a/../../d", "/srv/d"), ("..", "/srv"), ("/d/../e", "/e"),
        ])
    func relativePaths(path: String, found: String) {
        #expect(Configuration.absolute(path, in: URL(filePath: "/srv/shop/")) == found)
    }

    @Test("Every key of the format is read")
    func readsAll() throws {
        let configuration = try read(Self.whole, ["KEY": "sk-1"])
        #expect(configuration.server.host == "::1")
        #expect(configuration.server.port == 9000)
        #expect(configuration.server.maxBodyBytes == 65536)
        #expect(configuration.server.maxStopStrings == 4)
        #expect(configuration.server.maxConnections == 9)
        #expect(configuration.server.maxPromptBytes == ServerOptions().maxPromptBytes)
        #expect(
            configuration.server.tls == CertificateFiles(certificate: "/srv/shop/cert.pem", key: "/etc/key.pem"))
        #expect(configuration.server.headTimeout == .seconds(5) && configuration.server.bodyTimeout == .seconds(6))
        #expect(configuration.server.idleTimeout == .seconds(7) && configuration.server.writeTimeout == .seconds(8))
        #expect(configuration.server.drainTimeout == .seconds(120))
        #expect(configuration.dataFolder == "/srv/shop/store")
        #expect(configuration.machine.perHour == NanoUSD(250_000_000))
        #expect(!configuration.machine.isDefault)
        #expect(configuration.models.map(\.name) == ["smollm2", "mixtral", "gpt-4"])

        let local = try #require(configuration.models[0].local)
        #expect(local.weights == "/srv/shop/models/a.gguf")
        #expect(local.context == 4096)
        #expect(local.kvCache.rawValue == "f16")
        #expect(local.chatTemplate == .chatml)
        #expect(local.pooling == .last)

        let remote = try #require(configuration.models[1].remote)
        #expect(remote.provider == .openAICompatible)
        #expect(remote.upstream == "mistralai/Mixtral-8x7B-Instruct-v0.1")
        #expect(remote.endpoints.map(\.url) == ["http://10.0.0.5:8000/v1", "https://b.example/v1"])
        #expect(remote.endpoints.map(\.weight) == [1, 2])
        #expect(remote.key == nil)
        #expect(!remote.reportsLogProbabilities)
        #expect(
            remote.price
                == Price(
                    inputPerMillion: NanoUSD(240_000_000), cachedInputPerMillion: NanoUSD(100_000_000),
                    outputPerMillion: NanoUSD(1), source: "lapwing.yaml", effective: "2025-05-01"))

        let closed = try #require(configuration.models[2].remote)
        #expect(closed.provider == .openAI)
        #expect(closed.endpoints.map(\.url) == ["https://api.openai.com/v1"])
        #expect(closed.key == "sk-1")
        #expect(closed.reportsLogProbabilities)

        #expect(configuration.routes.map(\.name) == ["support", "labels"])
        #expect(configuration.routes.map(\.open) == ["smollm2", "mixtral"])
        #expect(configuration.routes.map(\.closed) == ["gpt-4", nil])
        #expect(configuration.routes.map(\.hold) == [.tokens(48), .all])
        #expect(configuration.routes.map(\.unknown) == [.keep, .escalate])
        #expect(configuration.routes[0].escalation?.target == .below(0.92))
        #expect(configuration.routes[0].escalation?.tiers == ["enterprise", "pro"])
        #expect(configuration.routes[1].escalation?.tiers == nil)
        #expect(configuration.routes.map(\.labels) == [nil, .file("/srv/shop/l.json")])
        #expect(configuration.routes.map(\.calibrator) == [nil, "intents"])
        #expect(configuration.counterfactual == "gpt-4")
        #expect(configuration.warnings.isEmpty)
    }

    @Test("Anthropic's address is known and it is asked for no log-probabilities; Azure's version is kept")
    func otherProviders() throws {
        let configuration = try read(
            """
            models:
              claude: { provider: anthropic, key: k }
              own: { provider: anthropic, endpoints: ["http://h/v1"], logprobs: false }
              azure: { provider: azure, upstream: gpt-here, endpoints: ["https://h"], api_version: 2024-10-21, key: k }
            """)
        let remotes = try configuration.models.map { try #require($0.remote) }
        #expect(remotes.map(\.provider) == [.anthropic, .anthropic, .azure])
        #expect(
            remotes.map(\.endpoints).map { $0.map(\.url) }
                == [["https://api.anthropic.com/v1"], ["http://h/v1"], ["https://h"]])
        #expect(remotes.map(\.reportsLogProbabilities) == [false, false, true])
        #expect(remotes.map(\.apiVersion) == [nil, nil, "2024-10-21"])
    }

    @Test("One model is enough; the rest has defaults")
    func defaults() throws {
        let configuration = try read("models: { m: { weights: /w/m.gguf } }")
        #expect(configuration.server.host == "127.0.0.1")
        #expect(configuration.server.port == 8080)
        #expect(configuration.dataFolder == "/srv/shop/data")
        #expect(configuration.machine.perHour == NanoUSD(100_000_000))
        #expect(configuration.machine.isDefault)
        #expect(configuration.routes.isEmpty)
        #expect(configuration.counterfactual == nil)
        #expect(configuration.models[0].local?.weights == "/w/m.gguf")
        #expect(configuration.models[0].local?.context == nil)
    }

    @Test("A variable that is not set makes its model unavailable, with a warning, and nothing else")
    func unsetVariable() throws {
        for environment in [[:], ["KEY": ""]] {
            let configuration = try read(Self.whole, environment)
            #expect(configuration.models.map(\.unavailable) == [nil, nil, "KEY is not set"])
            #expect(
                configuration.warnings.map(\.description) == [
                    "line 17: models.gpt-4: KEY is not set; the model is unavailable"
                ])
        }
        let nested = try read(
            "models: { m: { provider: openai-compatible, endpoints: [\"${A}/v1\"], upstream: \"${B}\", key: \"${A}\" } }"
        )
        #expect(nested.models[0].unavailable == "A, B are not set")
        for model in [
            "weights: \"${DIR}/m.gguf\"", "weights: m.gguf, chat_template: \"${DIR}\"", "provider: \"${DIR}\"",
            "provider: openai, key: k, price: { input: 1, output: 1, effective: \"${DIR}\" }",
        ] {
            let configuration = try read("models: { m: { \(model) }, n: { weights: n.gguf } }")
            #expect(configuration.models.map(\.unavailable) == ["DIR is not set", nil], "\(model)")
        }
    }

    @Test("What has no effect is warned of, and an address off this machine as long as there is no key")
    func warnings() throws {
        let configuration = try read(
            """
            server: { host: 0.0.0.0 }
            models: { m: { weights: m.gguf } }
            routes: { r: { open: m, unknown: escalate } }
            """)
        #expect(
            configuration.allWarnings.map(\.description) == [
                "line 3: routes.r.unknown: it says when to escalate, and has no effect without 'escalate'",
                "server.host: 0.0.0.0 can be reached by other machines, and no key has been made to ask them for, so "
                    + "`serve` refuses it; make one with `lapwing keys create NAME`, or listen on 127.0.0.1",
            ])
        for host in ["localhost", "127.1.2.3", "::1"] {
            let configuration = try read("server: { host: \"\(host)\" }\nmodels: { m: { weights: m.gguf } }")
            #expect(configuration.allWarnings.isEmpty)
        }
    }

    @Test("Packed weights are kept beside the file where the model's entry says so")
    func packedCache() throws {
        let found = try read("models: { a: { weights: a.gguf, packed_cache: true }, b: { weights: b.gguf } }")
        #expect(found.models.map { $0.local?.packedCache } == [true, false])
    }

    @Test("An encoder's precision is one of two, and a wrong one is refused with both")
    func precision() throws {
        let found = try read("models: { a: { weights: a, precision: int8 }, b: { weights: b } }")
        #expect(found.models.map { $0.local?.precision } == [.int8, nil])
        #expect(throws: ConfigurationError.self) { try read("models: { a: { weights: a, precision: f16 } }") }
    }

    @Test("The example in Docs/Configuration.md is read without a warning")
    func documentedExample() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let text = try String(contentsOf: root.appending(path: "Docs/Configuration.md"), encoding: .utf8)
        let example = try #require(text.firstMatch(of: /```yaml\n((?s:.+?))```/)).1
        let found = try Configuration(
            yaml: String(example), file: "/lapwing.yaml", day: "2026-12-01",
            environment: [
                "MIXTRAL_KEY": "a", "OPENAI_API_KEY": "b", "ANTHROPIC_API_KEY": "c", "AZURE_OPENAI_API_KEY": "d",
            ])
        #expect(found.warnings == [] && found.models.count == 6 && found.routes.count == 4)
    }

    @Test("A model whose price nobody knows is warned of, as calls and as what savings are counted against")
    func unpriced() throws {
        let models = """
            models:
              m: { weights: m.gguf }
              big: { provider: openai, upstream: gpt-4-turbo, key: k }
              own: { provider: openai-compatible, endpoints: ["http://h"], price: { input: 1, output: 1 } }
              new: { provider: openai-compatible, endpoints: ["http://h"] }

            """
        func found(_ rest: String) throws -> [String] {
            let configuration = try read(models + rest)
            return configuration.unpriced(in: configuration.withOwnPrices(.builtIn)).map(\.description)
        }
        let calls =
            "models.new: no price is known for it, so its calls are counted as unpriced, and keys with a budget may not call "
            + "it; give it a 'price', or `lapwing prices import` a table that has it"
        for known in ["gpt-4-turbo", "big", "own"] {
            #expect(try found("report: { counterfactual: \(known) }") == [calls])
        }
        let remedy =
            ", so savings against it are unknown; give it a 'price' under 'models', or `lapwing prices import` a table "
            + "that has it"
        #expect(
            try found("report: { counterfactual: gpt-4-trubo }") == [
                "report.counterfactual: no price is known for 'gpt-4-trubo' (did you mean 'gpt-4-turbo'?)" + remedy,
                calls,
            ])
        #expect(
            try found("routes: { r: { open: m, closed: new }, s: { open: new, closed: m } }") == [
                "routes.r.closed: no price is known for 'new'" + remedy
            ])
    }

    @Test("The summary says when a route escalates, and shows an address as it is typed")
    func summary() throws {
        let configuration = try read(
            """
            server: { host: "::1" }
            models: { m: { weights: m.gguf }, n: { weights: n.gguf } }
            routes:
              a: { open: m, closed: n, escalate: { below: 0.9, tiers: [pro] } }
              b: { open: m, escalate: { below: 0.9 } }
              c: { open: m, closed: n }
            """)
        let lines = ConfigurationSummary.lines(of: configuration)
        #expect(lines.contains("server   http://[::1]:8080"))
        #expect(
            lines.suffix(4) == [
                "route  open  closed  escalates               holds",
                "a      m     n       below 0.9 for pro       48 tokens",
                "b      m     –       never, would below 0.9  48 tokens",
                "c      m     n       never                   48 tokens",
            ])
    }

    @Test("A variable is expanded in string values only, and what it holds is never read as YAML")
    func expansion() throws {
        let yaml = """
            models: { "${N}": { weights: "${DIR}/${FILE}" } }
            data: "/d/${FILE}"
            """
        let configuration = try read(yaml.replacing("\"${N}\"", with: "m"), ["DIR": "/w: [", "FILE": "${DIR} # x"])
        #expect(configuration.models[0].local?.weights == "/w: [/${DIR} # x")
        #expect(configuration.dataFolder == "/d/${DIR} # x")
        // A key is not a value: its name stays as it is written.
        #expect(try read(yaml, ["N": "n", "DIR": "d", "FILE": "f"]).models[0].name == "${N}")
    }

    @Test("Prices are taken from the text to the last nano-dollar")
    func exactPrices() throws {
        for (text, expected) in [
            ("0.1", 100_000_000), ("0.3", 300_000_000), ("15", 15_000_000_000), ("0.123456789", 123_456_789),
            ("0", 0), ("1000000", 1_000_000_000_000_000),
        ] as [(String, Int64)] {
            let configuration = try read(
                "models: { m: { provider: openai-compatible, endpoints: [\"http://h\"], "
                    + "price: { input: \(text), output: \(text) } } }")
            let price = configuration.models[0].remote?.price
            #expect(price?.inputPerMillion == NanoUSD(expected))
            #expect(price?.effective == "2026-01-02")
        }
    }

    @Test("Names that YAML 1.1 took for booleans or times are strings")
    func plainStrings() throws {
        let configuration = try read(
            "models: { no: { weights: on } }\nroutes: { yes: { open: no, escalate: { below: 1, tiers: [off, y] } } }")
        #expect(configuration.routes[0].name == "yes")
        #expect(configuration.routes[0].escalation?.tiers == ["off", "y"])
    }

    @Test("An anchor may be used again")
    func anchors() throws {
        let configuration = try read(
            """
            models:
              a: { provider: openai-compatible, endpoints: &e ["http://h/v1"] }
              b: { provider: openai-compatible, endpoints: *e }
            """)
        #expect(configuration.models.map { $0.remote?.endpoints.map(\.url) } == [["http://h/v1"], ["http://h/v1"]])
    }

    @Test("A file is read from the disk, with paths from its own folder and the price's day from its date")
    func readsFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "lapwing.yaml")
        try Self.whole.write(to: file, atomically: true, encoding: .utf8)
        let configuration = try Configuration.read(path: file.path, environment: [:])
        #expect(configuration.dataFolder == folder.appending(path: "store").path)
        #expect(throws: ConfigurationError.unreadable(file: folder.path + "/x", reason: "there is no such file")) {
            try Configuration.read(path: folder.path + "/x", environment: [:])
        }
        try Data([0xff, 0xfe, 0x00]).write(to: file)
        #expect(throws: ConfigurationError.unreadable(file: file.path, reason: "it is not UTF-8 text")) {
            try Configuration.read(path: file.path, environment: [:])
        }
        try Data(repeating: 32, count: 2 << 20).write(to: file)
        #expect(throws: ConfigurationError.self) { try Configuration.read(path: file.path, environment: [:]) }
    }
}
