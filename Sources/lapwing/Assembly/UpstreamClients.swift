import AsyncHTTPClient
import LapwingRouter
import Synchronization

/// HTTP clients for upstreams, one for each time limit for connecting, which a client has one of.
final class UpstreamClients: Sendable {
    private let clients = Mutex<[Duration: HTTPClient]>([:])

    func client(connectTimeout: Duration) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[connectTimeout] { return client }
            let client = HTTPClient.forUpstreams(connectTimeout: connectTimeout)
            clients[connectTimeout] = client
            return client
        }
    }

    func shutDown() async {
        for client in clients.withLock({ Array($0.values) }) { try? await client.shutdown() }
    }
}
