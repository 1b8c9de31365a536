"""Lessons T-B: failover and streaming. What the client sees is one coherent answer, or an honest end.
"""
import json
import threading
import time

import pytest
from testenv import TOLERANT
from testenv import upstream as up
from testenv.client import request_bytes, sse_data
from testenv.poll import SCALE, seconds

CHAT = "/v1/chat/completions"
ROLE = up.sse(up.delta(role="assistant"))
ERROR_EVENT = up.sse({"error": {"message": "engine overloaded", "type": "server_error",
                                "code": "overloaded"}})
PING = b": ping\n\n"


def chat_request(model="m", stream=True):
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}


def error_events(response):
    found = []
    for data in response.events:
        try:
            event = json.loads(data)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("error"):
            found.append(event["error"])
    return found


def assert_interrupted(response):
    """An in-band error as the last event, no end mark, and a body that ended by its framing."""
    assert response.status == 200
    errors = error_events(response)
    assert len(errors) == 1, response
    assert errors[0]["code"] in ("upstream_stream_interrupted", "deadline_exceeded")
    assert errors[0]["message"]
    assert json.loads(response.events[-1]).get("error")
    assert "[DONE]" not in response.events


def assert_good(response, text):
    assert response.status == 200, response
    assert response.complete
    assert error_events(response) == []
    assert response.text == text
    assert response.events[-1] == "[DONE]" and response.events.count("[DONE]") == 1


# ---- (1) nothing is sent before the first content ----------------------------------------------

@pytest.mark.parametrize("prefix", [
    [ROLE], [PING], [ROLE, PING, PING], [up.sse(up.delta(""))], [b"event: ping\ndata: {}\n\n", ROLE],
    [b"\n\n", b"retry: 100\n\n", ROLE]])
def test_b1_headers_wait_for_the_first_content(simple, upstream, prefix):
    gate = threading.Event()
    sent = threading.Event()

    def handler(exchange):
        exchange.send(up.STREAM_HEAD + b"".join(up.chunk(event) for event in prefix))
        sent.set()
        gate.wait(seconds(20))
        exchange.send(b"".join(up.chunk(event) for event in up.stream_events(role=False)) + b"0\r\n\r\n")

    upstream.script = [handler]
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, chat_request()))
        assert sent.wait(seconds(5))
        assert not connection.closed(0.2) and connection.buffer == b"", "sent before content"
        gate.set()
        connection.sock.settimeout(seconds(10))
        response = connection.response()
    assert_good(response, "Hello there")


def test_b1_the_held_prefix_is_delivered_whole(simple, upstream):
    events = [PING, ROLE, b": comment\n\n", *up.stream_events(role=False)]
    upstream.script = [up.stream(events)]
    response = simple(upstream).post(CHAT, chat_request())
    assert_good(response, "Hello there")
    assert response.body == b"".join(events)


@pytest.mark.parametrize("count, size", [(80, 10), (20, 20000)])
def test_b1_a_prefix_over_its_caps_is_committed_not_dropped(simple, upstream, count, size):
    """64 events or 256 KiB of nothing: it goes to the client, since it can be held no longer."""
    events = [b": " + b"x" * size + b"\n\n"] * count + up.stream_events()
    upstream.script = [up.stream(events)]
    response = simple(upstream).post(CHAT, chat_request())
    assert_good(response, "Hello there")


# ---- (2) failure in the held prefix moves on ----------------------------------------------------

def dead_prefix(pieces, then):
    return up.raw(up.STREAM_HEAD + b"".join(up.chunk(piece) for piece in pieces), then=then)


