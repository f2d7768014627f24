import HTTPTypes
import Hummingbird
import LapwingMetrics
import NIOCore

extension Routes {
    /// In Prometheus's text format.
    func metricsPage(_ exchange: Exchange) async throws -> Response {
        Response(
            status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.registry.text())))
    }
}
