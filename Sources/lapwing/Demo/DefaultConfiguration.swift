/// The file that `demo` writes where there is none.
package enum DefaultConfiguration {
    package static let text = """
        # Lapwing's configuration. `lapwing check` says whether it is valid.
        server: { host: 127.0.0.1, port: 8080 }
        data: ./data                         # the ledger; relative paths start at this file's folder
        machine: { usd_per_hour: 0.10 }      # what an hour of this machine costs

        models:
          smollm2: { weights: models/SmolLM2-135M-Instruct.Q4_1.gguf, context: 8192 }
          # Used only where the variable is set. Its price is in the built-in book: `lapwing prices list gpt-4-turbo`.
          gpt-4: { provider: openai, upstream: gpt-4-turbo, key: "${OPENAI_API_KEY}" }

        routes:
          # Asks smollm2 first; answers that are less than 92% likely to be right go to gpt-4. `tiers: [enterprise]` beside
          # `below` would escalate for that tier only.
          support: { open: smollm2, closed: gpt-4, hold: 48, escalate: { below: 0.92 } }

        report: { counterfactual: gpt-4 }

        """
}
