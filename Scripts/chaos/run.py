"""Requests through a gateway whose upstreams fail at random, which is killed and started again all the time; then its ledger
is held against what the clients saw.

    run.py PROGRAM [--requests N] [--clients N] [--seed N] [--kill-every SECONDS]

The last line is one JSON object. Status 1 where an answer is missing from the ledger or is in it twice, a stream ended cleanly
but cut, a call in flight at a kill is not in the ledger as lost with its estimated cost, a budget was passed, or memory or file
descriptors grow.
"""

import argparse
import asyncio
import collections
import decimal
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

import client
from upstream import Upstream

arguments = argparse.ArgumentParser()
arguments.add_argument("program")
arguments.add_argument("--requests", type=int, default=50_000)
arguments.add_argument("--clients", type=int, default=48)
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--kill-every", type=float, default=4)
arguments = arguments.parse_args()
Dollars = decimal.Decimal


class Gateway:
    """The program, started as often as it takes."""

    def __init__(self, folder, ports):
        self.configuration = os.path.join(folder, "lapwing.yaml")
        self.log = open(os.path.join(folder, "log"), "ab")
        self.starts = 0
        self.is_up = False
        pool = "timeouts: { first_token: 1s, between_tokens: 1s, total: 20s }, logprobs: false, breaker: { open: 1s }"
        price = "price: { input: 1, output: 2 }"
        first, second, third = (f"http://127.0.0.1:{port}/v1" for port in ports)
        with open(self.configuration, "w") as file:
            file.write(f"""
server: {{ host: 127.0.0.1, port: 8080 }}
data: ./data
models:
  upstream: {{ provider: openai-compatible, endpoints: ["{first}", "{second}"], fallback: [spare], {pool}, {price} }}
  spare: {{ provider: openai-compatible, endpoints: ["{third}"], {pool}, {price} }}
routes:
  plain: {{ open: upstream }}
  held: {{ open: upstream, closed: spare, hold: all, escalate: {{ below: 0.5 }} }}
  continued: {{ open: upstream, continue: true }}
""")

    def run(self, *command):
        found = subprocess.run([arguments.program, *command, "--config", self.configuration], capture_output=True, text=True)
        if found.returncode != 0:
            sys.exit(f"lapwing {' '.join(command)} ended with {found.returncode}: {found.stdout}{found.stderr}")
        return found.stdout

    async def start(self):
        self.starts += 1
        self.process = await asyncio.create_subprocess_exec(
            arguments.program, "serve", "--config", self.configuration, "--port", "0", "--log-level", "error",
            stdout=asyncio.subprocess.PIPE, stderr=self.log)
        async for line in self.process.stdout:
            if b"listening on" in line:
                self.port = int(line.split(b"http://127.0.0.1:")[1].split()[0])
                self.is_up = True
                return
        sys.exit("the gateway did not start; see the log")

    async def kill(self):
        self.is_up = False
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self):
        self.process.terminate()
        if (status := await self.process.wait()) != 0:
            sys.exit(f"the gateway ended with {status} when it was asked to stop")

    def size(self):
        """Resident MiB and open files."""
        pid = self.process.pid
        with open(f"/proc/{pid}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024
        return round(resident, 1), len(os.listdir(f"/proc/{pid}/fd"))


class Chaos:
    def __init__(self, gateway, keys):
        self.gateway, self.keys = gateway, keys
        self.dice = random.Random(arguments.seed)
        self.next = 0
        self.seen = collections.defaultdict(list)   # outcome: ids
        self.counts = collections.Counter()
        self.wrong = []

    async def requests(self, until):
        """As many clients as there are, until so many requests were made in all."""
        gateway = self.gateway

        async def one(seed):
            dice = random.Random(seed)
            while self.next < until:
                if not gateway.is_up:
                    await asyncio.sleep(0.01)
                    continue
                number, self.next = self.next, self.next + 1
                # From before the connection is made: what is killed from here on is no wonder.
                starts = gateway.starts
                try:
                    outcome, request_id = await client.ask(gateway.port, dice.choice(self.keys), number, dice)
                except client.Wrong as error:
                    self.wrong.append(str(error))
                    continue
                self.counts[outcome] += 1
                if request_id:
                    self.seen[outcome].append(request_id)
                if outcome in (client.NOBODY, client.BROKEN):
                    if gateway.is_up and gateway.starts == starts:
                        self.wrong.append(f"an answer broke off, and nobody was killed ({outcome}, {request_id})")
                if self.next % 5000 == 0:
                    print(f"{self.next} of {arguments.requests} requests", file=sys.stderr)
        await asyncio.gather(*(one(self.dice.random()) for _ in range(arguments.clients)))

    async def kills(self):
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * arguments.kill_every)
            await self.gateway.kill()
            await self.gateway.start()