BEFORE_CONTENT = {
    "error_event": up.stream([ROLE, ERROR_EVENT]),
    "error_event_first": up.stream([ERROR_EVENT, up.sse("[DONE]")]),
    "error_event_named": up.stream([b"event: error\n" + ERROR_EVENT]),
    "done_only": up.stream([up.sse("[DONE]")]),
    "empty_200": up.stream([]),
    "empty_body": up.answer(200, b"", content_type="text/event-stream"),
    "cut_after_head_fin": dead_prefix([], "close"),
    "cut_after_head_rst": dead_prefix([], "reset"),
    "cut_after_role_fin": dead_prefix([ROLE], "close"),
    "cut_after_role_rst": dead_prefix([ROLE], "reset"),
    "cut_inside_first_content": dead_prefix([ROLE, up.sse(up.delta("Hel"))[:-20]], "close"),
    "bad_chunk": up.raw(up.STREAM_HEAD + b"zz\r\nxx\r\n"),
    "bad_chunk_end": up.raw(up.STREAM_HEAD + b"2\r\nxxx\r\n"),
    "partial_head": up.raw(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "no_answer_fin": up.raw(),
    "no_answer_rst": up.raw(then="reset"),
    "garbage": up.raw(b"\x00\x01\x02 nonsense\r\n\r\n"),
    "http_09": up.raw(b"hello"),
    "cl_and_te": up.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "status_101": up.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "http_500": up.error(500),
    "http_502_html": up.answer(502, b"<html>bad gateway</html>", content_type="text/html"),
    "http_503": up.error(503),
    "http_529": up.error(529),
    "http_429": up.error(429, headers={"retry-after": "30"}),
    "http_401": up.error(401),
    "http_404_model": up.error(404, code="model_not_found"),
    "redirect": up.answer(302, b"", headers={"Location": "http://127.0.0.1:1/v1"}),
    "html_200": up.answer(200, b"<html>login</html>", content_type="text/html"),
}


@pytest.mark.parametrize("name", BEFORE_CONTENT)
def test_b2_failure_before_content_moves_to_the_next_target(simple, upstreams, name):
    first, second = upstreams(), upstreams()
    first.default = BEFORE_CONTENT[name]
    second.default = up.stream()
    gateway = simple(first, second)
    response = gateway.post(CHAT, chat_request())
    assert_good(response, "Hello there")
    trail = response.header("x-proa-trail").split(", ")
    assert trail[0].startswith("p1/") and trail[-1].startswith("p2/") and ":200/" in trail[-1]
    assert response.header("x-proa-provider") == "p2"
    assert int(response.header("x-proa-attempts")) == len(first.requests) + len(second.requests) \
        or name.startswith("no_answer")
    assert len(second.requests) == 1


PLAIN_FAILURES = ["partial_head", "no_answer_fin", "no_answer_rst", "garbage", "http_500", "http_503",
                  "http_429", "http_401", "redirect", "cl_and_te", "status_101"]


@pytest.mark.parametrize("name", PLAIN_FAILURES)
def test_b2_plain_answers_move_on_too(simple, upstreams, name):
    first, second = upstreams(default=BEFORE_CONTENT[name]), upstreams()
    response = simple(first, second).post(CHAT, chat_request(stream=False))
    assert response.status == 200 and response.text == "hello from upstream"
    assert response.header("x-proa-provider") == "p2"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"choices": []', b"not json",
                                  b'{"error": {"message": "in band", "code": 500}}'])
def test_b2_a_plain_200_that_is_none_moves_on(simple, upstreams, body):
    first, second = upstreams(default=up.answer(200, body)), upstreams()
    response = simple(first, second).post(CHAT, chat_request(stream=False))
    assert response.status == 200 and response.text == "hello from upstream"


def test_b2_a_plain_answer_cut_by_the_provider_moves_on(simple, upstreams):
    whole = up.http(200, up.chat_body("never whole"))
    first, second = upstreams(), upstreams()
    gateway = simple(first, second, policy=TOLERANT)
    for cut in range(0, len(whole), 7):
        first.script = [up.raw(whole[:cut])] * 2
        response = gateway.post(CHAT, chat_request(stream=False))
        assert response.status == 200 and response.text == "hello from upstream", cut


