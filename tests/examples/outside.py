"""A proxy for everything that is not on this machine: it lets nobody through and keeps a list."""
import socket
import threading


class Outside:
    """Use as a context manager. `asked` has the first line of every request."""

    def __init__(self):
        self.asked = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        self.variables = {name: url for upper in names for name in (upper, upper.lower())}
        self.variables |= {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
                           "NODE_USE_ENV_PROXY": "1",
                           "NODE_OPTIONS": "--disable-warning=UNDICI-EHPA"}
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def _serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.settimeout(2)
                    line = peer.recv(4096).split(b"\r\n")[0].decode("latin-1")
                    self.asked.append(line)
                    peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    self.asked.append("somebody")
