extension OpenAPIDocument {
    /// What may be asked for. `null` stands for a member that is left out, as OpenAI's clients send it.
    static let requestSchemas = #"""
        {
          "Sampling": {
            "type": "object",
            "properties": {
              "max_tokens": { "type": ["integer", "null"], "minimum": 1 },
              "temperature": { "type": ["number", "null"], "minimum": 0, "maximum": 2 },
              "top_p": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
              "min_p": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
              "top_k": { "type": ["integer", "null"], "minimum": -1 },
              "seed": { "type": ["integer", "null"] },
              "presence_penalty": { "type": ["number", "null"], "minimum": -2, "maximum": 2 },
              "frequency_penalty": { "type": ["number", "null"], "minimum": -2, "maximum": 2 },
              "repetition_penalty": { "type": ["number", "null"], "minimum": 0.01, "maximum": 10 },
              "logit_bias": {
                "type": ["object", "null"], "maxProperties": 1024, "propertyNames": { "pattern": "^[0-9]{1,9}$" },
                "additionalProperties": { "type": "number", "minimum": -100, "maximum": 100 }
              },
              "n": { "type": ["integer", "null"], "minimum": 1, "maximum": 128 },
              "stream": { "type": ["boolean", "null"] },
              "stream_options": {
                "type": ["object", "null"], "description": "Only with stream.",
                "properties": { "include_usage": { "type": ["boolean", "null"] } }
              },
              "ignore_eos": { "type": ["boolean", "null"] },
              "cache_prompt": { "type": ["boolean", "null"] },
              "structured_outputs": { "$ref": "#/components/schemas/StructuredOutputs" },
              "guided_choice": { "$ref": "#/components/schemas/Choices" },
              "user": { "type": ["string", "null"], "maxLength": 512 },
              "metadata": {
                "type": ["object", "null"], "maxProperties": 16, "propertyNames": { "minLength": 1, "maxLength": 64 },
                "additionalProperties": { "type": "string", "maxLength": 512 }
              }
            }
          },
          "Name": { "type": "string", "maxLength": 256, "description": "A route or a model." },
          "StopString": { "type": "string", "minLength": 1, "maxLength": 512 },
          "TokenIDs": { "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 0, "maximum": 2147483647 } },
          "TextInput": {
            "anyOf": [
              { "type": "string" }, { "type": "array", "minItems": 1, "items": { "type": "string" } },
              { "$ref": "#/components/schemas/TokenIDs" },
              { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/TokenIDs" } }
            ]
          },
          "ToolCall": {
            "type": "object", "required": ["id", "type", "function"],
            "properties": {
              "id": { "type": "string" }, "type": { "const": "function" },
              "function": {
                "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string" }, "arguments": { "type": ["string", "null"] } }
              }
            }
          },
          "ContentPart": {
            "anyOf": [
              {
                "type": "object", "required": ["type", "text"],
                "properties": { "type": { "const": "text" }, "text": { "type": "string" } }
              },
              {
                "type": "object", "required": ["type", "image_url"],
                "description": "Of user messages only: an https address, or data:image/TYPE;base64,DATA.",
                "properties": {
                  "type": { "const": "image_url" },
                  "image_url": {
                    "type": "object", "required": ["url"],
                    "properties": { "url": { "type": "string" }, "detail": { "enum": ["auto", "low", "high", null] } }
                  }
                }
              }
            ]
          },
          "Message": {
            "type": "object", "required": ["role"],
            "properties": {
              "role": { "enum": ["system", "developer", "user", "assistant", "tool"] },
              "name": { "type": ["string", "null"] },
              "content": {
                "description": "May be left out beside tool_calls.",
                "anyOf": [
                  { "type": ["string", "null"] },
                  { "type": "array", "items": { "$ref": "#/components/schemas/ContentPart" } }
                ]
              },
              "tool_calls": {
                "type": ["array", "null"], "description": "Of assistant messages only.",
                "items": { "$ref": "#/components/schemas/ToolCall" }
              },
              "tool_call_id": { "type": ["string", "null"], "description": "Of tool messages only, which must have it." }
            }
          },
          "Tool": {
            "type": "object", "required": ["type", "function"],
            "properties": {
              "type": { "const": "function" },
              "function": {
                "type": "object", "required": ["name"],
                "properties": {
                  "name": { "type": "string", "minLength": 1, "maxLength": 128 }, "description": { "type": ["string", "null"] },
                  "parameters": { "type": ["object", "null"] }, "strict": { "type": ["boolean", "null"] }
                }
              }
            }
          },
          "ResponseFormat": {
            "type": ["object", "null"], "required": ["type"],
            "properties": {
              "type": { "enum": ["text", "json_object", "json_schema"] },
              "json_schema": {
                "type": ["object", "null"], "required": ["name"], "description": "With the type of this name.",
                "properties": {
                  "name": { "type": "string", "maxLength": 128 }, "description": { "type": ["string", "null"] },
                  "schema": { "type": ["object", "null"] }, "strict": { "type": ["boolean", "null"] }
                }
              }
            }
          },
          "StructuredOutputs": {
            "type": ["object", "null"], "description": "Only of routes whose labels are the request's own.",
            "properties": { "choice": { "$ref": "#/components/schemas/Choices" } }
          },
          "Choices": {
            "type": ["array", "null"], "minItems": 2, "maxItems": 1000, "uniqueItems": true,
            "items": { "type": "string", "pattern": "\\S" }
          },
          "ChatRequest": {
            "allOf": [{ "$ref": "#/components/schemas/Sampling" }],
            "type": "object", "required": ["model", "messages"],
            "properties": {
              "model": { "$ref": "#/components/schemas/Name" },
              "messages": { "type": "array", "minItems": 1, "maxItems": 4096, "items": { "$ref": "#/components/schemas/Message" } },
              "max_completion_tokens": { "type": ["integer", "null"], "minimum": 1 },
              "stop": {
                "anyOf": [
                  { "$ref": "#/components/schemas/StopString" }, { "type": "null" },
                  { "type": "array", "maxItems": 4, "items": { "$ref": "#/components/schemas/StopString" } }
                ]
              },
              "logprobs": { "type": ["boolean", "null"] },
              "top_logprobs": { "type": ["integer", "null"], "minimum": 0, "maximum": 20, "description": "Only with logprobs." },
              "tools": { "type": ["array", "null"], "maxItems": 128, "items": { "$ref": "#/components/schemas/Tool" } },
              "tool_choice": {
                "description": "Only with tools, unless it is none.",
                "anyOf": [
                  { "enum": ["auto", "none", "required", null] },
                  {
                    "type": "object", "required": ["type", "function"],
                    "properties": {
                      "type": { "const": "function" },
                      "function": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } }
                    }
                  }
                ]
              },
              "parallel_tool_calls": { "type": ["boolean", "null"] },
              "response_format": { "$ref": "#/components/schemas/ResponseFormat" },
              "reasoning_effort": { "type": ["string", "null"], "maxLength": 32 }
            }
          },
          "CompletionRequest": {
            "allOf": [{ "$ref": "#/components/schemas/Sampling" }],
            "type": "object", "required": ["model", "prompt"],
            "properties": {
              "model": { "$ref": "#/components/schemas/Name" },
              "prompt": { "$ref": "#/components/schemas/TextInput" },
              "echo": { "type": ["boolean", "null"] },
              "logprobs": { "type": ["integer", "null"], "minimum": 0, "maximum": 5 },
              "best_of": { "type": ["integer", "null"], "minimum": 1, "maximum": 128, "description": "The same as n." },
              "stop": {
                "anyOf": [
                  { "$ref": "#/components/schemas/StopString" }, { "type": "null" },
                  { "type": "array", "maxItems": 32, "items": { "$ref": "#/components/schemas/StopString" } }
                ]
              }
            }
          },
          "EmbeddingRequest": {
            "type": "object", "required": ["model", "input"],
            "properties": {
              "model": { "$ref": "#/components/schemas/Name" },
              "input": { "$ref": "#/components/schemas/TextInput" },
              "dimensions": { "type": ["integer", "null"], "minimum": 1 },
              "encoding_format": { "enum": ["float", "base64", null] },
              "user": { "type": ["string", "null"], "maxLength": 512 }
            }
          },
          "RerankRequest": {
            "type": "object", "required": ["model", "query", "documents"],
            "properties": {
              "model": { "$ref": "#/components/schemas/Name" },
              "query": { "type": "string", "minLength": 1 },
              "documents": {
                "type": "array", "minItems": 1, "maxItems": 2048,
                "items": {
                  "anyOf": [
                    { "type": "string", "minLength": 1 },
                    { "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 1 } } }
                  ]
                }
              },
              "top_n": { "type": ["integer", "null"], "minimum": 1 },
              "return_documents": { "type": ["boolean", "null"] },
              "max_tokens_per_doc": { "type": ["integer", "null"], "minimum": 1 },
              "user": { "type": ["string", "null"], "maxLength": 512 }
            }
          },
          "TokenizeRequest": {
            "type": "object", "required": ["prompt"],
            "properties": {
              "model": { "anyOf": [{ "$ref": "#/components/schemas/Name" }, { "type": "null" }] },
              "prompt": { "type": "string" },
              "add_special_tokens": { "type": ["boolean", "null"] }
            }
          },
          "DetokenizeRequest": {
            "type": "object", "required": ["tokens"],
            "properties": {
              "model": { "anyOf": [{ "$ref": "#/components/schemas/Name" }, { "type": "null" }] },
              "tokens": { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 2147483647 } }
            }
          },
          "FeedbackRequest": {
            "type": "object", "required": ["request_id"],
            "description": "One of outcome, score and correction at least. The last word of a key on an answer counts.",
            "properties": {
              "request_id": { "type": "string", "maxLength": 128, "description": "x-lapwing-request-id, or the answer's own id." },
              "outcome": { "enum": ["right", "wrong", null] },
              "score": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
              "correction": { "type": ["string", "null"], "maxLength": 16384, "description": "What the answer should have been." },
              "comment": { "type": ["string", "null"], "maxLength": 1024 }
            },
            "anyOf": [
              { "required": ["outcome"], "properties": { "outcome": { "enum": ["right", "wrong"] } } },
              { "required": ["score"], "properties": { "score": { "type": "number" } } },
              { "required": ["correction"], "properties": { "correction": { "type": "string" } } }
            ]
          }
        }
        """#
}
