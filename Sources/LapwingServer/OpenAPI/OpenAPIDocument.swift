import HTTPTypes
import Hummingbird
import LapwingAPI

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The description of all that is served, in OpenAPI 3.1: made of `OperationDescription.all` and the schemas beside it.
enum OpenAPIDocument {
    /// As it is sent.
    static let text: Data = (try? JSONBody.encode(value)) ?? Data()

    static var value: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Lapwing", "version": "1",
                "description": .string(
                    "Models and routes over the OpenAI API, each answer with its receipt. Members that nobody knows are passed "
                        + "over and named in x-lapwing-ignored; members that are known and cannot be honoured are refused by name."
                ),
            ],
            "paths": paths,
            "components": [
                "schemas": schemas,
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "header": ["type": "apiKey", "in": "header", "name": "x-api-key"],
                ],
            ],
        ]
    }

    private static var paths: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for operation in OperationDescription.all {
            paths[operation.path, default: [:]][operation.method.lowercased()] = operation.value
        }
        return .object(JSONMembers(paths.mapValues { .object(JSONMembers($0)) }))
    }

    /// Members are JSON texts of objects, by the area that they are of. A text that is no JSON leaves all its schemas out,
    /// which a test would see.
    private static var schemas: JSONValue {
        var all = JSONMembers()
        for text in [requestSchemas, answerSchemas, administrationSchemas] {
            let part = try? JSONParser.parse(Array(text.utf8), maxDepth: 64)
            for (name, schema) in part?.object ?? [:] { all[name] = schema }
        }
        return .object(all)
    }
}

extension Routes {
    func openAPI(_ exchange: Exchange) async throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: OpenAPIDocument.text)))
    }
}