@pytest.mark.smoke
def test_b2_refused_connection_moves_on(simple, upstreams):
    refusing = up.RefusingPort()
    try:
        second = upstreams(default=up.stream())
        response = simple(refusing, second).post(CHAT, chat_request())
        assert_good(response, "Hello there")
        assert response.header("x-proa-attempts") == "2"
    finally:
        refusing.stop()


def test_b2_the_third_target_is_the_last_one(simple, upstreams):
    """At most three attempts by default, and each target once."""
    targets = [upstreams(default=up.error(500)) for _ in range(3)]
    response = simple(*targets).post(CHAT, chat_request())
    assert response.status == 500
    assert [len(target.requests) for target in targets] == [1, 1, 1]
    assert response.header("x-proa-attempts") == "3"


def test_b2_a_client_error_is_final(simple, upstreams):
    first, second = upstreams(default=up.error(400, "bad temperature", kind="invalid_request_error")), upstreams()
    response = simple(first, second).post(CHAT, chat_request())
    assert response.status == 400 and response.error["message"] == "bad temperature"
    assert second.requests == []


def test_b2_no_fallback_header_keeps_to_the_first_target(simple, upstreams):
    first, second = upstreams(default=up.error(503)), upstreams()
    response = simple(first, second).post(CHAT, chat_request(), {"x-proa-no-fallback": "1"})
    assert response.status == 503 and second.requests == []


# ---- (3) a cut after commit, at every byte ------------------------------------------------------

def recorded(ending=True):
    events = up.stream_events()
    pieces = [up.STREAM_HEAD] + [up.chunk(event) for event in events]
    if ending:
        pieces.append(b"0\r\n\r\n")
    whole = b"".join(pieces)
    ends = {}
    at = len(up.STREAM_HEAD)
    for event in events:
        at += len(up.chunk(event))
        if b"Hel" in event:
            ends["content"] = at - 2          # the event's last byte; its chunk's CRLF follows
        if b'"finish_reason": "stop"' in event:
            ends["finish"] = at - 2
        if b"[DONE]" in event:
            ends["done"] = at - 2
    return whole, ends


@pytest.mark.slow
@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("part", range(4))
def test_b3_cut_at_every_byte_offset(simple, upstreams, then, part):
    whole, ends = recorded()
    first, second = upstreams(), upstreams(default=up.stream(up.stream_events(["back", "up"])))
    gateway = simple(first, second, policy=TOLERANT)
    for cut in range(part, len(whole), 4):
        first.script = [up.raw(whole[:cut], then=then)] * 2
        response = gateway.post(CHAT, chat_request())
        first.script = []
        text, errors = response.text, error_events(response)
        where = "cut at %d of %d (%s), got %r" % (cut, len(whole), ends, response)
        assert response.status == 200, where
        if cut < ends["content"]:
            assert_good(response, "backup")
        elif cut >= ends["done"]:
            assert_good(response, "Hello there")
        elif errors:
            assert_interrupted(response)
            assert "Hello there".startswith(text), where
        else:
            # Reported as complete: then it has to be, which needs the finish reason.
            assert cut >= ends["finish"] and text == "Hello there", where
            assert response.complete, where
        if then == "close" and ends["content"] <= cut < ends["finish"]:
            assert errors, where
        assert "backup" not in text or cut < ends["content"], where


def test_b3_cut_by_length_at_every_byte_offset(simple, upstreams):
    """The same with Content-Length framing, where only the count tells that it was cut."""
    body = b"".join(up.stream_events())
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    # An event is one when its blank line has come: before that it does not count as content.
    content = body.index(b"\n\n", body.index(b"Hel")) + 2
    done = body.index(b"[DONE]") + len(b"[DONE]\n\n")
    first, second = upstreams(), upstreams(default=up.stream(up.stream_events(["back", "up"])))
    gateway = simple(first, second, policy=TOLERANT)
    for cut in range(0, len(body), 3):
        first.script = [up.raw(head + body[:cut])] * 2
        response = gateway.post(CHAT, chat_request())
        first.script = []
        if cut < content:
            assert_good(response, "backup")
        elif cut >= done:
            assert_good(response, "Hello there")
        elif not error_events(response):
            assert response.text == "Hello there", (cut, response)
        else:
            assert_interrupted(response)


