"""Lessons T-G: identical requests are paid once, and nobody gets what was not made for exactly that
request of exactly that caller."""
import json
import os
import threading
import time

import pytest
from testenv import TOLERANT
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.gateway import cli
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"
ALL = {"cache": {"mode": "all"}}
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def counting():
    """An upstream handler whose answers are numbered."""
    count = iter(range(1, 1000000))

    def handler(exchange):
        exchange.send(up.http(200, up.chat_body("answer %d" % next(count))))
    return handler


def verdict(response):
    return response.header("x-proa-cache")


class Held:
    """An upstream handler that answers when it is told to."""

    def __init__(self, answer=None):
        self.go = threading.Event()
        self.answer = answer or counting()

    def __call__(self, exchange):
        assert self.go.wait(seconds(20))
        return self.answer(exchange)


def ask(gateway, body=None, headers=(), path=CHAT):
    return gateway.post(path, BODY if body is None else body, headers)


def send(gateway, body=None, headers=()):
    """A connection whose request is under way."""
    connection = gateway.connect(30)
    connection.send(request_bytes("POST", CHAT, BODY if body is None else body, headers))
    return connection


def waiting(gateway):
    """How many have a place in a flight is not told; those who led or are answered are."""
    return gateway.metrics().total("proa_connections", listener="data")


# ---- hits ---------------------------------------------------------------------------------------

