/// A text that must reach no log, ledger or answer: nothing that prints, reflects or encodes values shows it.
package struct Secret: Sendable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The one way to it, so that every use can be found.
    package func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
