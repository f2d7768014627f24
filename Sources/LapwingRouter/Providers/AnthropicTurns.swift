import Foundation
import LapwingAPI

/// A conversation as Anthropic's Messages API has it: turns of the user and of the assistant, each a list of blocks.
///
/// Results of calls belong to the user's turn, all of them at its beginning.
struct AnthropicTurns {
    private var turns: [(role: String, blocks: [JSONValue])] = []

    /// Of messages with their places in the request. Throws `invalid` where a call's arguments are not a JSON object.
    init(_ messages: some Sequence<(offset: Int, element: ChatMessage)>) throws(RequestError) {
        for (index, message) in messages {
            let role = message.role == "assistant" ? "assistant" : "user"
            let blocks = try Self.blocks(of: message, at: index)
            if let last = turns.indices.last, turns[last].role == role {
                turns[last].blocks += blocks
            } else {
                turns.append((role, blocks))
            }
        }
    }

    var json: [JSONValue] {
        turns.map { ["role": .string($0.role), "content": .array($0.blocks)] }
    }

    private static func blocks(of message: ChatMessage, at index: Int) throws(RequestError) -> [JSONValue] {
        if let id = message.toolCallID {
            return [["type": "tool_result", "tool_use_id": .string(id), "content": .string(message.content)]]
        }
        var blocks: [JSONValue] = []
        for part in message.parts {
            switch part {
            // The API takes no empty text, which stands beside calls where nothing was said.
            case .text("") where !message.toolCalls.isEmpty: break
            case .text(let text): blocks.append(["type": "text", "text": .string(text)])
            case .image(let image): blocks.append(["type": "image", "source": source(of: image)])
            }
        }
        for (place, call) in message.toolCalls.enumerated() {
            let path = "messages[\(index)].tool_calls[\(place)].function.arguments"
            blocks.append([
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
                "input": try input(call.arguments, path: path),
            ])
        }
        return blocks
    }

    private static func source(of image: ChatImage) -> JSONValue {
        switch image.source {
        case .url(let url): ["type": "url", "url": .string(url)]
        case .data(let mediaType, let base64):
            ["type": "base64", "media_type": .string(mediaType), "data": .string(base64)]
        }
    }

    /// A call without arguments may have none at all.
    private static func input(_ arguments: String, path: String) throws(RequestError) -> JSONValue {
        if arguments.isEmpty { return [:] }
        guard let value = try? JSONParser.parse(Array(arguments.utf8), maxDepth: 64), value.object != nil
        else {
            throw .invalid(field: path, found: "a text that is no JSON object", expected: "one, as the model wrote it")
        }
        return value
    }
}
