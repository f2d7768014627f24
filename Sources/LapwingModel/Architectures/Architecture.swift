/// A family of decoders: its name in files, and what sets it apart from Llama.
///
/// A new family is a value of this type in a file of its own, and a place in `all`: Docs/AddAModel.md.
package struct Architecture: Sendable {
    /// As `general.architecture` has it.
    package let name: String
    /// Completes a configuration in which what every family's file tells is read already.
    let describe: @Sendable (HyperparameterReader, inout ModelConfiguration) throws(WeightsError) -> Void

    init(
        _ name: String,
        describe: @escaping @Sendable (HyperparameterReader, inout ModelConfiguration) throws(WeightsError) -> Void
    ) {
        self.name = name
        self.describe = describe
    }

    package static let all: [Architecture] = [
        .llama, .smollm3, .qwen2, .qwen2moe, .qwen3, .qwen3moe, .gemma, .gemma2, .gemma3, .phi2, .phi3, .gptneox,
        .bloom,
    ]

    /// The family that a file's metadata names.
    init(of file: GGUFFile) throws(WeightsError) {
        let name = try file.string("general.architecture")
        guard let known = Self.all.first(where: { $0.name == name }) else {
            throw .unsupportedArchitecture(
                found: name, offset: file.offset(of: "general.architecture") ?? 0,
                supported: ModelFile.supportedArchitectures)
        }
        self = known
    }
}

extension ModelFile {
    /// Decoders' and encoders'.
    package static var supportedArchitectures: [String] {
        Architecture.all.map(\.name) + [EncoderConfiguration.architecture]
    }
}

extension ModelConfiguration {
    /// Decoders'.
    package static var supportedArchitectures: [String] { Architecture.all.map(\.name) }

    /// Gives windows to all layers but each `period`th, or to all where there is no period.
    mutating func setWindows(_ window: Int?, allButEach period: Int? = nil) {
        for index in layers.indices where period.map({ (index + 1) % $0 != 0 }) ?? true {
            layers[index].window = window
        }
    }
}
