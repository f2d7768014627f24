extension OpenAPIDocument {
    static let administrationSchemas = #"""
        {
          "KeyDraft": {
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {
              "name": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000-\\u001f\\u007f]+$" },
              "tenant": { "type": ["string", "null"], "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000-\\u001f\\u007f]+$" },
              "tier": { "type": ["string", "null"], "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000-\\u001f\\u007f]+$" },
              "project": { "type": ["string", "null"], "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000-\\u001f\\u007f]+$" },
              "routes": { "type": ["array", "null"], "minItems": 1, "maxItems": 256, "items": { "type": "string" } },
              "expires_at_ms": { "type": ["integer", "null"], "minimum": 0, "maximum": 9223372036854775807 },
              "requests_per_minute": { "type": ["integer", "null"], "minimum": 1, "maximum": 1099511627776 },
              "tokens_per_minute": { "type": ["integer", "null"], "minimum": 1, "maximum": 1099511627776 },
              "concurrent_requests": { "type": ["integer", "null"], "minimum": 1, "maximum": 1099511627776 },
              "budget_day_usd": { "$ref": "#/components/schemas/Dollars" },
              "budget_month_usd": { "$ref": "#/components/schemas/Dollars" }
            }
          },
          "Dollars": {
            "description": "US dollars, more than 0, with at most nine places; as a string they are exact.",
            "anyOf": [
              { "type": "null" }, { "type": "number", "exclusiveMinimum": 0, "maximum": 1000000000 },
              { "type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?$" }
            ]
          },
          "Budget": {
            "type": "object", "required": ["period", "limit_usd", "spent_usd", "reserved_usd", "overrun_usd", "left_usd"],
            "properties": {
              "period": { "enum": ["day", "month"] }, "limit_usd": { "type": "number" }, "spent_usd": { "type": "number" },
              "reserved_usd": { "type": "number" }, "overrun_usd": { "type": "number" }, "left_usd": { "type": "number" }
            }
          },
          "Key": {
            "type": "object", "required": ["object", "id", "name", "role", "hint", "tier", "created_at_ms"],
            "properties": {
              "object": { "const": "key" }, "id": { "type": "string" }, "key": { "type": "string" },
              "name": { "type": "string" }, "role": { "enum": ["client", "admin"] },
              "state": { "enum": ["active", "revoked", "expired"] }, "hint": { "type": "string" },
              "tenant": { "type": "string" }, "tier": { "type": "string" }, "project": { "type": "string" },
              "routes": { "type": "array", "items": { "type": "string" } }, "created_at_ms": { "type": "integer" },
              "expires_at_ms": { "type": "integer" }, "revoked_at_ms": { "type": "integer" },
              "requests_per_minute": { "type": "integer" }, "tokens_per_minute": { "type": "integer" },
              "concurrent_requests": { "type": "integer" }, "budget_day_usd": { "type": "number" },
              "budget_month_usd": { "type": "number" },
              "budgets": { "type": "array", "items": { "$ref": "#/components/schemas/Budget" } }
            }
          },
          "KeyList": {
            "type": "object", "required": ["object", "data"],
            "properties": {
              "object": { "const": "list" }, "data": { "type": "array", "items": { "$ref": "#/components/schemas/Key" } }
            }
          },
          "Reload": {
            "type": "object", "required": ["object", "changed", "needs_restart", "warnings"],
            "properties": {
              "object": { "const": "reload" }, "changed": { "type": "array", "items": { "type": "string" } },
              "needs_restart": { "type": "array", "items": { "type": "string" } },
              "warnings": { "type": "array", "items": { "type": "string" } }
            }
          }
        }
        """#
}
