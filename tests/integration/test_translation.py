"""A client that speaks OpenAI, and providers that speak otherwise: what holds whatever the dialect
is. The Messages API stands for all of them here."""
import base64
import json
import struct
import threading
import time

import pytest
from testenv import TOLERANT
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"
USAGE = {"input_tokens": 7, "output_tokens": 3}
HEAD = up.STREAM_HEAD


def message(*blocks, stop="end_turn", **more):
    """A whole answer of the Messages API."""
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-up",
            "content": [{"type": "text", "text": block} if isinstance(block, str) else block
                        for block in blocks],
            "stop_reason": stop, "stop_sequence": None, "usage": USAGE, **more}


def whole(*blocks, **more):
    return up.answer(200, message(*blocks, **more), {"request-id": "req_1"})


def event(kind, **more):
    return "event: %s\ndata: %s\n\n" % (kind, json.dumps({"type": kind, **more}))


BEGIN = event("message_start", message={**message(), "content": [], "stop_reason": None,
                                        "usage": {"input_tokens": 7, "output_tokens": 1}})
PING = event("ping")
BLOCK = event("content_block_start", index=0, content_block={"type": "text", "text": ""})


def words(*texts):
    return [event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
            for text in texts]


END = [event("content_block_stop", index=0),
       event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
             usage={"output_tokens": 3}),
       event("message_stop")]


def streamed(*texts):
    return [BEGIN, PING, BLOCK, *words(*texts), *END]


def sends(events, then="keep", gap=0.0):
    """The events, one chunk each; then the end of the stream, or what `then` says."""
    chunks = [up.chunk(each.encode()) for each in events]
    if then == "keep":
        chunks.append(b"0\r\n\r\n")
    return up.raw(HEAD, *chunks, then=then, gap=gap)


def error(status, kind, text="it broke"):
    return up.answer(status, {"type": "error", "error": {"type": kind, "message": text},
                              "request_id": "req_1"})


@pytest.fixture
def pair(gateways, upstreams):
    """pair(policy=...) -> gateway, claude, gpt: one tier each, the Messages API first."""
    def make(policy=None, order=("claude", "gpt"), prefill="none", **more):
        claude, gpt = upstreams(default=whole("hello from claude")), upstreams()
        config = {
            "providers": {
                "claude": {"dialect": "anthropic", "base_url": claude.url,
                           "keys": [{"env": "PROA_TEST_KEY"}]},
                "gpt": {"dialect": "openai", "base_url": gpt.url, "keys": []}},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or TOLERANT)}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": name, "model": "up-model"}] for name in order]}],
            **more,
        }
        for name in order[1:]:
            config["providers"][name]["prefill"] = prefill
        return gateways(config, env={"PROA_TEST_KEY": "test-key-1"}), claude, gpt
    return make


def chunks_of(response):
    assert response.complete and response.events[-1] == "[DONE]", response
    assert response.events.count("[DONE]") == 1
    return [json.loads(each) for each in response.events[:-1]]


def check_stream(response, text, finish="stop"):
    """What every stream promises; the chunks."""
    assert response.status == 200, response
    assert response.header("content-type").startswith("text/event-stream")
    chunks = chunks_of(response)
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    assert choices[-1]["finish_reason"] == finish
    assert set(choices[-1]["delta"]) == {"provider_metadata"}
    assert response.text == text
    return chunks


# ---- answers -------------------------------------------------------------------------------------

@pytest.mark.smoke
def test_whole_answer(pair):
    gateway, claude, _ = pair()
    response = gateway.chat(messages=[{"role": "system", "content": "be brief"},
                                      {"role": "user", "content": "hi"}], max_tokens=9,
                            headers={"openai-organization": "org", "anthropic-beta": "b"})
    assert response.status == 200, response
    assert response.json["object"] == "chat.completion" and response.json["model"] == "claude-up"
    (choice,) = response.json["choices"]
    told = choice["message"].pop("provider_metadata")["gateway"]
    assert choice == {
        "index": 0, "message": {"role": "assistant", "content": "hello from claude",
                                "refusal": None},
        "logprobs": None, "finish_reason": "stop"}
    assert told["routing"]["finalProvider"] == "claude" and told["generationId"].startswith("gen_")
    assert response.json["usage"]["prompt_tokens"] == 7
    assert response.json["usage"]["completion_tokens"] == 3
    assert response.header("x-proa-provider") == "claude"
    assert response.header("request-id") == "req_1"
    assert response.header("x-proa-warnings") is None
    asked = claude.requests[0]
    assert asked.header("openai-organization") is None
    assert asked.header("anthropic-beta") == "b"
    assert asked.target == "/v1/messages" and asked.header("x-api-key") == "test-key-1"
    assert asked.json["model"] == "up-model" and asked.json["max_tokens"] == 9
    assert json.dumps(asked.json["system"]).count("be brief") == 1
    record = gateway.access()[0]
    assert record["gen_ai.usage.input_tokens"] == 7


