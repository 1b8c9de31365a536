"""Every limit holds, and a drip of bytes never extends a phase."""
import json
import resource
import socket
import threading
import time

import pytest
from testenv import Connection, upstream as up
from testenv.client import Closed, request_bytes
from testenv.poll import SCALE, eventually, seconds

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
MIB = 1 << 20


def limited(simple, upstream, **limits):
    return simple(upstream, config={"limits": limits})


# ---- sizes ---------------------------------------------------------------------------------------

def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(simple, upstream):
    gateway = limited(simple, upstream, body="64KiB")
    empty = len(json.dumps({**BODY, "p": ""}).encode())
    for extra, status in ((0, 200), (1, 413)):
        body = json.dumps({**BODY, "p": "x" * (65536 - empty + extra)}).encode()
        assert len(body) == 65536 + extra
        assert gateway.post(CHAT, body).status == status
    assert len(upstream.requests) == 1


def test_a_chunked_body_over_the_limit_is_cut_off(simple, upstream):
    gateway = limited(simple, upstream, body="64KiB")
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, b"", {"Content-Length": None,
                                                          "Transfer-Encoding": "chunked"}))
        for _ in range(40):
            if not connection.try_send(up.chunk(b"x" * 4096)):
                break
        response = connection.response()
        assert response.status == 413 and response.error["code"] in ("request_too_large", "body_too_large")
        assert "64" in response.error["message"] or "limit" in response.error["message"]
    assert upstream.requests == []


def test_the_default_body_limit_is_32_mib(simple, upstream):
    gateway = simple(upstream)
    with gateway.connect(timeout=30) as connection:
        connection.send(request_bytes("POST", CHAT, b"", {"Content-Length": str(32 * MIB + 1)}))
        response = connection.response()
        assert response.status == 413
    body = json.dumps({**BODY, "p": ""}).encode()[:-2] + b"x" * (32 * MIB - 200) + b'"}'
    assert gateway.post(CHAT, body).status == 200


def test_an_upstream_head_over_64_kib_is_a_bad_gateway(simple, upstreams):
    first, second = upstreams(), upstreams()
    gateway = simple(first, second)
    for head in ("".join("X-%d: %s\r\n" % (i, "y" * 4000) for i in range(20)),
                 "".join("X-%d: y\r\n" % i for i in range(150)), "X: " + "y" * 100000 + "\r\n"):
        first.script = [up.raw(b"HTTP/1.1 200 OK\r\n" + head.encode() + b"Content-Length: 2\r\n\r\n{}")] * 2
        assert gateway.chat().header("x-proa-provider") == "p2"


def test_informational_answers_are_skipped_up_to_eight(simple, upstreams):
    first, second = upstreams(), upstreams()
    gateway = simple(first, second)
    info = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    first.script = [up.raw(info * 8, up.http(200, up.chat_body("patient")), then="keep")]
    assert gateway.chat().text == "patient"
    first.script = [up.raw(info * 9, up.http(200, up.chat_body("patient")))] * 2
    assert gateway.chat().header("x-proa-provider") == "p2"


def test_an_sse_line_without_end_is_cut_at_its_cap(simple, upstream):
    """T-H: an unterminated line stays under the cap of 4 MiB instead of filling memory."""
    def endless(exchange):
        exchange.send(up.STREAM_HEAD + up.chunk(up.sse(up.delta("word"))))
        for _ in range(3000):
            exchange.send(up.chunk(b"data: " + b"x" * 16000))

    upstream.default = endless
    gateway = simple(upstream)
    before = gateway.rss()
    response = gateway.chat(stream=True)
    assert '"error"' in response.events[-1] and "[DONE]" not in response.events
    assert len(response.body) < 6 * MIB
    assert gateway.rss() - before < 32 * MIB


