"""More requests than a route takes at once wait for a place; those that come too many, or wait too
long, are told to come back."""
import threading
import time

import pytest
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"


def chat_request(number=0):
    return {"model": "m", "user": "u%d" % number, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def gate():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def gated(simple, upstream, gate):
    """gated(route=..., queue_wait=...) -> a gateway whose upstream answers when the gate opens."""
    def make(**concurrency):
        def handler(exchange):
            gate.wait(seconds(30))
            return up.chat()(exchange)

        upstream.default = handler
        return simple(upstream, policy={"concurrency": concurrency})
    return make


def ask(gateway, number):
    connection = gateway.connect(timeout=30)
    connection.send(request_bytes("POST", CHAT, chat_request(number)))
    return connection


def test_waiters_are_served_in_their_order(gated, upstream, gate):
    gateway = gated(route=1, queue_wait="20s")
    connections = [ask(gateway, 0)]
    eventually(lambda: len(upstream.requests) == 1)
    for number in (1, 2):
        connections.append(ask(gateway, number))
        eventually(lambda n=number: gateway.metrics().total("proa_queue_depth", route="m") == n)
    assert len(upstream.requests) == 1
    gate.set()
    for connection in connections:
        assert connection.response().status == 200
        connection.close()
    assert [r.json["user"] for r in upstream.requests] == ["u0", "u1", "u2"]
    metrics = gateway.metrics()
    assert metrics.total("proa_queue_depth", route="m") == 0
    assert metrics.total("proa_queue_wait_seconds_count", route="m") == 2


def test_one_too_many_is_shed_at_once(gated, upstream):
    gateway = gated(route=1, queue_wait="20s")
    connections = [ask(gateway, number) for number in range(3)]
    eventually(lambda: gateway.metrics().total("proa_queue_depth", route="m") == 2)
    began = time.monotonic()
    response = gateway.post(CHAT, chat_request(3))
    assert time.monotonic() - began < seconds(2)
    assert response.status == 503 and response.error["code"] == "gateway_overloaded"
    assert response.header("x-should-retry") == "true"
    assert int(response.header("retry-after")) >= 1
    assert gateway.metrics().total("proa_shed_total", reason="queue") == 1
    for connection in connections:
        connection.close()


def test_waiting_ends(gated, upstream):
    gateway = gated(route=1, queue_wait="300ms")
    first = ask(gateway, 0)
    eventually(lambda: len(upstream.requests) == 1)
    began = time.monotonic()
    response = gateway.post(CHAT, chat_request(1))
    assert 0.3 <= time.monotonic() - began < seconds(3)
    assert response.status == 503
    first.close()


def test_a_waiter_that_leaves_makes_room(gated, upstream, gate):
    gateway = gated(route=1, queue_wait="20s")
    first = ask(gateway, 0)
    eventually(lambda: len(upstream.requests) == 1)
    second = ask(gateway, 1)
    eventually(lambda: gateway.metrics().total("proa_queue_depth", route="m") == 1)
    second.close()
    eventually(lambda: gateway.metrics().total("proa_queue_depth", route="m") == 0)
    gate.set()
    assert first.response().status == 200
    assert len(upstream.requests) == 1
    first.close()
