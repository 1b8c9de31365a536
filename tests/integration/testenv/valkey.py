"""A Valkey or Redis server of Debian's, started for a test, and a small client of our own."""
import os
import shutil
import signal
import socket
import subprocess

from .gateway import free_port
from .poll import eventually, seconds

TOOLS = ("/usr/bin/valkey-check-rdb", "/usr/bin/redis-check-rdb")


def program():
    """(path, name to start it by): the tools' program is the server when it is called so."""
    for name in ("valkey-server", "redis-server"):
        if shutil.which(name):
            return shutil.which(name), name
    for path in TOOLS:
        if os.path.exists(path):
            return path, os.path.basename(path).replace("check-rdb", "server")
    raise AssertionError("no Valkey or Redis here; tests/run installs one")


class Valkey:
    """stop() ends it; start() starts it again on the same port, empty."""

    def __init__(self, folder, password=None, certs=None, unix=False, args=()):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port()
        self.password = password
        self.unix = os.path.join(self.folder, "v.sock") if unix else None
        self.args = list(args)
        self.tls_port = None
        if certs:
            self.tls_port = free_port()
            self.args += ["--tls-port", str(self.tls_port), "--tls-cert-file", certs.good[0],
                          "--tls-key-file", certs.good[1], "--tls-ca-cert-file", certs.ca,
                          "--tls-auth-clients", "no"]
        self.process = None
        self.start()

    def url(self, user=None, database=None):
        if self.unix:
            return "unix:" + self.unix
        return "%s://%s%s%s" % (
            "rediss" if self.tls_port else "redis", user + "@" if user else "",
            "localhost:%d" % self.tls_port if self.tls_port else "127.0.0.1:%d" % self.port,
            "/%d" % database if database is not None else "")

    def start(self):
        path, name = program()
        args = [name, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self.folder, "--enable-debug-command", "yes",
                *(["--unixsocket", self.unix] if self.unix else []),
                *(["--requirepass", self.password] if self.password else []), *self.args]
        with open(os.path.join(self.folder, "valkey.log"), "ab") as log:
            self.process = subprocess.Popen(args, executable=path, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        eventually(self._ready, 10, "the server becoming ready")

    def _ready(self):
        assert self.process.poll() is None, "the server ended; see valkey.log"
        try:
            return self.call("PING") == b"PONG"
        except OSError:
            return False

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGKILL):
        process, self.process = self.process, None
        if process:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(seconds(10))

    def call(self, *args, database=0):
        """One command on a connection of its own; errors are raised."""
        with socket.create_connection(("127.0.0.1", self.port), seconds(5)) as sock:
            reader = sock.makefile("rb")
            if self.password:
                self._command(sock, reader, ("AUTH", self.password))
            if database:
                self._command(sock, reader, ("SELECT", str(database)))
            return self._command(sock, reader, args)

    def _command(self, sock, reader, args):
        parts = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        sock.sendall(b"*%d\r\n" % len(parts) +
                     b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._reply(reader)

    def _reply(self, reader):
        line = reader.readline()
        if not line:
            raise OSError("the server hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise AssertionError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply(reader) for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def keys(self, database=0):
        return sorted(self.call("KEYS", "*", database=database))