@pytest.mark.smoke
def test_stream(pair):
    gateway, claude, _ = pair()
    claude.script = [sends(streamed("Hel", "lo"))]
    response = gateway.chat(stream=True, stream_options={"include_usage": True})
    chunks = check_stream(response, "Hello")
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["prompt_tokens"] == 7
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert claude.requests[0].json["stream"] is True
    claude.script = [sends(streamed("Hel", "lo"))]
    assert all(chunk["choices"] for chunk in check_stream(gateway.chat(stream=True), "Hello"))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_stream_cut_anywhere(pair, size):
    gateway, claude, _ = pair()
    body = "".join(streamed("Hel", "lo \u2603")).encode()
    claude.script = [up.raw(HEAD, *[up.chunk(body[i:i + size])
                                    for i in range(0, len(body), size)], b"0\r\n\r\n",
                            then="keep")]
    check_stream(gateway.chat(stream=True), "Hello \u2603")


def test_content_goes_out_as_it_comes(pair):
    gateway, claude, _ = pair()
    claude.script = [sends(streamed("one ", "two ", "three"), gap=0.3)]
    response = gateway.chat(stream=True)
    check_stream(response, "one two three")
    at = [when for when, data in response.pieces if b'"content":"t' in data]  # two, three
    assert len(at) == 2 and at[1] - at[0] > 0.15


def test_a_whole_answer_to_who_wants_a_stream(pair):
    gateway, claude, _ = pair()
    claude.script = [whole("all at once")]
    check_stream(gateway.chat(stream=True), "all at once")


def test_tools_and_thinking_go_round(pair):
    """What an answer says comes back in the next request, and reaches the provider as its own."""
    gateway, claude, _ = pair()
    thought = {"type": "thinking", "thinking": "I look", "signature": "c2ln"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "this"}}
    claude.script = [whole(thought, "So.", use, stop="tool_use")]
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    question = {"role": "user", "content": "hi"}
    first = gateway.chat(messages=[question], tools=tools)
    said = first.json["choices"][0]["message"]
    assert first.json["choices"][0]["finish_reason"] == "tool_calls"
    assert said["reasoning_content"] == "I look" and said["content"] == "So."
    assert said["reasoning_details"][0]["signature"] == "c2ln"
    assert said["tool_calls"][0]["id"] == "toolu_1"
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"at": "this"}
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": "nothing"}
    assert gateway.chat(messages=[question, said, result], tools=tools).status == 200
    turns = claude.requests[1].json["messages"]
    assert turns[1]["role"] == "assistant"
    blocks = [{key: block[key] for key in expected} for block, expected in
              zip(turns[1]["content"], [thought, {"type": "text", "text": "So."}, use])]
    assert blocks == [thought, {"type": "text", "text": "So."}, use]
    assert turns[2]["content"][0]["type"] == "tool_result"
    assert turns[2]["content"][0]["tool_use_id"] == "toolu_1"


def test_tool_history_of_one_is_taken_by_the_next(pair):
    gateway, claude, gpt = pair()
    claude.script = [error(529, "overloaded_error")]
    messages = [{"role": "user", "content": "hi"},
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "toolu_1", "type": "function",
                     "function": {"name": "look", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "nothing"}]
    response = gateway.chat(messages=messages)
    assert response.status == 200 and response.header("x-proa-provider") == "gpt"
    assert gpt.requests[0].json["messages"] == messages  # its own bytes


