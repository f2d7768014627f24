extension OpenAI {
    /// The answer to `GET /v1/models`.
    package struct ModelList: Hashable, Sendable, Codable {
        package var object = "list"
        package var data: [Model]

        package init(data: [Model]) { self.data = data }
    }

    /// An entry of the model list, and the answer to `GET /v1/models/{id}`.
    package struct Model: Hashable, Sendable, Codable {
        package var id: String
        package var object = "model"
        /// Seconds since 1970.
        package var created: Int
        package var ownedBy: String
        /// Tokens of context, under vLLM's name for it.
        package var maxModelLength: Int?
        /// `route`, `local` or `remote`; nil from other servers.
        package var kind: String?
        /// Why requests to it are refused for now.
        package var unavailable: String?
        /// What it serves; nil where that is not known, as behind another server.
        package var capabilities: [ModelCapability]?
        /// What whoever runs it should know of how it serves.
        package var notice: String?

        package init(
            id: String, created: Int, ownedBy: String, maxModelLength: Int? = nil, kind: String? = nil,
            unavailable: String? = nil, capabilities: [ModelCapability]? = nil, notice: String? = nil
        ) {
            self.id = id
            self.created = created
            self.ownedBy = ownedBy
            self.maxModelLength = maxModelLength
            self.kind = kind
            self.unavailable = unavailable
            self.capabilities = capabilities
            self.notice = notice
        }

        private enum CodingKeys: String, CodingKey {
            case id, object, created, kind, unavailable, capabilities, notice
            case ownedBy = "owned_by"
            case maxModelLength = "max_model_len"
        }
    }
}
