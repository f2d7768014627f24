#!/usr/bin/env python3
"""Makes the chat templates' golden file: templates written here, and what Jinja2 renders as Hugging Face sets it up.

    pip install jinja2
    Scripts/make_template_golden.py

Writes Tests/LapwingTextTests/Fixtures/template-golden.jsonl: the conversations as {"messages"}, then a line for each
template: {"template", "conversation", "prompt", "text"}, with "text" null where Jinja2 raises. --random N and --out FILE make more
random expressions, elsewhere, for a soak test.
"""

import argparse
import copy
import datetime
import json
import pathlib
import random

import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

OUT = pathlib.Path(__file__).parent.parent / "Tests/LapwingTextTests/Fixtures/template-golden.jsonl"
NOW = datetime.datetime(2024, 7, 5, 14, 3, 9)  # 1720188189 seconds since 1970

HELLO = [{"role": "user", "content": "Hello"}]
SYSTEM = [{"role": "system", "content": " Be brief. "}] + HELLO
TURNS = SYSTEM + [
    {"role": "assistant", "content": "Hi!\n"}, {"role": "user", "content": "  How are\nyou? "},
]
ODD = [
    {"role": "user", "content": "", "name": "ann"}, {"role": "assistant", "content": "é\u00a0\U0001f600 'q' \"d\" \\ <b>&"},
    {"role": "assistant", "content": "<think>\nplan\n</think>\n\nanswer"}, {"role": "tool", "content": '{"a": [1, 2]}'},
]
CONVERSATIONS = [[], HELLO, SYSTEM, TURNS, ODD]

# The idioms of the known families, in our own words.
FAMILIES = [
    # A default system message, index arithmetic, concatenation with +.
    """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nHelp.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    # Alternation enforced, the system message folded into the first turn.
    """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate!') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    # Headers with trimmed content, the beginning token before the first.
    """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}""",
    # Dates, defaults for undefined variables, white space control over many lines.
    """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages and messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|system|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|' + message['role'] + '|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|tool|>" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n\\n' }}
{%- endif %}
""",
    # A namespace found from the end, reasoning cut from answers.
    """{%- set ns = namespace(multi_step=true, last_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in message.content %}
                {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
                {%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_index and (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}{{- message.content }}{{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    # Lines of plain Jinja whose newlines the block rules take.
    """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}
""",
    # Role renaming by an inline if, an error for what is not taken.
    """{{ bos_token }}{% if messages and messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}""",
    # Macros, selectattr, rejectattr, map, join, tojson with an indent.
    """{%- macro header(role, end='\\n') -%}
