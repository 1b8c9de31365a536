"""What bench/compare, bench/memory and bench/gates share: building, request bodies, starting Proa,
its peers and the mock, and looking at processes. Standard library only."""
import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import string
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(ROOT, "bench")
BUILD = os.environ.get("PROA_BENCH_BUILD") or os.path.join(ROOT, "build", "release")
PROXIES = ("proa", "nginx", "haproxy", "floor")
# Proa once more, in another role: over a unix socket, or before a provider of another dialect.
ROLES = ("proa_unix", "proa_translated")
SYSTEM_PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def process_of(name):
    """Whose process a contestant is."""
    return "proa" if name in ROLES else name


def program(name):
    path = "proa" if name == "proa" else "bench/proa_bench_" + name
    return os.path.join(BUILD, path)


def install(*groups):
    """Packages, through the same script as everything else; it is silent when nothing is missing."""
    subprocess.run(["bash", "-c", '. "$1"; shift; deps_install "$@"', "deps",
                    os.path.join(ROOT, "deploy", "lib", "deps.sh"), *groups],
                   check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)


def build(*targets):
    """Configures the release preset and builds; quiet unless it fails."""
    configure = ["cmake", "--preset", "release", "-B", BUILD]
    if shutil.which("ccache"):
        configure.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    for command in (configure, ["ninja", "-C", BUILD, *(targets or ("proa", "proa_bench"))]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit("%s failed:\n%s" % (" ".join(command),
                                                 (done.stdout + done.stderr)[-6000:]))


def raise_files(wanted=65536):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return


def choose_cpus():
    """(CPU for all that is measured, CPUs for this script): the last one, and the others."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        os.sched_setaffinity(0, cpus[:-1])
    return cpus[-1]


# ---- request bodies

TEXT = ("The outrigger keeps a narrow hull upright in wind and swell; it lies to windward, and the "
        'boat changes ends instead of turning.\n"Shunting", they call it. ')


def chat_body(size, model, **more):
    """A chat request of exactly `size` bytes: a few turns of prose with line breaks and quotes."""
    turns = max(1, size // 2000)
    messages = [{"role": "system", "content": "You answer briefly."}]
    messages += [{"role": "user" if i % 2 == 0 else "assistant", "content": ""} for i in range(turns)]

    def render():
        return json.dumps({"model": model, **more, "messages": messages}, separators=(",", ":"))

    while len(render()) < size:
        left = size - len(render())
        turn = min(messages[1:], key=lambda message: len(message["content"]))
        piece = TEXT if left > 2 * len(TEXT) else "x" * left
        turn["content"] += piece
    body = render()
    assert len(body) == size, (len(body), size)
    return body.encode()


def bodies(folder):
    """Writes the request bodies; returns {name: path}."""
    texts = {
        "1k": chat_body(1000, "assistant"),
        "10k": chat_body(10000, "assistant"),
        "100k": chat_body(100000, "assistant"),
        "1k-tls": chat_body(1000, "assistant-tls"),
        "10k-tls": chat_body(10000, "assistant-tls"),
        "1k-cached": chat_body(1000, "assistant-cached"),
        "10k-cached": chat_body(10000, "assistant-cached"),
        "1k-burst": chat_body(1000, "assistant-burst"),
        "translated": chat_body(1000, "assistant-claude"),
        "translated-stream": chat_body(1000, "assistant-claude", stream=True),
        "embed": json.dumps({"model": "embed", "input": TEXT[:120]},
                            separators=(",", ":")).encode(),
        "stream": chat_body(1000, "sse-0x20000", stream=True),
        "slow-stream": chat_body(1000, "sse-0x1000000", stream=True),
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = os.path.join(folder, name + ".json")
        with open(paths[name], "wb") as file:
            file.write(text)
    return paths


# ---- processes

def free_ports(count):
    """Free loopback ports below the ephemeral range, so that clients do not take them meanwhile."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    found = []
    port = 10000 + os.getpid() * 37 % max(1, lowest - 12000)
    while len(found) < count:
        port = port + 1 if port + 1 < lowest else 10000
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
    return found


def wait_for_port(port, process, timeout=10):
    """Seconds until it accepts connections."""
    started = time.monotonic()
    while True:
        with socket.socket() as probe:
            connected = probe.connect_ex(("127.0.0.1", port)) == 0
            took = time.monotonic() - started
        if connected:
            time.sleep(0.01)  # some bind first and find out afterwards that they cannot go on
        if process.poll() is not None:
            raise SystemExit("%s ended with %s" % (process.args[0], process.returncode))
        if connected:
            return took
        if time.monotonic() - started > timeout:
            raise SystemExit("%s does not listen on port %d" % (process.args[0], port))
        time.sleep(0.0002)


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children(child)]


