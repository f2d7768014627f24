/// All that `/metrics` says. Names that begin with `gen_ai_` are those of OpenTelemetry's conventions for generative AI.
extension MetricDefinition {
    private static let callLabels = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]

    // Of requests that were admitted, at their end.
    package static let requestDuration = Self(
        "gen_ai_server_request_duration_seconds", .answerTimes, unit: .billionth,
        labels: ["gen_ai_operation_name", "gen_ai_request_model", "error_type"],
        "From a request's admission to its entry in the ledger; gen_ai_request_model is the route.")
    package static let timeToFirstToken = Self(
        "gen_ai_server_time_to_first_token_seconds", .firstTokenTimes, unit: .billionth,
        labels: ["gen_ai_operation_name", "gen_ai_request_model"],
        "From a streamed request's admission to the first of its answer.")
    package static let requests = Self(
        "lapwing_requests_total", .counter, labels: ["route", "status", "decision"],
        "Requests by how they ended; each has one entry in the ledger.")
    package static let counterfactual = Self(
        "lapwing_counterfactual_usd_total", .counter, unit: .billionth, labels: ["route"],
        "What the closed model would have cost for completed requests that can be compared.")
    package static let saved = Self(
        "lapwing_saved_usd", .gauge, unit: .billionth, labels: ["route"],
        "The same less what these requests cost, since the start; it falls where a request cost more.")
    package static let cacheRequests = Self(
        "lapwing_cache_requests_total", .counter, labels: ["route", "result"],
        "Requests to routes that keep answers: hit, miss, or bypass where the client wanted a fresh one.")
    package static let spared = Self(
        "lapwing_cache_spared_usd_total", .counter, unit: .billionth, labels: ["route"],
        "What the calls behind kept answers had cost, each time that one was used.")

    package static let shadows = Self(
        "lapwing_shadow_total", .counter, labels: ["route", "result"],
        "Answers that were compared with another model's: agreed, differed, unknown, failed, or dropped.")

    package static let canaries = Self(
        "lapwing_canary_active", .gauge, labels: ["route"],
        "1 where a route's candidate is given its share; 0 once it was rolled back.")

    // Of calls to models, also to those here.
    package static let callDuration = Self(
        "gen_ai_client_operation_duration_seconds", .answerTimes, unit: .billionth, labels: callLabels + ["error_type"],
        "One call to a model, from its beginning to its last event.")
    package static let callFirstToken = Self(
        "gen_ai_client_operation_time_to_first_chunk_seconds", .firstTokenTimes, unit: .billionth, labels: callLabels,
        "From a call's beginning to the first of its answer.")
    package static let tokens = Self(
        "gen_ai_client_token_usage", .tokenCounts, labels: callLabels + ["gen_ai_token_type"],
        "Tokens that a call read (input) and wrote (output).")
    package static let calls = Self(
        "lapwing_calls_total", .counter, labels: ["model", "side", "role"],
        "Calls by the side of the bill and by what became of them: kept, discarded, continued, failed.")
    package static let retries = Self(
        "lapwing_retries_total", .counter, labels: ["model"],
        "Calls to a model beyond a request's first, hedges among them.")
    package static let spend = Self(
        "lapwing_spend_usd_total", .counter, unit: .billionth, labels: ["model", "side"],
        "Cost of the calls that have a price.")
    package static let unpriced = Self(
        "lapwing_unpriced_calls_total", .counter, labels: ["model"],
        "Calls whose model has no price; their cost is in no sum.")
    package static let ledgerCommit = Self(
        "lapwing_ledger_commit_seconds", .shortTimes, unit: .billionth,
        "From handing an entry to the ledger until it is on the disk.")

    // Of HTTP.
    package static let httpRequests = Self(
        "lapwing_http_requests_total", .counter, labels: ["path", "code"],
        "HTTP requests by line of the table of paths and by status; (none) is a path that is not served.")
    package static let refusals = Self(
        "lapwing_refusals_total", .counter, labels: ["reason"],
        "Requests that were answered with an error before any model was asked, by the error's code.")
    package static let addedLatency = Self(
        "lapwing_added_latency_seconds", .shortTimes, unit: .billionth, labels: ["route"],
        "Time from a request's head to its last byte in which none of its calls was in progress.")
    package static let inFlight = Self("lapwing_requests_in_flight", .gauge, "HTTP requests that are being answered.")

    // Read when they are asked for.
    package static let evidenceLost = Self(
        "lapwing_evidence_lost", .gauge, "Judged answers and outcomes that were dropped or not written since the start."
    )
    package static let ledgerQueue = Self("lapwing_ledger_queue_depth", .gauge, "Writes that wait for the ledger.")
    package static let engineQueue = Self(
        "lapwing_engine_queue_depth", .gauge, labels: ["model"], "Answers that wait for room in a model that runs here."
    )
    package static let engineRunning = Self(
        "lapwing_engine_running", .gauge, labels: ["model"], "Answers that a model here is writing.")
    package static let endpointState = Self(
        "lapwing_endpoint_state", .gauge, labels: ["model", "endpoint"],
        "0: an endpoint takes calls; 1: one call is finding out whether it is well again; 2: it is left alone.")
    package static let endpointCalls = Self(
        "lapwing_endpoint_calls_in_flight", .gauge, labels: ["model", "endpoint"], "Calls in progress at an endpoint.")
    package static let cacheEntries = Self(
        "lapwing_cache_entries", .gauge, labels: ["route"], "Answers that a route keeps.")
    package static let cacheBytes = Self(
        "lapwing_cache_bytes", .gauge, labels: ["route"], "What they take, about.")
    package static let drifted = Self(
        "lapwing_route_drifted", .gauge, labels: ["route"],
        "1: the watch over a route's calibration has fired and everything escalates; 0: it has not.")
    package static let driftLabels = Self(
        "lapwing_route_drift_labels", .gauge, labels: ["route"], "Outcomes that the watch has seen of its calibrator.")
    package static let residentBytes = Self(
        "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
    package static let virtualBytes = Self("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.")
    package static let cpuSeconds = Self(
        "process_cpu_seconds_total", .counter, unit: .billionth, "Total user and system CPU time spent in seconds.")
    package static let openFiles = Self("process_open_fds", .gauge, "Number of open file descriptors.")
    package static let mostFiles = Self("process_max_fds", .gauge, "Maximum number of open file descriptors.")
    package static let startTime = Self(
        "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.")

    package static let all: [MetricDefinition] = [
        requestDuration, timeToFirstToken, requests, counterfactual, saved, cacheRequests, spared, shadows, canaries,
        callDuration,
        callFirstToken, tokens, calls, retries, spend, unpriced, ledgerCommit, httpRequests, refusals, addedLatency,
        inFlight, evidenceLost, ledgerQueue, engineQueue, engineRunning, endpointState, endpointCalls, cacheEntries,
        cacheBytes,
        drifted, driftLabels,
        residentBytes, virtualBytes, cpuSeconds, openFiles, mostFiles, startTime,
    ]
}
