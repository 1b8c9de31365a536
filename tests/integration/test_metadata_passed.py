"""What the gateway tells, in answers that are passed on: to who asks for it, in its place, and with
not another byte changed."""
import json
import re

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.client import sse_data

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
WANTED = {"x-proa-metadata": "1"}
GENERATION = re.compile(r"^gen_[0-9A-HJKMNP-TV-Z]{26}$")
# As no writer of ours would write it.
ODD = ('{ "id":"c1" ,"choices":[ {"index":0,"message":{"role":"assistant","content":"h\\u00e9"},'
       '"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n')


def check(told, provider_name="p1", attempts=1):
    assert GENERATION.match(told["generationId"])
    routing = told["routing"]
    assert routing["finalProvider"] == provider_name
    assert routing["totalProviderAttemptCount"] == attempts
    return routing


@pytest.mark.parametrize("headers, more", [
    (WANTED, {}), ((), {"providerOptions": {}}), ((), {"providerOptions": {"gateway": {"tags": ["a"]}}}),
    ({"x-proa-metadata": "true"}, {"providerOptions": {"x": 1}})])
def test_chat(simple, upstreams, headers, more):
    upstream = upstreams(default=up.answer(200, ODD))
    gateway = simple(upstream)
    response = gateway.post(CHAT, {**ASKED, **more}, headers)
    assert response.status == 200 and response.header("content-length") == str(len(response.body))
    told = response.json["choices"][0]["message"]["provider_metadata"]
    check(told["gateway"])
    piece = ',"provider_metadata":' + json.dumps(told, separators=(",", ":"))
    assert response.body.decode().replace(piece, "") == ODD
    assert "providerOptions" not in upstream.requests[-1].json


@pytest.mark.parametrize("headers", [(), {"x-proa-metadata": "0"}, {"x-proa-metadata": "false"}])
def test_who_does_not_ask_gets_what_came(simple, upstreams, headers):
    upstream = upstreams(default=up.answer(200, ODD))
    gateway = simple(upstream)
    assert gateway.post(CHAT, ASKED, headers).body.decode() == ODD
    events = up.stream_events()
    upstream.default = up.stream(events)
    assert gateway.post(CHAT, {**ASKED, "stream": True}, headers).body == b"".join(events)


def test_attempts_are_told(simple, upstreams):
    gateway = simple(upstreams(default=up.error(500)), upstreams())
    told = gateway.post(CHAT, ASKED, WANTED).json["choices"][0]["message"]["provider_metadata"]["gateway"]
    routing = check(told, "p2", 2)
    tried = [each for model in routing["modelAttempts"] for each in model["providerAttempts"]]
    assert [(each["provider"], each["success"], each["statusCode"]) for each in tried] == [
        ("p1", False, 500), ("p2", True, 200)]


def test_costs_are_told(gateways, upstreams):
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    upstream = upstreams(default=up.chat(usage=usage))
    gateway = gateways({"providers": {"openai": provider(upstream)}}, env=KEYS)
    response = gateway.post(CHAT, {**ASKED, "model": "openai/gpt-4o"}, WANTED)
    told = response.json["choices"][0]["message"]["provider_metadata"]["gateway"]
    assert told["cost"] == response.header("x-proa-cost-usd") == "0.0035"


@pytest.mark.parametrize("path, body, answer", [
    ("/v1/embeddings", {"model": "m", "input": "a"},
     {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "e",
      "usage": {"prompt_tokens": 1, "total_tokens": 1}}),
])
def test_lists_tell_it_on_top(simple, upstreams, path, body, answer):
    gateway = simple(upstreams(default=up.answer(200, answer)))
    told = gateway.post(path, body, WANTED).json
    check(told.pop("providerMetadata")["gateway"])
    assert told == answer == gateway.post(path, body).json


@pytest.mark.parametrize("path, body, answer", [
    ("/v1/completions", {"model": "m", "prompt": "a"},
     {"id": "c", "object": "text_completion", "choices": [{"index": 0, "text": "b", "finish_reason": "stop"}]}),
    ("/v1/moderations", {"model": "m", "input": "a"}, {"id": "m", "results": [{"flagged": False}]}),
    (CHAT, ASKED, {"id": "c", "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": "a", "provider_metadata": {"gateway": {"of": "another"}}}}]}),
])
def test_what_has_no_place_for_it_is_left_alone(simple, upstreams, path, body, answer):
    gateway = simple(upstreams(default=up.answer(200, answer)))
    assert gateway.post(path, body, WANTED).json == answer


# ---- streams -------------------------------------------------------------------------------------

