import Foundation
import LapwingHub
import Testing

@Suite struct ModelCardTests {
    @Test("A README's front matter is read in each way in which people write it")
    func readme() throws {
        let card = try #require(
            ModelCard(
                readme: """
                    ---
                    language:
                    - en
                    license: "apache-2.0" # as the base
                    base_model: acme/lark
                    base_model_relation: quantized
                    widget:
                      - text: "license: none"
                        license: nested
                    ---
                    license: not here
                    """))
        #expect(card.license == "apache-2.0")
        #expect(card.baseModels == ["acme/lark"])
        #expect(card.relation == "quantized")
        for list in ["base_model:\n- a/b\n- 'c/d'", "base_model:\n  - a/b\n  - c/d", "base_model: [a/b, \"c/d\"]"] {
            #expect(
                ModelCard(readme: "---\r\n\(list)\r\nlicense: mit\r\n---\r\n")?.baseModels == ["a/b", "c/d"], "\(list)")
        }
        #expect(ModelCard(readme: "---\nlicense: other\nlicense_name: gemma\n---")?.license == "gemma")
        #expect(ModelCard(readme: "---\nlicense: other\n---")?.license == "other")
    }

    @Test(
        "A README without a front matter, or with an open one, has no card",
        arguments: ["", "# Lark", "---\nlicense: mit", "----\n"])
    func none(text: String) {
        #expect(ModelCard(readme: text) == nil)
    }

    @Test("The hub's form is read leniently and comes back from a record as it was")
    func json() throws {
        let text = #"{"license": ["mit"], "base_model": ["a/b"], "base_model_relation": 3, "tags": {}}"#
        let card = try JSONDecoder().decode(ModelCard.self, from: Data(text.utf8))
        #expect((card.license, card.baseModels, card.relation) == ("mit", ["a/b"], nil))
        #expect(try JSONDecoder().decode(ModelCard.self, from: JSONEncoder().encode(card)) == card)
    }
}