def test_legacy_completion(pair):
    gateway, claude, _ = pair()
    response = gateway.post("/v1/completions", {"model": "m", "prompt": "once"})
    assert response.json["object"] == "text_completion"
    assert response.json["choices"][0]["text"] == "hello from claude"
    assert json.dumps(claude.requests[0].json["messages"]).count("once") == 1
    claude.script = [sends(streamed("a", "b"))]
    response = gateway.post("/v1/completions", {"model": "m", "prompt": "once", "stream": True})
    texts = [chunk["choices"][0]["text"] for chunk in chunks_of(response)]
    assert "".join(texts) == "ab"


# ---- what cannot be done ---------------------------------------------------------------------------

AUDIO = [{"role": "user", "content": [{"type": "input_audio", "input_audio": {
    "data": "AAAA", "format": "wav"}}]}]


def test_dropped_features_are_told(pair):
    gateway, claude, _ = pair()
    response = gateway.chat(seed=3, logprobs=True)
    assert response.status == 200
    warnings = response.header("x-proa-warnings").split("; ")
    assert {warning.split(":")[0] for warning in warnings} >= {"seed", "logprobs"}
    assert "seed" not in claude.requests[0].json
    assert "seed" in gateway.access()[0]["warnings"]


def test_what_one_cannot_another_does(pair):
    gateway, claude, gpt = pair()
    for _ in range(8):
        response = gateway.chat(messages=AUDIO)
        assert response.status == 200 and response.header("x-proa-provider") == "gpt"
    assert claude.requests == []
    assert "claude/k1:unfit" in response.header("x-proa-trail")
    # that was no failure: the first is the first again
    assert gateway.chat().header("x-proa-provider") == "claude"


def test_what_nobody_can_is_the_clients_to_change(pair):
    gateway, claude, _ = pair(order=("claude",))
    response = gateway.chat(messages=AUDIO)
    assert response.status == 400
    assert response.error["code"] == "invalid_request" and response.error["source"] == "gateway"
    assert "input_audio" in response.error["message"]
    assert response.header("x-should-retry") == "false"
    response = gateway.post("/v1/embeddings", {"model": "m", "input": "a"})
    assert response.status == 400 and "embeddings" in response.error["message"]
    assert claude.requests == []


def test_malformed_request(pair):
    gateway, claude, gpt = pair()
    response = gateway.chat(messages=[{"role": "user", "content": "a"},
                                      {"role": "robot", "content": "b"}])
    assert response.status == 400
    assert response.error["param"] == "messages[1].role" and "robot" in response.error["message"]
    assert response.error["code"] == "invalid_request"
    assert claude.requests == [] and gpt.requests == []
    # a provider that is asked in the client's own words is left to say so itself
    gateway, _, gpt = pair(order=("gpt",))
    assert gateway.chat(messages=[{"role": "robot", "content": "b"}]).status == 200


# ---- failures --------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault, trail", [
    (error(529, "overloaded_error"), "claude/k1:529"),
    (error(500, "api_error"), "claude/k1:500"),
    (error(429, "rate_limit_error"), "claude/k1:429"),
    (error(401, "authentication_error"), "claude/k1:401"),
    (up.answer(200, b"<html>"), "claude/k1:invalid_response"),
    (up.answer(200, b'{"type":"message"}'), "claude/k1:"),
    (up.answer(200, b""), "claude/k1:empty_answer"),
    (up.answer(200, {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
     "claude/k1:"),
    (up.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
            then="close"), "claude/k1:"),
])
def test_failures_move_on(pair, fault, trail):
    gateway, claude, gpt = pair()
    claude.script = [fault] * 3
    response = gateway.chat()
    assert response.status == 200, response
    assert response.header("x-proa-provider") == "gpt" and response.text == "hello from upstream"
    assert response.header("x-proa-trail").startswith(trail)


def test_the_requests_own_fault_is_told_in_the_clients_words(pair):
    gateway, claude, gpt = pair()
    claude.script = [error(400, "invalid_request_error", "max_tokens: is too much")]
    response = gateway.chat()
    assert response.status == 400
    assert response.error["message"] == "max_tokens: is too much"
    assert response.error["source"] == "provider" and response.error["provider"] == "claude"
    assert response.error["type"] == "invalid_request_error"
    assert gpt.requests == []


@pytest.mark.parametrize("text,code", [
    ("prompt is too long: 214001 tokens > 200000 maximum", "context_length_exceeded"),
    ("Output blocked by content filtering policy", "content_policy_violation"),
    ("max_tokens: is too much", "invalid_request")])