@pytest.mark.parametrize("break_with", [
    up.chunk(ERROR_EVENT) + b"0\r\n\r\n", b"zz\r\n", b"5\r\nabcdefg\r\n"])
def test_b3_other_breaks_after_commit(simple, upstreams, break_with):
    first, second = upstreams(), upstreams()
    first.script = [up.raw(up.STREAM_HEAD + up.chunk(ROLE) + up.chunk(up.sse(up.delta("Hel"))), break_with,
                           gap=0.05)]
    response = simple(first, second).post(CHAT, chat_request())
    assert response.status == 200 and response.text == "Hel"
    assert len(error_events(response)) == 1 and "[DONE]" not in response.events
    assert second.requests == [], "no failover after the first content"


def test_b3_a_plain_answer_too_big_to_hold_is_cut_honestly(simple, upstreams):
    """Once its bytes went out it cannot move: sent short of its length, never made complete."""
    body = json.dumps(up.chat_body("x" * (3 << 20))).encode()
    first, second = upstreams(), upstreams()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    first.script = [up.raw(head + body[:-1000])] * 2
    response = simple(first, second).post(CHAT, chat_request(stream=False))
    if response.header("x-proa-provider") == "p2":
        assert response.text == "hello from upstream"
    else:
        assert not response.complete


# ---- (4) all fail --------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("statuses, want, retry_after", [
    ((429, 429), 429, True), ((500, 429), 500, False), ((503, 500), 500, False),
    ((500, 503), 503, False), ((401, 429), 401, None), ((529, 529), 529, False)])
def test_b4_all_fail_gives_the_real_status_and_body(simple, upstreams, stream, statuses, want, retry_after):
    targets = [upstreams(default=up.error(status, "failed with %d" % status,
                                          headers={"retry-after": "7"} if status == 429 else {}))
               for status in statuses]
    response = simple(*targets, policy={"retry": {"per_pool": 1}}).post(CHAT, chat_request(stream=stream))
    if retry_after is None:
        assert response.status in statuses
        return
    assert response.status == want, response
    assert str(want) in response.error["message"]
    assert response.header("x-proa-attempts") == "2"
    if retry_after:
        assert 1 <= int(response.header("retry-after")) <= 7
        assert int(response.header("retry-after-ms")) <= 7000
    assert response.header("x-should-retry") == ("true" if want == 429 else "false")


def test_b4_transport_failures_give_502_that_names_them(simple):
    ports = [up.RefusingPort(), up.RefusingPort()]
    try:
        response = simple(*ports).post(CHAT, chat_request())
        assert response.status == 502
        assert response.error["code"] == "all_attempts_failed"
        assert response.error["source"] == "gateway"
        assert "p1" in response.error["message"] and "p2" in response.error["message"]
    finally:
        for port in ports:
            port.stop()


# ---- (5) the other surfaces ---------------------------------------------------------------------

def test_b5_completions_stream_and_fail_over(simple, upstreams):
    def part(text, finish=None):
        return up.sse({"id": "cmpl-1", "object": "text_completion", "model": "up-model",
                       "choices": [{"index": 0, "text": text, "finish_reason": finish}]})
    good = [part("one "), part("two"), part("", "stop"), up.sse("[DONE]")]
    first, second = upstreams(default=up.stream([ERROR_EVENT])), upstreams(default=up.stream(good))
    gateway = simple(first, second)
    request = {"model": "m", "prompt": "count", "stream": True}
    response = gateway.post("/v1/completions", request)
    assert response.status == 200 and response.body == b"".join(good)
    second.default = up.raw(up.STREAM_HEAD + up.chunk(good[0]))
    assert_interrupted(gateway.post("/v1/completions", request))


