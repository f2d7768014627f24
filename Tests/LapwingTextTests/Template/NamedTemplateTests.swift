import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct NamedTemplateTests {
    private let conversation = [
        TemplateMessage(role: "system", content: " Be brief. "), TemplateMessage(role: "user", content: " Hi "),
        TemplateMessage(role: "assistant", content: "Hello "), TemplateMessage(role: "user", content: "Bye"),
    ]

    private func render(
        _ named: NamedTemplate, _ messages: [TemplateMessage], prompt: Bool = true
    ) throws -> String {
        try ChatTemplate(named).render(
            messages: messages, addGenerationPrompt: prompt, bosToken: "<s>", eosToken: "</s>")
    }

    @Test("ChatML keeps contents as they are")
    func chatml() throws {
        let expected =
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n"
            + "<|im_start|>assistant\nHello <|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
        #expect(try render(.chatml, conversation, prompt: false) == expected)
        #expect(try render(.chatml, conversation) == expected + "<|im_start|>assistant\n")
    }

    @Test("Llama 2 puts the system message into the first turn")
    func llama2() throws {
        #expect(
            try render(.llama2, conversation)
                == "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]")
    }

    @Test("Llama 3 trims contents and ends each message")
    func llama3() throws {
        func turn(_ role: String, _ text: String) -> String { "<|start_header_id|>\(role)<|end_header_id|>\n\n\(text)" }
        let expected =
            "<s>" + turn("system", "Be brief.<|eot_id|>") + turn("user", "Hi<|eot_id|>")
            + turn("assistant", "Hello<|eot_id|>") + turn("user", "Bye<|eot_id|>")
        #expect(try render(.llama3, conversation, prompt: false) == expected)
        #expect(try render(.llama3, conversation) == expected + turn("assistant", ""))
    }

    @Test("Zephyr ends each message with the end token")
    func zephyr() throws {
        let expected =
            "<|system|>\n Be brief. </s>\n<|user|>\n Hi </s>\n<|assistant|>\nHello </s>\n<|user|>\nBye</s>\n<|assistant|>\n"
        #expect(try render(.zephyr, conversation) == expected)
    }

    @Test("Gemma calls the assistant model and has no system role")
    func gemma() throws {
        let expected =
            "<s><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n"
            + "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"
        #expect(try render(.gemma, conversation) == expected)
    }

    @Test("A developer's message is the system's", arguments: NamedTemplate.allCases)
    func developer(named: NamedTemplate) throws {
        var newer = conversation
        newer[0].role = "developer"
        #expect(try render(named, newer) == render(named, conversation))
    }

    @Test("An unknown name is refused with those that are known")
    func unknownName() {
        let known = ["chatml", "llama2", "llama3", "zephyr", "gemma"]
        #expect(throws: TextError.unknownTemplate(name: "vicuna", known: known)) { try NamedTemplate(name: "vicuna") }
    }
}
