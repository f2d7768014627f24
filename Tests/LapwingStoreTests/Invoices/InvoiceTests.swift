import Foundation
import LapwingAPI
import LapwingStore
import Testing

@Suite("Invoices")
struct InvoiceTests {
    private func read(_ text: String) throws -> Invoice { try Invoice.read(Data(text.utf8)) }

    private func figures(
        _ prompt: Int64?, _ cached: Int64? = nil, _ completion: Int64? = nil, cost: Int64? = nil
    ) -> BilledFigures {
        BilledFigures(
            promptTokens: prompt, cachedPromptTokens: cached, completionTokens: completion,
            cost: cost.map(NanoUSD.init))
    }

    /// `day model prompt/cached/completion dollars`, as far as they are known.
    private func words(_ invoice: Invoice) -> [String] {
        invoice.lines.map { line in
            let tokens = [line.figures.promptTokens, line.figures.cachedPromptTokens, line.figures.completionTokens]
                .map { $0.map(String.init) ?? "-" }.joined(separator: "/")
            return [line.day, line.model ?? "-", tokens, line.figures.cost.map { "\($0.amount)" } ?? "-"]
                .joined(separator: " ")
        }
    }

    @Test("OpenAI's usage, as its API answers")
    func openAIUsage() throws {
        let invoice = try read(
            """
            {"object": "page", "has_more": true, "next_page": "AAAA", "data": [
              {"object": "bucket", "start_time": 1730419200, "end_time": 1730505600, "results": [
                {"object": "organization.usage.completions.result", "input_tokens": 1000, "output_tokens": 500,
                 "input_cached_tokens": 800, "num_model_requests": 5, "model": "gpt-4-turbo-2024-04-09", "batch": null},
                {"object": "organization.usage.images.result", "images": 2, "num_model_requests": 2}]},
              {"object": "bucket", "start_time": 1730505600, "end_time": 1730592000, "results": []}]}
            """)
        #expect(invoice.format == .openAIUsage)
        #expect(words(invoice) == ["2024-11-01 gpt-4-turbo-2024-04-09 1000/800/500 -", "2024-11-01 - -/-/- -"])
        #expect(invoice.days == ["2024-11-01", "2024-11-02"])
        #expect(invoice.notes.count == 1)
    }