# ---- (6) complete without the end mark ----------------------------------------------------------

@pytest.mark.parametrize("hang", [False, True])
def test_b6_complete_without_done_is_a_success(simple, upstream, hang):
    events = up.stream_events(done=False)
    handler = up.stream(events) if not hang else up.stream([*events, up.sse("[DONE]")], end=False)
    upstream.script = [handler]
    gateway = simple(upstream)
    started = time.monotonic()
    response = gateway.post(CHAT, chat_request())
    assert time.monotonic() - started < 1 + SCALE
    assert response.complete and error_events(response) == [] and response.text == "Hello there"


def test_b6_what_follows_the_end_mark_is_dropped(simple, upstream):
    upstream.script = [up.stream([*up.stream_events(), up.sse(up.delta("too late"))])]
    gateway = simple(upstream)
    assert_good(gateway.post(CHAT, chat_request()), "Hello there")


# ---- (7) one malformed event --------------------------------------------------------------------

@pytest.mark.parametrize("bad", [b"data: {not json\n\n", b"data: [1,2\n\n", b"data: \xff\xfe\n\n",
                                 b"data: null\n\n", b"data: 7\n\n", b"data: {}\n\n",
                                 b'data: {"choices": 5}\n\n'])
def test_b7_a_malformed_event_passes_and_the_stream_goes_on(simple, upstream, bad):
    good = up.stream_events()
    events = good[:2] + [bad] + good[2:]
    upstream.script = [up.stream(events)]
    response = simple(upstream).post(CHAT, chat_request())
    assert response.status == 200 and response.complete
    assert response.body == b"".join(events)


@pytest.mark.parametrize("done", [True, False])
def test_b7_a_stream_of_nothing_else_is_no_answer(simple, upstreams, done):
    bad = up.stream([b"data: {not json\n\n"] * 3 + [up.sse("[DONE]")] * done)
    broken, good = upstreams(default=bad), upstreams(default=up.stream(up.stream_events()))
    response = simple(broken, good).post(CHAT, chat_request())
    assert_good(response, "Hello there")
    assert response.header("x-proa-attempts") == "2" and b"not json" not in response.body


# ---- usage, tools, headers ----------------------------------------------------------------------

def test_usage_is_read_from_the_passing_stream(simple, upstream):
    upstream.script = [up.drip(up.STREAM_HEAD + b"".join(
        up.chunk(event) for event in up.stream_events()) + b"0\r\n\r\n")]
    gateway = simple(upstream)
    assert_good(gateway.post(CHAT, chat_request()), "Hello there")
    record = gateway.access()[-1]
    assert record["gen_ai.usage.input_tokens"] == 9 and record["gen_ai.usage.output_tokens"] == 4


def test_tool_call_deltas_are_content(simple, upstream):
    call = up.delta()
    call["choices"][0]["delta"] = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                                   "function": {"name": "f", "arguments": ""}}]}
    events = [ROLE, up.sse(call), up.sse(up.delta(finish="tool_calls")), up.sse("[DONE]")]
    upstream.script = [up.stream(events)]
    response = simple(upstream).post(CHAT, chat_request())
    assert response.status == 200 and response.body == b"".join(events)


def test_stream_headers_say_do_not_buffer(simple, upstream):
    upstream.script = [up.stream()]
    response = simple(upstream).post(CHAT, chat_request())
    assert response.header("content-type").startswith("text/event-stream")
    assert "no-cache" in response.header("cache-control")
    assert response.header("x-accel-buffering") == "no"
    assert response.header("x-request-id") and response.header("server-timing")


def test_sse_helper_drops_an_unterminated_event():
    assert sse_data(b"data: a\n\ndata: b") == ["a"]