def test_a_huge_plain_answer_is_bounded(simple, upstream):
    """Past the held size it streams through or fails; it is never collected without bound."""
    def huge(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                      % (100 * MIB))
        for _ in range(1600):
            exchange.send(b"x" * 65536)

    upstream.default = huge
    gateway = simple(upstream)
    before = gateway.rss()
    with gateway.connect(timeout=30) as connection:
        connection.send(request_bytes("POST", CHAT, BODY))
        time_limit = time.monotonic() + seconds(20)
        try:
            connection.head()
            while time.monotonic() < time_limit:
                connection.buffer = b""
                connection._more()
        except (Closed, OSError):
            pass
    assert gateway.rss() - before < 80 * MIB


# ---- times: absolute, not per read --------------------------------------------------------------

def drip(connection, data, stop, gap=0.05):
    """Sends one byte at a time until the peer closes; the seconds it took."""
    started = time.monotonic()
    for i in range(len(data)):
        if not connection.try_send(data[i:i + 1]):
            break
        connection.sock.settimeout(gap)
        try:
            got = connection.sock.recv(65536)
            connection.buffer += got
            if not got or stop in connection.buffer:
                break
        except TimeoutError:
            pass
        except ConnectionError:
            break
    return time.monotonic() - started


@pytest.mark.slow
def test_slowloris_headers_end_with_408(simple, upstream):
    gateway = limited(simple, upstream, head_timeout="600ms")
    with gateway.connect() as connection:
        took = drip(connection, b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 400, b"408")
        assert 0.5 < took < 0.6 + seconds(1.5)
        assert b" 408 " in connection.buffer


@pytest.mark.slow
def test_slow_body_ends_with_408(simple, upstream):
    gateway = limited(simple, upstream, body_timeout="600ms")
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, b"", {"Content-Length": "1000"}))
        took = drip(connection, b'{"a":"' + b"x" * 400, b"408")
        assert 0.5 < took < 1.6 + seconds(1.5)
        assert b" 408 " in connection.buffer
    assert upstream.requests == []


@pytest.mark.slow
def test_empty_lines_do_not_keep_a_connection(simple, upstream):
    gateway = limited(simple, upstream, head_timeout="600ms", keep_alive="600ms")
    with gateway.connect() as connection:
        assert drip(connection, b"\r\n" * 200, b"HTTP/") < 1.2 + seconds(2)


@pytest.mark.slow
def test_silent_connections_are_closed(simple, upstream):
    gateway = limited(simple, upstream, keep_alive="500ms", head_timeout="500ms")
    with gateway.connect() as silent, gateway.connect() as used:
        used.send(request_bytes("GET", "/v1/models"))
        assert used.response().status == 200
        assert used.closed(3) and silent.closed(3)


def test_requests_per_connection_are_limited(simple, upstream):
    gateway = limited(simple, upstream, requests_per_connection=3)
    with gateway.connect() as connection:
        closes = []
        for _ in range(3):
            connection.send(request_bytes("GET", "/v1/models"))
            closes.append((connection.response().header("connection") or "").lower())
        assert closes[:2] == ["", ""] or "close" not in closes[:2]
        assert closes[2] == "close" and connection.closed()


@pytest.mark.slow
def test_a_client_that_never_reads_is_reset(simple, upstream):
    def flood(exchange):
        exchange.send(up.STREAM_HEAD)
        while True:
            exchange.send(up.chunk(up.sse(up.delta("x" * 30000))))

    upstream.default = flood
    gateway = limited(simple, upstream, write_stall="700ms")
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, {**BODY, "stream": True}))
        upstream.wait_requests(1)
        eventually(lambda: upstream.connections[0].closed_at, 10, "the stalled exchange being ended")
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 0)


