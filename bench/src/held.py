"""Start-up and memory of a contestant, with connections that a client process keeps open. Shared by
bench/compare and bench/memory."""
import json
import os
import subprocess
import time

import rig

WARM = 64


def start_and_rest(bench, name, rounds):
    """Median milliseconds from the start to accepting, and RSS a moment later."""
    times, sizes = [], []
    for _ in range(rounds):
        times.append(bench.start(name) * 1000)
        time.sleep(0.2)
        sizes.append(bench.rss_kib(name))
        bench.stop(name)
    return {"start_ms": round(rig.median(times), 2), "start_rss_kib": rig.median(sizes)}


class Held:
    """Connections that a client process keeps open; a context."""

    def __init__(self, bench, name, body, count, stream):
        self.process = subprocess.Popen(
            bench.client_command(name, body, count, stream=stream, hold=True),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {bench.cpu}))

    def __enter__(self):
        line = self.process.stdout.readline()
        if line != "held\n":
            raise SystemExit("the connections could not be held: %r" % line)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.wait()
        self.result = json.loads(rest) if rest else None
        if self.result is None or self.result["errors"]:
            raise SystemExit("errors while connections were held: %s" % rest)


def idle_count(bench, wanted):
    """As many idle clients as fit: HAProxy and the floor need two descriptors for each."""
    return min(wanted, int(bench.values["MAX_CONNECTIONS"]) - 2 * WARM)


def hold(bench, name, body, count, stream):
    """RSS with `count` connections held, and what each adds to the warmed-up process."""
    bench.start(name)
    bench.client(name, body, WARM, stream=stream, warmup_ms=0, ms=300)
    time.sleep(0.3)
    before = bench.rss_kib(name)
    with Held(bench, name, body, count, stream):
        time.sleep(1)
        held = bench.rss_kib(name)
    time.sleep(0.5)
    files = rig.open_files(bench.pids(name)[-1])
    bench.stop(name)
    return {"count": count, "before_kib": before, "rss_kib": held,
            "each_bytes": round((held - before) * 1024 / count), "files_after": files}


def at_rest(bench, name, idle, streams, starts):
    """All of the above for one contestant; each figure from a fresh process."""
    return {**start_and_rest(bench, name, starts),
            "idle": hold(bench, name, "1k", idle, False),
            "streams": hold(bench, name, "slow-stream", streams, True)}