def check(chaos, gateway, budgets):
    """What is wrong with the ledger, in sentences, and how many entries have which status."""
    wrong = []
    gateway.run("ledger", "verify")
    entries = collections.defaultdict(list)
    spent = collections.defaultdict(Dollars)
    for line in gateway.run("ledger", "export").splitlines():
        entry = json.loads(line, parse_float=Dollars, parse_int=int)
        entries[entry["request_id"]].append(entry)
        cost = Dollars(entry["cost_usd"] or 0)
        spent[entry["key"]] += cost
        if cost > Dollars(entry["reserved_usd"] or 0):
            wrong.append(f"{entry['request_id']} cost {cost}, and {entry['reserved_usd']} was held")
        if entry["status"] == "lost" and not all(call["cost_usd"] and call["estimated"] for call in entry["calls"]):
            wrong.append(f"{entry['request_id']} was lost without an estimate of its cost")
    for request_id, found in entries.items():
        if len(found) != 1:
            wrong.append(f"{request_id} has {len(found)} entries")
    for outcome, allowed in {
        client.WHOLE: {"completed"}, client.FAILED: {"failed", "aborted"}, client.REFUSED: {None},
        client.BROKEN: {"lost", "completed", "failed", "aborted", "cancelled"},
        # Who goes away may have been answered, refused or cut off by then.
        client.GONE: {"lost", "completed", "failed", "aborted", "cancelled", None},
    }.items():
        for request_id in chaos.seen[outcome]:
            status = entries[request_id][0]["status"] if request_id in entries else None
            if status not in allowed:
                wrong.append(f"{request_id} is {status} in the ledger, and {outcome} for its client")
    for key, budget in budgets.items():
        if spent[key] > budget:
            wrong.append(f"{key} spent {spent[key]} of {budget}")
    return wrong, collections.Counter(found[0]["status"] for found in entries.values()), spent


async def main():
    upstreams = [Upstream(arguments.seed + index) for index in range(3)]
    ports = [await upstream.serve() for upstream in upstreams]
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder, ports)
        tight = max(Dollars(arguments.requests) * Dollars("0.000005"), Dollars("0.03"))
        budgets, keys = {}, []
        for name, budget in [("wide", Dollars(1000)), ("tight", tight), ("other", Dollars(1000))]:
            made = json.loads(gateway.run("keys", "create", name, "--budget-day", str(budget), "--json"))
            keys.append(made["key"])
            budgets[made["id"]] = budget
        chaos = Chaos(gateway, keys)
        await gateway.start()
        kills = asyncio.create_task(chaos.kills())
        await chaos.requests(arguments.requests * 6 // 10)
        kills.cancel()
        await gateway.kill()
        # The rest on one process, whose size must not grow.
        await gateway.start()
        sizes = []
        for share in (7, 8, 9, 10):
            await chaos.requests(arguments.requests * share // 10)
            await asyncio.sleep(1.5)
            sizes.append(gateway.size())
        await gateway.stop()
        wrong, statuses, spent = check(chaos, gateway, budgets)
        wrong = chaos.wrong + wrong
        if sizes[-1][0] > 1.1 * sizes[0][0] + 4: wrong.append(f"resident memory grew, in MiB: {sizes}")
        if sizes[-1][1] > sizes[0][1] + 2 * arguments.clients: wrong.append(f"open files grew: {sizes}")
        if not statuses["lost"]: wrong.append("no kill met a request in flight")
        if not chaos.counts[client.REFUSED]: wrong.append("no budget was used up")
        for line in wrong[:20]: print("WRONG", line)
        faults = collections.Counter()
        for upstream in upstreams: faults.update(upstream.done)
        print(json.dumps({
            "requests": chaos.next, "kills": gateway.starts - 1, "wrong": len(wrong), "clients_saw": dict(chaos.counts),
            "ledger": dict(statuses), "upstream_calls": sum(u.calls for u in upstreams), "upstreams_did": dict(faults),
            "spent_of_tight_budget": f"{spent[list(budgets)[1]]} of {tight}",
            "resident_mib_and_files": sizes}))
        return 1 if wrong else 0


sys.exit(asyncio.run(main()))
