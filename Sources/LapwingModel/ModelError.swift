/// Why this machine cannot do what was asked; what is wrong with a file is a `WeightsError`.
package enum ModelError: Error, Equatable {
    case kernelsUnavailable(name: String, available: [String])
    case outOfMemory(byteCount: Int)
}

extension ModelError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .kernelsUnavailable(let name, let available):
            "kernels \(name) cannot run on this machine; it runs \(available.joined(separator: ", "))"
        case .outOfMemory(let byteCount):
            "the system refused \(byteCount) bytes of memory"
        }
    }
}
