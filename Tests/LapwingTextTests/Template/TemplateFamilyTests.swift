import Foundation
import LapwingText
import Testing

/// What Jinja2 makes of whole templates over a matrix of conversations; see Scripts/render_templates.py.
@Suite(.timeLimit(.minutes(2))) struct TemplateFamilyTests {
    struct Line: Decodable {
        var `case`: String?
        var variables: String?
        var template: String?
        var text: String?
    }

    private static let own = Bundle.module.url(forResource: "Fixtures/templates", withExtension: nil)
    private static let real = URL(filePath: #filePath).appending(path: "../../../../.cache/templates").standardized
    private static let realArePresent = FileManager.default.fileExists(atPath: real.path)

    @Test("Templates in the style of each family render as Jinja2 renders them, and refuse what it refuses")
    func families() throws {
        let counts = try counts(in: try #require(TemplateFamilyTests.own))
        #expect(counts.templates == 12)
        #expect(counts.rendered > 300)
    }

    @Test(
        "The families' own templates render as Jinja2 renders them, and refuse what it refuses",
        .enabled(if: realArePresent, "needs real templates: run Scripts/templates.sh"))
    func realTemplates() throws {
        let counts = try counts(in: TemplateFamilyTests.real)
        #expect(counts.templates >= 25)
        print("\(counts.templates) templates, \(counts.rendered) renderings")
    }

    private func counts(in folder: URL) throws -> (templates: Int, rendered: Int) {
        let decoder = JSONDecoder()
        let lines = try Data(contentsOf: folder.appending(path: "expected.jsonl")).split(separator: UInt8(ascii: "\n"))
        var variables: [String: String] = [:]
        var current: (name: String, template: ChatTemplate)?
        var counts = (templates: 0, rendered: 0)
        for line in lines {
            let line = try decoder.decode(Line.self, from: line)
            if let name = line.template {
                let source = try Data(contentsOf: folder.appending(path: "\(name).jinja"))
                let template = try ChatTemplate(
                    source: String(decoding: source, as: UTF8.self), clock: { 1_720_188_189 })
                current = (name, template)
                counts.templates += 1
            } else if let name = line.case, let given = line.variables {
                variables[name] = given
            } else if let (name, template) = current, let place = line.case, let given = variables[place] {
                let text = try? template.render(variables: given)
                let isEqual = text.map { Array($0.utf8) } == line.text.map { Array($0.utf8) }
                #expect(isEqual, "\(name), \(place): \(text ?? "refused") instead of \(line.text ?? "refused")")
                if text != nil { counts.rendered += 1 }
            }
        }
        return counts
    }
}