    @Test("OpenAI's costs, as its API answers, to the nano-dollar and by the model in the line item")
    func openAICosts() throws {
        let invoice = try read(
            """
            [{"data": [{"start_time": 1730419200, "end_time": 1730505600, "results": [
              {"object": "organization.costs.result", "amount": {"value": 0.13080438340307526, "currency": "usd"},
               "line_item": "gpt-4o-2024-08-06, cached input"},
              {"amount": {"value": "1.5", "currency": "usd"}, "line_item": "priority | gpt-5.2, output, long context"},
              {"amount": {"value": 0.01, "currency": "usd"}, "line_item": "gpt-audio-mini-2025-12-15 audio, input"},
              {"amount": {"value": 2, "currency": "usd"}, "line_item": "web search tool calls"},
              {"amount": {"value": 1e-3, "currency": "usd"}, "line_item": null}]}], "has_more": false}]
            """)
        #expect(invoice.format == .openAICosts)
        #expect(
            words(invoice) == [
                "2024-11-01 gpt-4o-2024-08-06 -/-/- 0.130804383", "2024-11-01 gpt-5.2 -/-/- 1.5",
                "2024-11-01 gpt-audio-mini-2025-12-15 -/-/- 0.01", "2024-11-01 web search tool calls -/-/- 2",
                "2024-11-01 - -/-/- 0.001",
            ])
    }

    @Test("OpenAI's exports of usage and of costs, from its dashboard, with commas or tabs")
    func openAITables() throws {
        let usage = try read(
            """
            \u{FEFF}start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,model,batch,input_tokens,output_tokens,input_cached_tokens\r
            1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,proj_1,10.0,gpt-4o-2024-08-06,FALSE,59200.0,10646.0,5760.0\r
            1759881600,1759968000,2025-10-08T00:00:00+00:00,2025-10-09T00:00:00+00:00,,,,,,,\r

            """)
        #expect(usage.format == .openAIUsage)
        #expect(words(usage) == ["2025-10-05 gpt-4o-2024-08-06 59200/5760/10646 -", "2025-10-08 - -/-/- -"])
        let costs = try read(
            """
            start_time\tend_time\tamount_value\tamount_currency\tline_item\torganization_name
            1759622400\t1759708800\t0.8958740000000000\tusd\t\t"Ours, \"\"Inc.\"\"\"
            1760054400\t1760140800\t\t\t\t
            """)
        #expect(costs.format == .openAICosts)
        #expect(words(costs) == ["2025-10-05 - -/-/- 0.895874", "2025-10-10 - -/-/- -"])
    }

    @Test(
        "Anthropic's usage and costs, as its API answers: what is written to the cache is read too, amounts are cents")
    func anthropicPages() throws {
        let usage = try read(
            """
            {"data": [{"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z", "results": [
              {"uncached_input_tokens": 1500, "cache_creation": {"ephemeral_1h_input_tokens": 1000,
               "ephemeral_5m_input_tokens": 500}, "cache_read_input_tokens": 200, "output_tokens": 50,
               "server_tool_use": {"web_search_requests": 1}, "model": "claude-haiku-4-5-20251001"}]}]}
            """)
        #expect(usage.format == .anthropicUsage)
        #expect(words(usage) == ["2025-08-01 claude-haiku-4-5-20251001 3200/200/50 -"])
        let costs = try read(
            """
            {"data": [{"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z", "results": [
              {"currency": "USD", "amount": "123.78912", "model": "claude-haiku-4-5-20251001",
               "description": "Claude Haiku 4.5 Usage - Input Tokens", "token_type": "uncached_input_tokens"},
              {"currency": "USD", "amount": "50", "model": null, "description": "Web Search Usage"}]}], "has_more": false}
            """)
        #expect(costs.format == .anthropicCosts)
        #expect(
            words(costs) == [
                "2025-08-01 claude-haiku-4-5-20251001 -/-/- 1.2378912", "2025-08-01 Web Search Usage -/-/- 0.5",
            ])
    }

    @Test("Anthropic's exports of usage and of costs, from its console")
    func anthropicTables() throws {
        let usage = try read(
            """
            usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
            2026-08-05,claude-opus-5,App,Default,standard,≤ 200k,46981,15969,0,100,16932,0,global,
            """)
        #expect(usage.format == .anthropicUsage)
        #expect(words(usage) == ["2026-08-05 claude-opus-5 63050/100/16932 -"])
        let costs = try read(
            """
            usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type
            2026-08-04,Claude Haiku 4.5,Default,demo-key,message,≤ 200k,input_no_cache,0.05,0.05,token
            """)
        #expect(costs.format == .anthropicCosts)
        #expect(words(costs) == ["2026-08-04 Claude Haiku 4.5 -/-/- 0.05"])
    }

    @Test("A plain table says what its columns say, and no more")
    func plain() throws {
        let invoice = try read(
            """
            Date;Model;prompt_tokens;completion_tokens;cost_usd;request_id;note
            2026-11-03;gpt-4o;120;30;0.0006;req_1;"a; b"
            2026-11-04T10:00:00Z;gpt-4o;;;;req_2;
            """)
        #expect(invoice.format == .plain)
        #expect(words(invoice) == ["2026-11-03 gpt-4o 120/-/30 0.0006", "2026-11-04 gpt-4o -/-/- -"])
        #expect(invoice.lines.map(\.requestID) == ["req_1", "req_2"])
    }

    @Test(
        "What is no invoice is refused with what was found, and its line",
        arguments: [
            ("", nil, "it is empty"), ("  \n", nil, "it is empty"), ("{\"a\": 1}", nil, "expected 'data'"),
            ("{\"data\": 1}", nil, "at '.data'"), ("[]", nil, "an empty list"), ("{\"data\": []}", nil, "no bucket"),
            ("{\"data\": [{\"results\": []}]}", nil, "data[0]"), ("{", nil, "it is not JSON"),
            ("{\"data\": [{\"start_time\": 0, \"end_time\": 604800, \"results\": []}]}", nil, "longer than a day"),
            (
                "{\"data\": [{\"start_time\": 0, \"results\": [{\"amount\": {\"value\": 1, \"currency\": \"eur\"}}]}]}",
                nil, "'eur', expected 'usd'"
            ),
            ("day,model\n2026-01-01,m", 1, "found the columns 'day', 'model'"),
            ("date,model\n2026-01-01,m", 1, "expected"),
            ("date,model,cost_usd\n2026-01-01,m", 2, "found 2 cells, expected 3"),
            ("date,model,cost_usd\n2026-01-01,m,1\n2026-02-30,m,1", 3, "'date' is '2026-02-30'"),
            ("date,model,cost_usd\n2026-01-01,\"m\n\",1\n2026-01-02,m,\"1,000\"", 4, "'cost_usd' is '1,000'"),
            ("date,model,prompt_tokens\n2026-01-01,m,-5", 2, "'prompt_tokens' is '-5'"),
            ("date,model,cost_usd\n2026-01-01,\"m,1", 2, "a quote is opened"),
            ("start_time,input_tokens\nyesterday,5", 2, "'start_time' is 'yesterday'"),
            ("start_time,end_time,input_tokens\n0,604800,5", 2, "at most a day"),
            ("start_time,amount_value,amount_currency\n0,5,eur", 2, "'eur', expected usd"),
            ("usage_date_utc,usage_output_tokens\n2026-13-01,5", 2, "'usage_date_utc' is '2026-13-01'"),
        ] as [(String, Int?, String)])
    func refused(text: String, line: Int?, reason: String) throws {
        let error = #expect(throws: StoreError.self) { try read(text) }
        guard case .malformedInvoice(let found, let said) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == line, "\(said)")
        #expect(said.contains(reason), "\(said)")
    }
}