def test_g_a_hit_is_the_same_bytes(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    first, second = ask(gateway), ask(gateway)
    assert (verdict(first), verdict(second)) == ("miss", "hit")
    assert first.body == second.body and first.status == second.status == 200
    assert first.header("content-type") == second.header("content-type")
    assert second.header("x-proa-provider") == "p1" and second.header("x-proa-model") == "up-model"
    assert second.header("x-proa-attempts") == "0" and second.header("x-proa-trail") is None
    assert second.header("x-request-id") != first.header("x-request-id")
    assert first.header("cache-status") == "proa; fwd=uri-miss; stored"
    assert second.header("cache-status").startswith("proa; hit; ttl=")
    assert second.header("age") == "0" and first.header("age") is None
    assert second.header("x-proa-cache-saved-tokens") == "13"
    assert len(upstream.requests) == 1
    metrics = gateway.metrics()
    assert metrics.total("proa_cache_requests_total", result="hit") == 1
    assert metrics.total("proa_cache_requests_total", result="miss", reason="not_stored") == 1
    assert metrics.total("proa_cache_stores_total", result="stored") == 1
    assert metrics.total("proa_cache_saved_tokens_total", type="input") == 9
    assert metrics.total("proa_cache_saved_tokens_total", type="output") == 4
    assert metrics.total("proa_cache_entries") == 1 and metrics.total("proa_cache_bytes") > 0
    assert metrics.total("proa_attempts_total") == 1, "a hit is no attempt"
    records = gateway.access(2)
    assert [record["cache"] for record in records] == ["miss", "hit"]
    assert "attempts" not in records[1]


def test_g_the_same_in_other_words_hits(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    body = {"model": "m", "temperature": 0.0, "messages": [
        {"role": "user", "content": "Grüße 😀/\n"}], "tools": [{"b": [1, 2], "a": {"d": 1, "c": 2}}]}
    assert verdict(ask(gateway, body)) == "miss"
    reordered = dict(reversed(body.items()))
    reordered["tools"] = [{"a": {"c": 2, "d": 1}, "b": [1, 2]}]
    for text in (json.dumps(body), json.dumps(body, indent=4), json.dumps(body, ensure_ascii=False),
                 json.dumps(reordered, separators=(",", ":")),
                 json.dumps(body).replace("/", "\\/").replace('"m"', '"\\u006d"')):
        assert verdict(ask(gateway, text.encode())) == "hit", text
    for more in ({"user": "u"}, {"metadata": {"a": "b"}}, {"store": True}, {"stream": False},
                 {"service_tier": "auto"}, {"prompt_cache_key": "k"}, {"safety_identifier": "s"}):
        assert verdict(ask(gateway, {**body, **more})) == "hit", more
    assert len(upstream.requests) == 1


def test_g_any_other_field_misses(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    changes = [
        {}, {"temperature": 0}, {"temperature": 0.0}, {"temperature": 1}, {"top_p": 0.5}, {"n": 2},
        {"seed": 1}, {"seed": 2}, {"max_tokens": 5}, {"max_completion_tokens": 5}, {"stop": "x"},
        {"stop": ["x"]}, {"logit_bias": {"1": 1}}, {"presence_penalty": 1}, {"frequency_penalty": 1},
        {"response_format": {"type": "json_object"}}, {"tools": [{}]}, {"tool_choice": "none"},
        {"reasoning_effort": "low"}, {"unknown": 1}, {"unknown": "1"}, {"unknown": None},
        {"messages": [{"role": "user", "content": "hi "}]},
        {"messages": [{"role": "system", "content": "hi"}]},
        {"messages": [{"role": "user", "content": "hi"}, {"role": "user", "content": "hi"}]},
        {"messages": [{"role": "user", "content": "hi", "name": "x"}]},
    ]
    for change in changes:
        assert verdict(ask(gateway, {**BODY, **change})) == "miss", change
    assert len(upstream.requests) == len(changes)
    for change in changes:
        assert verdict(ask(gateway, {**BODY, **change})) == "hit", change


@pytest.mark.parametrize("header", ["openai-beta", "anthropic-beta", "anthropic-version",
                                    "openai-organization", "openai-project"])
def test_g_headers_that_matter(simple, upstreams, header):
    gateway = simple(upstreams(default=counting()), policy=ALL)
    assert verdict(ask(gateway)) == "miss"
    assert verdict(ask(gateway, headers=[(header, "one")])) == "miss"
    assert verdict(ask(gateway, headers=[(header, "two")])) == "miss"
    assert verdict(ask(gateway, headers=[(header, "one")])) == "hit"
    assert verdict(ask(gateway, headers=[(header, "one"), (header, "two")])) == "bypass"
    assert verdict(ask(gateway, headers=[("user-agent", "other")])) == "hit"


def test_g_endpoints_and_models_are_apart(simple, upstreams):
    def handler(exchange):
        exchange.send(up.http(200, {"object": "list", "data": [], "model": "m",
                                    "choices": [{"index": 0, "text": "x", "finish_reason": "stop"}],
                                    "results": [], "usage": up.USAGE}))
    gateway = simple(upstreams(default=handler), policy=ALL)
    body = {"model": "m", "prompt": "a", "input": "a", "messages": []}
    for path in ("/v1/completions", "/v1/embeddings", "/v1/moderations"):
        assert verdict(ask(gateway, body, path=path)) == "miss", path
        assert verdict(ask(gateway, body, path=path)) == "hit", path
    assert verdict(ask(gateway, {**body, "model": "p1/other"}, path="/v1/embeddings")) != "hit"


@pytest.mark.parametrize("more", [{}, {"seed": 1, "max_tokens": 7},
                                  {"providerOptions": {"gateway": {"tags": ["t"]}}, "models": ["m"]}])
def test_g_what_came_lately_is_passed_on_alike(simple, upstreams, more):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    body = json.dumps({"top_p": 1, **more, **BODY}).encode()
    for _ in range(3):
        assert verdict(ask(gateway, body, [("cache-control", "no-cache")])) == "miss"
    sent = [request.body for request in upstream.requests]
    assert len(sent) == 3 and sent[0] == sent[1] == sent[2]
    got = json.loads(sent[0])
    assert got["model"] == "up-model" and "providerOptions" not in got and "models" not in got
    assert got["messages"] == BODY["messages"] and got.get("max_tokens") == more.get("max_tokens")
    other = ask(gateway, body.replace(b'"m"', b'"n"'))
    assert (verdict(other), other.header("x-proa-model")) == ("bypass", "n"), "as long, not the same"
    assert verdict(ask(gateway, body)) == "hit"


# ---- callers ------------------------------------------------------------------------------------

def test_g_callers_never_see_each_others_answers(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    callers = [(), [("authorization", "Bearer a")], [("authorization", "Bearer b")],
               [("x-api-key", "a")], [("x-api-key", "b")], [("api-key", "a")]]
    answers = [ask(gateway, headers=caller) for caller in callers]
    assert [verdict(answer) for answer in answers] == ["miss"] * len(callers)
    assert len({answer.text for answer in answers}) == len(callers)
    for caller, answer in zip(callers, answers):
        again = ask(gateway, headers=caller)
        assert verdict(again) == "hit" and again.text == answer.text


def test_g_callers_do_not_share_a_call(simple, upstreams):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy=ALL)
    connections = [send(gateway, headers=[("authorization", "Bearer %s" % who)]) for who in "abc"]
    upstream.wait_requests(3)
    held.go.set()
    assert {connection.response().text for connection in connections} == {
        "answer 1", "answer 2", "answer 3"}


def test_g_who_wants_no_fallback_is_apart(gateways, upstreams):
    """What the first target alone answers, and what any of them does, are not the same."""
    gate = threading.Event()

    def bad(exchange):
        assert gate.wait(seconds(20))
        exchange.send(up.http(500, {"error": {"message": "it broke"}}))
    first, second = upstreams(default=bad), upstreams(default=counting())
    gateway = gateways({
        "providers": {name: {"dialect": "openai", "base_url": upstream.url, "keys": []}
                      for name, upstream in (("first", first), ("second", second))},
        "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT, **ALL}],
        "routes": [{"model": "m", "policy": "test", "tiers": [
            [{"provider": "first", "model": "x"}], [{"provider": "second", "model": "x"}]]}]})
    only = [("x-proa-no-fallback", "1")]
    strict = send(gateway, headers=only)
    first.wait_requests(1)
    lenient = send(gateway)
    first.wait_requests(2)
    gate.set()
    assert strict.response().status == 500
    assert lenient.response().text == "answer 1"
    assert verdict(ask(gateway)) == "hit"
    assert verdict(ask(gateway, headers=[("x-proa-no-fallback", "false")])) == "hit"
    assert ask(gateway, headers=only).status == 500, "nobody but the first may answer this"


# ---- what is not kept ---------------------------------------------------------------------------

@pytest.mark.parametrize("name,handler", [
    ("length", up.answer(200, {**up.chat_body(), "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "length"}]})),
    ("filter", up.answer(200, {**up.chat_body(), "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "x"},
         "finish_reason": "content_filter"}]})),
    ("refusal", up.answer(200, {**up.chat_body(), "choices": [
        {"index": 0, "message": {"role": "assistant", "content": None, "refusal": "no"},
         "finish_reason": "stop"}]})),
    ("no-store", up.chat(headers={"Cache-Control": "private, no-store"})),
    ("no-cache", up.chat(headers={"Cache-Control": "no-cache"})),
    ("max-age=0", up.chat(headers={"Cache-Control": "max-age=0"})),
    ("too large", up.chat("x" * 3000)),
])
def test_g_answers_that_are_not_kept(simple, upstreams, name, handler):
    upstream = upstreams(default=handler)
    gateway = simple(upstream, policy={"cache": {"mode": "all", "max_answer": "2KiB"}})
    for _ in range(2):
        response = ask(gateway)
        assert response.status == 200 and verdict(response) == "miss", name
        assert "stored" not in response.header("cache-status")
    assert len(upstream.requests) == 2
    assert gateway.metrics().total("proa_cache_entries") == 0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_g_errors_are_not_kept(simple, upstreams, status):
    upstream = upstreams(default=up.error(status))
    gateway = simple(upstream, policy={**ALL, "retry": {"max_attempts": 1}})
    for _ in range(2):
        response = ask(gateway)
        assert response.status >= 400 and verdict(response) == "miss"
    upstream.default = up.chat()
    assert gateway.metrics().total("proa_cache_entries") == 0


def test_g_cookies_stay_outside(simple, upstreams):
    """Big providers' front ends set cookies with every answer: they neither pass nor prevent."""
    gateway = simple(upstreams(default=up.chat(headers={"Set-Cookie": "__cf_bm=secret"})), policy=ALL)
    first, second = ask(gateway), ask(gateway)
    assert verdict(second) == "hit"
    assert first.header("set-cookie") is None and second.header("set-cookie") is None


@pytest.mark.parametrize("keep", [False, True])
def test_g_a_substitutes_answer_is_kept_only_on_demand(gateways, upstreams, keep):
    bad, good = upstreams(default=up.error(500)), upstreams(default=counting())
    gateway = gateways({
        "providers": {name: {"dialect": "openai", "base_url": upstream.url, "keys": []}
                      for name, upstream in (("bad", bad), ("good", good))},
        "policies": [{"name": "test", "cache": {"mode": "all", "fallback": keep}}],
        "routes": [{"model": "m", "policy": "test", "tiers": [
            [{"provider": "bad", "model": "asked"}],
            [{"provider": "good", "model": "another", "substitute": True}]]}]})
    assert verdict(ask(gateway)) == "miss"
    assert verdict(ask(gateway)) == ("hit" if keep else "miss")
    assert len(good.requests) == (1 if keep else 2)


def test_g_the_same_model_elsewhere_is_kept(simple, upstreams):
    good = upstreams(default=counting())
    gateway = simple(upstreams(default=up.error(500)), good, policy=ALL)
    assert verdict(ask(gateway)) == "miss"
    assert verdict(ask(gateway)) == "hit"


def test_g_streams_are_not_kept(simple, upstreams):
    upstream = upstreams(default=up.stream())
    gateway = simple(upstream, policy=ALL)
    for _ in range(2):
        response = ask(gateway, {**BODY, "stream": True})
        assert verdict(response) == "bypass" and response.text == "Hello there"
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("body,reason", [
    (b'{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}', "duplicate_key"),
    (b'{"model":"m","messages":[{"role":"user","content":"\\ud800"}]}', "form"),
    (b'{"model":"m","messages":' + b"[" * 40 + b"]" * 40 + b"}", "form"),
    (b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 300000 + b'"}]}', "large"),
    (json.dumps({**BODY, "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]}).encode(),
     "remote"),
])
def test_g_requests_that_step_aside(simple, upstreams, body, reason):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    for _ in range(2):
        response = ask(gateway, body)
        assert response.status == 200 and verdict(response) == "bypass"
        assert response.header("cache-status") == "proa; fwd=bypass; detail=" + reason
    assert len(upstream.requests) == 2


# ---- modes and headers --------------------------------------------------------------------------

def test_g_off_is_off(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream)
    for headers in ((), [("x-proa-cache-mode", "force")]):
        response = ask(gateway, {**BODY, "temperature": 0}, headers)
        assert verdict(response) == "bypass" and response.header("cache-status") is None
    assert len(upstream.requests) == 2
    assert gateway.metrics().total("proa_cache_requests_total") == 0


@pytest.mark.parametrize("more,headers,kept", [
    ({}, (), False),
    ({"temperature": 0}, (), True),
    ({"temperature": 0.7}, (), False),
    ({"temperature": None}, (), False),
    ({"seed": 7}, (), True),
    ({}, [("x-proa-cache-mode", "force")], True),
    ({"seed": 7}, [("x-proa-cache-mode", "off")], False),
    ({"seed": 7}, [("x-proa-no-cache", "1")], False),
    ({"seed": 7}, [("cache-control", "no-store")], False),
])
def test_g_what_is_deterministic(simple, upstreams, more, headers, kept):
    gateway = simple(upstreams(default=counting()), policy={"cache": {"mode": "deterministic"}})
    first, second = ask(gateway, {**BODY, **more}, headers), ask(gateway, {**BODY, **more}, headers)
    assert (verdict(first), verdict(second)) == (("miss", "hit") if kept else ("bypass", "bypass"))


def test_g_cache_control_of_requests(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=ALL)
    absent = ask(gateway, headers=[("cache-control", "only-if-cached")])
    assert absent.status == 504 and absent.error["code"] == "not_cached"
    assert upstream.requests == []
    assert ask(gateway).text == "answer 1"
    assert ask(gateway, headers=[("cache-control", "only-if-cached")]).text == "answer 1"
    fresh = ask(gateway, headers=[("cache-control", "no-cache")])
    assert fresh.text == "answer 2" and verdict(fresh) == "miss"
    assert fresh.header("cache-status") == "proa; fwd=request; stored"
    assert ask(gateway).text == "answer 2", "the new answer is the one that is kept"
    time.sleep(0.01)
    assert ask(gateway, headers=[("cache-control", "max-age=0")]).text == "answer 3"
    assert verdict(ask(gateway, headers=[("cache-control", "max-age=600")])) == "hit"


def test_g_time_is_over(simple, upstreams):
    gateway = simple(upstreams(default=counting()),
                     policy={"cache": {"mode": "all", "ttl": "300ms", "stale_if_error": "0s"}})
    assert ask(gateway).text == "answer 1"
    eventually(lambda: ask(gateway).text == "answer 2", 5, "the answer's end")


# ---- room ---------------------------------------------------------------------------------------

def test_g_the_byte_cap_is_hard(simple, upstreams):
    """Ten times as much as there is room for."""
    gateway = simple(upstreams(default=up.chat("x" * 2000)), policy=ALL,
                     config={"cache": {"size": "256KiB"}})
    with gateway.connect() as connection:
        for number in range(1000):
            connection.send(request_bytes("POST", CHAT, {**BODY, "seed": number}))
            assert connection.response().status == 200
            if number % 50 == 49:
                assert gateway.metrics().total("proa_cache_bytes") <= 256 * 1024
    metrics = gateway.metrics()
    assert metrics.total("proa_cache_bytes") > 200 * 1024
    assert metrics.total("proa_cache_evictions_total", reason="room") > 800


def test_g_no_room_at_all(simple, upstreams):
    gateway = simple(upstreams(default=counting()), policy=ALL, config={"cache": {"size": 0}})
    assert [verdict(ask(gateway)) for _ in range(2)] == ["miss", "miss"]


# ---- one call for many --------------------------------------------------------------------------

def test_g_a_hundred_identical_requests_are_one_call(simple, upstreams):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy=ALL)
    connections = [send(gateway) for _ in range(100)]
    eventually(lambda: waiting(gateway) == 100, what="a hundred connections")
    upstream.wait_requests(1)
    time.sleep(0.2)
    held.go.set()
    responses = [connection.response() for connection in connections]
    assert len(upstream.requests) == 1
    assert {response.text for response in responses} == {"answer 1"}
    verdicts = [verdict(response) for response in responses]
    assert verdicts.count("miss") == 1 and verdicts.count("coalesced") == 99
    one = responses[verdicts.index("coalesced")]
    assert one.header("cache-status") == "proa; fwd=uri-miss; collapsed"
    assert len({response.header("x-request-id") for response in responses}) == 100
    metrics = gateway.metrics()
    assert metrics.total("proa_cache_requests_total", result="coalesced") == 99
    assert metrics.total("proa_attempts_total") == 1
    assert metrics.total("proa_inflight_requests") == 0


def test_g_coalescing_can_be_off(simple, upstreams):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy={"cache": {"mode": "all", "coalesce": False}})
    connections = [send(gateway) for _ in range(3)]
    upstream.wait_requests(3)
    held.go.set()
    assert [connection.response().status for connection in connections] == [200] * 3


@pytest.mark.parametrize("leave", ["close", "abort"])
def test_g_the_leader_leaves_and_followers_are_served(simple, upstreams, leave):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy=ALL)
    leader = send(gateway)
    upstream.wait_requests(1)
    followers = [send(gateway) for _ in range(5)]
    eventually(lambda: waiting(gateway) == 6, what="the followers")
    time.sleep(0.2)
    getattr(leader, leave)()
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1, what="its end")
    held.go.set()
    assert [follower.response().text for follower in followers] == ["answer 1"] * 5
    assert len(upstream.requests) == 1
    assert verdict(ask(gateway)) == "hit"
    metrics = gateway.metrics()
    assert metrics.total("proa_requests_total", outcome="cancelled") == 1
    assert metrics.total("proa_requests_total", outcome="ok") == 6


def test_g_the_last_one_to_leave_cancels_the_call(simple, upstreams):
    upstream = upstreams(default=up.stall)
    gateway = simple(upstream, policy=ALL)
    leader = send(gateway)
    upstream.wait_requests(1)
    followers = [send(gateway) for _ in range(3)]
    eventually(lambda: waiting(gateway) == 4, what="the followers")
    time.sleep(0.2)
    leader.close()
    followers[0].close()
    followers[1].close()
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 3, what="three ends")
    assert upstream.connections[0].closed_at is None, "one still waits"
    followers[2].close()
    eventually(lambda: upstream.connections[0].closed_at, what="the call's end")
    eventually(lambda: gateway.metrics().total("proa_requests_total", outcome="cancelled") == 4,
               what="four cancelled requests")
    upstream.default = up.chat()
    assert ask(gateway).status == 200, "the next one makes a call of its own"


def test_g_followers_leave_and_the_leader_is_served(simple, upstreams):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy=ALL)
    leader = send(gateway)
    upstream.wait_requests(1)
    follower = send(gateway)
    eventually(lambda: waiting(gateway) == 2, what="the follower")
    time.sleep(0.1)
    follower.close()
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1, what="its end")
    held.go.set()
    assert leader.response().text == "answer 1"


