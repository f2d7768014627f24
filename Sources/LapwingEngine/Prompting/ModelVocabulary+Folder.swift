import Foundation
import LapwingModel
import LapwingText

extension ModelVocabulary {
    /// Far over the longest of published models, Gemma's of 33 MB.
    private static let byteCountLimit = 128 << 20

    /// Reads the files beside a folder's `config.json`: `tokenizer.json`, and where they are there `tokenizer_config.json` and
    /// `chat_template.jinja`, which goes before the template in the other.
    init(folder: String) throws {
        guard let tokenizer = try Self.bytes("tokenizer.json", in: folder) else {
            throw WeightsError.unreadable(path: "\(folder)/tokenizer.json", reason: "No such file or directory")
        }
        let found = try HuggingFaceTokenizer(
            tokenizer: tokenizer, configuration: Self.bytes("tokenizer_config.json", in: folder))
        let template = try Self.bytes("chat_template.jinja", in: folder).map { String(decoding: $0, as: UTF8.self) }
        self.init(vocabulary: found.vocabulary, chatTemplate: template ?? found.chatTemplate)
    }

    /// nil where the file is not there.
    private static func bytes(_ name: String, in folder: String) throws -> [UInt8]? {
        let path = "\(folder)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let byteCount = (attributes[.size] as? NSNumber)?.intValue ?? 0
        guard byteCount <= byteCountLimit else {
            throw WeightsError.inFile(
                name: name,
                .tooLarge(field: "the file's size", offset: 0, found: UInt64(byteCount), limit: byteCountLimit))
        }
        return [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
}
