"""A provider that does what a test tells it to, on raw sockets, one thread per connection.

`upstream.script` is a list of handlers, one taken per request; when it is empty, `default` is used.
A handler is called as handler(exchange) and writes bytes itself; the ones below cover the usual
faults. Everything received is kept in `requests` (parsed and raw), every connection in
`connections`.
"""
import json
import socket
import ssl
import struct
import threading
import time

from .poll import eventually, seconds


class Request:
    """What the gateway sent: `raw` is the head as received, `body` the decoded body."""

    def __init__(self, raw, body, connection):
        self.raw = raw
        self.body = body
        self.connection = connection
        self.time = time.monotonic()
        lines = raw.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = []
        for line in lines[1:]:
            if line:
                name, _, value = line.partition(":")
                self.headers.append((name, value.strip()))

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, "%s sent twice: %r" % (name, values)
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)


class Exchange:
    """One request on one connection, as a handler sees it."""

    def __init__(self, request, peer):
        self.request = request
        self.peer = peer

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.peer.sock.sendall(data)

    def reset(self):
        self.peer.reset()

    def close(self):
        self.peer.close()

    def wait_closed(self, timeout=30.0):
        """Blocks until the gateway ends the connection; returns the monotonic time of it."""
        return self.peer.wait_closed(timeout)


class Peer:
    """One accepted connection. `closed_at` is when the gateway's FIN or RST was seen."""

    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.buffer = bytearray()  # grows in place: bodies of 32 MiB come in small reads
        self.closed_at = None
        self.requests = 0
        self.surplus = b""

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def reset(self):
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        if isinstance(self.sock, ssl.SSLSocket):
            raw = socket.socket(fileno=self.sock.detach())
            raw.close()
        else:
            self.close()

    def wait_closed(self, timeout=30.0):
        self.sock.settimeout(seconds(timeout))
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    break
                self.surplus += data
        except (ConnectionError, ssl.SSLError):
            pass
        except OSError:
            return None
        self.closed_at = time.monotonic()
        return self.closed_at

    def read_request(self):
        """The next request, or None when the gateway ended the connection."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        head = bytes(head)
        lower = head.lower()
        body = b""
        if b"\r\ntransfer-encoding:" in lower:
            while True:
                while b"\r\n" not in self.buffer:
                    if not self._more():
                        return None
                line, _, self.buffer = self.buffer.partition(b"\r\n")
                size = int(line.split(b";")[0], 16)
                while len(self.buffer) < size + 2:
                    if not self._more():
                        return None
                body += self.buffer[:size]
                self.buffer = self.buffer[size + 2:]
                if size == 0:
                    break
        elif b"\r\ncontent-length:" in lower:
            length = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
            while len(self.buffer) < length:
                if not self._more():
                    return None
            body, self.buffer = self.buffer[:length], self.buffer[length:]
        self.requests += 1
        return Request(head, bytes(body), self.number)

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.closed_at = time.monotonic()
            return False
        self.buffer += data
        return True


class Upstream:
    def __init__(self, tls=None, default=None, on_accept=None, backlog=128):
        """tls: (certificate, key) files. on_accept(peer): called instead of serving, if given."""
        self.script = []
        self.default = default or chat()
        self.on_accept = on_accept
        self.requests = []
        self.connections = []
        self.handshake_errors = []
        self.errors = []
        self.lock = threading.Lock()
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.backlog = backlog
        self.stopping = False
        self.paused = False
        self._listen(0)

    def _listen(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(self.backlog)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "%s://127.0.0.1:%d/v1" % ("https" if self.context else "http", self.port)

    def stop(self):
        self.stopping = True
        if not self.paused:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.listener.close()
        with self.lock:
            peers = list(self.connections)
        for peer in peers:
            try:
                peer.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            peer.close()
        self.thread.join(timeout=5)

    def refuse(self):
        """Connections are refused from now on, and those that are open end."""
        self.paused = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=5)
        with self.lock:
            peers = list(self.connections)
        for peer in peers:
            peer.close()

    def accept_again(self):
        """After refuse(), on the same port."""
        self.paused = False
        self._listen(self.port)

    def requests_between(self, begin, end):
        """How many came in this span of monotonic time."""
        with self.lock:
            return sum(begin <= request.time < end for request in self.requests)

    def wait_requests(self, count, timeout=5.0):
        eventually(lambda: len(self.requests) >= count, timeout,
                   "upstream seeing %d requests" % count)
        return self.requests

    def wait_connections(self, count, timeout=5.0):
        eventually(lambda: len(self.connections) >= count, timeout,
                   "upstream seeing %d connections" % count)
        return self.connections

    def _accept(self):
        while not self.stopping and not self.paused:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                try:
                    sock = self.context.wrap_socket(sock, server_side=True)
                except (OSError, ssl.SSLError) as error:
                    with self.lock:
                        self.handshake_errors.append(str(error))
                    sock.close()
                    return
            with self.lock:
                peer = Peer(sock, len(self.connections))
                self.connections.append(peer)
            if self.on_accept:
                self.on_accept(peer)
                return
            while not self.stopping:
                request = peer.read_request()
                if request is None:
                    break
                with self.lock:
                    self.requests.append(request)
                    handler = self.script.pop(0) if self.script else self.default
                exchange = Exchange(request, peer)
                try:
                    if handler(exchange) is False:
                        return
                except OSError:
                    if peer.closed_at is None:
                        peer.closed_at = time.monotonic()
                    break
            peer.close()
        except Exception as error:  # a broken script must show, not vanish with its thread
            if not self.stopping and not self.paused:
                self.errors.append(repr(error))


# ---- answers ------------------------------------------------------------------------------------

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def chat_body(text="hello from upstream", model="up-model", **more):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                         "finish_reason": "stop"}], "usage": USAGE, **more}


def http(status=200, body=b"", headers=(), reason="X", content_type="application/json",
         length=True):
    """A whole HTTP answer as bytes."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode() if not isinstance(body, str) else body.encode()
    lines = ["HTTP/1.1 %d %s" % (status, reason), "Content-Type: " + content_type]
    if length:
        lines.append("Content-Length: %d" % len(body))
    pairs = headers.items() if isinstance(headers, dict) else headers
    lines += ["%s: %s" % pair for pair in pairs]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def answer(status=200, body=b"", headers=(), **more):
    data = http(status, body, headers, **more)

    def handler(exchange):
        exchange.send(data)
    return handler