def status_kib(pid, field):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def cpu_ns(pid):
    """User and system time that all threads have used so far."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def wakeups(pid):
    """How often the process has slept and was woken."""
    return status_kib(pid, "voluntary_ctxt_switches")


def open_files(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


class Rig:
    """Mock, TLS terminator and contestants, all on one CPU, in a temporary folder. A context."""

    def __init__(self, cpu, mock=True, terminator=False):
        self.cpu = cpu
        self.with_mock = mock
        self.with_terminator = terminator
        self.folder = tempfile.mkdtemp(prefix="proa-bench-")
        os.chmod(self.folder, 0o755)
        names = ("MOCK_PORT TLS_PORT PROA_PORT PROA_OPS_PORT PROA_ADMIN_PORT NGINX_PORT "
                 "NGINX_TLS_PORT NGINX_CACHED_PORT HAPROXY_PORT HAPROXY_TLS_PORT FLOOR_PORT").split()
        self.values = dict(zip(names, map(str, free_ports(len(names)))))
        self.values["DIR"] = self.folder
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        # HAProxy refuses to start when it could not give each connection two descriptors.
        self.values["MAX_CONNECTIONS"] = str(min(30000, (files - 200) // 2))
        self.values["MAX_FILES"] = str(min(60000, files))
        self.processes = {}
        self.bodies = bodies(self.folder)

    def __enter__(self):
        self._certificates()
        if self.with_mock:
            self.start("mock")
        if self.with_terminator:
            self.start("terminator")
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def add_body(self, name, text):
        self.bodies[name] = os.path.join(self.folder, name + ".json")
        with open(self.bodies[name], "wb") as file:
            file.write(text)

    def port(self, name, mode=None):
        return int(self.values[name.upper() + ("_" + mode.upper() if mode else "") + "_PORT"])

    def address(self, name, mode=None):
        """Where a client reaches the contestant; "direct" is the mock itself. Proa tells by the
        request what is to be done with it, the others by the port: `mode` is "tls", "cached"."""
        if name == "direct":
            name, mode = "mock", None
        if name == "proa_unix":
            return "unix:" + os.path.join(self.folder, "proa.sock")
        name = process_of(name)
        return "127.0.0.1:%d" % self.port(name, None if name == "proa" else mode)

    def _certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=bench authority", "-keyout", "ca.key", "-out", "ca.pem",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
        with open(os.path.join(self.folder, "server.ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                       "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")

    def config(self, name):
        """Fills in the configuration of bench/peers and returns its path."""
        with open(os.path.join(BENCH, "peers", name), encoding="utf-8") as file:
            text = string.Template(file.read()).safe_substitute(self.values)
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def command(self, name):
        mock = "127.0.0.1:" + self.values["MOCK_PORT"]
        if name == "mock":
            return [program("upstream"), "--listen", mock]
        if name == "floor":
            return [program("floor"), "--listen", "127.0.0.1:" + self.values["FLOOR_PORT"],
                    "--upstream", mock]
        if name == "proa":
            return [program("proa"), "run", "--config", self.config("proa.yaml")]
        if name == "nginx":
            return ["nginx", "-p", self.folder, "-e", "stderr", "-c", self.config("nginx.conf")]
        if name == "terminator":
            return ["nginx", "-p", self.folder, "-e", "stderr", "-c",
                    self.config("terminator.conf")]
        return ["haproxy", "-db", "-f", self.config("haproxy.cfg")]

    def start(self, name, prefix=(), log=None):
        """Starts it and waits until it listens; returns the seconds that took."""
        command = [*prefix, *self.command(name)]
        env = {"PATH": SYSTEM_PATH, "HOME": self.folder, "LC_ALL": "C", "BENCH_KEY": "sk-bench-0"}
        with open(log or os.path.join(self.folder, name + ".log"), "ab") as errors:
            started = time.monotonic()
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
            spawned = time.monotonic() - started
        self.processes[name] = process
        port = {"terminator": "TLS_PORT"}.get(name, name.upper() + "_PORT")
        try:
            waited = wait_for_port(int(self.values[port]), process, 60 if prefix else 10)
        except SystemExit:
            with open(os.path.join(self.folder, name + ".log"), encoding="utf-8",
                      errors="replace") as file:
                say(file.read()[-3000:])
            raise
        return spawned + waited

    def stop(self, name, timeout=5):
        process = self.processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM if name != "nginx" else signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout if name == "proa" else 0.3)
            return
        # Its own session: nothing else is in the group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pids(self, name):
        """All processes of the contestant."""
        if name in ("direct",):
            return []
        pid = self.processes[process_of(name)].pid
        return [pid, *children(pid)]

    def rss_kib(self, name, field="VmRSS"):
        """Of the process that does the work: nginx's worker, not its master."""
        return status_kib(self.pids(name)[-1], field)

    def metric(self, name, label=""):
        """Sum of the series of one of Proa's metrics, of those that have the label."""
        url = "http://127.0.0.1:%s/metrics" % self.values["PROA_OPS_PORT"]
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(name + "{") and label in line)

    def client(self, name, body, conns=1, mode=None, stream=False, **options):
        """Runs the closed-loop client against the contestant and returns what it measured."""
        command = self.client_command(name, body, conns, mode, stream, **options)
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
        if done.returncode != 0 and not (done.stdout and options.get("leave")):
            raise SystemExit("%s, %s: the client says\n%s%s" % (name, body, done.stderr, done.stdout))
        return json.loads(done.stdout)

    def client_command(self, name, body, conns=1, mode=None, stream=False, **options):
        command = [program("client"), "--target", self.address(name, mode), "--conns", str(conns),
                   "--body", self.bodies[body]]
        if body == "embed":
            command += ["--path", "/v1/embeddings"]
        if stream:
            command.append("--stream")
        for option, value in options.items():
            command += ["--" + option.replace("_", "-")] + ([] if value is True else [str(value)])
        for pid in self.pids(name):
            command += ["--pid", str(pid)]
        return command


def median(values):
    return statistics.median(values)