def test_g_a_waiter_keeps_its_own_deadline(simple, upstreams):
    held = Held()
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy=ALL)
    leader = send(gateway)
    upstream.wait_requests(1)
    began = time.monotonic()
    late = ask(gateway, headers=[("x-proa-timeout", "300ms")])
    assert late.status == 504 and late.error["code"] == "deadline_exceeded"
    assert time.monotonic() - began < seconds(3)
    held.go.set()
    assert leader.response().text == "answer 1"


def test_g_the_leaders_own_deadline_is_not_the_followers(simple, upstreams):
    """The leader gave itself little time; whoever has more goes on."""
    upstream = upstreams(default=up.stall)
    gateway = simple(upstream, policy=ALL)
    leader = send(gateway, headers=[("x-proa-timeout", "1s")])
    upstream.wait_requests(1)
    followers = [send(gateway) for _ in range(4)]
    eventually(lambda: waiting(gateway) == 5, what="the followers")
    upstream.default = counting()
    assert leader.response().status == 504
    assert [follower.response().text for follower in followers] == ["answer 1"] * 4
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("status,shared", [(400, True), (422, True), (503, False)])
def test_g_failures_are_told_to_all(simple, upstreams, status, shared):
    held = Held(up.error(status, "it is broken"))
    upstream = upstreams(default=held)
    gateway = simple(upstream, policy={**ALL, "retry": {"max_attempts": 1}})
    connections = [send(gateway) for _ in range(10)]
    upstream.wait_requests(1)
    eventually(lambda: waiting(gateway) == 10, what="the followers")
    time.sleep(0.2)
    held.go.set()
    responses = [connection.response() for connection in connections]
    assert len(upstream.requests) == 1, "letting each try would be the stampede again"
    assert {response.status for response in responses} == {status}
    assert all("it is broken" in response.error["message"] for response in responses)
    waits = {response.header("retry-after-ms") for response in responses}
    if shared:
        assert waits == {None}
        assert {response.header("x-should-retry") for response in responses} == {"false"}
    else:
        assert len(waits) > 5, "they must not come back together: %s" % waits