def without(response):
    """The stream with what was told taken out, and that."""
    told = []
    lines = []
    for line in response.body.split(b"\n"):
        found = re.search(rb',?"provider_metadata":(\{.*\})(?=\})', line)
        if found:
            value, end = json.JSONDecoder().raw_decode(found.group(1).decode())
            told.append(value)
            line = line[:found.start()] + line[found.start(1) + end:]
        lines.append(line)
    return b"\n".join(lines), told


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("texts", [("Hel", "lo"), ()])
def test_a_stream_tells_it_where_it_finishes(simple, upstreams, size, texts):
    events = b"".join(up.stream_events(texts))
    data = up.STREAM_HEAD + b"".join(up.chunk(events[i:i + size]) for i in range(0, len(events), size))
    upstream = upstreams(default=up.raw(data + b"0\r\n\r\n", then="keep"))
    gateway = simple(upstream)
    response = gateway.post(CHAT, {**ASKED, "stream": True}, WANTED)
    assert response.status == 200
    same, told = without(response)
    assert same == events
    assert len(told) == 1
    check(told[0]["gateway"])
    (finish,) = [json.loads(each) for each in sse_data(response.body)
                 if each != "[DONE]" and json.loads(each)["choices"]
                 and json.loads(each)["choices"][0]["finish_reason"]]
    assert finish["choices"][0]["delta"]["provider_metadata"] == told[0]


def test_two_choices_tell_it_with_the_last(simple, upstreams):
    def choice(index, text=None, finish=None):
        made = up.delta(text, finish=finish)
        made["choices"][0]["index"] = index
        return up.sse(made)
    events = [choice(0, "a"), choice(1, "b"), choice(0, finish="stop"), choice(1, finish="length"),
              up.sse("[DONE]")]
    gateway = simple(upstreams(default=up.stream(events)))
    response = gateway.post(CHAT, {**ASKED, "n": 2, "stream": True}, WANTED)
    same, told = without(response)
    assert same == b"".join(events) and len(told) == 1
    assert b"provider_metadata" in response.body.split(b"\n\n")[3]


def test_a_stream_that_breaks_tells_it_with_the_error(simple, upstreams):
    events = up.stream_events(("Hel",), usage=False, done=False)[:-1]
    gateway = simple(upstreams(default=up.stream(events, end=False)), policy={
        "midstream": "error", "timeouts": {"idle": "1s"}})
    response = gateway.post(CHAT, {**ASKED, "stream": True}, WANTED)
    error = json.loads(sse_data(response.body)[-1])
    assert error["error"]["message"] and GENERATION.match(error["generationId"])
    assert error["providerMetadata"]["gateway"]["routing"]["totalProviderAttemptCount"] == 1


# ---- Anthropic's ---------------------------------------------------------------------------------

def claude(gateways, upstreams, default):
    upstream = upstreams(default=default)
    return gateways({"providers": {"claude": {"dialect": "anthropic", "base_url": upstream.url,
                                              "keys": [{"env": "PROA_TEST_KEY"}]}},
                     "routes": [{"model": "m", "tiers": [[{"provider": "claude", "model": "c"}]]}]}, env=KEYS)


MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "c",
           "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "stop_sequence": None,
           "usage": {"input_tokens": 7, "output_tokens": 3}}


def test_messages(gateways, upstreams):
    gateway = claude(gateways, upstreams, up.answer(200, MESSAGE))
    asked = {"model": "m", "max_tokens": 9, "messages": ASKED["messages"]}
    assert gateway.post("/v1/messages", asked).json == MESSAGE
    for headers, more in ((WANTED, {}), ((), {"providerOptions": {"gateway": {}}})):
        told = gateway.post("/v1/messages", {**asked, **more}, headers).json
        check(told.pop("provider_metadata")["gateway"], "claude")
        assert told == MESSAGE


@pytest.mark.parametrize("size", [1, 50, 5000])
def test_a_stream_of_messages(gateways, upstreams, size):
    def event(kind, **more):
        return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **more}).encode())
    events = b"".join([
        event("message_start", message={**MESSAGE, "content": [], "stop_reason": None}),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": "message_delta"}),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
        event("message_stop")])
    data = up.STREAM_HEAD + b"".join(up.chunk(events[i:i + size]) for i in range(0, len(events), size))
    gateway = claude(gateways, upstreams, up.raw(data + b"0\r\n\r\n", then="keep"))
    asked = {"model": "m", "max_tokens": 9, "messages": ASKED["messages"], "stream": True}
    assert gateway.post("/v1/messages", asked).body == events
    response = gateway.post("/v1/messages", asked, WANTED)
    same, told = without(response)
    assert same == events and len(told) == 1
    check(told[0]["gateway"], "claude")
    (delta,) = [json.loads(each) for each in sse_data(response.body)
                if json.loads(each)["type"] == "message_delta"]
    assert delta["provider_metadata"] == told[0] and delta["usage"] == {"output_tokens": 3}


# ---- with the cache ------------------------------------------------------------------------------

def test_what_is_kept_is_what_came(simple, upstreams):
    upstream = upstreams(default=up.answer(200, ODD))
    gateway = simple(upstream, policy={"cache": {"mode": "all"}})
    first = gateway.post(CHAT, ASKED, WANTED)
    assert b"provider_metadata" in first.body
    again = gateway.post(CHAT, ASKED)
    assert again.header("x-proa-cache") == "hit" and again.body.decode() == ODD
    assert len(upstream.requests) == 1


def test_an_answer_too_long_to_hold_goes_as_it_comes(simple, upstreams):
    long = json.dumps(up.chat_body("x" * 300_000))
    gateway = simple(upstreams(default=up.answer(200, long)), policy={"commit": {"max_plain_bytes": 65536}})
    assert gateway.post(CHAT, ASKED, WANTED).body.decode() == long