def chat(text="hello from upstream", headers=(), **more):
    return answer(200, chat_body(text, **more), headers)


def error(status, message="it broke", headers=(), code="upstream_code", kind="server_error"):
    return answer(status, {"error": {"message": message, "type": kind, "param": None,
                                     "code": code}}, headers)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")


def delta(text=None, role=None, finish=None, **more):
    inside = {}
    if role:
        inside["role"] = role
        inside["content"] = ""
    if text is not None:
        inside["content"] = text
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000,
            "model": "up-model",
            "choices": [{"index": 0, "delta": inside, "finish_reason": finish}], **more}


def sse(event):
    return b"data: " + (event if isinstance(event, bytes) else
                        event.encode() if isinstance(event, str) else
                        json.dumps(event).encode()) + b"\n\n"


def stream_events(texts=("Hel", "lo", " there"), role=True, usage=True, done=True):
    """The events of an ordinary chat stream, as a list of byte strings."""
    events = [sse(delta(role="assistant"))] if role else []
    events += [sse(delta(text)) for text in texts]
    events.append(sse(delta(finish="stop")))
    if usage:
        last = delta()
        last["choices"] = []
        last["usage"] = USAGE
        events.append(sse(last))
    if done:
        events.append(sse("[DONE]"))
    return events


def stream(events=None, gap=0.0, end=True, gate=None):
    """Sends a chunked SSE answer, one chunk per event. gate: an Event waited for before each event
    after the first; end=False leaves the last chunk out and keeps the connection open."""
    events = stream_events() if events is None else events

    def handler(exchange):
        exchange.send(STREAM_HEAD)
        for number, event in enumerate(events):
            if number and gap:
                time.sleep(gap)
            if number and gate is not None:
                gate.wait(seconds(20))
            exchange.send(chunk(event))
        if end:
            exchange.send(b"0\r\n\r\n")
            return None
        exchange.wait_closed()
        return False
    return handler


def raw(*pieces, gap=0.0, then="close"):
    """Sends the pieces as they are; then: close (FIN), reset (RST), stall, keep."""
    def handler(exchange):
        for number, piece in enumerate(pieces):
            if number and gap:
                time.sleep(gap)
            exchange.send(piece)
        if then == "close":
            exchange.close()
            return False
        if then == "reset":
            exchange.reset()
            return False
        if then == "stall":
            exchange.wait_closed()
            return False
        return None
    return handler


def stall(exchange):
    """Reads the request, answers nothing, waits for the gateway to give up."""
    exchange.wait_closed()
    return False


def drip(data, size=1, gap=0.0, then="keep"):
    """Sends data in pieces of `size` bytes."""
    return raw(*[data[i:i + size] for i in range(0, len(data), size)], gap=gap, then=then)


def reset_on_accept(peer):
    peer.reset()


def stall_on_accept(peer):
    """Accepts and never reads."""
    eventually(lambda: peer.sock.fileno() < 0, 600, "the test's end")


class RefusingPort:
    """A port that refuses: bound, so that nobody else gets it, but not listening."""

    def __init__(self):
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.url = "http://127.0.0.1:%d/v1" % self.port

    def stop(self):
        self.sock.close()
