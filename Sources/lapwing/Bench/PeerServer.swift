import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingRouter
import NIOCore

/// A server that is measured over HTTP.
package struct PeerServer: Sendable {
    private let endpoint: UpstreamEndpoint
    private let client: HTTPClient

    /// `url` with or without its `/v1`. Throws where it is no HTTP address.
    package init(url: String, client: HTTPClient) throws {
        let bare = url.hasSuffix("/") ? String(url.dropLast()) : url
        do {
            endpoint = try UpstreamEndpoint(url: bare.hasSuffix("/v1") ? bare : bare + "/v1", model: "the peer")
        } catch {
            throw Failure("--against is '\(url)', expected an address such as http://127.0.0.1:8081")
        }
        self.client = client
    }

    /// `engine` nil says host and port; `model` nil takes the first that the server lists.
    package func side(engine: String? = nil, model: String? = nil) async throws -> ServerBench.Side {
        let name = if let model { model } else { try await firstModel() }
        var options = UpstreamOptions()
        // A slow machine is measured, not given up.
        options.timeouts.firstToken = .seconds(600)
        options.timeouts.total = .seconds(3600)
        return ServerBench.Side(
            engine: engine ?? "\(endpoint.origin.host):\(endpoint.origin.port)", model: name,
            provider: OpenAICompatibleProvider(model: name, endpoint: endpoint, options: options, client: client))
    }

    private func firstModel() async throws -> String {
        let url = endpoint.base + "/models"
        let found: OpenAI.ModelList
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
            let body = Data(try await response.body.collect(upTo: 4 << 20).readableBytesView)
            found = try JSONDecoder().decode(OpenAI.ModelList.self, from: body)
        } catch {
            throw Failure("\(url) lists no models (\(error)); is a server there? --against-model names one")
        }
        guard let first = found.data.first else { throw Failure("\(url) lists no models; --against-model names one") }
        return first.id
    }
}
