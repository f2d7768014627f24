/// Templates for files that bring none, or one that cannot be run.
package enum NamedTemplate: String, CaseIterable, Sendable {
    case chatml, llama2, llama3, zephyr, gemma

    package init(name: String) throws(TextError) {
        guard let named = NamedTemplate(rawValue: name) else {
            throw .unknownTemplate(name: name, known: NamedTemplate.allCases.map(\.rawValue))
        }
        self = named
    }

    var source: String {
        switch self {
        case .chatml:
            """
            {%- for message in messages -%}
            {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
            """
        case .llama3:
            """
            {{- bos_token -}}
            {%- for message in messages -%}
            {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' -}}
            {{- message.content | trim -}}
            {{- '<|eot_id|>' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}
            """
        case .zephyr:
            """
            {%- for message in messages -%}
            {{- '<|' ~ message.role ~ '|>\\n' ~ message.content ~ eos_token ~ '\\n' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}
            """
        case .llama2:
            """
            {%- set state = namespace(system='') -%}
            {%- for message in messages -%}
            {%- if message.role == 'system' -%}
            {%- set state.system = '<<SYS>>\\n' ~ message.content | trim ~ '\\n<</SYS>>\\n\\n' -%}
            {%- elif message.role == 'assistant' -%}
            {{- ' ' ~ message.content | trim ~ ' ' ~ eos_token -}}
            {%- else -%}
            {{- bos_token ~ '[INST] ' ~ state.system ~ message.content | trim ~ ' [/INST]' -}}
            {%- set state.system = '' -%}
            {%- endif -%}
            {%- endfor -%}
            """
        case .gemma:
            """
            {{- bos_token -}}
            {%- set state = namespace(system='') -%}
            {%- for message in messages -%}
            {%- if message.role == 'system' -%}
            {%- set state.system = message.content | trim ~ '\\n\\n' -%}
            {%- else -%}
            {{- '<start_of_turn>' ~ ('model' if message.role == 'assistant' else message.role) ~ '\\n' -}}
            {{- state.system ~ message.content | trim ~ '<end_of_turn>\\n' -}}
            {%- set state.system = '' -%}
            {%- endif -%}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}
            """
        }
    }
}
