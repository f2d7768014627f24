import ArgumentParser

/// The names of versioned files in the data folder, in a configuration and on the command line.
enum FileName {
    static let expected = "a name of letters, digits, '.', '-' and '_'"

    static func isOne(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".")
            && name.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-".unicodeScalars.contains($0))
            }
    }

    /// Throws `ValidationError` where a name is given that is none.
    static func check(_ name: String?) throws {
        guard let name, !isOne(name) else { return }
        throw ValidationError("found the name '\(name)', expected \(expected).")
    }
}
