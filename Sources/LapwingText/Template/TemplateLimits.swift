/// How much a template, which comes with the weights from anywhere, may use.
package struct TemplateLimits: Sendable {
    package var sourceByteCount = 256 << 10
    /// Levels of brackets, blocks and operators in the source. Bounds the stack that parsing takes.
    package var nesting = 96
    /// Statements and operators evaluated; long strings and lists count more.
    package var steps = 2_000_000
    /// Levels of evaluation, macros calling macros included. Bounds the stack that rendering takes.
    package var depth = 240
    /// Levels of lists in lists.
    package var valueNesting = 48
    /// The rendered text, and any one string on the way there.
    package var outputByteCount = 16 << 20

    package init() {}
}