def test_what_a_request_is_refused_for_is_told(pair, text, code):
    gateway, claude, _ = pair(order=("claude",))
    claude.script = [error(400, "invalid_request_error", text)]
    response = gateway.chat()
    assert response.status == 400 and response.error["code"] == code
    assert response.error["message"] == text
    assert response.error["type"] == "invalid_request_error"


def test_messages_are_told_as_they_were_meant(pair):
    text = 'no "model" of C:\\temp\nis so \u00fcber'
    gateway, claude, _ = pair(order=("claude",))
    claude.script = [error(400, "invalid_request_error", text)]
    assert gateway.chat().error["message"] == text
    claude.script = [error(500, "api_error", text)] * 9
    response = gateway.chat()
    assert response.status >= 500 and text in response.error["message"]


@pytest.mark.parametrize("events", [
    [], [BEGIN], [BEGIN, PING, BLOCK], [BEGIN, event("message_stop")],
    [BEGIN, event("error", error={"type": "overloaded_error", "message": "m"})],
    [BEGIN, BLOCK, "event: content_block_delta\ndata: {broken\n\n"]])
@pytest.mark.parametrize("then", ["close", "reset"])
def test_before_content_a_stream_moves_on(pair, events, then):
    gateway, claude, gpt = pair()
    claude.script = [sends(events, then=then)] * 3
    gpt.script = [up.stream()]
    response = gateway.chat(stream=True)
    assert response.status == 200 and response.text == "Hello there"
    assert response.header("x-proa-provider") == "gpt"
    assert b"msg_1" not in response.body


def test_a_stream_moves_on_to_another_dialect(pair):
    gateway, claude, gpt = pair(order=("gpt", "claude"))
    gpt.script = [up.raw(HEAD + up.chunk(up.sse(up.delta(role="assistant"))), then="reset")] * 3
    claude.script = [sends(streamed("one ", "two"))]
    check_stream(gateway.chat(stream=True), "one two")


def test_after_content_an_error_ends_the_stream(pair):
    gateway, claude, _ = pair()
    claude.script = [sends([BEGIN, BLOCK, *words("half "),
                            event("error", error={"type": "overloaded_error", "message": "m"})])]
    response = gateway.chat(stream=True)
    assert response.status == 200 and response.text == "half "
    assert "error" in json.loads(response.events[-1]) and "[DONE]" not in response.events


def test_a_stream_without_its_end_mark_is_whole(pair):
    """All finish reasons have come; the connection stays open."""
    gateway, claude, _ = pair()
    claude.script = [up.raw(HEAD, *[up.chunk(each.encode()) for each in
                                    [BEGIN, BLOCK, *words("all"), *END[:-1]]], then="stall")]
    check_stream(gateway.chat(stream=True), "all")


RESUME = {**TOLERANT, "midstream": "resume", "retry": {**TOLERANT["retry"], "max_attempts": 5}}


@pytest.mark.parametrize("order", [("claude", "gpt"), ("gpt", "claude")])
def test_a_break_is_mended_in_another_dialect(pair, order):
    """The second answer says the same once more, in its own words' shape."""
    gateway, claude, gpt = pair(policy=RESUME, order=order)
    if order[0] == "claude":
        claude.script = [sends([BEGIN, BLOCK, *words("One ", "two ")], then="close")]
        gpt.script = [up.stream(up.stream_events(("One t", "wo thr", "ee.")))]
    else:
        gpt.script = [up.raw(HEAD + b"".join(up.chunk(up.sse(each)) for each in [
            up.delta(role="assistant"), up.delta("One "), up.delta("two ")]), then="close")]
        claude.script = [sends(streamed("One two", " three."))]
    response = gateway.chat(stream=True)
    assert response.text == "One two three." and response.events[-1] == "[DONE]", response


def test_a_break_is_gone_on_with_from_there(pair):
    gateway, claude, gpt = pair(policy=RESUME, order=("gpt", "claude"), prefill="assistant")
    gpt.script = [up.raw(HEAD + b"".join(up.chunk(up.sse(each)) for each in [
        up.delta(role="assistant"), up.delta("One "), up.delta("two,")]), then="close")]
    claude.script = [sends(streamed(" three."))]
    response = gateway.chat(stream=True)
    assert response.text == "One two, three." and response.events[-1] == "[DONE]", response
    last = claude.requests[0].json["messages"][-1]
    assert last["role"] == "assistant" and "One two," in json.dumps(last["content"])


