#!/usr/bin/env python3
"""Fits the confidence model `default-1`: asks an open model questions whose answers can be checked, and fits a
logistic regression from the log-probabilities of its answers to whether they were right.

    Scripts/fit_default_confidence.py --url http://127.0.0.1:8080/v1 --model smollm2 --data ../shared/data
    Scripts/fit_default_confidence.py --gguf models/SmolLM2-135M-Instruct.Q4_1.gguf --data ../shared/data

The first form asks any OpenAI-compatible server that gives log-probabilities; the second needs the Python package
llama-cpp-python. Both need numpy. Answers are greedy, so the same model gives the same samples. Samples (features
and outcome, no text) are kept in --samples and a run that was interrupted goes on where it stopped; a file of
another model's samples, or asked in the other way, is refused. The
coefficients printed at the end are the ones in Sources/LapwingRouter/Confidence/ConfidenceModel+Default1.swift; the
features are documented in Sources/LapwingRouter/Confidence/ConfidenceFeatures.swift.
"""

import argparse
import csv
import json
import math
import os
import random
import re
import sys
import urllib.request

HOLD = 48  # tokens after which a route decides by default
FEATURES = ["mean", "minimum", "lowDecile", "firstMargin", "firstEntropy", "logLength", "isFinished"]


# --- questions -------------------------------------------------------------------------------------------------------

def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def words(text):
    return " " + " ".join(re.findall(r"[a-z0-9]+", text.lower())) + " "


def names_only(choices, gold):
    """Right when the reply names the right choice and no other (a choice inside a longer one does not count)."""
    def check(reply):
        reply = words(reply)
        named = set()
        for index in sorted(range(len(choices)), key=lambda i: -len(words(choices[i]))):
            if words(choices[index]) in reply:
                named.add(index)
                reply = reply.replace(words(choices[index]), " | ")
        return named == {gold}
    return check


def multiple_choice(path, count, limit, generator):
    rows = [row for row in lines(path) if len({words(c) for c in row["choices"]}) == len(row["choices"])]
    for index in sorted(generator.sample(range(len(rows)), count)):
        row = rows[index]
        question = row["query"].replace("Question: ", "").strip()
        options = "\n".join("- " + choice for choice in row["choices"])
        yield (index, question + "\nChoose one:\n" + options + "\nReply with the right choice only.", limit,
               names_only(row["choices"], row["gold"]))


