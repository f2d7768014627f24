import LapwingAPI
import Testing
import lapwing

@Suite struct ConversationTests {
    @Test("What is typed is said to the model, in order, with its answers between")
    func turns() {
        var conversation = Conversation()
        #expect(conversation.take("  Hello  ") == .ask)
        conversation.add(answer: "Hi.")
        #expect(conversation.take("And now?") == .ask)
        #expect(conversation.messages.map(\.role) == ["user", "assistant", "user"])
        #expect(conversation.messages.map(\.content) == ["Hello", "Hi.", "And now?"])
    }

    @Test("Commands are not said to the model")
    func commands() {
        var conversation = Conversation()
        _ = conversation.take("Hello")
        conversation.add(answer: "Hi.")
        #expect(conversation.take("") == .nothing)
        #expect(conversation.take("/exit") == .exit)
        guard case .say = conversation.take("/help"), case .say(let unknown) = conversation.take("/claer") else {
            Issue.record("a command was taken for something else")
            return
        }
        #expect(unknown.hasPrefix("/claer is not a command"))
        #expect(conversation.messages.count == 2)
        guard case .say = conversation.take("/clear") else { return }
        #expect(conversation.messages.isEmpty)
        #expect(conversation.take("/etc/hosts is a file, is it not?") == .ask)
    }

    @Test("A message that was not answered is taken back, an answered one is not")
    func withdraws() {
        var conversation = Conversation()
        _ = conversation.take("One")
        conversation.withdraw()
        #expect(conversation.messages.isEmpty)
        _ = conversation.take("Two")
        conversation.add(answer: "2")
        conversation.withdraw()
        #expect(conversation.messages.count == 2)
    }
}
