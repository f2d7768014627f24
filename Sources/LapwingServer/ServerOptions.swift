/// Where the server listens and how much it takes from a client before it refuses.
package struct ServerOptions: Hashable, Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 8080

    /// Bytes of a request's body; more is 413.
    package var maxBodyBytes = 16 << 20
    /// Bytes of the bodies of all requests that are being read or answered; more is 503.
    package var maxBodyBytesInFlight = 256 << 20
    /// Bytes of a request's address and of all header names and values; more is 431.
    package var maxHeaderBytes = 16 << 10
    /// UTF-8 bytes of all prompts or messages of a request together, names included.
    package var maxPromptBytes = 4 << 20
    /// Token ids of all prompts of a request together, or of a text to detokenize.
    package var maxPromptTokens = 1 << 20
    /// UTF-8 bytes of `model`.
    package var maxModelBytes = 256
    /// Prompts of one completion request.
    package var maxPrompts = 512
    /// Inputs of one embeddings request, as the OpenAI API has it, and documents of one rerank request.
    package var maxEmbeddingInputs = 2048
    /// Functions that one chat may offer, as in the OpenAI API, and images that it may hold.
    package var maxTools = 128
    package var maxImages = 100
    /// Messages of one chat.
    package var maxMessages = 4096
    /// Answers that one request may ask for: prompts times `n`.
    package var maxChoices = 512
    /// Stop strings of a completion. A chat takes four, as the OpenAI API does.
    package var maxStopStrings = 32
    /// UTF-8 bytes of one stop string.
    package var maxStopBytes = 512
    /// Of a request whose answer is to be one of them.
    package var maxChoiceTexts = 1000
    /// Characters of `user`, which is kept in the ledger.
    package var maxUserLength = 512
    /// Labels of `metadata`, which are kept in the ledger, and the characters of a label's name and of its text: the
    /// OpenAI API's own limits.
    package var maxLabels = 16
    package var maxLabelNameLength = 64
    package var maxLabelLength = 512
    /// Entries of `logit_bias`.
    package var maxLogitBiases = 1024
    /// Levels of arrays and objects in a request's JSON.
    package var maxJSONDepth = 64
    /// Open connections; more wait in the listening socket's backlog, but for a few that are on their way in.
    package var maxConnections = 1024

    /// How long a stream stays silent before its head and a comment are sent to keep the connection alive.
    package var keepAlive: Duration = .seconds(5)
    /// How long a new connection has for its first request's whole head.
    package var headTimeout: Duration = .seconds(20)
    /// How long a request's body may take, and another second for each 16 KiB of it.
    package var bodyTimeout: Duration = .seconds(60)
    /// How long a connection is kept between an answer and the next request's whole head.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a client may take nothing of its answer before the connection is closed.
    package var writeTimeout: Duration = .seconds(75)
    /// How long requests that are being answered may take to end, once the server is told to.
    package var drainTimeout: Duration = .seconds(30)
    /// nil speaks HTTP in the clear.
    package var tls: CertificateFiles?
    /// Used by the tokenizer endpoints where the client names no model; nil takes the first local model of the catalogue.
    package var defaultModel: String?

    package init() {}

    /// Whether only this machine can reach the address. Off it, `serve` must refuse to start without a key.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