def test_client_gone(pair):
    gateway, claude, _ = pair()
    closed = threading.Event()

    def handler(exchange):
        exchange.send(HEAD + b"".join(up.chunk(each.encode())
                                      for each in [BEGIN, BLOCK, *words("a ")]))
        if exchange.wait_closed():
            closed.set()
        return False
    claude.script = [handler]
    body = json.dumps({"model": "m", "stream": True,
                       "messages": [{"role": "user", "content": "hi"}]}).encode()
    with gateway.connect() as client:
        client.send(request_bytes("POST", CHAT, body))
        claude.wait_requests(1)
        time.sleep(seconds(0.1))
    assert closed.wait(seconds(5))
    assert eventually(lambda: gateway.access(), 5, "the access line")


def test_memory_is_given_back(pair):
    """Answers of a megabyte, whole and streamed; nothing of them stays in the byte budget."""
    gateway, claude, _ = pair()
    text = "word " * 200000
    for stream in (False, True):
        claude.script = [sends(streamed(*[text[i:i + 50000] for i in range(0, len(text), 50000)]))
                         if stream else whole(text)]
        response = gateway.chat(stream=stream, messages=[{"role": "user", "content": text}])
        assert response.text == text
    eventually(lambda: gateway.metrics().total("proa_buffered_bytes") == 0, 5,
               "an empty byte budget")


def test_an_answer_beyond_the_byte_budget(pair):
    """What is translated is held whole, and that is bounded."""
    gateway, claude, _ = pair(order=("claude",), limits={"buffered": "8MiB", "body": "4MiB"})
    claude.default = whole("word " * 2000000)
    response = gateway.chat()
    assert response.status >= 500 and response.header("x-proa-trail").startswith("claude/k1:local")
    eventually(lambda: gateway.metrics().total("proa_buffered_bytes") == 0, 5,
               "an empty byte budget")
    claude.default = whole("a word")
    assert gateway.chat().text == "a word"


def test_a_long_stream_does_not_keep_its_request(pair):
    """Once content goes out the request is not sent again, in whatever words it was."""
    gateway, claude, _ = pair()
    gate = threading.Event()

    def handler(exchange):
        exchange.send(HEAD + b"".join(up.chunk(each.encode())
                                      for each in [BEGIN, BLOCK, *words("a ")]))
        assert gate.wait(seconds(20))
        exchange.send(b"".join(up.chunk(each.encode()) for each in END) + b"0\r\n\r\n")
    claude.script = [handler]
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "x" * 1000000}]}
    with gateway.connect() as client:
        client.send(request_bytes("POST", CHAT, body))
        client.read_until(b'"a "')
        eventually(lambda: gateway.metrics().total("proa_buffered_bytes") < 100000, 3,
                   "the request's bytes given back")
        gate.set()
        client.read_until(b"[DONE]")


# ---- embeddings ------------------------------------------------------------------------------------

LIMIT = 2048  # inputs that a server of this shape takes at once


def vectors(count, first, usage=5, reverse=False):
    data = [{"object": "embedding", "index": i, "embedding": [first + i, 0.5]}
            for i in range(count)]
    return {"object": "list", "model": "embed-up", "data": data[::-1] if reverse else data,
            "usage": {"prompt_tokens": usage, "total_tokens": usage}}


def embeds(exchange):
    """Answers with the numbers that the inputs are."""
    texts = exchange.request.json["input"]
    exchange.send(up.http(200, vectors(len(texts), int(texts[0]), reverse=True)))


@pytest.fixture
def embedder(gateways, upstreams):
    """embedder() -> gateway, mistral: whose quirks make of every request a translated one."""
    def make(policy=None, second=False, vendor="mistral"):
        ups = [upstreams(default=embeds) for _ in range(2 if second else 1)]
        names = [vendor, "other"][:len(ups)]
        return (gateways({
            "providers": {name: {"dialect": "openai", "base_url": each.url, "keys": []}
                          for name, each in zip(names, ups)},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or TOLERANT)}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": name, "model": "up-model"}] for name in names]}],
        }), *ups)
    return make