def test_g_transport_failures_are_told_to_all(simple, upstreams):
    def broken(exchange):
        assert go.wait(seconds(20))
        exchange.reset()
        return False
    go = threading.Event()
    upstream = upstreams(default=broken)
    gateway = simple(upstream, policy={**ALL, "retry": {"max_attempts": 1}})
    connections = [send(gateway) for _ in range(5)]
    upstream.wait_requests(1)
    eventually(lambda: waiting(gateway) == 5, what="the followers")
    time.sleep(0.2)
    go.set()
    responses = [connection.response() for connection in connections]
    assert {response.status for response in responses} == {502}
    ids = {response.error["request_id"] for response in responses}
    assert len(ids) == 5, "each error names its own request"


def test_g_an_answer_too_large_to_hold_releases_the_followers(simple, upstreams):
    gate = threading.Event()
    text = "x" * 40000
    whole = up.http(200, up.chat_body(text))

    def handler(exchange):
        assert gate.wait(seconds(20))
        exchange.send(whole[:30000])
        time.sleep(0.05)
        exchange.send(whole[30000:])
    upstream = upstreams(default=handler)
    gateway = simple(upstream, policy={**ALL, "commit": {"max_plain_bytes": "8KiB"}})
    connections = [send(gateway) for _ in range(4)]
    upstream.wait_requests(1)
    eventually(lambda: waiting(gateway) == 4, what="the followers")
    time.sleep(0.2)
    gate.set()
    assert [connection.response().text for connection in connections] == [text] * 4
    assert len(upstream.requests) == 4