def intents(folder, count, generator):
    """Which of two topics a customer's message is about; the wrong one is drawn from the other 76."""
    with open(os.path.join(folder, "train.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    topics = sorted({row["category"] for row in rows})
    for index in sorted(generator.sample(range(len(rows)), count)):
        gold = rows[index]["category"]
        pair = [gold, generator.choice([topic for topic in topics if topic != gold])]
        generator.shuffle(pair)
        pair = [topic.replace("_", " ").lower() for topic in pair]
        prompt = ("A customer writes: \"" + rows[index]["text"].strip() + "\"\nIs this about \"" + pair[0] + "\" or \""
                  + pair[1] + "\"? Reply with one of the two only.")
        yield index, prompt, 48, names_only(pair, pair.index(gold.replace("_", " ").lower()))


def repetitions(folder, count, generator):
    """A customer's message to be said again; right when every word is there in its order and no other."""
    with open(os.path.join(folder, "train.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for index in sorted(generator.sample(range(len(rows)), count)):
        text = rows[index]["text"].strip()
        yield (index, "Repeat this message word for word: \"" + text + "\"", 64,
               lambda reply, text=text: words(reply) == words(text))


def sums(path, count, generator, solved):
    """Grade-school problems, bare or with the solution to be read; the last number of the reply is its answer."""
    def check_for(gold):
        def check(reply):
            numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", reply)
            return bool(numbers) and abs(float(numbers[-1].replace(",", "")) - gold) < 1e-6
        return check
    rows = lines(path)
    for index in sorted(generator.sample(range(len(rows)), count)):
        solution, gold = rows[index]["answer"].split("####")
        prompt = rows[index]["question"]
        if solved:
            prompt = ("Question: " + prompt + "\nSolution: " + re.sub(r"<<[^>]*>>", "", solution).strip()
                      + "\nWhat is the answer to the question? Reply with the number only.")
        yield index, prompt, 48 if solved else 160, check_for(float(gold.strip().replace(",", "")))


def holds(kind, arguments, reply):
    """IFEval's rule `kind`, for the rules that one line can check; None for the others."""
    low = reply.lower()
    if kind == "punctuation:no_comma":
        return "," not in reply
    if kind == "keywords:existence":
        return all(word.lower() in low for word in arguments["keywords"])
    if kind == "keywords:forbidden_words":
        return not any(words(word) in words(reply) for word in arguments["forbidden_words"])
    if kind == "change_case:english_lowercase":
        return reply == low
    if kind == "change_case:english_capital":
        return reply == reply.upper()
    if kind == "startend:end_checker":
        return low.strip().strip('"').endswith(arguments["end_phrase"].lower().strip())
    if kind == "startend:quotation":
        return len(reply.strip()) > 1 and reply.strip().startswith('"') and reply.strip().endswith('"')
    if kind == "detectable_format:title":
        return re.search(r"<<[^\n]+>>", reply) is not None
    if kind == "detectable_format:constrained_response":
        return any(choice in reply for choice in ("My answer is yes.", "My answer is no.", "My answer is maybe."))
    if kind == "length_constraints:number_words" and arguments["relation"] == "less than":
        return len(reply.split()) < arguments["num_words"]
    return None


def instructions(path, count, generator):
    """Prompts of IFEval all of whose rules `holds` can check; right when every rule holds."""
    rows = []
    for row in lines(path):
        rules = list(zip(row["instruction_id_list"], row["kwargs"]))
        if all(holds(kind, arguments, "") is not None for kind, arguments in rules):
            rows.append((row["prompt"], rules))
    for index in sorted(generator.sample(range(len(rows)), min(count, len(rows)))):
        prompt, rules = rows[index]
        yield (index, prompt, 160,
               lambda reply, rules=rules: bool(reply.strip()) and all(holds(k, a, reply) for k, a in rules))


def questions(data):
    """(task, number in its file, prompt, most tokens, check), the same in every run; asked in a mixed order."""
    generator = random.Random(20240601)
    sources = [
        ("arc_easy", multiple_choice(os.path.join(data, "mcq/arc_easy.jsonl"), 300, 48, generator)),
        ("openbook_qa", multiple_choice(os.path.join(data, "mcq/openbook_qa.jsonl"), 100, 48, generator)),
        ("piqa", multiple_choice(os.path.join(data, "mcq/piqa.jsonl"), 100, 64, generator)),
        ("banking77_topic", intents(os.path.join(data, "banking77"), 250, generator)),
        ("banking77_repeat", repetitions(os.path.join(data, "banking77"), 200, generator)),
        ("gsm8k_read", sums(os.path.join(data, "gsm8k/train.jsonl"), 300, generator, solved=True)),
        ("gsm8k", sums(os.path.join(data, "gsm8k/train.jsonl"), 50, generator, solved=False)),
        ("ifeval", instructions(os.path.join(data, "ifeval/input_data.jsonl"), 150, generator)),
    ]
    asked = [(task, *question) for task, source in sources for question in source]
    generator.shuffle(asked)
    return asked


# --- askers: (text, finish reason, [log-probability of each token], [two best of the first token]) ---------------------

def http_asker(url, model):
    def ask(prompt, limit):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "temperature": 0,
                "max_tokens": limit, "logprobs": True, "top_logprobs": 2}
        headers = {"Content-Type": "application/json",
                   "Authorization": "Bearer " + os.environ.get("OPENAI_API_KEY", "none")}
        request = urllib.request.Request(url.rstrip("/") + "/chat/completions", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=600) as reply:
            choice = json.load(reply)["choices"][0]
        tokens = (choice.get("logprobs") or {}).get("content") or []
        # Some servers report the end mark as a last token, which is no part of the text and is not judged.
        if tokens and choice["finish_reason"] == "stop":
            if "".join(t["token"] for t in tokens[:-1]) == choice["message"]["content"]:
                tokens = tokens[:-1]
        first = [top["logprob"] for top in tokens[0].get("top_logprobs", [])] if tokens else []
        return (choice["message"]["content"] or "", choice["finish_reason"], [t["logprob"] for t in tokens], first)
    return ask


def gguf_asker(path):
    """The model in this process. Reads the logits itself: the package's own log-probabilities sort the vocabulary."""
    import llama_cpp
    import numpy
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter
    model = llama_cpp.Llama(path, n_ctx=2048, n_batch=512, n_threads=1, n_threads_batch=1, verbose=False)
    text_of = lambda token: model.detokenize([token], special=True).decode("utf-8", "replace")
    template = Jinja2ChatFormatter(
        template=model.metadata["tokenizer.chat_template"], eos_token=text_of(model.token_eos()),
        bos_token=text_of(model.token_bos()))
    size = model.n_vocab()

    def ask(prompt, limit):
        rendered = template(messages=[{"role": "user", "content": prompt}]).prompt
        model.reset()
        model.eval(model.tokenize(rendered.encode(), add_bos=False, special=True))
        tokens, chosen, first, finish = [], [], [], "length"
        while len(tokens) < limit:
            logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(model.ctx, -1), shape=(size,))
            logits = logits.astype(numpy.float64)
            norm = logits.max() + math.log(numpy.exp(logits - logits.max()).sum())
            token = int(logits.argmax())
            if not tokens:
                first = [float(x - norm) for x in numpy.sort(logits)[:-3:-1]]
            if llama_cpp.llama_vocab_is_eog(llama_cpp.llama_model_get_vocab(model.model), token):
                finish = "stop"
                break
            tokens.append(token)
            chosen.append(float(logits[token] - norm))
            model.eval([token])
        return model.detokenize(tokens).decode("utf-8", "replace"), finish, chosen, first
    return ask


# --- features: keep in step with ConfidenceFeatures.swift ----------------------------------------------------------------

def clamp(value, low, high):
    return min(max(value, low), high)


def features(chosen, first, is_finished):
    """The values in the order of FEATURES; None where there is nothing to judge."""
    if not chosen or len(first) < 2:
        return None
    ordered = sorted(chosen)
    rest = max(0.0, 1 - math.exp(first[0]) - math.exp(first[1]))
    masses = [math.exp(first[0]), math.exp(first[1]), rest]
    return [
        clamp(sum(chosen) / len(chosen), -5, 0),
        clamp(ordered[0], -15, 0),
        clamp(ordered[(len(ordered) - 1) // 10], -15, 0),
        clamp(first[0] - first[1], 0, 10),
        -sum(p * math.log(p) for p in masses if p > 0),
        math.log(len(chosen)),
        1.0 if is_finished else 0.0,
    ]


def collect(ask, source, data, limit, path):
    """Asks what is not yet in the samples file; a line is {asker, model, task, number, right, whole, prefix?, length}.

    `source` is {asker, model}: samples of different ones never go into one fit."""
    wanted = questions(data)[:limit]
    known = set()
    for place, row in enumerate(lines(path) if os.path.exists(path) else [], 1):
        found = {key: row.get(key) for key in source}
        if found != source:
            sys.exit(f"{path}, line {place}: found a sample of {found}, expected {source}; give another --samples file")
        known.add((row["task"], row["number"]))
    todo = [q for q in wanted if (q[0], q[1]) not in known]
    with open(path, "a", encoding="utf-8") as out:
        for done, (task, number, prompt, limit, check) in enumerate(todo):
            text, finish, chosen, first = ask(prompt, limit)
            whole = features(chosen, first, finish == "stop")
            prefix = features(chosen[:HOLD], first, False) if len(chosen) > HOLD else None
            row = {**source, "task": task, "number": number, "right": check(text), "length": len(chosen), "whole": whole,
                   "prefix": prefix}
            out.write(json.dumps(row) + "\n")
            out.flush()
            if done % 25 == 0 or done + 1 == len(todo):
                print(f"asked {done + 1} of {len(todo)}", file=sys.stderr, flush=True)
    asked = {(q[0], q[1]) for q in wanted}
    return [row for row in lines(path) if (row["task"], row["number"]) in asked and row["whole"]]


# --- fit and figures -------------------------------------------------------------------------------------------------

def fit_logistic(x, y, weight, penalty):
    """Newton's method on standardised features, ridge on all but the intercept; coefficients for raw features."""
    import numpy
    mean = numpy.average(x, axis=0, weights=weight)
    spread = numpy.sqrt(numpy.average((x - mean) ** 2, axis=0, weights=weight)) + 1e-12
    z = numpy.hstack([numpy.ones((len(x), 1)), (x - mean) / spread])
    beta = numpy.zeros(z.shape[1])
    ridge = penalty * numpy.eye(z.shape[1])
    ridge[0, 0] = 0
    for _ in range(50):
        p = 1 / (1 + numpy.exp(-z @ beta))
        step = numpy.linalg.solve((z.T * (weight * p * (1 - p))) @ z + ridge, z.T @ (weight * (y - p)) - ridge @ beta)
        beta += step
        if abs(step).max() < 1e-10:
            break
    raw = beta[1:] / spread
    return beta[0] - float(raw @ mean), raw, mean


def auroc(p, y):
    """Share of (right, wrong) pairs that are in the right order, ties counted half."""
    right, wrong = [a for a, b in zip(p, y) if b], [a for a, b in zip(p, y) if not b]
    if not right or not wrong:
        return float("nan")
    return sum((a > b) + 0.5 * (a == b) for a in right for b in wrong) / (len(right) * len(wrong))


def ece(p, y, bins=10):
    """Expected calibration error over bins of equal count."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    total = 0.0
    for b in range(bins):
        part = order[b * len(p) // bins:(b + 1) * len(p) // bins]
        if part:
            total += abs(sum(p[i] for i in part) - sum(y[i] for i in part))
    return total / len(p)


def log_loss(p, y):
    return -sum(math.log(a if b else 1 - a) for a, b in zip(p, y)) / len(p)


def report(rows, penalty):
    import numpy
    generator = random.Random(7)
    rows = sorted(rows, key=lambda row: (row["task"], row["number"]))
    generator.shuffle(rows)
    train, test = rows[: len(rows) // 2], rows[len(rows) // 2:]
    x, y, weight = [], [], []
    for row in train:  # an answer past the hold is judged on its prefix or whole, so it gives half a sample of each
        views = [view for view in (row["whole"], row["prefix"]) if view]
        for view in views:
            x.append(view)
            y.append(float(row["right"]))
            weight.append(1 / len(views))
    intercept, raw, mean = fit_logistic(numpy.array(x), numpy.array(y), numpy.array(weight), penalty)
    judge = lambda view: float(1 / (1 + math.exp(-(intercept + float(raw @ numpy.array(view))))))
    print(f"n = {len(rows)} answers, {len(train)} to fit and {len(test)} held out")
    for task in sorted({row["task"] for row in rows}):
        part = [row for row in rows if row["task"] == task]
        held = [row for row in test if row["task"] == task]
        p, right = [judge(row["prefix"] or row["whole"]) for row in held], [row["right"] for row in held]
        print(f"  {task}: n {len(part)}, right {sum(row['right'] for row in part) / len(part):.3f}, "
              f"held-out AUROC {auroc(p, right):.3f}, mean confidence {sum(p) / len(p):.3f}")
    right = [row["right"] for row in test]
    base = sum(row["right"] for row in train) / len(train)
    for name, view in (("at the hold", lambda row: row["prefix"] or row["whole"]), ("whole", lambda row: row["whole"])):
        p = [judge(view(row)) for row in test]
        print(f"held out, judged {name}: AUROC {auroc(p, right):.3f}, ECE {ece(p, right):.3f}, log loss "
              f"{log_loss(p, right):.4f} (base rate {log_loss([base] * len(right), right):.4f}), "
              f"confidence {min(p):.3f} to {max(p):.3f}, right {sum(right) / len(right):.3f}")
    print(f"intercept: {intercept:.6f}")
    for name, value, middle in zip(FEATURES, raw, mean):
        print(f"Term(.{name}, weight: {value:.6f}, mean: {middle:.6f}),")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--url", help="base of an OpenAI-compatible server, ending in /v1")
    parser.add_argument("--model", default="smollm2", help="the model to ask at --url")
    parser.add_argument("--gguf", help="ask this file through llama-cpp-python instead")
    parser.add_argument("--data", required=True, help="folder with mcq, banking77, gsm8k and ifeval")
    parser.add_argument("--samples", default="default-confidence.jsonl", help="where features and outcomes are kept")
    parser.add_argument("--limit", type=int, help="ask only so many of the 1,445 questions, which come in a mixed order")
    parser.add_argument("--penalty", type=float, default=1, help="ridge penalty on standardised coefficients")
    options = parser.parse_args()
    if bool(options.url) == bool(options.gguf):
        parser.error("give one of --url and --gguf")
    ask = http_asker(options.url, options.model) if options.url else gguf_asker(options.gguf)
    source = {"asker": "url", "model": options.model}
    if options.gguf:
        source = {"asker": "gguf", "model": os.path.basename(options.gguf)}
    report(collect(ask, source, options.data, options.limit, options.samples), options.penalty)


if __name__ == "__main__":
    main()
