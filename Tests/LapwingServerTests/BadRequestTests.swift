import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

/// A request that must be refused before the provider hears of it, and how.
struct BadRequest: Sendable, CustomTestStringConvertible {
    var body: String
    var status = 400
    var code: String
    var param: String?
    /// A part of the sentence that the client reads.
    var says: String

    var testDescription: String { "\(param ?? code): \(body.prefix(80))" }

    static func invalid(_ body: String, _ param: String, _ says: String) -> BadRequest {
        BadRequest(body: body, code: "invalid_value", param: param, says: says)
    }

    static func unsupported(_ body: String, _ param: String, _ says: String) -> BadRequest {
        BadRequest(body: body, code: "unsupported_parameter", param: param, says: says)
    }

    static func malformed(_ body: String, _ says: String) -> BadRequest {
        BadRequest(body: body, code: "invalid_json", says: says)
    }

    func check(_ reply: Reply, _ provider: ScriptedProvider) throws {
        #expect(reply.status == status)
        #expect(reply.header("content-type") == "application/json")
        let error = try reply.error
        #expect(error.type == "invalid_request_error")
        #expect(error.code == code)
        #expect(error.param == param)
        #expect(error.message.contains(says), "the sentence is: \(error.message)")
        #expect(provider.calls.isEmpty)
    }
}

