import LapwingAPI

/// Prices that are known without a configuration or an import, under the names that LiteLLM's table uses.
///
/// Read from the table in the Python package litellm 1.109.1 (its file has the SHA-256 8f8060d8 ... 4392c6), which names
/// a page for most of them; the base tier where a model has several. The table does not say since when a price holds, so
/// ours hold from the day they were read.
enum BuiltInPrices {
    private static let read = "2026-11-23"

    static var all: [(model: String, price: Price)] {
        groups.flatMap { group in
            group.rows.map { row in
                let citation = group.page.map { " citing \($0)" } ?? ""
                return (
                    row.model,
                    Price(
                        inputPerMillion: NanoUSD(row.input), cachedInputPerMillion: row.cached.map(NanoUSD.init),
                        outputPerMillion: NanoUSD(row.output),
                        source: "table of litellm 1.109.1\(citation), read \(read)", effective: read)
                )
            }
        }
    }

    private struct Group {
        /// The page that the table names for these rows; nil where it names none.
        var page: String?
        /// Nano-US-dollars a million tokens.
        var rows: [(model: String, input: Int64, cached: Int64?, output: Int64)]
    }

    private static let groups: [Group] = [
        Group(
            page: "https://developers.openai.com/api/docs/pricing",
            rows: [
                ("gpt-3.5-turbo", 500_000_000, nil, 1_500_000_000),
                ("gpt-4o", 2_500_000_000, 1_250_000_000, 10_000_000_000),
                ("gpt-4o-mini", 150_000_000, 75_000_000, 600_000_000),
                ("gpt-4.1", 2_000_000_000, 500_000_000, 8_000_000_000),
                ("gpt-4.1-mini", 400_000_000, 100_000_000, 1_600_000_000),
                ("gpt-4.1-nano", 100_000_000, 25_000_000, 400_000_000),
                ("o1", 15_000_000_000, 7_500_000_000, 60_000_000_000),
                ("o3", 2_000_000_000, 500_000_000, 8_000_000_000),
                ("o3-mini", 1_100_000_000, 550_000_000, 4_400_000_000),
                ("o4-mini", 1_100_000_000, 275_000_000, 4_400_000_000),
                ("gpt-5", 1_250_000_000, 125_000_000, 10_000_000_000),
                ("gpt-5-mini", 250_000_000, 25_000_000, 2_000_000_000),
                ("gpt-5-nano", 50_000_000, 5_000_000, 400_000_000),
                ("gpt-5.1", 1_250_000_000, 125_000_000, 10_000_000_000),
                ("gpt-5.2", 1_750_000_000, 175_000_000, 14_000_000_000),
            ]),
        Group(
            page: nil,
            rows: [
                ("gpt-4", 30_000_000_000, nil, 60_000_000_000),
                ("gpt-4-turbo", 10_000_000_000, nil, 30_000_000_000),
                ("deepseek/deepseek-v3.2", 280_000_000, 28_000_000, 400_000_000),
                ("deepinfra/mistralai/Mixtral-8x7B-Instruct-v0.1", 400_000_000, nil, 400_000_000),
                ("groq/openai/gpt-oss-120b", 150_000_000, 75_000_000, 600_000_000),
                ("groq/openai/gpt-oss-20b", 75_000_000, 37_500_000, 300_000_000),
            ]),
        Group(
            page: "https://platform.claude.com/docs/en/about-claude/pricing",
            rows: [
                ("claude-haiku-4-5", 1_000_000_000, 100_000_000, 5_000_000_000),
                ("claude-sonnet-4-5", 3_000_000_000, 300_000_000, 15_000_000_000),
                ("claude-sonnet-4-6", 3_000_000_000, 300_000_000, 15_000_000_000),
                ("claude-opus-4-5", 5_000_000_000, 500_000_000, 25_000_000_000),
                ("claude-opus-4-6", 5_000_000_000, 500_000_000, 25_000_000_000),
            ]),
        Group(
            page: "https://ai.google.dev/gemini-api/docs/pricing",
            rows: [
                ("gemini/gemini-2.5-pro", 1_250_000_000, 125_000_000, 10_000_000_000),
                ("gemini/gemini-2.5-flash", 300_000_000, 30_000_000, 2_500_000_000),
                ("gemini/gemini-2.5-flash-lite", 100_000_000, 10_000_000, 400_000_000),
            ]),
        Group(
            page: "https://docs.mistral.ai/models/mistral-large-3-25-12",
            rows: [
                ("mistral/mistral-large-latest", 500_000_000, 50_000_000, 1_500_000_000)
            ]),
        Group(
            page: "https://docs.mistral.ai/models/model-cards/mistral-medium-3-5-26-04",
            rows: [
                ("mistral/mistral-medium-latest", 1_500_000_000, 150_000_000, 7_500_000_000)
            ]),
        Group(
            page: "https://docs.mistral.ai/models/model-cards/mistral-small-4-0-26-03",
            rows: [
                ("mistral/mistral-small-latest", 150_000_000, 15_000_000, 600_000_000)
            ]),
        Group(
            page: "https://api.together.ai/v1/models",
            rows: [
                ("together_ai/meta-llama/Llama-3.1-405B-Instruct", 3_500_000_000, nil, 3_500_000_000),
                ("together_ai/meta-llama/Llama-3.2-3B-Instruct", 60_000_000, nil, 60_000_000),
                ("together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", 1_040_000_000, nil, 1_040_000_000),
                ("together_ai/mistralai/Mistral-7B-Instruct-v0.3", 200_000_000, nil, 200_000_000),
                ("together_ai/Qwen/Qwen2.5-7B-Instruct-Turbo", 300_000_000, nil, 300_000_000),
                ("together_ai/Qwen/Qwen2.5-72B-Instruct", 1_200_000_000, nil, 1_200_000_000),
                ("together_ai/deepseek-ai/DeepSeek-R1-0528", 3_000_000_000, nil, 7_000_000_000),
                ("together_ai/openai/gpt-oss-120b", 150_000_000, nil, 600_000_000),
            ]),
        Group(
            page: "https://fireworks.ai/pricing",
            rows: [
                ("fireworks_ai/accounts/fireworks/models/llama-v3p1-405b-instruct", 3_000_000_000, nil, 3_000_000_000),
                ("fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct", 100_000_000, nil, 100_000_000),
                ("fireworks_ai/accounts/fireworks/models/mixtral-8x22b-instruct-hf", 1_200_000_000, nil, 1_200_000_000),
                ("fireworks_ai/accounts/fireworks/models/deepseek-v3p1", 560_000_000, nil, 1_680_000_000),
            ]),
        Group(
            page: "https://docs.fireworks.ai/serverless/pricing",
            rows: [
                ("fireworks_ai/accounts/fireworks/models/gpt-oss-20b", 70_000_000, 35_000_000, 300_000_000)
            ]),
        Group(
            page: "https://deepinfra.com/pricing",
            rows: [
                ("deepinfra/meta-llama/Llama-3.3-70B-Instruct-Turbo", 100_000_000, nil, 320_000_000),
                ("deepinfra/meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo", 400_000_000, nil, 400_000_000),
                ("deepinfra/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", 20_000_000, nil, 40_000_000),
                ("deepinfra/mistralai/Mistral-Nemo-Instruct-2407", 19_000_000, nil, 30_000_000),
                ("deepinfra/Qwen/Qwen2.5-72B-Instruct", 360_000_000, nil, 400_000_000),
                ("deepinfra/Qwen/Qwen3-32B", 80_000_000, nil, 280_000_000),
                ("deepinfra/deepseek-ai/DeepSeek-V3.1", 250_000_000, 216_000_000, 950_000_000),
                ("deepinfra/google/gemma-3-27b-it", 80_000_000, nil, 160_000_000),
                ("deepinfra/openai/gpt-oss-120b", 37_000_000, nil, 170_000_000),
            ]),
    ]
}
