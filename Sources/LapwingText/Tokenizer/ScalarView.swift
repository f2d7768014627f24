/// Valid UTF-8, read scalar by scalar.
struct ScalarView {
    private let bytes: UnsafeBufferPointer<UInt8>

    /// `bytes` must be valid UTF-8, as a `String`'s storage is, and outlive the view.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The scalar that starts at `offset`, and the offset after it.
    @inline(__always)
    func scalar(at offset: Int) -> (value: UInt32, end: Int) {
        let lead = UInt32(bytes[offset])
        if lead < 0x80 { return (lead, offset + 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | tail(offset + 1), offset + 2) }
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | tail(offset + 1) << 6 | tail(offset + 2), offset + 3) }
        return (
            (lead & 0x07) << 18 | tail(offset + 1) << 12 | tail(offset + 2) << 6 | tail(offset + 3), offset + 4
        )
    }

    @inline(__always)
    private func tail(_ offset: Int) -> UInt32 { UInt32(bytes[offset] & 0x3F) }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { bytes[offset] }
}
