"""security.md 9, client side: who is believed, and an error that says why somebody was not."""
import ssl

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.poll import eventually

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
    ("wrong_host", ("name", "host")), ("expired", ("expired",)), ("not_yet", ("not yet", "future")),
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
                                            [{"provider": "p2", "model": "b"}]]}]}, env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200 and "p1/k1:tls/" in response.header("x-proa-trail")


def test_old_tls_is_refused(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    upstream.context.set_ciphers("ALL:@SECLEVEL=0")
    upstream.context.minimum_version = ssl.TLSVersion.TLSv1
    upstream.context.maximum_version = ssl.TLSVersion.TLSv1_1
    gateway = gateways(one_target(upstream, ca_file=certs.ca), env=KEYS)
    assert gateway.post(CHAT, BODY).status == 502


def test_plain_http_on_an_https_port_fails_cleanly(gateways, upstreams, certs):
    upstream = upstreams()
    config = one_target(upstream, ca_file=certs.ca)
    config["providers"]["p1"]["base_url"] = upstream.url.replace("http:", "https:")
    assert gateways(config, env=KEYS).post(CHAT, BODY).status == 502


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
    assert reused[0] is False and any(reused[1:])


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


def test_cut_at_every_handshake_stage(gateways, upstreams, certs):
    """A peer that leaves after n bytes of its own handshake: an error each time, never a hang."""
    import socket
    import threading
    real = upstreams(tls=certs.good)
    for limit in (0, 1, 5, 60, 127, 500, 900):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)

        def relay(listener=listener, limit=limit):
            for _ in range(3):
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                back = socket.create_connection(("127.0.0.1", real.port))
                try:
                    back.sendall(client.recv(65536))
                    left = limit
                    while left > 0:
                        data = back.recv(min(left, 4096))
                        if not data:
                            break
                        client.sendall(data)
                        left -= len(data)
                except OSError:
                    pass
                client.close()
                back.close()

        thread = threading.Thread(target=relay, daemon=True)
        thread.start()
        config = one_target(real, ca_file=certs.ca)
        config["providers"]["p1"]["base_url"] = "https://127.0.0.1:%d/v1" % listener.getsockname()[1]
        gateway = gateways(config, env=KEYS)
        response = gateway.post(CHAT, BODY)
        assert response.status == 502, (limit, response)
        gateway.stop()
        listener.close()


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
