"""Lessons T-E: when the client leaves, the provider's connection closes within 100 ms, in every phase,
nothing else is tried, and the target is not blamed."""
import threading
import time

import pytest
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import SCALE, eventually, seconds
from test_timeouts_d import Blackhole

CHAT = "/v1/chat/completions"
ROLE = up.sse(up.delta(role="assistant"))
WORD = up.sse(up.delta("word"))
LIMIT = 0.1 * max(1.0, SCALE)


def chat_request(stream=True, **more):
    return {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}], **more}


def chatter(exchange):
    """A stream that never stops by itself."""
    exchange.send(up.STREAM_HEAD + up.chunk(ROLE))
    while True:
        exchange.send(up.chunk(WORD))
        time.sleep(0.005)


def plain_part(exchange):
    exchange.send(up.http(200, up.chat_body("x" * 5000))[:1000])
    exchange.wait_closed()
    return False


# phase -> (what the provider does, streamed, what the client waits for before it leaves)
PHASES = {
    "no_answer_yet": (up.stall, True, None),
    "no_answer_yet_plain": (up.stall, False, None),
    "head_no_content": (up.raw(up.STREAM_HEAD, then="stall"), True, None),
    "role_held": (up.raw(up.STREAM_HEAD + up.chunk(ROLE), then="stall"), True, None),
    "after_content": (up.raw(up.STREAM_HEAD + up.chunk(ROLE) + up.chunk(WORD), then="stall"), True, b"word"),
    "in_full_flow": (chatter, True, b"word"),
    "plain_half_received": (plain_part, False, None),
}


@pytest.mark.parametrize("leave", ["close", "abort"])
@pytest.mark.parametrize("phase", PHASES)
def test_e_client_gone_closes_upstream_at_once(simple, upstreams, phase, leave):
    handler, streamed, wait_for = PHASES[phase]
    first, second = upstreams(default=handler), upstreams()
    gateway = simple(first, second)
    connection = gateway.connect()
    connection.send(request_bytes("POST", CHAT, chat_request(streamed)))
    first.wait_requests(1)
    if wait_for:
        connection.read_until(wait_for)
    left = time.monotonic()
    getattr(connection, leave)()
    closed = eventually(lambda: first.connections[0].closed_at, 5, "upstream seeing the end")
    assert closed - left < LIMIT, "took %.0f ms" % ((closed - left) * 1000)
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1,
               what="the counter")
    metrics = gateway.metrics()
    assert metrics.total("proa_requests_total", outcome="cancelled") == 1
    assert metrics.total("proa_requests_total", outcome="error") == 0
    assert metrics.total("proa_inflight_requests") == 0
    assert second.requests == [], "somebody else was asked for an answer nobody wants"
    record = gateway.access()[-1]
    assert record.get("error.type") in ("cancelled", "client_gone", "client_cancelled", None)


@pytest.mark.parametrize("leave", ["close", "abort"])
def test_e_client_gone_while_connecting(simple, upstreams, leave):
    hole = Blackhole()
    try:
        second = upstreams()
        gateway = simple(hole, second)
        connection = gateway.connect()
        connection.send(request_bytes("POST", CHAT, chat_request()))
        eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 1, what="the attempt")
        getattr(connection, leave)()
        eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1, what="the counter")
        assert second.requests == []
    finally:
        hole.stop()


@pytest.mark.parametrize("leave", ["close", "abort"])
def test_e_client_gone_inside_its_own_body(simple, upstream, leave):
    gateway = simple(upstream)
    connection = gateway.connect()
    connection.send(request_bytes("POST", CHAT, chat_request())[:-10])
    getattr(connection, leave)()
    assert gateway.chat().status == 200
    assert len(upstream.requests) == 1


def test_e_client_gone_while_it_does_not_read(simple, upstream):
    """Back-pressure has stopped the upstream; the client's end must still be noticed."""
    done = threading.Event()

    def flood(exchange):
        exchange.send(up.STREAM_HEAD)
        piece = up.chunk(up.sse(up.delta("x" * 16000)))
        try:
            while True:
                exchange.send(piece)
        finally:
            done.set()

    upstream.default = flood
    gateway = simple(upstream)
    connection = gateway.connect()
    connection.send(request_bytes("POST", CHAT, chat_request()))
    connection.read_until(b"xxxx")
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 1)
    started = time.monotonic()
    connection.abort()
    assert done.wait(seconds(5))
    assert time.monotonic() - started < LIMIT + 0.1


def test_e_many_leave_and_nothing_is_left_behind(simple, upstream):
    upstream.default = up.raw(up.STREAM_HEAD + up.chunk(ROLE) + up.chunk(WORD), then="stall")
    gateway = simple(upstream)
    assert_idle = gateway.fds()
    for _ in range(3):
        connections = []
        for _ in range(30):
            connection = gateway.connect()
            connection.send(request_bytes("POST", CHAT, chat_request()))
            connections.append(connection)
        for connection in connections:
            connection.read_until(b"word")
        for number, connection in enumerate(connections):
            connection.abort() if number % 2 else connection.close()
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 0)
    eventually(lambda: gateway.fds() <= assert_idle + 2, what="the descriptors going back")
    assert gateway.metrics().total("proa_client_cancelled_total") == 90
    assert gateway.metrics().total("proa_buffered_bytes") == 0


def test_e_policy_drain_lets_the_provider_finish(simple, upstream):
    gate = threading.Event()
    upstream.default = up.stream(gate=gate)
    gateway = simple(upstream, policy={"on_disconnect": "drain"})
    connection = gateway.connect()
    connection.send(request_bytes("POST", CHAT, chat_request()))
    upstream.wait_requests(1)
    connection.close()
    eventually(lambda: True)
    gate.set()
    record = gateway.access()[-1]
    assert record["gen_ai.usage.output_tokens"] == 4, "the usage of the drained answer"
