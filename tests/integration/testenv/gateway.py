"""The program under test: its configuration, its process, its logs, and a clean end demanded."""
import collections
import json
import os
import re
import signal
import socket
import subprocess
import time

from .client import Closed, Connection, request_bytes
from .metrics import Metrics
from .poll import eventually, seconds

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BINARY = os.environ.get("PROA_BIN") or os.path.join(ROOT, "build", "dev", "proa")

# A policy's settings for tests that break an upstream again and again: nothing is taken out for it,
# and every retry is paid for.
TOLERANT = {
    "retry": {"budget": {"ratio": 1.0, "cap": 1000, "start": 1000}},
    "breaker": {"score": 1000, "pool_score": 1000, "endpoint_score": 1000,
                "min_samples": 1000, "trip": 1.0},
    "degraded": {"enabled": False},
}
SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|"
                       r"UndefinedBehaviorSanitizer|PROA_ASSERT|assertion failed)", re.I)


def _own_ports():
    """Ports below the ephemeral range: the workers of a run share 10000 to 30999, each with its part;
    who runs alone, perhaps beside them, has those above."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    first, size = 31000, 1700
    if worker:
        size = 21000 // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        first = 10000 + int(worker[len("gw"):]) * size
    begin = os.getpid() * 7 % size
    return [first + (begin + n) % size for n in range(size)]


_ports = None


def free_port():
    """A port that nothing listens on, another one for each caller here until all have had their turn."""
    global _ports
    if _ports is None:
        _ports = collections.deque(_own_ports())
    for _ in range(len(_ports)):
        port = _ports[0]
        _ports.rotate(-1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def environment(extra=None):
    """The environment of the program: nothing of the caller's but PATH, so no key leaks in."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "LC_ALL": "C",
           "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:detect_stack_use_after_return=1",
           "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
           "TSAN_OPTIONS": "halt_on_error=1:exitcode=99"}
    env.update(extra or {})
    return env


class Gateway:
    """Starts `proa run` with a configuration made of `config` (a dict; listeners are filled in).

    Use as a context manager, or through the `gateway` fixture. stop() asserts exit code 0 and a log
    free of sanitizer reports.
    """

    def __init__(self, folder, config=None, args=(), env=None, unix=False, wait=True):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port, self.ops_port, self.admin_port = free_port(), free_port(), free_port()
        self.address = ("127.0.0.1", self.port)
        self.unix = os.path.join(self.folder, "data.sock") if unix else None
        self.log_path = os.path.join(self.folder, "proa.log")
        self.config_path = os.path.join(self.folder, "proa.yaml")
        self.args = list(args)
        # What is open when a test ends is the test's: nobody else will come.
        self.env = environment({"PROA_LIMITS_DRAIN_IDLE": "0s", **(env or {})})
        self.process = None
        self.expect_exit = 0
        data = "127.0.0.1:%d" % self.port
        if config is not None:
            config = dict(config)
            config.setdefault("apiVersion", "proa/v1")
            config.setdefault("log", {"format": "json"})
            listen = {"data": [data, "unix:" + self.unix] if unix else data,
                      "ops": "127.0.0.1:%d" % self.ops_port,
                      "admin": "127.0.0.1:%d" % self.admin_port}
            listen.update(config.get("listen") or {})
            config["listen"] = listen
            with open(self.config_path, "w", encoding="utf-8") as file:
                json.dump(config, file, indent=1)
            os.chmod(self.config_path, 0o600)
            self.args = ["--config", self.config_path, *self.args]
        else:
            self.env.setdefault("PROA_LISTEN_DATA", data)
            self.env.setdefault("PROA_LISTEN_OPS", "127.0.0.1:%d" % self.ops_port)
            self.env.setdefault("PROA_LISTEN_ADMIN", "127.0.0.1:%d" % self.admin_port)
        self.start(wait)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop(check=kind is None)

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BINARY, "run", *self.args], env=self.env,
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)
        if wait:
            eventually(self._ready, 10, "proa becoming ready")

    def _ready(self):
        assert self.process.poll() is None, "proa ended with %s:\n%s" % (
            self.process.returncode, self.log())
        try:
            return self.ops("/readyz").status == 200
        except (OSError, Closed):
            return False

    def stop(self, check=True, timeout=10):
        """SIGTERM, then demand exit code 0 and no report; twice is harmless."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(seconds(timeout))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("proa did not end within %.0f s of SIGTERM:\n%s"
                                 % (seconds(timeout), self.log()[-3000:])) from None
        log = self.log()
        report = SANITIZER.search(log)
        assert not report, "sanitizer report:\n" + log[max(0, report.start() - 200):][:6000]
        if check:
            assert code == self.expect_exit, "exit code %s:\n%s" % (code, log[-3000:])

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_records(self, event=None):
        """The JSON records of the log so far."""
        records = []
        for line in self.log().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and (event is None or record.get("message") == event):
                records.append(record)
        return records

    def access(self, count=1, timeout=5.0):
        """Waits for `count` access log records and returns them. They are written in batches."""
        def enough():
            records = [record for record in self.log_records()
                       if "duration_ms" in record]
            return records if len(records) >= count else None
        return eventually(enough, timeout, "%d access log lines" % count)

    def ops(self, path, method="GET"):
        with Connection(("127.0.0.1", self.ops_port)) as connection:
            connection.send(request_bytes(method, path))
            return connection.response(method)

    def metrics(self):
        return Metrics(self.ops("/metrics").body.decode())

    def connect(self, timeout=10.0):
        return Connection(self.address, timeout)

    def request(self, method, path, body=b"", headers=(), **more):
        """One request on a connection of its own, the answer whole."""
        with self.connect() as connection:
            connection.send(request_bytes(method, path, body, headers, **more))
            return connection.response(method)

    def post(self, path, body, headers=(), **more):
        return self.request("POST", path, body, headers, **more)

    def get(self, path, headers=(), **more):
        return self.request("GET", path, headers=headers, **more)

    def chat(self, model="m", stream=False, headers=(), **more):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
        if stream:
            body["stream"] = True
        return self.post("/v1/chat/completions", body, headers)

    def rss(self):
        """Resident memory in bytes."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def cpu(self):
        """User and system seconds so far."""
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cli(*args, env=None, stdin=None, cwd=None, timeout=20):
    """Runs a subcommand to its end: a CompletedProcess with text output."""
    done = subprocess.run([BINARY, *args], env=environment(env), input=stdin, cwd=cwd,
                          capture_output=True, text=True, timeout=seconds(timeout), check=False)
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


def wait_time(started):
    return time.monotonic() - started
