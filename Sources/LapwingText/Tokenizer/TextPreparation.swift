/// What happens to a stretch of text before its family cuts it into tokens: normalisation, then perhaps a space.
struct TextPreparation: Sendable {
    let normalization: [Normalization]
    let spacePrefix: SpacePrefix

    /// - Parameter isFirst: Whether the stretch begins the text.
    func withPrepared(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if normalization.isEmpty, spacePrefix == .never { return body(text) }
        var bytes = Array(text)
        for step in normalization { bytes = step.applied(to: bytes) }
        if bytes.isEmpty { return }
        if takesSpace(bytes, isFirst: isFirst) { bytes.insert(UInt8(ascii: " "), at: 0) }
        bytes.withUnsafeBufferPointer(body)
    }

    private func takesSpace(_ bytes: [UInt8], isFirst: Bool) -> Bool {
        let beginsWithSpace = bytes.first == UInt8(ascii: " ")
        return switch spacePrefix {
        case .never: false
        case .everyStretch: true
        case .everyUnspacedStretch: !beginsWithSpace
        case .unspacedText: isFirst && !beginsWithSpace
        }
    }
}

/// Where a space is put before text. A stretch is what lies between special tokens.
package enum SpacePrefix: Sendable {
    case never
    case everyStretch
    /// Each stretch that does not begin with a space.
    case everyUnspacedStretch
    /// The text's beginning, unless it is a space or a special token.
    case unspacedText
}