def test_g_a_large_answer_that_nobody_waits_for_any_more_is_cancelled(simple, upstreams):
    """The leader left, and its followers make calls of their own: its own has no reader."""
    gate = threading.Event()
    calls = iter(range(100))

    def handler(exchange):
        if next(calls) > 0:
            return up.chat("small")(exchange)
        assert gate.wait(seconds(20))
        exchange.send(up.http(200, up.chat_body("x" * 400000))[:100000])
        assert exchange.wait_closed(20), "the call goes on for nobody"
        return False
    upstream = upstreams(default=handler)
    gateway = simple(upstream, policy={**ALL, "commit": {"max_plain_bytes": "8KiB"}})
    leader = send(gateway)
    upstream.wait_requests(1)
    follower = send(gateway)
    eventually(lambda: waiting(gateway) == 2, what="the follower")
    time.sleep(0.2)
    leader.close()
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1, what="its end")
    gate.set()
    assert follower.response().text == "small"
    eventually(lambda: upstream.connections[0].closed_at, 3, "the call's end")
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 0, what="its end")


def test_g_draining_tells_those_who_wait(simple, upstreams):
    upstream = upstreams(default=up.stall)
    gateway = simple(upstream, policy=ALL, config={"limits": {"drain": "500ms"}})
    connections = [send(gateway) for _ in range(4)]
    upstream.wait_requests(1)
    eventually(lambda: waiting(gateway) == 4, what="the followers")
    time.sleep(0.2)
    stopper = threading.Thread(target=gateway.stop)
    stopper.start()
    responses = [connection.response() for connection in connections]
    stopper.join()
    assert {response.error["code"] for response in responses} == {"gateway_draining"}


