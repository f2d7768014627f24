import Foundation
import LapwingModel

/// What a weight file on the disk is, from its header alone.
package struct WeightFile: Hashable, Sendable, Codable {
    package var path: String
    package var byteCount: Int64
    /// `general.name`, as its maker called it.
    package var name: String?
    package var architecture: String
    package var parameterCount: Int64
    /// The type that holds most of the parameters, as llama.cpp writes it: `Q4_1`.
    package var quantisation: String
    package var contextLength: Int?
    /// Whether this engine can run it, as far as the header tells.
    package var isSupported: Bool

    /// Reads the header. Throws `WeightsError` for a file that is no GGUF file or damaged.
    package init(path: String) throws {
        let file = try GGUFFile(path: path)
        self.path = path
        byteCount = Int64(file.byteCount)
        name = try? file.string("general.name")
        let architecture = try file.string("general.architecture")
        self.architecture = architecture
        contextLength = (try? file.uint32("\(architecture).context_length")).map(Int.init)
        var elements: [TensorType: Int64] = [:]
        for tensor in file.tensors.values {
            elements[tensor.type, default: 0] += tensor.shape.reduce(Int64(1)) {
                $0.multipliedReportingOverflow(by: Int64($1)).partialValue
            }
        }
        parameterCount = elements.values.reduce(0, +)
        // Ties go to the smaller id, so that the answer does not hang on a dictionary's order.
        let main = elements.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
        quantisation = main.map { "\($0)".uppercased() } ?? "none"
        isSupported =
            ModelConfiguration.supportedArchitectures.contains(architecture)
            && file.tensors.values.allSatisfy { $0.type.isReadable }
    }

    /// The paths of a folder's GGUF files, by name.
    package static func paths(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.lowercased().hasSuffix(".gguf") }.sorted()
            .map { URL(filePath: folder).appending(path: $0).path }
    }
}