def embed(gateway, count, **more):
    return gateway.post("/v1/embeddings", {"model": "m", "input": [str(i) for i in range(count)],
                                           **more})


def test_embeddings(embedder):
    gateway, mistral = embedder()
    response = embed(gateway, 3)
    assert [each["embedding"] for each in response.json["data"]] == [[0, 0.5], [1, 0.5], [2, 0.5]]
    assert [each["index"] for each in response.json["data"]] == [0, 1, 2]
    assert response.json["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    response = embed(gateway, 2, encoding_format="base64")
    assert [struct.unpack("<2f", base64.b64decode(each["embedding"]))
            for each in response.json["data"]] == [(0, 0.5), (1, 0.5)]
    assert len(mistral.requests) == 2


@pytest.mark.parametrize("count", [LIMIT, LIMIT + 1, 3 * LIMIT + 7])
def test_more_inputs_than_a_call_takes(embedder, count):
    gateway, mistral = embedder()
    response = embed(gateway, count)
    assert response.status == 200, response
    assert [each["embedding"][0] for each in response.json["data"]] == list(range(count))
    assert [each["index"] for each in response.json["data"]] == list(range(count))
    calls = (count + LIMIT - 1) // LIMIT
    assert len(mistral.requests) == calls
    assert all(len(request.json["input"]) <= LIMIT for request in mistral.requests)
    assert response.json["usage"]["prompt_tokens"] == 5 * calls
    assert response.header("x-proa-attempts") == "1"
    assert response.header("x-proa-trail").count("mistral") == 1


def test_a_few_calls_at_a_time(embedder):
    gateway, mistral = embedder()
    running, most, lock = [0], [0], threading.Lock()

    def slow(exchange):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.2)
        with lock:
            running[0] -= 1
        embeds(exchange)
    mistral.default = slow
    assert embed(gateway, 10 * LIMIT).status == 200
    assert 2 <= most[0] <= 4


def test_one_failed_call_is_the_attempts_failure(embedder):
    gateway, mistral, other = embedder(second=True)
    held = threading.Event()

    def waits(exchange):
        held.set()
        exchange.wait_closed()
        return False

    def fails(exchange):
        held.wait(seconds(5))
        exchange.send(up.http(503, {"error": {"message": "busy"}}))
    mistral.script = [waits, fails]
    response = embed(gateway, 2 * LIMIT)
    assert response.status == 200, response
    assert response.header("x-proa-trail").startswith("mistral/k1:503")
    assert len(response.json["data"]) == 2 * LIMIT and len(other.requests) == 1
    eventually(lambda: gateway.metrics().total("proa_buffered_bytes") == 0, 5,
               "an empty byte budget")


def test_a_call_with_too_few_vectors_is_no_answer(embedder):
    gateway, mistral, other = embedder(second=True)
    mistral.default = up.answer(200, vectors(LIMIT - 1, 0))
    response = embed(gateway, 2 * LIMIT)
    assert response.status == 200 and len(other.requests) == 1
    assert "mistral/k1:invalid_response" in response.header("x-proa-trail")


def test_client_gone_from_a_batch(embedder):
    gateway, mistral = embedder()
    closed = []

    def waits(exchange):
        closed.append(exchange.wait_closed())
        return False
    mistral.default = waits
    body = json.dumps({"model": "m", "input": [str(i) for i in range(3 * LIMIT)]}).encode()
    with gateway.connect() as client:
        client.send(request_bytes("POST", "/v1/embeddings", body))
        mistral.wait_requests(3)
    eventually(lambda: len(closed) == 3, 5, "all calls cancelled")


def test_rerank(embedder):
    gateway, together = embedder(vendor="together")
    together.script = [up.answer(200, {"results": [{"index": 1, "relevance_score": 0.9},
                                                  {"index": 0, "relevance_score": 0.1}],
                                      "model": "rank-up"})]
    response = gateway.post("/v1/rerank", {"model": "m", "query": "q", "documents": ["a", "b"],
                                           "return_documents": True, "top_n": 2})
    assert response.status == 200, response
    assert response.json["results"] == [
        {"index": 1, "relevance_score": 0.9, "document": {"text": "b"}},
        {"index": 0, "relevance_score": 0.1, "document": {"text": "a"}}]