def test_g_draining_after_the_leader_left(simple, upstreams):
    upstream = upstreams(default=up.stall)
    gateway = simple(upstream, policy=ALL, config={"limits": {"drain": "500ms"}})
    leader = send(gateway)
    upstream.wait_requests(1)
    follower = send(gateway)
    eventually(lambda: waiting(gateway) == 2, what="the follower")
    time.sleep(0.2)
    leader.close()
    eventually(lambda: gateway.metrics().total("proa_client_cancelled_total") == 1, what="its end")
    stopper = threading.Thread(target=gateway.stop)
    stopper.start()
    assert follower.response().error["code"] == "gateway_draining"
    stopper.join()


# ---- yesterday's answer -------------------------------------------------------------------------

STALE = {"cache": {"mode": "all", "ttl": "100ms"}, "retry": {"max_attempts": 1}}


def make_stale(gateway, upstream, handler):
    assert ask(gateway).text == "answer 1"
    time.sleep(0.15)
    upstream.default = handler


@pytest.mark.parametrize("name,handler", [
    ("500", up.error(500)), ("503", up.error(503)), ("429", up.error(429)), ("529", up.error(529)),
    ("reset", up.raw(b"", then="reset")), ("cut", up.raw(up.http(200, up.chat_body())[:200])),
    ("no json", up.answer(200, "<html>")),
])
def test_g_stale_if_error(simple, upstreams, name, handler):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    make_stale(gateway, upstream, handler)
    response = ask(gateway)
    assert response.status == 200 and response.text == "answer 1", name
    assert verdict(response) == "stale"
    assert response.header("cache-status").startswith("proa; fwd=stale; ttl=-0; detail=stale-if-err")
    assert response.header("age") == "0" and response.header("x-proa-attempts") == "1"
    metrics = gateway.metrics()
    assert metrics.total("proa_cache_requests_total", result="stale") == 1
    assert metrics.total("proa_requests_total", outcome="degraded") == 1
    assert metrics.total("proa_requests_total", outcome="error") == 0
    upstream.default = up.chat("new")
    eventually(lambda: ask(gateway).text == "new", 20, "the provider coming back")


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_g_stale_is_not_for_faults_of_the_request(simple, upstreams, status):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    make_stale(gateway, upstream, up.error(status))
    assert ask(gateway).status == status