@Suite("Requests that are refused", .timeLimit(.minutes(1)))
struct BadRequestTests {
    static let chats: [BadRequest] = [
        .malformed("", "it is empty"),
        .malformed("{\"model\":", "ends too early"),
        .malformed("{'model':1}", "found ''', expected a key in double quotes (at byte 1)"),
        .malformed(String(repeating: "[", count: 100_000), "nested deeper than 64"),
        .malformed(chatBody() + "x", "goes on after the value"),
        .malformed(chatBody(#""model":"n""#), "a key occurs twice"),
        .invalid("[]", "body", "found an empty array, expected an object"),
        .invalid(#"{"messages":[]}"#, "model", "found nothing, expected a string"),
        .invalid(#"{"model":7,"messages":[]}"#, "model", "found 7, expected a string"),
        .invalid(#"{"model":"m"}"#, "messages", "found nothing, expected an array of messages"),
        .invalid(#"{"model":"m","messages":"hi"}"#, "messages", "found a string, expected an array"),
        .invalid(#"{"model":"m","messages":[]}"#, "messages", "0 messages"),
        .invalid(#"{"model":"m","messages":["hi"]}"#, "messages[0]", "found a string, expected an object"),
        .invalid(#"{"model":"m","messages":[{"content":"x"}]}"#, "messages[0].role", "found nothing"),
        .invalid(#"{"model":"m","messages":[{"role":"bot","content":"x"}]}"#, "messages[0].role", "found 'bot'"),
        .invalid(#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content", "found nothing"),
        .invalid(#"{"model":"m","messages":[{"role":"user","content":3}]}"#, "messages[0].content", "found 3"),
        .invalid(
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages[0].content[0].text", "found nothing, expected a string"),
        .unsupported(
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio"}]}]}"#,
            "messages[0].content[0].type", "not 'input_audio'"),
        .invalid(chatBody(#""temperature":2.1"#), "temperature", "found 2.1, expected a number from 0 to 2"),
        .invalid(chatBody(#""temperature":"hot""#), "temperature", "found a string, expected a number from 0 to 2"),
        .invalid(chatBody(#""top_p":-0.1"#), "top_p", "from 0 to 1"),
        .invalid(chatBody(#""min_p":1.5"#), "min_p", "from 0 to 1"),
        .invalid(chatBody(#""top_k":-2"#), "top_k", "at least -1"),
        .invalid(chatBody(#""repetition_penalty":0"#), "repetition_penalty", "found 0"),
        .invalid(chatBody(#""repetition_penalty":1.1,"repeat_penalty":1.2"#), "repeat_penalty", "the same as"),
        .invalid(chatBody(#""presence_penalty":2.5"#), "presence_penalty", "from -2 to 2"),
        .invalid(chatBody(#""frequency_penalty":-3"#), "frequency_penalty", "from -2 to 2"),
        .invalid(chatBody(#""n":0"#), "n", "found 0, expected an integer from 1 to 128"),
        .invalid(chatBody(#""n":1.5"#), "n", "found 1.5"),
        .invalid(chatBody(#""seed":"x""#), "seed", "found a string, expected an integer"),
        .invalid(chatBody(#""max_tokens":0"#), "max_tokens", "at least 1"),
        .invalid(chatBody(#""max_completion_tokens":-1"#), "max_completion_tokens", "at least 1"),
        .invalid(chatBody(#""max_tokens":5,"max_completion_tokens":6"#), "max_tokens", "nothing, or 6"),
        .invalid(chatBody(#""stop":["a","b","c","d","e"]"#), "stop", "found 5 strings, expected at most 4"),
        .invalid(chatBody(#""stop":["a",1]"#), "stop[1]", "found 1, expected a string"),
        .invalid(chatBody(#""stop":"""#), "stop", "0 bytes"),
        .invalid(chatBody(#""stop":{}"#), "stop", "found an object"),
        .invalid(chatBody(#""stream":"yes""#), "stream", "found a string, expected true or false"),
        .invalid(chatBody(#""stream_options":{"include_usage":true}"#), "stream_options", "unless 'stream' is true"),
        .invalid(
            chatBody(#""stream":true,"stream_options":{"include_usage":1}"#), "stream_options.include_usage",
            "found 1, expected true or false"),
        .invalid(chatBody(#""logprobs":1"#), "logprobs", "expected true or false"),
        .invalid(chatBody(#""logprobs":true,"top_logprobs":21"#), "top_logprobs", "from 0 to 20"),
        .invalid(chatBody(#""top_logprobs":2"#), "top_logprobs", "unless 'logprobs' is true"),
        .invalid(chatBody(#""logit_bias":[1]"#), "logit_bias", "found an array, expected an object"),
        .invalid(chatBody(#""logit_bias":{"x":1}"#), "logit_bias", "no token id"),
        .invalid(chatBody(#""logit_bias":{"5":101}"#), "logit_bias.5", "from -100 to 100"),
        .invalid(chatBody(#""logit_bias":{"":1}"#), "logit_bias", "no token id"),
        .invalid(chatBody(#""logit_bias":{"-1":1}"#), "logit_bias", "no token id"),
        .invalid(chatBody(#""logit_bias":{"+5":1}"#), "logit_bias", "no token id"),
        .invalid(chatBody(#""logit_bias":{"5":1,"05":-1}"#), "logit_bias", "found the token 5 twice"),
        .invalid(chatBody(#""metadata":{"a":1}"#), "metadata.a", "found 1, expected a string"),
        .invalid(chatBody(#""user":["u"]"#), "user", "found an array, expected a string"),
        .invalid(chatBody(#""ignore_eos":0"#), "ignore_eos", "expected true or false"),
        .unsupported(chatBody(#""functions":[{}]"#), "functions", "use 'tools'"),
        .unsupported(chatBody(#""function_call":"auto""#), "function_call", "use 'tools'"),
        .unsupported(chatBody(#""modalities":["text","audio"]"#), "modalities", "only text"),
        .unsupported(chatBody(#""audio":{"voice":"x"}"#), "audio", "only text"),
        .unsupported(chatBody(#""web_search_options":{}"#), "web_search_options", "no web search"),
        .unsupported(chatBody(#""prediction":{"type":"content"}"#), "prediction", "not available"),
        .unsupported(chatBody(#""store":true"#), "store", "not stored"),
        .unsupported(chatBody(#""chat_template":"{{x}}""#), "chat_template", "server's configuration"),
        .unsupported(chatBody(#""typical_p":0.5"#), "typical_p", "sampler"),
        .unsupported(chatBody(#""guided_json":{}"#), "guided_json", "constrained output"),
        .unsupported(
            chatBody(#""structured_outputs":{"regex":"a+"}"#), "structured_outputs.regex", "constrained output"),
        .invalid(
            chatBody(#""structured_outputs":{"choice":["a"]}"#), "structured_outputs.choice",
            "found 1 of them, expected 2 to 1000 different texts"),
        .invalid(
            chatBody(#""structured_outputs":{"choice":["a","a"]}"#), "structured_outputs.choice", "found one twice"),
        .invalid(
            chatBody(#""structured_outputs":{"choice":["a"," "]}"#), "structured_outputs.choice", "found an empty one"),
        .invalid(chatBody(#""guided_choice":["a",2]"#), "guided_choice", "found 2, expected"),
        .invalid(
            chatBody(#""guided_choice":["a","b"],"structured_outputs":{"choice":["b","a"]}"#), "guided_choice",
            "found other choices"),
    ]

    @Test("A chat", arguments: chats)
    func chat(_ bad: BadRequest) async throws {
        let harness = ServerHarness()
        try bad.check(try await harness.chat(bad.body), harness.provider)
    }

    static let completions: [BadRequest] = [
        .invalid(#"{"model":"m"}"#, "prompt", "found nothing, expected a string, an array of strings"),
        .invalid(#"{"model":"m","prompt":5}"#, "prompt", "found 5"),
        .invalid(#"{"model":"m","prompt":[]}"#, "prompt", "found an empty array"),
        .invalid(#"{"model":"m","prompt":["a",1]}"#, "prompt[1]", "found 1, expected a string"),
        .invalid(#"{"model":"m","prompt":[1,"a"]}"#, "prompt[1]", "found a string, expected a token id"),
        .invalid(#"{"model":"m","prompt":[1,-4]}"#, "prompt[1]", "found -4, expected a token id"),
        .invalid(#"{"model":"m","prompt":[1,99999999999]}"#, "prompt[1]", "found 99999999999"),
        .invalid(#"{"model":"m","prompt":[[1],[]]}"#, "prompt[1]", "found an empty array"),
        .invalid(#"{"model":"m","prompt":[[1],["a"]]}"#, "prompt[1][0]", "found a string"),
        .invalid(#"{"model":"m","prompt":[[1],2]}"#, "prompt[1]", "found 2, expected an array of token ids"),
        .invalid(completionBody(#""logprobs":6"#), "logprobs", "from 0 to 5"),
        .invalid(completionBody(#""logprobs":true"#), "logprobs", "found true"),
        .invalid(completionBody(#""max_tokens":0"#), "max_tokens", "unless 'echo' is true"),
        .invalid(completionBody(#""max_tokens":-1,"echo":true"#), "max_tokens", "at least 0"),
        .invalid(completionBody(#""echo":"yes""#), "echo", "expected true or false"),
        .invalid(completionBody(#""n":3,"best_of":2"#), "best_of", "at least 'n', 3"),
        .unsupported(completionBody(#""n":1,"best_of":2"#), "best_of", "as many answers"),
        .unsupported(completionBody(#""suffix":"end""#), "suffix", "suffix"),
        .unsupported(completionBody(#""prompt_logprobs":1"#), "prompt_logprobs", "'echo' and 'logprobs'"),
        .unsupported(completionBody(#""n_predict":5"#), "n_predict", "use 'max_tokens'"),
        .unsupported(completionBody(#""tools":[{}]"#), "tools", "use '/v1/chat/completions'"),
        .unsupported(completionBody(#""tool_choice":"auto""#), "tool_choice", "use '/v1/chat/completions'"),
        .unsupported(completionBody(#""reasoning_effort":"low""#), "reasoning_effort", "use '/v1/chat/completions'"),
        .unsupported(
            completionBody(#""response_format":{"type":"json_object"}"#), "response_format",
            "use '/v1/chat/completions'"),
    ]

    @Test("A completion", arguments: completions)
    func completion(_ bad: BadRequest) async throws {
        let harness = ServerHarness()
        try bad.check(try await harness.complete(bad.body), harness.provider)
    }

    @Test("The caps of the options are kept")
    func caps() async throws {
        var harness = ServerHarness()
        harness.options.maxPrompts = 2
        harness.options.maxChoices = 3
        harness.options.maxPromptBytes = 10
        harness.options.maxMessages = 1
        harness.options.maxStopStrings = 1
        harness.options.maxStopBytes = 3
        harness.options.maxJSONDepth = 3
        harness.options.maxPromptTokens = 2
        harness.options.maxModelBytes = 4
        harness.options.maxUserLength = 2
        harness.options.maxLogitBiases = 1
        harness.options.maxLabels = 1
        harness.options.maxLabelNameLength = 2
        harness.options.maxLabelLength = 2
        let table: [(BadRequest, isChat: Bool)] = [
            (
                .invalid(#"{"model":"m","prompt":["a","b","c"]}"#, "prompt", "found 3 prompts, expected at most 2"),
                false
            ),
            (.invalid(#"{"model":"m","prompt":["a","b"],"n":2}"#, "n", "at most 3 answers"), false),
            (.invalid(#"{"model":"m","prompt":"12345678901"}"#, "prompt", "found 11 bytes"), false),
            (.invalid(completionBody(#""stop":["a","b"]"#), "stop", "at most 1"), false),
            (.invalid(completionBody(#""stop":"abcd""#), "stop", "4 bytes, expected 1 to 3"), false),
            (.malformed(#"{"model":[[[1]]]}"#, "nested deeper than 3"), false),
            (.invalid(#"{"model":"m","prompt":[1,2,3]}"#, "prompt", "3 token ids, expected at most 2"), false),
            (.invalid(#"{"model":"m","prompt":[[1],[2,3]]}"#, "prompt", "3 token ids, expected at most 2"), false),
            (.invalid(#"{"model":"mmmmm","prompt":"a"}"#, "model", "5 bytes, expected at most 4"), false),
            (.invalid(chatBody(#""model":"mmmmm""#, model: nil), "model", "5 bytes, expected at most 4"), true),
            // One character to a reader, and as long as one likes: scalars are counted.
            (.invalid(chatBody(#""user":"e\u0301\u0301""#), "user", "3 characters, expected at most 2"), true),
            (.invalid(chatBody(#""logit_bias":{"1":1,"2":1}"#), "logit_bias", "2 entries, expected at most 1"), true),
            (.invalid(chatBody(#""metadata":{"a":"","b":""}"#), "metadata", "2 entries, expected at most 1"), true),
            (
                .invalid(chatBody(#""metadata":{"e\u0301\u0301":""}"#), "metadata", "3 characters, expected 1 to 2"),
                true
            ),
            (.invalid(chatBody(#""metadata":{"a":"e\u0301\u0301"}"#), "metadata.a", "at most 2 characters"), true),
            (
                .invalid(
                    #"{"model":"m","messages":[{"role":"user","content":"a","name":"1234567890"}]}"#, "messages",
                    "11 bytes"), true
            ),
            (
                .invalid(
                    #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}"#,
                    "messages", "2 messages, expected 1 to 1"), true
            ),
            (
                .invalid(
                    #"{"model":"m","messages":[{"role":"user","content":"12345678901"}]}"#, "messages", "11 bytes"),
                true
            ),
        ]
        for (bad, isChat) in table {
            let reply = try await isChat ? harness.chat(bad.body) : harness.complete(bad.body)
            try bad.check(reply, harness.provider)
        }
    }

    @Test("A body over the limit is 413, whether it declares its length or not")
    func hugeBody() async throws {
        var harness = ServerHarness()
        harness.options.maxBodyBytes = 1000
        let body = completionBody(#""user":"\#(String(repeating: "x", count: 2000))""#)
        let expected = BadRequest(body: "", status: 413, code: "request_too_large", says: "limit of 1000 bytes")
        try expected.check(try await harness.complete(body), harness.provider)
        let undeclared = try await harness.send(
            "POST", "/v1/completions", body: body, headers: ["transfer-encoding": "chunked"])
        try expected.check(undeclared, harness.provider)
    }

    @Test("An address or headers over the limit are 431", arguments: [true, false])
    func hugeHeaders(inAddress: Bool) async throws {
        var harness = ServerHarness()
        harness.options.maxHeaderBytes = 1000
        let long = String(repeating: "x", count: 2000)
        let reply = try await harness.send(
            "GET", inAddress ? "/v1/models/" + long : "/v1/models", headers: inAddress ? [:] : ["x-long": long])
        try BadRequest(body: "", status: 431, code: "headers_too_large", says: "limit of 1000").check(
            reply, harness.provider)
    }

    @Test(
        "An unknown path is 404 and a wrong method 405 that names the right ones",
        arguments: [
            ("GET", "/v1/nothing", 404, nil), ("POST", "/", 404, nil), ("GET", "/v1/models/", 404, nil),
            ("GET", "/v1/chat/completions", 405, "POST"), ("DELETE", "/v1/models/m", 405, "GET, HEAD"),
            ("PUT", "/healthz", 405, "GET, HEAD"),
        ] as [(String, String, Int, String?)])
    func paths(method: String, path: String, status: Int, allow: String?) async throws {
        let harness = ServerHarness()
        let reply = try await harness.send(method, path)
        let code = status == 404 ? "unknown_url" : "method_not_allowed"
        try BadRequest(body: "", status: status, code: code, says: path).check(reply, harness.provider)
        #expect(reply.header("allow") == allow)
    }
}
