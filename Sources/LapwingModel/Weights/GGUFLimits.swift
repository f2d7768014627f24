/// Bounds that every sound file keeps with room to spare. They keep a hostile file from costing time or memory.
enum GGUFLimits {
    static let metadataCount = 100_000
    static let tensorCount = 100_000
    /// The specification's longest key.
    static let keyByteCount = 65_535
    /// The specification's longest tensor name.
    static let tensorNameByteCount = 64
    /// `tokenizer.huggingface.json` holds some megabytes.
    static let stringByteCount = 16 << 20
    /// Gemma's vocabulary has 262,144 entries, and merges can exceed half a million.
    static let arrayCount = 4 << 20
    static let dimensionCount = 4
    static let alignment = 65_536
}