def test_g_stale_can_be_off(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy={**STALE, "cache": {**STALE["cache"], "stale_if_error": "0s"}})
    make_stale(gateway, upstream, up.error(500))
    assert ask(gateway).status == 500


def test_g_stale_when_nobody_may_be_asked(simple, upstreams):
    """The only key was refused a moment ago: no attempt at all."""
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    make_stale(gateway, upstream, up.error(401))
    assert ask(gateway, {**BODY, "seed": 1}).status == 401
    response = ask(gateway)
    assert verdict(response) == "stale" and response.header("x-proa-attempts") == "0"
    assert len(upstream.requests) == 2


def test_g_stale_goes_to_all_who_wait(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    held = Held(up.error(500))
    make_stale(gateway, upstream, held)
    connections = [send(gateway) for _ in range(5)]
    upstream.wait_requests(2)
    eventually(lambda: waiting(gateway) == 5, what="the followers")
    time.sleep(0.2)
    held.go.set()
    responses = [connection.response() for connection in connections]
    assert {response.text for response in responses} == {"answer 1"}
    assert {verdict(response) for response in responses} == {"stale"}
    assert len(upstream.requests) == 2


def test_g_stale_for_the_leaders_own_deadline_is_not_the_followers(simple, upstreams):
    """Who has more time gets what the provider says."""
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    calls = iter(range(100))
    make_stale(gateway, upstream,
               lambda exchange: (up.stall if next(calls) == 0 else up.chat("new"))(exchange))
    leader = send(gateway, headers=[("x-proa-timeout", "1s")])
    upstream.wait_requests(2)
    followers = [send(gateway) for _ in range(3)]
    eventually(lambda: waiting(gateway) == 4, what="the followers")
    assert verdict(leader.response()) == "stale"
    assert [follower.response().text for follower in followers] == ["new"] * 3


def test_g_stale_is_not_for_who_wants_it_younger(simple, upstreams):
    upstream = upstreams(default=counting())
    gateway = simple(upstream, policy=STALE)
    held = Held(up.error(500))
    make_stale(gateway, upstream, held)
    leader = send(gateway)
    upstream.wait_requests(2)
    follower = send(gateway, headers=[("cache-control", "max-age=0")])
    eventually(lambda: waiting(gateway) == 2, what="the follower")
    time.sleep(0.2)
    held.go.set()
    assert verdict(leader.response()) == "stale"
    assert follower.response().status == 500


# ---- configuration ------------------------------------------------------------------------------

def test_g_a_reload_keeps_answers_while_the_route_leads_to_the_same(gateways, upstreams):
    upstream = upstreams(default=counting())

    def config(model, comment):
        return {"apiVersion": "proa/v1", "providers": {"p": {"dialect": "openai", "keys": [],
                                                             "base_url": upstream.url}},
                "policies": [{"name": "test", "cache": {"mode": "all"},
                              "retry": {"max_attempts": comment}}],
                "routes": [{"model": "m", "policy": "test", "tiers": [
                    [{"provider": "p", "model": model}]]}]}

    def reload(model, comment):
        with open(gateway.config_path, encoding="utf-8") as file:
            whole = json.load(file)
        whole.update(config(model, comment))
        before = gateway.metrics().total("proa_config_reloads_total", result="ok")
        with open(gateway.config_path, "w", encoding="utf-8") as file:
            json.dump(whole, file)
        eventually(lambda: gateway.metrics().total("proa_config_reloads_total", result="ok") > before,
                   10, "the reload")

    gateway = gateways(config("one", 3))
    assert ask(gateway).text == "answer 1"
    reload("one", 4)
    assert ask(gateway).text == "answer 1"
    reload("two", 4)
    assert ask(gateway).text == "answer 2"


# ---- operators ----------------------------------------------------------------------------------

def test_g_operators_see_figures_and_purge(simple, upstreams):
    token = "a-token-of-sixteen-bytes-or-more"
    gateway = simple(upstreams(default=counting()), policy=ALL,
                     config={"admin": {"token": {"env": "PROA_ADMIN"}}}, env={"PROA_ADMIN": token})
    where = ("--admin", "127.0.0.1:%d" % gateway.admin_port)
    for seed in range(3):
        ask(gateway, {**BODY, "seed": seed})
        ask(gateway, {**BODY, "seed": seed})
    done = cli("cache", *where)
    assert done.returncode == 0 and "kept      3 answers, " in done.stdout, done
    assert "asked     6 times: 3 fresh, 0 stale (50 % fresh)" in done.stdout
    figures = json.loads(cli("cache", "stats", "--output", "json", *where).stdout)
    assert figures["entries"] == 3 and figures["stored"] == 3 and figures["fresh"] == 3
    refused = cli("cache", "purge", *where)
    assert refused.returncode == 64 and "PROA_ADMIN_TOKEN" in refused.stderr
    wrong = cli("cache", "purge", *where, env={"PROA_ADMIN_TOKEN": "something else"})
    assert wrong.returncode == 1 and "wrong_token" in wrong.stderr
    assert verdict(ask(gateway, {**BODY, "seed": 0})) == "hit"
    done = cli("cache", "purge", *where, env={"PROA_ADMIN_TOKEN": token})
    assert done.returncode == 0 and done.stdout == "3 answers forgotten\n"
    assert verdict(ask(gateway, {**BODY, "seed": 0})) == "miss"
    assert gateway.metrics().total("proa_cache_evictions_total", reason="purged") == 3
    path = gateway.folder + "/token"
    with open(path, "w", encoding="ascii") as file:
        file.write(token + "\n")
    os.chmod(path, 0o600)
    assert cli("cache", "purge", "--token-file", path, *where).stdout == "1 answers forgotten\n"
    assert cli("cache", "burn", *where).returncode == 64
