// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "lapwing",
    platforms: [.macOS(.v15)],
    dependencies: [],
    targets: [
        // Layer 0: no imports of ours.
        // The words that all layers speak.
        .target(name: "LapwingAPI"),
        .testTarget(name: "LapwingAPITests", dependencies: ["LapwingAPI"]),
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
