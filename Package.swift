// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "lapwing",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // Layer 0: no imports of ours.
        // C inner loops per instruction set, and the choice among them.
        // Optimised in debug builds too, where tests would otherwise run the kernels a hundred times slower.
        // `check` is a program of its own: Scripts/emulate.sh.
        .target(name: "CLapwingKernels", exclude: ["check"], cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
        // The words that all layers speak.
        .target(name: "LapwingAPI"),
        .testTarget(name: "LapwingAPITests", dependencies: ["LapwingAPI"]),
        // What is counted, and how `/metrics` says it.
        .target(
            name: "LapwingMetrics", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")]),
        .testTarget(
            name: "LapwingMetricsTests",
            dependencies: ["LapwingMetrics", .product(name: "CoreMetrics", package: "swift-metrics")]),
        // Intervals, tests, calibrators and the metrics of ranking and calibration: pure functions of numbers.
        .target(name: "LapwingStatistics"),
        .testTarget(
            name: "LapwingStatisticsTests", dependencies: ["LapwingStatistics", "GuaranteeSimulation"],
            resources: [.copy("Fixtures")]),
        // Deployments whose truth is known, and how often a promise was broken; run by Benchmarks/guarantee.sh.
        .executableTarget(
            name: "GuaranteeSimulation", dependencies: ["LapwingStatistics"], path: "Benchmarks/GuaranteeSimulation"),
        // Text to tokens and back, chat templates, streaming, stop strings.
        .target(name: "LapwingText"),
        .testTarget(
            name: "LapwingTextTests",
            dependencies: ["LapwingModel", "LapwingText", "LapwingStatistics", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),

        // Layer 1: imports layer 0.
        // Weight files to logits.
        .target(name: "LapwingModel", dependencies: ["CLapwingKernels"]),
        .testTarget(
            name: "LapwingModelTests",
            dependencies: ["CLapwingKernels", "LapwingModel", "LapwingStatistics", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),
        // The forward pass alone, for Scripts/make_reference.py to compare.
        .executableTarget(name: "ForwardLogits", dependencies: ["LapwingModel"], path: "Benchmarks/ForwardLogits"),
        // All that outlives a request: the ledger and the price book.
        .target(
            name: "LapwingStore",
            dependencies: [
                "LapwingAPI", "LapwingStatistics", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "LapwingStoreTests",
            dependencies: [
                "LapwingAPI", "LapwingStore", "LapwingStatistics", "LapwingTestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // Speed and size of the ledger; run by Benchmarks/ledger.sh.
        .executableTarget(
            name: "LedgerBenchmark", dependencies: ["LapwingAPI", "LapwingStore"], path: "Benchmarks/LedgerBenchmark"),

        // Layer 2: imports layers 0 and 1, never another of layer 2.
        // Many requests to one forward pass a step.
        .target(name: "LapwingEngine", dependencies: ["LapwingAPI", "LapwingText", "LapwingModel"]),
        .testTarget(
            name: "LapwingEngineTests",
            dependencies: [
                "LapwingAPI", "LapwingText", "LapwingModel", "LapwingEngine", "LapwingStatistics", "LapwingTestSupport",
            ]),
        // One sequence's decode alone, whose instructions and allocations Benchmarks/kernels.sh counts.
        .executableTarget(
            name: "DecodeSteps", dependencies: ["LapwingAPI", "LapwingModel", "LapwingEngine", "LapwingTestSupport"],
            path: "Benchmarks/DecodeSteps"),
        // Sentences a second of an encoder; run by Benchmarks/embeddings.sh.
        .executableTarget(
            name: "EncodeSentences", dependencies: ["LapwingModel"], path: "Benchmarks/EncodeSentences"),
        // Encodes texts and says how long it took; run by Benchmarks/tokenizers.sh.
        .executableTarget(
            name: "TokenizerBenchmark", dependencies: ["LapwingText", "LapwingModel", "LapwingEngine"],
            path: "Benchmarks/TokenizerBenchmark"),
        // A prompt gate on RouteLLM's questions; run by Benchmarks/routing.sh.
        .executableTarget(
            name: "RoutingBenchmark",
            dependencies: ["LapwingAPI", "LapwingStatistics", "LapwingText", "LapwingModel", "LapwingEngine"],
            path: "Benchmarks/RoutingBenchmark"),
        // Chooses, calls, judges and meters.
        .target(
            name: "LapwingRouter",
            dependencies: [
                "LapwingAPI", "LapwingMetrics", "LapwingStatistics", "LapwingStore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "LapwingRouterTests",
            dependencies: [
                "LapwingAPI", "LapwingMetrics", "LapwingRouter", "LapwingStore", "LapwingStatistics",
                "LapwingTestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        // What calibrators are worth on answers that they were not fitted to; run by Benchmarks/calibration.sh.
        .executableTarget(
            name: "CalibrationBenchmark", dependencies: ["LapwingRouter", "LapwingStatistics"],
            path: "Benchmarks/CalibrationBenchmark"),
        // Tasks to scores over any provider, and what two runs say of each other.
        .target(name: "LapwingEvaluation", dependencies: ["LapwingAPI", "LapwingStatistics"]),
        .testTarget(
            name: "LapwingEvaluationTests",
            dependencies: ["LapwingAPI", "LapwingEvaluation", "LapwingStatistics", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),
        // Models from the hub, and what is on the disk.
        .target(
            name: "LapwingHub",
            dependencies: [
                "LapwingModel", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "LapwingHubTests",
            dependencies: [
                "LapwingHub", "LapwingModel", "LapwingStatistics", "LapwingTestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // Layer 3: HTTP to providers and back.
        .target(
            name: "LapwingServer",
            dependencies: [
                "LapwingAPI", "LapwingMetrics", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "LapwingServerTests",
            dependencies: [
                "LapwingAPI", "LapwingMetrics", "LapwingServer", "LapwingStatistics", "LapwingTestSupport",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),

        // Counts requests as `serve` does; Benchmarks/metrics.sh says what that takes.
        .executableTarget(
            name: "MetricsCost",
            dependencies: ["LapwingAPI", "LapwingMetrics", "LapwingStore", "LapwingRouter", "LapwingServer"],
            path: "Benchmarks/MetricsCost"),

        // Layer 4: the commands, the configuration file, and the one place that wires objects.
        .executableTarget(
            name: "lapwing",
            dependencies: [
                "LapwingAPI", "LapwingMetrics", "LapwingStatistics", "LapwingText", "LapwingModel", "LapwingStore",
                "LapwingEngine", "LapwingEvaluation", "LapwingRouter", "LapwingHub", "LapwingServer",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "LapwingCommandTests",
            dependencies: [
                "lapwing", "LapwingAPI", "LapwingEvaluation", "LapwingMetrics", "LapwingText", "LapwingStore",
                "LapwingRouter",
                "LapwingModel", "LapwingEngine", "LapwingServer", "LapwingStatistics", "LapwingTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests share this: tiny models, scripted providers and the manual clock.
        .target(
            name: "LapwingTestSupport", dependencies: ["LapwingAPI", "LapwingModel", "LapwingStatistics"],
            path: "Tests/LapwingTestSupport"),
        // What must hold for the whole tree: the import table, the unsafe allow-list, file lengths.
        .testTarget(name: "LapwingHouseTests"),
        // The program as its users meet it: real processes, real clients, kills, system calls.
        .testTarget(
            name: "LapwingEndToEndTests",
            dependencies: [
                "lapwing", "LapwingAPI", "LapwingEngine", "LapwingModel", "LapwingStatistics", "LapwingStore",
                "LapwingTestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
    ]
)

// The same settings for every Swift target: the language mode, and imports that are private unless they say otherwise.
for target in package.targets where target.name != "CLapwingKernels" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
