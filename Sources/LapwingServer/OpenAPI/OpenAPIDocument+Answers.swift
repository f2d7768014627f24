extension OpenAPIDocument {
    static let answerSchemas = #"""
        {
          "Anything": { "type": "object" },
          "Text": { "type": "string" },
          "EventStream": {
            "type": "object", "required": ["data"],
            "description": "One server-sent event of many. Its data is a chunk in the shape of the OpenAI API, that of the last but one with the receipt as `lapwing`, that of the last is `[DONE]`. A failure is one `error` object and no `[DONE]`. Comments keep the connection alive.",
            "properties": { "data": { "type": "string" } }
          },
          "Error": {
            "type": "object", "required": ["error"],
            "properties": {
              "error": {
                "type": "object", "required": ["message", "type", "param", "code"],
                "properties": {
                  "message": { "type": "string" }, "type": { "type": "string" },
                  "param": { "type": ["string", "null"] }, "code": { "type": "string" }
                }
              }
            }
          },
          "Usage": {
            "type": "object", "required": ["prompt_tokens", "completion_tokens", "total_tokens"],
            "properties": {
              "prompt_tokens": { "type": "integer", "minimum": 0 },
              "completion_tokens": { "type": "integer", "minimum": 0 },
              "total_tokens": { "type": "integer", "minimum": 0 },
              "prompt_tokens_details": { "type": "object", "properties": { "cached_tokens": { "type": "integer" } } }
            }
          },
          "Call": {
            "type": "object", "required": ["model", "side", "role", "prompt_tokens", "completion_tokens", "latency_ms"],
            "properties": {
              "model": { "type": "string" }, "side": { "type": "string" }, "role": { "type": "string" },
              "prompt_tokens": { "type": "integer" }, "cached_tokens": { "type": "integer" },
              "completion_tokens": { "type": "integer" }, "estimated": { "type": "boolean" },
              "cost_usd": { "type": ["number", "null"] }, "price_source": { "type": ["string", "null"] },
              "latency_ms": { "type": "integer" }, "first_token_ms": { "type": ["integer", "null"] },
              "failure": { "type": ["string", "null"] }
            }
          },
          "Receipt": {
            "type": "object", "required": ["request_id", "route", "model", "decision", "cost_usd", "saved_usd", "calls"],
            "properties": {
              "request_id": { "type": "string" }, "route": { "type": "string" }, "model": { "type": "string" },
              "decision": { "enum": ["open", "closed", "escalated", "would-escalate", "unavailable"] },
              "confidence": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
              "calibrator": { "type": ["string", "null"] }, "calibrated": { "type": ["boolean", "null"] },
              "cost_usd": { "type": ["number", "null"] }, "saved_usd": { "type": ["number", "null"] },
              "unpriced_calls": { "type": "integer" }, "cache": { "enum": ["hit", "miss", "bypass"] },
              "cached_from": { "type": "string" }, "spared_usd": { "type": "number" }, "escalation": { "type": "string" }, "continued": { "type": "boolean" },
              "counterfactual": {
                "anyOf": [
                  { "type": "null" },
                  {
                    "type": "object", "required": ["model", "cost_usd", "low_usd", "high_usd", "estimated"],
                    "properties": {
                      "model": { "type": "string" }, "cost_usd": { "type": "number" }, "low_usd": { "type": "number" },
                      "high_usd": { "type": "number" }, "estimated": { "type": "boolean" }
                    }
                  }
                ]
              },
              "calls": { "type": "array", "items": { "$ref": "#/components/schemas/Call" } }
            }
          },
          "FinishReason": { "type": ["string", "null"] },
          "ChatCompletion": {
            "type": "object", "required": ["id", "object", "created", "model", "choices", "usage"],
            "properties": {
              "id": { "type": "string" }, "object": { "const": "chat.completion" }, "created": { "type": "integer" },
              "model": { "type": "string" }, "usage": { "$ref": "#/components/schemas/Usage" },
              "lapwing": { "$ref": "#/components/schemas/Receipt" },
              "choices": {
                "type": "array", "minItems": 1,
                "items": {
                  "type": "object", "required": ["index", "message", "finish_reason"],
                  "properties": {
                    "index": { "type": "integer" }, "finish_reason": { "$ref": "#/components/schemas/FinishReason" },
                    "logprobs": { "type": ["object", "null"] },
                    "message": {
                      "type": "object", "required": ["role", "content"],
                      "properties": {
                        "role": { "const": "assistant" }, "content": { "type": ["string", "null"] },
                        "reasoning_content": { "type": "string", "description": "What the model thought." },
                        "tool_calls": { "type": "array", "items": { "$ref": "#/components/schemas/ToolCall" } }
                      }
                    }
                  }
                }
              }
            }
          },
          "Completion": {
            "type": "object", "required": ["id", "object", "created", "model", "choices", "usage"],
            "properties": {
              "id": { "type": "string" }, "object": { "const": "text_completion" }, "created": { "type": "integer" },
              "model": { "type": "string" }, "usage": { "$ref": "#/components/schemas/Usage" },
              "lapwing": { "$ref": "#/components/schemas/Receipt" },
              "choices": {
                "type": "array", "minItems": 1,
                "items": {
                  "type": "object", "required": ["index", "text", "finish_reason"],
                  "properties": {
                    "index": { "type": "integer" }, "text": { "type": "string" },
                    "finish_reason": { "$ref": "#/components/schemas/FinishReason" },
                    "logprobs": { "type": ["object", "null"] }
                  }
                }
              }
            }
          },
          "EmbeddingUsage": {
            "type": "object", "required": ["prompt_tokens", "total_tokens"],
            "properties": { "prompt_tokens": { "type": "integer" }, "total_tokens": { "type": "integer" } }
          },
          "EmbeddingList": {
            "type": "object", "required": ["object", "data", "model", "usage"],
            "properties": {
              "object": { "const": "list" }, "model": { "type": "string" },
              "usage": { "$ref": "#/components/schemas/EmbeddingUsage" },
              "data": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["object", "index", "embedding"],
                  "properties": {
                    "object": { "const": "embedding" }, "index": { "type": "integer" },
                    "embedding": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "number" } }] }
                  }
                }
              }
            }
          },
          "RerankAnswer": {
            "type": "object", "required": ["id", "model", "results"],
            "properties": {
              "id": { "type": "string" }, "model": { "type": "string" },
              "usage": { "$ref": "#/components/schemas/EmbeddingUsage" }, "meta": { "type": "object" },
              "results": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["index", "relevance_score"],
                  "properties": {
                    "index": { "type": "integer" }, "relevance_score": { "type": "number" },
                    "document": { "type": ["object", "null"], "properties": { "text": { "type": "string" } } }
                  }
                }
              }
            }
          },
          "Model": {
            "type": "object", "required": ["id", "object", "created", "owned_by"],
            "properties": {
              "id": { "type": "string" }, "object": { "const": "model" }, "created": { "type": "integer" },
              "owned_by": { "type": "string" }, "max_model_len": { "type": "integer" },
              "kind": { "enum": ["route", "local", "remote"] }, "unavailable": { "type": "string" },
              "capabilities": { "type": "array", "items": { "enum": ["chat", "embeddings", "rerank"] } },
              "notice": { "type": "string" }
            }
          },
          "ModelList": {
            "type": "object", "required": ["object", "data"],
            "properties": {
              "object": { "const": "list" }, "data": { "type": "array", "items": { "$ref": "#/components/schemas/Model" } }
            }
          },
          "TokenizeAnswer": {
            "type": "object", "required": ["count", "tokens"],
            "properties": {
              "count": { "type": "integer" }, "max_model_len": { "type": "integer" },
              "tokens": { "type": "array", "items": { "type": "integer" } }
            }
          },
          "DetokenizeAnswer": {
            "type": "object", "required": ["prompt"], "properties": { "prompt": { "type": "string" } }
          },
          "TokenizerInfo": {
            "type": "object", "required": ["vocab_size", "model_max_length"],
            "properties": {
              "bos_token": { "type": ["string", "null"] }, "eos_token": { "type": ["string", "null"] },
              "pad_token": { "type": ["string", "null"] }, "chat_template": { "type": ["string", "null"] },
              "vocab_size": { "type": "integer" }, "model_max_length": { "type": "integer" }
            }
          },
          "FeedbackReceipt": {
            "type": "object", "required": ["object", "request_id", "route", "decision", "outcome", "kept", "not_kept", "replaced"],
            "properties": {
              "object": { "const": "feedback" }, "request_id": { "type": "string" }, "route": { "type": "string" },
              "decision": { "enum": ["open", "closed", "escalated", "would-escalate", "unavailable"] },
              "outcome": { "enum": ["right", "wrong"] }, "kept": { "type": "array", "items": { "type": "string" } },
              "not_kept": { "type": "array", "items": { "type": "string" } }, "replaced": { "type": "boolean" }
            }
          },
          "Health": {
            "type": "object", "required": ["status"],
            "properties": { "status": { "enum": ["ok", "ready", "not ready"] }, "reason": { "type": "string" } }
          }
        }
        """#
}
