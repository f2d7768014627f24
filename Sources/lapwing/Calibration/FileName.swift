import ArgumentParser

/// The names of versioned files in the data folder, as a configuration may name them.
enum FileName {
    /// Throws `ValidationError` where it is none.
    static func check(_ name: String?) throws {
        guard let name else { return }
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-".unicodeScalars.contains($0))
        }
        guard isPlain, !name.isEmpty, !name.hasPrefix(".") else {
            throw ValidationError("found the name '\(name)', expected one of letters, digits, '.', '-' and '_'.")
        }
    }
}
