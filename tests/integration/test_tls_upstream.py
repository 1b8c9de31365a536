"""Who is believed, and an error that says why somebody was not."""
import select
import socket
import ssl
import threading
import time

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def one_target(upstream, **more):
    return {"providers": {"p1": provider(upstream, **more)},
            "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]}]}


@pytest.mark.smoke
def test_verified_by_the_configured_ca(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response
    assert upstream.requests[-1].header("authorization") == "Bearer test-key-1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_and_keep_alive(gateways, upstreams, certs, version):
    upstream = upstreams(tls=certs.good)
    upstream.context.minimum_version = upstream.context.maximum_version = version
    upstream.default = up.stream()
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    for _ in range(5):
        assert gateway.post(CHAT, {**BODY, "stream": True}).text == "Hello there"
    assert len(upstream.connections) == 1
    assert upstream.connections[0].sock.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2",
                                                      ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]


@pytest.mark.parametrize("name, words", [
    ("wrong_host", ("certificate is for elsewhere.example, not 127.0.0.1",)),
    ("expired", ("expired",)), ("not_yet", ("certificate is not valid yet",)),
    ("untrusted", ("trust", "unknown ca", "signed"))])
def test_refused_with_the_reason(gateways, upstreams, certs, name, words):
    upstream = upstreams(tls=getattr(certs, name))
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, response
    message = response.error["message"].lower()
    assert any(word in message for word in words), message
    assert "p1" in message
    assert upstream.requests == [], "the key must not be sent to a peer that was not verified"


def test_the_system_bundle_does_not_trust_the_test_ca(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    gateway = gateways(one_target(upstream), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502 and upstream.requests == []


def test_a_refused_certificate_moves_on_to_the_next_target(gateways, upstreams, certs):
    bad, good = upstreams(tls=certs.expired), upstreams(tls=certs.good)
    gateway = gateways({
        "providers": {"p1": provider(bad, ca_file=certs.ca), "p2": provider(good, ca_file=certs.ca)},
        "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "a"}],
                                            [{"provider": "p2", "model": "b",
                                              "substitute": True}]]}]}, env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200 and "p1/k1:tls/" in response.header("x-proa-trail")


def test_old_tls_is_refused(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    upstream.context.set_ciphers("ALL:@SECLEVEL=0")
    upstream.context.minimum_version = ssl.TLSVersion.TLSv1
    upstream.context.maximum_version = ssl.TLSVersion.TLSv1_1
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    assert gateway.post(CHAT, BODY).status == 502


def answers_in_plain_text(peer):
    peer.sock.recv(65536)
    peer.sock.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    peer.close()


@pytest.mark.parametrize("on_accept, statuses", [(answers_in_plain_text, (502,)), (None, (504,))])
def test_plain_http_on_an_https_port_fails_cleanly(gateways, upstreams, certs, on_accept, statuses):
    """One that answers is told from TLS at once; one that waits for the end of a head meets a timer."""
    upstream = upstreams(on_accept=on_accept)
    config = one_target(upstream, ca_file=certs.ca)
    config["providers"]["p1"]["base_url"] = upstream.url.replace("http:", "https:")
    response = gateways(config, env=KEYS).post(CHAT, BODY)
    assert response.status in statuses, response
    assert "p1/k1" in response.error["message"], response
    assert upstream.requests == []


def test_sni_and_alpn(gateways, upstreams, certs):
    seen = []
    upstream = upstreams(tls=certs.good)
    upstream.context.sni_callback = lambda sock, name, context: seen.append(name)
    upstream.context.set_alpn_protocols(["h2", "http/1.1"])
    config = one_target(upstream, ca_file=certs.ca)
    config["providers"]["p1"]["base_url"] = upstream.url.replace("127.0.0.1", "localhost")
    gateway = gateways(config, env=KEYS)
    assert gateway.post(CHAT, BODY).status == 200
    assert seen == ["localhost"]
    assert upstream.connections[0].sock.selected_alpn_protocol() == "http/1.1"


def test_sessions_are_resumed(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    upstream.default = up.chat(headers={"Connection": "close"})
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    reused = []

    def handler(exchange):
        reused.append(exchange.peer.sock.session_reused)
        exchange.send(up.http(200, up.chat_body(), {"Connection": "close"}))

    upstream.default = handler
    for _ in range(4):
        assert gateway.post(CHAT, BODY).status == 200
    assert reused == [False, True, True, True]
    metrics = gateway.metrics()
    assert metrics.total("proa_upstream_tls_handshakes_total", kind="full") == 1
    assert metrics.total("proa_upstream_tls_handshakes_total", kind="resumed") == 3


def test_steady_load_stays_on_pooled_connections(gateways, upstreams, certs):
    """99 of 100 requests and more: as many dials as there are requests at once, and no more."""
    upstream = upstreams(tls=certs.good)
    upstream.default = up.chat()
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)

    def client():
        with gateway.connect() as connection:
            for _ in range(100):
                connection.send(request_bytes("POST", CHAT, BODY))
                assert connection.response().status == 200

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(upstream.requests) == 400
    assert gateway.metrics().total("proa_upstream_dials_total") <= 4


def test_a_cut_without_close_notify_is_no_complete_answer(gateways, upstreams, certs):
    """A close-delimited body over TLS counts only when close_notify ended it."""
    upstream = upstreams(tls=certs.good)

    def cut(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b'{"choices": [{"index"')
        exchange.reset()
        return False

    upstream.default = cut
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502 or not response.complete


class Cutter:
    """A TCP relay that ends a connection once `limit` bytes have come from the server."""

    def __init__(self, port, limit):
        self.port = port
        self.limit = limit
        self.relayed = []  # bytes of the server's, one a connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "https://127.0.0.1:%d/v1" % self.listener.getsockname()[1]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self.port)) as server:
                try:
                    self.relayed.append(self._relay(client, server))
                except OSError:
                    self.relayed.append(-1)

    def _relay(self, client, server):
        """Both ways, for a server that has said all it can waits for the client."""
        sent = 0
        while sent < self.limit:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(min(self.limit - sent, 4096) if source is server else 4096)
                if not data:
                    return sent
                (client if source is server else server).sendall(data)
                sent += len(data) if source is server else 0
        if self.limit == 0:
            client.recv(65536)  # else what nobody read would make the end a reset
        return sent

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("limit", [0, 1, 5, 60, 127, 133, 500, 700])
def test_cut_at_every_handshake_stage(gateways, upstreams, certs, limit, version):
    """A peer that leaves after n bytes of its own handshake: an error at once, never a hang."""
    real = upstreams(tls=certs.good)
    real.context.minimum_version = real.context.maximum_version = version
    cutter = Cutter(real.port, limit)
    config = one_target(real, ca_file=certs.ca)
    config["providers"]["p1"]["base_url"] = cutter.url
    gateway = gateways(config, env=KEYS)
    started = time.monotonic()
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, response
    assert time.monotonic() - started < seconds(2)
    assert "p1/k1" in response.error["message"]
    assert "during the TLS handshake" in response.error["message"], response
    assert set(cutter.relayed) <= {limit, -1} and real.requests == []
    cutter.stop()


def test_large_bodies_over_tls_both_ways(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    big = up.chat_body("y" * (3 << 20))
    upstream.default = up.answer(200, big)
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    response = gateway.post(CHAT, {**BODY, "padding": "x" * (5 << 20)})
    assert response.status == 200 and response.complete and response.json == big
    assert len(upstream.requests[-1].json["padding"]) == 5 << 20


def test_client_gone_closes_a_tls_upstream(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    upstream.default = up.stall
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    connection = gateway.connect()
    from testenv.client import request_bytes
    connection.send(request_bytes("POST", CHAT, BODY))
    upstream.wait_requests(1)
    connection.close()
    eventually(lambda: upstream.connections[0].closed_at, 2, "the upstream's end")


def test_providers_that_trust_the_same_share_it(gateways, upstreams, certs, tmp_path):
    """A bundle is read and kept once, however many providers trust it."""
    bundle = tmp_path / "bundle.pem"
    with open(certs.ca, encoding="ascii") as file:
        bundle.write_text(file.read() * 400)
    upstream = upstreams(tls=certs.good)

    def started(n):
        names = ["p%d" % number for number in range(n)]
        gateway = gateways({
            # Each host is an endpoint of its own, and so a pool; only the last is there.
            "providers": {name: {"dialect": "openai", "ca_file": str(bundle), "keys": [],
                                 "base_url": "https://127.0.0.%d:9/v1" % (number + 2) if number < n - 1
                                 else upstream.url}
                          for number, name in enumerate(names)},
            "routes": [{"model": "m", "tiers": [[{"provider": names[-1], "model": "x"}]]}]})
        assert gateway.chat().status == 200
        return gateway.rss()
    one, many = started(1), started(25)
    assert many - one < 10 << 20, (one, many)
