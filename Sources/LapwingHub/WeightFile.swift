import Foundation
import LapwingModel

/// What a model on the disk is, from its files' headers and what is told beside them.
package struct WeightFile: Hashable, Sendable, Codable {
    package var path: String
    package var byteCount: Int64
    /// `general.name`, as its maker called it.
    package var name: String?
    package var architecture: String
    package var parameterCount: Int64
    /// `general.size_label`, such as `8x7B`.
    package var sizeLabel: String?
    /// As llama.cpp writes it: `Q4_K_M`; of a file that tells none, or a wrong one, the type of most of its parameters.
    package var quantisation: String
    package var contextLength: Int?
    package var license: String?
    /// The models that it was made from.
    package var origins: [Origin]
    /// Where it was pulled from.
    package var repository: String?
    package var commit: String?
    /// Whether this engine can run it, as far as the header tells.
    package var isSupported: Bool

    /// Reads the header. Throws `WeightsError` for what is no model or damaged.
    package init(path: String) throws {
        let file = try GGUFFile(path: path)
        self.path = path
        byteCount = Int64(file.byteCount)
        name = try? file.string("general.name")
        let architecture = try file.string("general.architecture")
        self.architecture = architecture
        contextLength = (try? file.uint32("\(architecture).context_length")).map(Int.init)
        sizeLabel = try? file.string("general.size_label")
        var elements: [TensorType: Int64] = [:]
        for tensor in file.tensors.values {
            elements[tensor.type, default: 0] += tensor.shape.reduce(Int64(1)) {
                $0.multipliedReportingOverflow(by: Int64($1)).partialValue
            }
        }
        parameterCount = elements.values.reduce(0, &+)
        // Ties go to the smaller id, so that the answer does not hang on a dictionary's order.
        let main = elements.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
        quantisation = Self.quantisation(file, main)
        isSupported =
            ModelFile.supportedArchitectures.contains(architecture)
            && file.tensors.values.allSatisfy { $0.type.isReadable }
        // A record that cannot be read is `verify`'s to complain of.
        let record = try? PullRecord(of: path)
        (repository, commit) = (record?.repository, record?.commit)
        let isFolder = ModelFolder.isModel(path)
        let card = (isFolder ? ModelCard(folder: path) : nil) ?? record?.card
        license =
            (try? file.string("general.license.name")) ?? (try? file.string("general.license")) ?? card?.license
        let told = card.map { [Origin]($0, unsaid: isFolder ? .fineTune : .quantised) } ?? []
        origins = [Origin](file).filter { origin in !told.contains { $0.model == origin.model } } + told
    }

    /// The file's own name for its mixture of types, where most of its parameters bear that out.
    private static func quantisation(_ file: GGUFFile, _ main: TensorType?) -> String {
        guard let main else { return "none" }
        let type = "\(main)".uppercased()
        let told = (try? file.uint32("general.file_type")).flatMap { mixtures[$0] }
        return told.flatMap { $0.hasPrefix(type) ? $0 : nil } ?? type
    }

    /// The values of `general.file_type` that name more than a type, from llama.cpp's `llama_ftype`.
    private static let mixtures: [UInt32: String] = [
        11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 21: "Q2_K_S",
    ]
}
