"""An HTTP proxy on raw sockets: opens tunnels and passes plain requests on, and keeps what it saw.

Names are not resolved: whatever a request asks for, the proxy connects to `upstream`.
"""
import base64
import socket
import threading
import time

from .poll import seconds


class Proxy:
    def __init__(self, upstream, credentials=None, refuse=None, answer=None, before=()):
        """credentials: "user:password" to ask for. refuse: a status for each request. answer: bytes
        to send instead of a status line, and then close. before: bytes that come before the answer
        to CONNECT, in these pieces."""
        self.upstream = upstream
        self.credentials = credentials
        self.refuse = refuse
        self.answer = answer
        self.before = before
        self.heads = []  # of each request, as text
        self.stopping = False
        self.lock = threading.Lock()
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.socks = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def with_user(self, userinfo):
        return "http://%s@127.0.0.1:%d" % (userinfo, self.port)

    @property
    def lines(self):
        with self.lock:
            return [head.split("\r\n")[0] for head in self.heads]

    def stop(self):
        self.stopping = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            socks = list(self.socks)
        for sock in socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.thread.join(timeout=5)

    def _accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guard, args=(sock,), daemon=True).start()

    def _guard(self, sock):
        try:
            self._serve(sock)
        except OSError:
            pass
        finally:
            sock.close()

    def _connect(self):
        target = socket.create_connection(("127.0.0.1", self.upstream.port), timeout=seconds(5))
        target.settimeout(None)
        target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return target

    def _allowed(self, head):
        if not self.credentials:
            return True
        wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode()
        return "\r\nproxy-authorization: %s\r\n" % wanted in head

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.socks.append(sock)
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        text = head.decode("latin-1") + "\r\n\r\n"
        with self.lock:
            self.heads.append(text)
        if self.answer is not None:
            sock.sendall(self.answer)
            return
        status = self.refuse or (None if self._allowed(text) else 407)
        if status:
            sock.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
            return
        target = self._connect()
        if text.startswith("CONNECT "):
            for part in self.before:
                sock.sendall(part)
                time.sleep(0.001)
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            # What a proxy does with the absolute form (RFC 9112 3.2.2), for one request.
            method, url, version = text.split("\r\n")[0].split(" ")
            path = "/" + url.split("://", 1)[1].partition("/")[2]
            kept = [line for line in text.split("\r\n")[1:] if line
                    and not line.lower().startswith("proxy-authorization:")]
            lines = ["%s %s %s" % (method, path, version)] + kept
            rest = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + rest
        if rest:
            target.sendall(rest)
        self._pump(sock, target)

    @staticmethod
    def _pump(sock, target):
        def copy(source, sink):
            try:
                while True:
                    data = source.recv(65536)
                    if not data:
                        break
                    sink.sendall(data)
            except OSError:
                pass
            try:
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        back = threading.Thread(target=copy, args=(target, sock), daemon=True)
        back.start()
        copy(sock, target)
        back.join()
        target.close()
