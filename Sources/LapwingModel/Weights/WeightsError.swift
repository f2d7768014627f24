/// Why a weights file cannot be used. Offsets are bytes from the start of the file; of a tensor among several files, from
/// that of the first, as if they lay end to end.
package indirect enum WeightsError: Error, Equatable {
    case unreadable(path: String, reason: String)
    /// What is wrong with one of several files.
    case inFile(name: String, WeightsError)
    /// The first four bytes are not `GGUF`.
    case notGGUF(found: [UInt8])
    /// A file for big-endian machines.
    case bigEndian(offset: Int)
    case unsupportedVersion(UInt32, offset: Int)
    /// A field reaches past the end of the file.
    case truncated(field: String, offset: Int, needed: UInt64, remaining: Int)
    /// A count or length beyond what any sound file holds.
    case tooLarge(field: String, offset: Int, found: UInt64, limit: Int)
    case invalid(field: String, offset: Int, found: String, expected: String)
    case duplicate(field: String, offset: Int, name: String)

    case missingKey(String)
    case wrongType(key: String, offset: Int, found: String, expected: String)
    /// A tensor the architecture needs is not in the file.
    case missingTensor(name: String)
    /// A tensor that is needed is stored in a type that the engine does not compute with.
    case unsupportedTensorType(name: String, type: TensorType, offset: Int)
    case shapeMismatch(name: String, offset: Int, expected: [Int], found: [Int])

    case unsupportedArchitecture(found: String, offset: Int, supported: [String])
    /// A folder's `model_type`.
    case unsupportedModelType(found: String, supported: [String])
    /// A tensor that is needed is stored in a type that only other programs read, by its name there.
    case unsupportedType(tensor: String, type: String, supported: [String])
    /// A hyperparameter that the forward pass cannot run with; it has no place where it follows from others.
    case unfitHyperparameter(key: String, offset: Int?, found: String, expected: String)
    /// A tensor that this architecture's forward pass would leave out, with a wrong result and no sign of it.
    case unexpectedTensor(name: String, offset: Int)
}

extension WeightsError: CustomStringConvertible {
    /// One sentence for a person, with the field and the place in the file.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .inFile(let name, let error):
            "\(name): \(error)"
        case .notGGUF(let found):
            "not a GGUF file: expected the bytes \"GGUF\" at byte 0, found \(found)"
        case .bigEndian(let offset):
            "a big-endian GGUF file (version field at byte \(offset)): only little-endian files can be read"
        case .unsupportedVersion(let version, let offset):
            "GGUF version \(version) at byte \(offset): only versions 2 and 3 can be read"
        case .truncated(let field, let offset, let needed, let remaining):
            "\(field) at byte \(offset) needs \(needed) bytes, and the file has \(remaining) more: cut short or damaged"
        case .tooLarge(let field, let offset, let found, let limit):
            "\(field) at byte \(offset) is \(found), over the limit of \(limit)"
        case .invalid(let field, let offset, let found, let expected):
            "\(field) at byte \(offset): found \(found), expected \(expected)"
        case .duplicate(let field, let offset, let name):
            "\(field) at byte \(offset): \"\(name)\" is there already"
        case .missingKey(let key):
            "the metadata has no key \"\(key)\""
        case .wrongType(let key, let offset, let found, let expected):
            "the metadata value \"\(key)\" at byte \(offset) is \(found), expected \(expected)"
        case .missingTensor(let name):
            "there is no tensor \"\(name)\""
        case .unsupportedTensorType(let name, let type, let offset):
            "the tensor \"\(name)\" at byte \(offset) is \(type); the types that can be computed with are "
                + TensorType.readable.map(\.description).joined(separator: ", ")
        case .shapeMismatch(let name, let offset, let expected, let found):
            "the tensor \"\(name)\" at byte \(offset) has the shape \(found), expected \(expected)"
        case .unsupportedArchitecture(let found, let offset, let supported):
            "the architecture at byte \(offset) is \"\(found)\"; those that can be run are "
                + supported.joined(separator: ", ")
                + "; a server that runs it behind the OpenAI API can be configured in its place"
        case .unsupportedModelType(let found, let supported):
            "model_type is \"\(found)\"; the folders that can be read have " + supported.joined(separator: ", ")
                + "; a server that runs it behind the OpenAI API can be configured in its place"
        case .unsupportedType(let tensor, let type, let supported):
            "the tensor \"\(tensor)\" is \(type); the types that can be read are " + supported.joined(separator: ", ")
        case .unfitHyperparameter(let key, let offset, let found, let expected):
            "\(key)\(offset.map { " at byte \($0)" } ?? "") is \(found), expected \(expected)"
        case .unexpectedTensor(let name, let offset):
            "the tensor \"\(name)\" at byte \(offset) is not one that this architecture uses"
        }
    }
}
