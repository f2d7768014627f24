import LapwingAPI

/// One question as the model gets it.
package struct Item: Hashable, Sendable {
    /// Its row in the data, from 0.
    package var id: Int
    package var group: String?
    /// What a chat is begun with.
    package var system: String?
    /// Description, shots and the question's own prompt.
    package var context: String
    /// The question's own prompt, for people who read the samples.
    package var question: String
    package var choices: [String] = []
    /// Indices of the right choices.
    package var gold: [Int] = []
    /// The right answer in words.
    package var target: String?
    package var row: JSONMembers

    /// The question as a chat.
    package var messages: [ChatMessage] {
        (system.map { [ChatMessage(role: "system", content: $0)] } ?? [])
            + [ChatMessage(role: "user", content: context)]
    }

    package init(id: Int, context: String, question: String, row: JSONMembers) {
        (self.id, self.context, self.question, self.row) = (id, context, question, row)
    }
}