<|{{ role | upper }}|>{{ end }}
{%- endmacro -%}
{%- set system = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | map('trim') | join('\\n') -%}
{%- if system %}{{ header('system') }}{{ system }}{% endif %}
{%- for message in messages | rejectattr('role', 'eq', 'system') %}
{{ header(message.role, end=': ') }}{{ message.content | indent(2) }}{% if not loop.last %},{% endif %}
{%- endfor %}
{{ messages | tojson(indent=2) }} {{ messages | map(attribute='name', default='-') | list | tojson }}""",
    # Loop variables, filters in the for, else, break and continue.
    """{% for m in messages if m.role != 'system' %}{{ loop.index }}/{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.revindex0 }} {{ loop.previtem.role if loop.previtem is defined else '-' }} {{ loop.nextitem.role if not loop.last }} {{ loop.cycle is defined }}
{% if loop.index == 3 %}{% break %}{% endif %}{% if m.content == '' %}{% continue %}{% endif %}
[{{ m.content|length }}]{% else %}empty{% endfor %}""",
]

WHITESPACE = [
    "a\n  {% if true %}\n  b\n  {%- endif %}\n c {{ 'x' -}}  \n d {#- c -#}  e {%+ if true +%}\n f{% endif %}\n\n",
    "{% if true %}\n\n x {% endif %}\n  {% set a = 1 %}  \n{{ a }}\n", "  {{ 'a' }}  \n  {# note #}  \n b", "{{- ' a ' -}}",
    " \t{%- if 1 %} a {% endif -%} \n b", "{% raw %}{{ x }}{% if %}\n{% endraw %}\nend", "a {%- raw -%} {{ b }} {%- endraw -%} c",
    "{% raw %}\n  x\n  {% endraw %}\n y", "line\r\n{% if true %}\r\nx\r{% endif %}\r\n", "{#\n#}\n{#- x +#}\n a\n\n\n", "\n", "",
    "{% for x in [1,2] %}\n  {{ x }}\n{% endfor %}\n", "{%- for x in [1,2] -%}\n  {{ x }}\n{%- endfor -%}\n", "{{ '}}' }} {% if '%}' %}y{% endif %}",
    "{{ {'a': {'b': 1}}['a'] }}", "{{-1}} {{- 1}} {{ -1 -}} x", "a\u00a0{%- if true %}\u2003{%- endif %}", "x {{+ 1 }} {%+ set a=1 %}",
]

EXPRESSIONS = """-2 ** 2|2 ** 3 ** 2|7 // -2|-7 % 3|-7 // 2|7.5 // 2|-7.5 % 2|1 / 2|4 / 2|2 ** -1|1 ~ 2|'a' ~ 1 * 2|1 + 2 ~ 3 * 4|1 - -1|- 3 | abs
1 < 2 < 3|3 > 2 > 2|1 in [1] == true|not 1 == 2|not not 1|'a' 'b'|(1,)|()|1, 2|[1, 2,]|[]|{}|{'a': 1,}|{1: 'x', 'b': none, true: 2}
1e15|1e16|1.5e-5|0.0001|123456789012345680.0|1.0|1_000|1.10|3.14159265358979|1e100|5e-324|0.1 + 0.2|100000 * 1.0|2 * 0.5|1e3
[1,2,3][::-1]|'abc'[::-1]|'abc'[1]|'abc'[-1:]|[1,2][5]|[1,2]['a']|[1,2][1:]|'abc'[5]|[1,2,3,4,5][1:-1:2]|[1,2,3][-2:]|'héllo'[1:3]|[1,2,3][5:]|[1,2,3][:-5]|[1,2,3,4][3:0:-2]|[1,2,3][none:2]|(1,2,3)[:2]|'a😀b'[1]|[[1,2],[3]][0][1]|(1,2).1|[1,2,3][-10:10]|'abc'[::-2]
{'a':1}.items()|list|{'a':1}|items|list|{'a':1,'b':2}.keys()|list|{'a':1}.values()|list|{'a':1}.get('a')|{'a':1}.get('b')|{'a':1}.get('b', 3)|{'a':1}['b']|{'a':1}.b|{'a':{'b':[1]}}.a.b[0]|'a' in {'a': 1}|1 in {'a': 1}|dict(a=1, b='x')|dict({'a': 1}, b=2)
[3,1,2]|sort|join('-')|['b','A','c']|sort|['b','A','c']|sort(reverse=true)|['b','A']|sort(case_sensitive=true)|[{'a':2},{'a':1}]|sort(attribute='a')|[1,2]|map('string')|list|[1,1,2]|unique|list|[1,2]|sum|[3,1]|max|[3,1]|min|[]|max|range(3)|list|range(1,7,2)|list|range(5,0,-2)|list|[1,2,3]|reverse|list|'abc'|reverse
'aXbX'|replace('X','-')|'aXbX'|replace('X','-',1)|'ab'|replace('','.')|'a\\nb\\n\\nc'|indent(2)|'a\\nb'|indent(2, true)|'a\\n\\nb'|indent(2, false, true)|'a\\nb'|indent('> ')|'abc def'|title|"it's o-k (x)"|title|"it's abc dEF".title()|'hELLO wo'|capitalize|'hELLO'.capitalize()|'ß'|upper|'ÀÉ'|lower|'a b  c'|wordcount|'a\u00a0 \\n'|trim|'xxaxx'|trim('x')
'3'|int + 1|'x'|int(7)|'3.7'|int|3.7|int|-3.7|int|'0x1f'|int(0,16)|' 12 '|int|'1_0'|int|'2.5'|float|none|int|'x'|float|true|int|'1e3'|float|5|float|3.5|round|2.5|round|-1.5|abs|'101'|int(0, 2)
true + 1|true == 1|1 == 1.0|'a' * 3|3 * 'a'|[1] * 2|true ~ none|'a' == 'a'|'e\u0301' == '\u00e9'|('e\u0301')|length|none == none|none == false|[1, 'a'] == [1, 'a']|{'a': 1} == {'a': 1.0}|(1,) == [1]|'10' == 10|[1,2] < [1,3]|'a' < 'b'|'B' < 'a'|'é' > 'z'|1 < 1.5|true < 2|[] < [0]|1 <= 1|2 >= 3|1 != 2
'a' in 'abc'|'' in 'abc'|'d' not in 'abc'|1 in [1.0]|[1] in [[1]]|none in [none]|not 'a' in 'b'|'a' in missing|missing == none|missing == missing|missing is defined|missing is undefined|missing|length|missing|list|missing ~ 'b'|missing or 'x'|missing and 'x'|missing|default('q')|none|default('q')|none|default('q', true)|''|d('z', boolean=true)|missing|d|missing.x|default('q')|missing.x is defined
1 if true else 2|1 if false|(1 if false) is defined|'a' if missing else 'b' if 0 else 'c'|1 and 0 or 'x'|0 or []|[] or 0|'x' and 'y'|not ''
missing is sequence|missing is iterable|missing is mapping|missing is none|missing is string|none is none|'a' is string|'a' is sequence|'a' is iterable|'a' is mapping|{} is mapping|{} is iterable|{} is sequence|[] is sequence|1 is iterable|1 is number|1.0 is number|1 is integer|true is integer|true is number|1.0 is float|true is boolean|1 is boolean|true is true|1 is true|false is false|none is false|3 is odd|4 is even|9 is divisibleby 3|9 is divisibleby(2)|1 is eq 1|1 is equalto(2)|2 is gt 1|2 is lessthan 1|1 is in [1,2]|3 is not in [1]|'a' is lower|'A' is upper|'1' is lower|range is callable|'a' is callable|1 is ne 2|1 is defined|none is not none|'abc' is not string
' a '.strip()|'xay'.strip('xy')|' a '.lstrip() ~ '|'|' a '.rstrip() ~ '|'|'a,b,c'.split(',')|'a,b,c'.split(',', 1)|'a,b,c'.rsplit(',', 1)|' a  b '.split()|'a b c'.split(none, 1)|''.split()|''.split(',')|'abc'.startswith('ab')|'abc'.startswith(('x','a'))|'abc'.endswith('bc')|'abc'.upper()|'ABC'.lower()|'aa'.replace('a','b')|'aa'.replace('a','b',1)|','.join(['a','b'])|'abcb'.find('b')|'abcb'.rfind('b')|'abc'.find('x')|'abcb'.count('b')|'a-b-c'.partition('-')|'ab'.partition('-')|'12'.isdigit()|'ab'.isalpha()|'a1'.isalnum()|' '.isspace()|'Ab'.isupper()|'AB1'.isupper()|'ab'.islower()|'a\\nb\\r\\nc'.splitlines()|'pre-x'.removeprefix('pre-')|'x.py'.removesuffix('.py')|'7'.zfill(3)|'-7'.zfill(4)|[1,2].index(2)|[1,1].count(1)|'é'.upper()
[1,2,3]|first|[1,2,3]|last|[]|first|'abc'|first|'abc'|last|'abc'|list|{'a':1}|list|{'a':1}|length|'héé'|length|[1,[2]]|length|[1,2]|join|['a',none,true,1.5]|join(', ')|[{'n':'x'},{'n':'y'}]|join('/', attribute='n')|{'b':2,'a':1}|dictsort
[1,0,2]|select|list|[1,0,2]|reject|list|[1,2,3]|select('odd')|list|[1,2,3]|reject('gt', 1)|list|[{'a':1},{'a':0},{}]|selectattr('a')|list|[{'a':1},{'a':2}]|selectattr('a','gt',1)|list|[{'a':1},{}]|rejectattr('a','defined')|list|[{'a':{'b':1}}]|map(attribute='a.b')|list|['a','b']|map('upper')|list|['a']|map('replace','a','z')|list|[[1,2]]|map(attribute=0)|list
{'a': [1, {'b': none}], 'c': 'x"é\\n'}|"it's"|["it's"]|['a\\'"b']|[1.0, true]|['\\x00\\u200b\\t\\\\']|{'k': ('t',)}|[missing]|['\u00a0\u00ad\U0001f600']
{'a': [1, 2.0, none, true], 'é': 'x"\\\\\\n\\t\\x01/<>&'}|tojson|[]|tojson|{}|tojson(indent=2)|{'b': 1, 'a': [1, []]}|tojson(indent=2)|{'b':1,'a':2}|tojson(sort_keys=true)|{'a':1}|tojson(separators=(',', ':'))|'é😀'|tojson(ensure_ascii=true)|1.0|tojson|'a'|tojson(indent=4)|{1: 2, none: 3, true: 4}|tojson|none|tojson
'\\x41\\u00e9\\U0001F600\\101'|'a\\qb'|'tab\\there'|"d\\"q"|'a\\\nb'|''
strftime_now('%Y-%m-%d %H:%M:%S')|strftime_now('%d %b %Y')|strftime_now('%A, %B %-d')|strftime_now('%j %y %I %p %a %%')
missing + 'b'|none + 'b'|missing.x|missing.x.y|'a'.y.z|'a'|foo|foo()|'a'.foo()|1 is foo|'a' < 1|1 in 'a'|1 in 2|[1,2].append(3)|[1].index(3)|1 + 'a'|'a' + 1|[1] + 'a'|-'a'|1 / 0|1 % 0|missing()|none.x()|1()|'a'()|{}()|none|length|1|list|none|join|{[]: 1}|'a'.split('')|range(1,2,0)|[1,2,3][::0]|['a',1]|sort|raise_exception('no')|{'a': 1}.update({'b': 2})|missing|tojson|''.__class__.__mro__|messages.__init__.__globals__|cycler('a')|'a'|map|0 ** -1
(missing)|none|true|'x' if messages|messages|length|bos_token ~ eos_token|messages|map(attribute='role')|join(',')|messages[0].content|messages[-1]['role']|messages|selectattr('name', 'defined')|list|length"""

STATEMENTS = [
    "{% set x=0 %}{% for i in [1,2,3] %}{{x}}{% set x = x+1 %}{{x}}{% endfor %}{{x}}",
    "{% set ns = namespace(n=0, s='') %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% set ns.s = ns.s ~ i %}{% endfor %}{{ ns.n }}{{ ns.s }}{{ ns.missing }}|",
    "{% for a, b in [[1,2],[3,4]] %}{{a}}{{b}}{{ loop.index }}{% endfor %}", "{% for k, v in {'a':1,'b':2}.items() %}{{k}}={{v}};{% endfor %}",
    "{% for k, v in {'b':1,'a':2}|dictsort %}{{k}}={{v}};{% endfor %}", "{% for x in 'héy' %}{{x}}.{% endfor %}", "{% for x in {'q':1} %}{{x}}{% endfor %}",
    "{% for x in missing %}a{% else %}none{% endfor %}", "{% for x in [] %}{% else %}e{{ x }}{% endfor %}", "{% for i in [1] %}{% for j in [1,2] %}{{ loop.index }}{{ loop.depth }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% macro m(a, b=2) %}{{a}}-{{b}}-{{c}}{% endmacro %}{{ m(1) }} {{ m(1,b=3) }} {{ m() }} {{ m(a=4) }}", "{% set c = 5 %}{% macro m() %}{{c}}{% endmacro %}{% set c = 6 %}{{ m() }}",
    "{% for i in [1] %}{% set c = i %}{% macro m() %}{{c}}{% endmacro %}{{ m() }}{% endfor %}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "{% macro m(x) %}<{{ caller(x) }}>{% endmacro %}{% call(a) m(4) %}b{{a}}{% endcall %}", "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ messages|length }}{% endcall %}", "{% macro m() %} x {% endmacro %}{{ m()|trim }}|{{ m() ~ 'y' }}",
    "{% set x %}  hi {% endset %}[{{ x }}]{% set y | trim | upper %} abc {% endset %}[{{y}}]", "{% filter upper %}abc{{ 'd' }}{% endfilter %} {% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}",
    "{% if false %}a{% elif 0 %}b{% elif 'x' %}c{% else %}d{% endif %}", "{% if 1 %}{% set q = 3 %}{% endif %}{{ q }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set a = b = 1 %}",
    "{% set d = {} %}{% set d.x = 1 %}", "{% for a, b in [[1]] %}{% endfor %}", "{% macro m(a) %}{% endmacro %}{{ m(1,2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "{% for x in 3 %}{% endfor %}",
    "{% foo %}", "{{ }}", "{{ 1 ", "{% if %}", "{% for %}", "{# a", "{{ 'a }}", "{{ a b }}", "{% if 1 %}", "{% endif %}", "{% for x in [1] %}", "{% else %}", "{{ 1 + }}", "{{ (1 }}", "{{ [1 }}", "{% set = 1 %}", "{{ a. }}", "{{ a[ }}",
    "{{ a | }}", "{{ a is }}", "{% if 1 %}{% else %}{% else %}{% endif %}", "{{ ~ }}", "{% break %}", "{% include 'a' %}", "{% import 'a' as b %}", "{% extends 'a' %}", "{{ 1 is not }}", "{{ not }}", "{{ a(b=1, 2) }}", "{% set x = %}", "{{ ! }}",
    "{% for i in range(5) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{i}}{% endfor %}", "{% set messages = messages[1:] %}{{ messages|length }}",
    "{% for m in messages %}{% set role = m.role|replace('assistant','model') %}{{ role }}{{ ',' if not loop.last else '.' }}{% endfor %}", "{{ messages | tojson }}", "{{ messages }}", "{% if messages is defined and messages|length > 1 and messages[1].role == 'user' %}y{% endif %}",
    "{% set ns = namespace(found=false) %}{% for m in messages %}{% if not ns.found and m.role == 'user' %}{% set ns.found = true %}{{ loop.index0 }}{% endif %}{% endfor %}{{ ns.found }}",
    "{{ 'a' if messages[0]['role'] == 'system' else 'b' }}", "{% for m in messages|reverse %}{{ m.role[0] }}{% endfor %}", "{% set x = messages|map(attribute='content')|list %}{{ x[-1:] }}", "{{ x }}{% set x = 1 %}{{ x }}",
    "{% for x in (1, 2) %}{{ x }}{% endfor %}{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% set x = [1] + [2] %}{{ x + [3] }}", "{% for (a, b), in [[[1,2]]] %}{{ a }}{% endfor %}",
]

ATOMS = ["1", "0", "-3", "-7 % 4", "2.5", "'a'", "'Hi There'", "''", "' x '", "'é😀'", "true", "false", "none", "missing", "[1, 2, 'a']", "[]", "(1, 2)",
         "{'a': 1, 'b': [2]}", "{}", "messages", "messages[0]", "bos_token", "['b', 'A']", "[[1, 2], [3]]", "range(3)|list"]
BINARY = ["+", "-", "*", "/", "//", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
FILTERS = ["length", "upper", "trim", "list", "first", "last", "join('-')", "string", "int", "float", "default('d')", "default('d', true)", "reverse|list",
           "tojson", "abs", "title", "capitalize", "replace('a', 'z')", "indent(1)", "sort", "unique|list", "items|list", "map('string')|list", "select|list", "sum", "min", "max", "wordcount", "map(attribute='a')|list"]
TESTS = ["defined", "none", "string", "mapping", "iterable", "sequence", "number", "boolean", "integer", "odd", "true", "in [1, 'a']", "eq 1", "callable", "lower"]
METHODS = ["strip()", "split()", "split('a')", "upper()", "startswith('a')", "items()|list", "get('a')", "get('z', 1)", "keys()|list", "replace('a', 'b')", "count(1)", "title()", "a", "b[0]"]


def random_expression(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.2:
        return rng.choice(ATOMS)
    inner = random_expression(rng, depth - 1)
    if kind < 0.45:
        return f"{inner} {rng.choice(BINARY)} {random_expression(rng, depth - 1)}"
    if kind < 0.6:
        return f"({inner})|{rng.choice(FILTERS)}"
    if kind < 0.68:
        return f"(({inner}) is {rng.choice(['', 'not '])}{rng.choice(TESTS)})"
    if kind < 0.78:
        return f"({inner}).{rng.choice(METHODS)}"
    if kind < 0.86:
        if rng.random() < 0.5:
            return f"({inner})[{rng.choice(['0', '-1', '5', chr(39) + 'a' + chr(39)])}]"
        return f"(({inner})|{rng.choice(['list', 'string'])})[{rng.choice(['1:', '::-1', ':2', 'none:', '::2', '-2:-1'])}]"
    if kind < 0.9:
        return f"not {inner}"
    if kind < 0.94:
        return f"({inner})"
    if kind < 0.97:
        return f"[{inner}, {random_expression(rng, depth - 1)}]"
    return f"{inner} if {random_expression(rng, depth - 1)} else {random_expression(rng, depth - 1)}"


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def cases(options):
    rng = random.Random(options.seed)
    for template in FAMILIES:
        for messages in CONVERSATIONS:
            yield template, messages, True
        yield template, TURNS, False
    for template in WHITESPACE:
        yield template, HELLO, True
    for template in STATEMENTS:
        yield template, TURNS, True
    pieces = EXPRESSIONS.split("\n")
    for line in pieces:
        # Bars part the expressions of a line, and are filters too: a known filter's name continues its expression.
        expression = ""
        for part in line.split("|") + [None]:
            name = (part or "").split("(")[0].strip()
            if part is not None and (not expression or name in environment().filters or name in ("foo", "d")):
                expression += ("|" if expression else "") + part
                continue
            if expression:
                yield "{{ " + expression + " }}", TURNS, True
            expression = part
    for _ in range(options.random):
        yield "{{ " + random_expression(rng, rng.randrange(1, 4)) + " }}", TURNS, True


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--random", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=4)
    arguments.add_argument("--out", type=pathlib.Path, default=OUT)
    options = arguments.parse_args()
    made = environment()
    seen = set()
    with open(options.out, "w") as out:
        for messages in CONVERSATIONS:
            out.write(json.dumps({"messages": messages}, separators=(",", ":")) + "\n")
        for template, messages, prompt in cases(options):
            conversation = CONVERSATIONS.index(messages)
            if (key := (template, conversation, prompt)) in seen:
                continue
            seen.add(key)
            # A copy, because `indent` on a list changes it.
            try:
                text = made.from_string(template).render(
                    messages=copy.deepcopy(messages), add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>", tools=None, documents=None)
            except Exception:
                text = None
            # Python prints these as objects, some with their address; no template means to.
            if text is not None and any(mark in text for mark in ("<generator", "object at 0x", "<built-in", "<bound", "dict_items", "dict_keys", "dict_values", "range(", "<Namespace")):
                continue
            line = {"template": template, "conversation": conversation, "prompt": prompt, "text": text}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
