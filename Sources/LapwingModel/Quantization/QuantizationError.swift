/// Why a file cannot be quantised; what is wrong with the file itself is a `WeightsError`.
package enum QuantizationError: Error, Equatable {
    case cannotWrite(path: String, reason: String)
    case notEnoughSpace(path: String, needed: Int, available: Int)
    /// The output is the input, by whatever name.
    case wouldReplaceInput(path: String)
    /// Its weights have lost precision already, and would again.
    case alreadyQuantized(name: String, type: TensorType)
    /// Row by row from the tensor's start.
    case notFinite(name: String, row: Int)
    /// The importance matrix is that of another model.
    case unfitImportance(name: String, expected: Int, found: Int)
    /// A model gives logits that are no numbers.
    case divergenceNotFinite
}

extension QuantizationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotWrite(let path, let reason):
            "cannot write \(path): \(reason)"
        case .notEnoughSpace(let path, let needed, let available):
            "\(path) needs \(needed) bytes, and the disk has \(available) free"
        case .wouldReplaceInput(let path):
            "\(path) is the input itself: give the output another name"
        case .alreadyQuantized(let name, let type):
            "the tensor \"\(name)\" is \(type), quantised already: quantise the original in F32, F16 or BF16, or allow a "
                + "second loss with --allow-requantize"
        case .notFinite(let name, let row):
            "the tensor \"\(name)\" has a value in row \(row) that is not finite: the file is damaged"
        case .unfitImportance(let name, let expected, let found):
            "the importance matrix has \(found) values for the tensor \"\(name)\", expected \(expected): it is of "
                + "another model"
        case .divergenceNotFinite:
            "the divergence over the text is no number: one of the two models gives logits that are none"
        }
    }
}
