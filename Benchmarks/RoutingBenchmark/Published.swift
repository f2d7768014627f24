/// What RouteLLM's paper says of its best routers (arXiv 2406.18665v4, tables 2 and 3), in its own splits.
enum Published {
    struct Row: Encodable {
        var set: String
        var router: String
        var labels: String
        var apgr: Double
        var cpt50: Double
        var cpt80: Double
    }

    static let rows = [
        Row(
            set: "mmlu", router: "similarity-weighted", labels: "Arena and 1,500 of MMLU's validation questions",
            apgr: 0.603, cpt50: 35.40, cpt80: 71.55),
        Row(
            set: "mmlu", router: "causal LLM (Llama-3-8B)", labels: "Arena and 1,500 of MMLU's validation questions",
            apgr: 0.600, cpt50: 35.49, cpt80: 70.31),
        Row(
            set: "mmlu", router: "matrix factorization", labels: "Arena and 1,500 of MMLU's validation questions",
            apgr: 0.597, cpt50: 35.46, cpt80: 71.40),
        Row(
            set: "gsm8k", router: "causal LLM (Llama-3-8B)", labels: "Arena and judge, none of GSM8K", apgr: 0.622,
            cpt50: 33.64, cpt80: 63.26),
        Row(
            set: "gsm8k", router: "similarity-weighted", labels: "Arena and judge, none of GSM8K", apgr: 0.568,
            cpt50: 41.21, cpt80: 72.20),
    ]
}
