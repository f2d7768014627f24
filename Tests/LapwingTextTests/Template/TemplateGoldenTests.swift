import LapwingText
import Testing

/// What Jinja2 makes of the same templates; see Scripts/make_template_golden.py.
@Suite(.timeLimit(.minutes(1))) struct TemplateGoldenTests {
    struct Line: Decodable {
        struct Message: Decodable {
            var role: String
            var content: String
            var name: String?
        }

        var messages: [Message]?
        var template: String?
        var conversation: Int?
        var prompt: Bool?
        var text: String?
    }

    @Test("Templates render as Jinja2 renders them, and fail where it fails")
    func golden() throws {
        let lines = try Fixture.lines(of: "template-golden.jsonl", as: Line.self)
        let conversations = lines.compactMap(\.messages).map { messages in
            messages.map { TemplateMessage(role: $0.role, content: $0.content, name: $0.name) }
        }
        var count = 0
        for line in lines {
            guard let template = line.template, let conversation = line.conversation, let prompt = line.prompt else {
                continue
            }
            count += 1
            let text = try? ChatTemplate(source: template, clock: { 1_720_188_189 }).render(
                messages: conversations[conversation], addGenerationPrompt: prompt, bosToken: "<s>", eosToken: "</s>")
            #expect(text.map { Array($0.utf8) } == line.text.map { Array($0.utf8) }, "\(template)")
        }
        #expect(count > 900)
    }
}
