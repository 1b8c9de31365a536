"""A client that shows what was on the wire: raw bytes out, status, headers, body and times in."""
import json
import socket
import struct
import time

from .poll import seconds


class Response:
    """One HTTP answer. `headers` keeps order and repeats; `header(name)` is the only value or None.

    `complete` is false when the connection ended before the framing said so; `pieces` are
    (monotonic time, bytes) of the body as it arrived.
    """

    def __init__(self):
        self.status = 0
        self.reason = ""
        self.version = ""
        self.headers = []
        self.body = b""
        self.complete = False
        self.pieces = []
        self.informational = []

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, "%s repeated: %r" % (name, values)
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The error object of an OpenAI envelope; fails when there is none."""
        error = self.json["error"]
        assert isinstance(error["message"], str) and error["message"]
        return error

    @property
    def events(self):
        """The data of the SSE events of the body, in order, as text."""
        return sse_data(self.body)

    @property
    def text(self):
        """The assistant text of a chat answer, streamed or whole."""
        if (self.header("content-type") or "").startswith("text/event-stream"):
            return "".join(delta_text(data) for data in self.events)
        return self.json["choices"][0]["message"]["content"]

    def __repr__(self):
        return "<%s %s %r>" % (self.status, dict(self.headers), self.body[:400])


def sse_data(body):
    """Events by the rules of the HTML standard; an unterminated last event is dropped."""
    text = body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    events = []
    data = []
    for line in text.split("\n")[:-1]:
        if line == "":
            if data:
                events.append("\n".join(data))
            data = []
        elif line.startswith("data:"):
            value = line[5:]
            data.append(value[1:] if value.startswith(" ") else value)
    return events


def delta_text(data):
    if data == "[DONE]":
        return ""
    try:
        event = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(event, dict):
        return ""
    return "".join((choice.get("delta") or {}).get("content") or ""
                   for choice in event.get("choices") or [])


class Closed(Exception):
    """The peer closed or reset before what was waited for."""


class Connection:
    """One client connection. `address` is ("127.0.0.1", port) or the path of a unix socket."""

    def __init__(self, address, timeout=10.0):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(seconds(timeout))
        self.sock.connect(address)
        if family == socket.AF_INET:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.reset = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def abort(self):
        """Closes with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.sock.sendall(data)

    def try_send(self, data):
        """As send, for peers that may close at any byte: false when they did."""
        try:
            self.send(data)
            return True
        except OSError:
            return False

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            self.reset = True
            data = b""
        if not data:
            raise Closed()
        self.buffer += data
        return data

    def read_until(self, mark):
        while mark not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(mark)
        return head + mark

    def read_exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def head(self):
        """Reads one status line and headers; 1xx answers are collected, not returned."""
        response = Response()
        while True:
            lines = self.read_until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
            response.version, status, *reason = lines[0].split(" ", 2)
            response.status = int(status)
            response.reason = reason[0] if reason else ""
            response.headers = []
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                assert colon and name and name == name.strip(), "bad header line %r" % line
                response.headers.append((name, value.strip(" \t")))
            if response.status >= 200:
                return response
            response.informational.append(response.status)

    def _piece(self, response, data):
        response.body += data
        response.pieces.append((time.monotonic(), data))

    def body(self, response, method="POST", until=None):
        """Reads the body of `response` by its framing; `until(response)` true stops early."""
        te = response.header("transfer-encoding")
        length = response.header("content-length")
        assert te is None or length is None, "both framings in one answer"
        if method == "HEAD" or response.status in (204, 304):
            response.complete = True
            return response
        try:
            if te is not None:
                assert te == "chunked"
                while True:
                    size = int(self.read_until(b"\r\n")[:-2], 16)
                    if size == 0:
                        assert self.read_until(b"\r\n") == b"\r\n"
                        break
                    left = size
                    while left:
                        if not self.buffer:
                            self._more()
                        part, self.buffer = self.buffer[:left], self.buffer[left:]
                        left -= len(part)
                        self._piece(response, part)
                    assert self.read_exactly(2) == b"\r\n"
                    if until and until(response):
                        return response
            elif length is not None:
                left = int(length)
                while left:
                    if not self.buffer:
                        self._more()
                    part, self.buffer = self.buffer[:left], self.buffer[left:]
                    left -= len(part)
                    self._piece(response, part)
                    if until and until(response):
                        return response
            else:
                try:
                    while True:
                        if self.buffer:
                            part, self.buffer = self.buffer, b""
                            self._piece(response, part)
                        if until and until(response):
                            return response
                        self._more()
                except Closed:
                    if self.reset:
                        raise
            response.complete = True
        except Closed:
            response.complete = False
        return response

    def response(self, method="POST"):
        return self.body(self.head(), method)

    def closed(self, timeout=5.0):
        """True when the peer ends the connection within the time, sending nothing more."""
        self.sock.settimeout(seconds(timeout))
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            self.reset = True
            return True
        except (socket.timeout, TimeoutError):
            return False
        if data:
            self.buffer += data
        return not data

    def drained(self, timeout=5.0):
        """All bytes until the peer ends the connection; fails when it does not."""
        self.sock.settimeout(seconds(timeout))
        try:
            while True:
                self._more()
        except Closed:
            pass
        data, self.buffer = self.buffer, b""
        return data


def request_bytes(method, path, body=b"", headers=(), host="localhost", version="HTTP/1.1",
                  length=True):
    """A request as bytes. Headers given replace the defaults of the same name; None leaves one out."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = {"host": ("Host", host)}
    if body or method == "POST":
        lines["content-type"] = ("Content-Type", "application/json")
        if length:
            lines["content-length"] = ("Content-Length", str(len(body)))
    extra = []
    for name, value in (headers.items() if isinstance(headers, dict) else headers):
        if value is None:
            lines.pop(name.lower(), None)
        elif name.lower() in lines:
            lines[name.lower()] = (name, value)
        else:
            extra.append((name, value))
    head = "%s %s %s\r\n" % (method, path, version)
    head += "".join("%s: %s\r\n" % pair for pair in [*lines.values(), *extra])
    return head.encode("latin-1") + b"\r\n" + body