@pytest.mark.slow
def test_a_client_that_reads_slowly_is_served(simple, upstream):
    """Megabytes lie in the kernel's buffers: whether it reads shows in what it acknowledges, long
    before the kernel asks for more."""
    def flood(exchange):
        exchange.send(up.STREAM_HEAD)
        while True:
            exchange.send(up.chunk(up.sse(up.delta("x" * 30000))))

    upstream.default = flood
    gateway = limited(simple, upstream, write_stall="700ms")
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, {**BODY, "stream": True}))
        for _ in range(15):
            time.sleep(0.2)
            assert connection.sock.recv(128 * 1024)
        assert upstream.connections[0].closed_at is None
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 0)


# ---- numbers -------------------------------------------------------------------------------------

def test_connections_over_the_limit_wait_or_are_turned_away(simple, upstream):
    gateway = limited(simple, upstream, connections=8)
    held = []
    try:
        for _ in range(8):
            connection = gateway.connect()
            connection.send(request_bytes("GET", "/v1/models"))
            assert connection.response().status == 200
            held.append(connection)
        with gateway.connect(timeout=2) as extra:
            extra.try_send(request_bytes("GET", "/v1/models"))
            try:
                assert extra.response().status == 503
            except (Closed, TimeoutError, OSError):
                pass
        assert gateway.ops("/readyz").status == 200, "ops has room of its own"
    finally:
        for connection in held:
            connection.close()

    def again():
        try:
            return gateway.get("/v1/models").status == 200
        except (Closed, OSError):
            return False
    eventually(again, 5, "room again")


def test_the_byte_budget_answers_503_before_it_is_exceeded(simple, upstream):
    """T-H: many big bodies at once get 503 with retry-after; memory stays under the budget."""
    gate = threading.Event()

    def wait(exchange):
        gate.wait(seconds(30))
        exchange.send(up.http(200, up.chat_body()))

    upstream.default = wait
    gateway = limited(simple, upstream, buffered="16MiB", body="8MiB")
    before = gateway.rss()
    body = json.dumps({**BODY, "p": "x" * (4 * MIB)}).encode()
    statuses = []
    lock = threading.Lock()

    def one():
        try:
            response = gateway.post(CHAT, body)
        except (Closed, OSError):
            return
        with lock:
            statuses.append((response.status, response.header("retry-after")))

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(statuses) >= 8, 20, "the refusals")
    assert all(status == 503 and after for status, after in statuses), statuses
    assert gateway.metrics().total("proa_shed_total") >= 8
    assert gateway.rss() - before < (48 if SCALE <= 1 else 200) * MIB
    gate.set()
    for thread in threads:
        thread.join()
    assert sum(status == 200 for status, _ in statuses) >= 2
    assert gateway.chat().status == 200
    assert gateway.metrics().total("proa_buffered_bytes") == 0


def test_many_stalled_heads_cost_little_memory(simple, upstream):
    gateway = simple(upstream)
    before = gateway.rss()
    held = []
    try:
        for _ in range(300):
            connection = Connection(gateway.address)
            connection.send(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 4000)
            held.append(connection)
        eventually(lambda: gateway.get("/v1/models").status == 200)
        assert gateway.rss() - before < (24 if SCALE <= 1 else 80) * MIB
    finally:
        for connection in held:
            connection.close()


@pytest.mark.slow
def test_running_out_of_descriptors_is_survived(gateways, upstream, simple):
    """Accept errors back off instead of spinning, and service resumes."""
    gateway = simple(upstream)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (gateway.fds() + 20, 4096))
    held = []
    try:
        for _ in range(60):
            sock = socket.socket()
            sock.settimeout(seconds(2))
            sock.connect(gateway.address)
            held.append(sock)
        before, started = gateway.cpu(), time.monotonic()
        eventually(lambda: time.monotonic() - started > 1)
        assert (gateway.cpu() - before) < 0.3 * (time.monotonic() - started), "spinning on accept"
    finally:
        for sock in held:
            sock.close()

    def again():
        try:
            return gateway.chat().status == 200
        except (Closed, OSError):
            return False
    eventually(again, 10, "service after the shortage")
