"""The Anthropic surface: its paths, its words, requests whose bytes go on to who speaks them and that
are translated for who does not, counts, errors, and broken streams (lessons T-B)."""
import json
import time

import pytest
from testenv import TOLERANT
from testenv import upstream as up
from testenv.poll import SCALE

PATH = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
HEAD = up.STREAM_HEAD
PNG = "iVBORw0KGgo="
EPHEMERAL = {"type": "ephemeral"}
TOOLS = [{"name": "look", "description": "looks", "input_schema": {"type": "object"},
          "cache_control": EPHEMERAL}]
RESUME = {**TOLERANT, "midstream": "resume",
          "retry": {**TOLERANT["retry"], "max_attempts": 5}}


def message(*blocks, stop="end_turn", **more):
    """A whole answer of the Messages API."""
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-up",
            "content": [{"type": "text", "text": block} if isinstance(block, str) else block
                        for block in blocks],
            "stop_reason": stop, "stop_sequence": None,
            "usage": {"input_tokens": 7, "output_tokens": 3}, **more}


def whole(*blocks, **more):
    return up.answer(200, message(*blocks, **more), {"request-id": "req_1"})


def event(kind, **more):
    return "event: %s\ndata: %s\n\n" % (kind, json.dumps({"type": kind, **more}))


BEGIN = event("message_start", message={**message(), "content": [], "stop_reason": None,
                                        "usage": {"input_tokens": 7, "output_tokens": 1}})
PING = event("ping")
BLOCK = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
END = [event("content_block_stop", index=0),
       event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
             usage={"output_tokens": 3}),
       event("message_stop")]
OVERLOADED = event("error", error={"type": "overloaded_error", "message": "Overloaded"})


def words(*texts):
    return [event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
            for text in texts]


def streamed(*texts):
    return [BEGIN, PING, BLOCK, *words(*texts), *END]


def sends(events, then="keep", gap=0.0):
    """The events, one chunk each; then the end of the stream, or what `then` says."""
    chunks = [up.chunk(each if isinstance(each, bytes) else each.encode()) for each in events]
    if then == "keep":
        chunks.append(b"0\r\n\r\n")
    return up.raw(HEAD, *chunks, then=then, gap=gap)


def claude_error(status, kind, text="it broke"):
    return up.answer(status, {"type": "error", "error": {"type": kind, "message": text},
                              "request_id": "req_1"})


def gpt_calls(*calls):
    """A piece of an OpenAI-shaped stream that brings pieces of calls."""
    chunk = up.delta()
    chunk["choices"][0]["delta"] = {"tool_calls": list(calls)}
    return chunk


def asked(**more):
    return {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}], **more}


def data_of(response):
    """The data of a stream; each event's name is its type."""
    lines = response.body.decode().replace("\r\n", "\n").split("\n\n")
    found = []
    for block in [line for line in lines if line and not line.startswith(":")]:
        name, data = block.split("\n", 1)
        assert name.startswith("event: ") and data.startswith("data: "), block
        found.append(json.loads(data[6:]))
        assert found[-1]["type"] == name[7:]
    return [each for each in found if each["type"] != "ping"]


def gathered(response):
    """The message that a client makes of a stream, which must be in order."""
    assert response.status == 200, response
    assert response.header("content-type").startswith("text/event-stream")
    events = data_of(response)
    assert events[0]["type"] == "message_start"
    made = dict(events[0]["message"], content=[])
    parts = {}
    is_open = None
    for each in events[1:]:
        kind, at = each["type"], each.get("index")
        if kind == "content_block_start":
            assert is_open is None and at == len(made["content"])
            is_open = at
            made["content"].append(dict(each["content_block"]))
            parts[at] = ""
        elif kind == "content_block_delta":
            delta = each["delta"]
            block = made["content"][at]
            if delta["type"] == "text_delta":
                block["text"] += delta["text"]
            elif delta["type"] == "thinking_delta":
                block["thinking"] += delta["thinking"]
            elif delta["type"] == "signature_delta":
                block["signature"] = delta["signature"]
            elif delta["type"] == "input_json_delta":
                parts[at] += delta["partial_json"]
        elif kind == "content_block_stop":
            assert is_open == at
            is_open = None
            if made["content"][at]["type"] == "tool_use":
                made["content"][at]["input"] = json.loads(parts[at] or "{}")
        elif kind == "message_delta":
            made.update(each["delta"])
            made["usage"] = {**(made.get("usage") or {}), **(each.get("usage") or {})}
        elif kind == "error":
            raise AssertionError(each)
    assert events[-1]["type"] == "message_stop" and is_open is None and response.complete
    return made


def text_of(made):
    return "".join(block["text"] for block in made["content"] if block["type"] == "text")


@pytest.fixture
def pair(gateways, upstreams):
    """pair(policy=..., order=...) -> gateway, claude, gpt: one tier each, in the order."""
    def make(policy=None, order=("claude", "gpt"), prefill="none"):
        claude, gpt = upstreams(default=whole("hello from claude")), upstreams()
        config = {
            "providers": {
                "claude": {"dialect": "anthropic", "base_url": claude.url, "prefill": prefill,
                           "keys": [{"env": "PROA_TEST_KEY"}]},
                "gpt": {"dialect": "openai", "base_url": gpt.url, "prefill": prefill, "keys": []}},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or TOLERANT)}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": name, "model": "claude-sonnet-4-5" if name == "claude" else "up-model"}]
                for name in order]}],
        }
        return gateways(config, env={"PROA_TEST_KEY": "test-key-1"}), claude, gpt
    return make


@pytest.fixture
def gpt_only(pair):
    def make(**more):
        gateway, _, gpt = pair(order=("gpt",), **more)
        return gateway, gpt
    return make


# ---- passed on -----------------------------------------------------------------------------------

@pytest.mark.smoke
@pytest.mark.parametrize("path", [PATH, PATH + "?beta=true", "/messages", "/v1/v1/messages/"])
def test_whole_answer(pair, path):
    gateway, claude, _ = pair()
    response = gateway.post(path, asked(), {"x-api-key": "client-key",
                                            "authorization": "Bearer client-token",
                                            "anthropic-version": "2026-10-21",
                                            "anthropic-beta": "a-1,b-2"})
    assert response.status == 200 and response.json == message("hello from claude")
    assert response.header("request-id") == "req_1" and response.header("x-request-id")
    assert response.header("x-proa-provider") == "claude"
    request = claude.requests[0]
    assert request.target == PATH and request.header("x-api-key") == "test-key-1"
    assert request.header("authorization") is None
    assert request.header("anthropic-version") == "2026-10-21"
    assert request.header("anthropic-beta") == "a-1,b-2"
    assert request.json == asked(model="claude-sonnet-4-5")
    record = gateway.access()[0]
    assert record["gen_ai.usage.input_tokens"] == 7 and record["gen_ai.usage.output_tokens"] == 3


def test_nothing_but_the_model_is_changed(pair):
    gateway, claude, _ = pair()
    body = (b'{ "max_tokens":5 ,"new":[1.50, {"a":"\\u00e4"}],"model":"m","providerOptions":{"gateway":'
            b'{"order":["claude"]}},\n"messages":[{"role":"user","content":[{"type":"brand_new"}]}]}')
    assert gateway.post(PATH, body).status == 200
    assert claude.requests[0].body == (
        b'{ "max_tokens":5 ,"new":[1.50, {"a":"\\u00e4"}],"model":"claude-sonnet-4-5",\n'
        b'"messages":[{"role":"user","content":[{"type":"brand_new"}]}]}')
    assert claude.requests[0].header("anthropic-version") == "2023-06-01"


@pytest.mark.smoke
@pytest.mark.parametrize("size", [1, 7, 100, 100000])
def test_stream_byte_for_byte(pair, size):
    gateway, claude, _ = pair()
    body = "".join(streamed("Hel", "lo \u2603")).encode()
    claude.script = [up.raw(HEAD, *[up.chunk(body[i:i + size])
                                    for i in range(0, len(body), size)], b"0\r\n\r\n", then="keep")]
    response = gateway.post(PATH, asked(stream=True))
    assert response.body == body
    assert text_of(gathered(response)) == "Hello \u2603"
    record = gateway.access()[0]
    assert record["gen_ai.usage.output_tokens"] == 3


def test_headers_wait_for_the_first_content(pair):
    gateway, claude, gpt = pair()
    claude.script = [sends([BEGIN, PING, BLOCK, OVERLOADED])]
    gpt.script = [up.stream()]
    response = gateway.post(PATH, asked(stream=True))
    assert text_of(gathered(response)) == "Hello there"
    assert response.header("x-proa-attempts") == "2"


def test_a_stream_without_its_end_mark_is_whole(pair):
    gateway, claude, _ = pair()
    claude.script = [sends(streamed("Hello")[:-1], then="stall")]
    started = time.monotonic()
    made = gathered(gateway.post(PATH, asked(stream=True)))
    assert text_of(made) == "Hello" and time.monotonic() - started < 3 * SCALE


def test_the_providers_own_error_goes_on(pair):
    gateway, claude, _ = pair(order=("claude",))
    claude.script = [claude_error(400, "invalid_request_error", "max_tokens: too large")]
    response = gateway.post(PATH, asked())
    assert response.status == 400
    told = response.json
    assert told.pop("generationId") == told["providerMetadata"]["gateway"]["generationId"]
    assert told.pop("providerMetadata")["gateway"]["routing"]["totalProviderAttemptCount"] == 1
    assert told == {"type": "error", "error": {"type": "invalid_request_error",
                                               "message": "max_tokens: too large"},
                    "request_id": "req_1"}
    assert response.header("x-should-retry") == "false"


def test_thinking_of_another_model_is_not_sent_back_unsigned(pair):
    """Turn by turn between providers: what one has thought the other would refuse."""
    gateway, claude, gpt = pair(order=("gpt",))
    gpt.script = [up.answer(200, {**up.chat_body("So."), "choices": [
        {"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "So.", "reasoning_content": "hm"}}]})]
    first = gateway.post(PATH, asked()).json
    assert first["content"] == [{"type": "thinking", "thinking": "hm", "signature": ""},
                                {"type": "text", "text": "So."}]
    gateway, claude, gpt = pair()
    turns = [*asked()["messages"], {"role": "assistant", "content": first["content"]},
             {"role": "user", "content": "and?"}]
    response = gateway.post(PATH, asked(messages=turns))
    assert response.status == 200 and "reasoning_content" in response.header("x-proa-warnings")
    assert claude.requests[0].json["messages"][1]["content"] == [{"type": "text", "text": "So."}]
    turns[1]["content"] = [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}]
    assert gateway.post(PATH, asked(messages=turns)).status == 200
    assert claude.requests[1].json["messages"] == turns


# ---- translated ----------------------------------------------------------------------------------

@pytest.mark.smoke
def test_whole_answer_of_another_dialect(gpt_only):
    gateway, gpt = gpt_only()
    response = gateway.post(PATH, asked(system="be brief", stop_sequences=["x"], temperature=0.5),
                            {"anthropic-version": "2026-10-21", "anthropic-beta": "b",
                             "x-api-key": "client-key"})
    made = response.json
    assert response.status == 200 and made["type"] == "message" and made["role"] == "assistant"
    assert made["id"].startswith("msg_") and made["model"] == "up-model"
    assert made["content"] == [{"type": "text", "text": "hello from upstream"}]
    assert made["stop_reason"] == "end_turn" and made["stop_sequence"] is None
    assert made["usage"]["input_tokens"] > 0 and made["usage"]["output_tokens"] > 0
    assert response.header("request-id") == response.header("x-request-id")
    request = gpt.requests[0]
    assert request.target == "/v1/chat/completions"
    for name in ("anthropic-version", "anthropic-beta", "x-api-key", "authorization"):
        assert request.header(name) is None
    assert request.json["messages"][0]["role"] in ("system", "developer")
    assert request.json["stop"] == ["x"] and request.json["temperature"] == 0.5


@pytest.mark.smoke
def test_stream_of_another_dialect(gpt_only):
    gateway, gpt = gpt_only()
    gpt.script = [up.stream()]
    response = gateway.post(PATH, asked(stream=True, messages=[
        {"role": "user", "content": "word " * 1000}]))
    made = gathered(response)
    assert text_of(made) == "Hello there" and made["stop_reason"] == "end_turn"
    begin = data_of(response)[0]["message"]
    assert 700 < begin["usage"]["input_tokens"] < 1400  # estimated: nobody had counted yet
    assert made["usage"]["output_tokens"] > 0
    assert gpt.requests[0].json["stream_options"] == {"include_usage": True}


def test_tools_and_images_go_round(gpt_only):
    """What an answer says comes back in the next request, and reaches the provider as its own."""
    gateway, gpt = gpt_only()
    call = {"id": "call_1", "type": "function",
            "function": {"name": "look", "arguments": "{\"at\":\"this\"}"}}
    gpt.script = [up.answer(200, {**up.chat_body(""), "choices": [
        {"index": 0, "finish_reason": "tool_calls",
         "message": {"role": "assistant", "content": None, "tool_calls": [call]}}]})]
    question = [{"type": "text", "text": "what is it?", "cache_control": EPHEMERAL},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                             "data": PNG}}]
    first = gateway.post(PATH, asked(messages=[{"role": "user", "content": question}], tools=TOOLS,
                                     tool_choice={"type": "any",
                                                  "disable_parallel_tool_use": True}))
    use = {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "this"}}
    assert first.json["content"] == [use] and first.json["stop_reason"] == "tool_use"
    sent = gpt.requests[0].json
    assert sent["tool_choice"] == "required" and sent["parallel_tool_calls"] is False
    assert sent["tools"][0]["function"]["parameters"] == {"type": "object"}
    assert sent["messages"][0]["content"][1]["image_url"]["url"] == "data:image/png;base64," + PNG
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": "nothing"}
    second = gateway.post(PATH, asked(messages=[
        {"role": "user", "content": question}, {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result, {"type": "text", "text": "go on"}]}], tools=TOOLS))
    assert second.status == 200
    turns = gpt.requests[1].json["messages"]
    assert turns[1]["tool_calls"][0]["id"] == "call_1"
    assert json.loads(turns[1]["tool_calls"][0]["function"]["arguments"]) == {"at": "this"}
    assert turns[2] == {"role": "tool", "tool_call_id": "call_1", "content": "nothing"}
    assert turns[3]["role"] == "user"


def test_tool_stream_of_another_dialect(gpt_only):
    gateway, gpt = gpt_only()
    pieces = [up.delta(role="assistant"), up.delta("I look. "),
              gpt_calls({"index": 0, "id": "c0", "type": "function",
                                    "function": {"name": "look", "arguments": ""}}),
              gpt_calls({"index": 0, "function": {"arguments": "{\"at\":"}}),
              gpt_calls({"index": 0, "function": {"arguments": "1}"}}),
              gpt_calls({"index": 1, "id": "c1", "type": "function",
                                    "function": {"name": "look", "arguments": "{}"}}),
              up.delta(finish="tool_calls")]
    gpt.script = [up.stream([up.sse(each) for each in pieces] + [up.sse("[DONE]")])]
    made = gathered(gateway.post(PATH, asked(stream=True, tools=TOOLS)))
    assert made["content"] == [{"type": "text", "text": "I look. "},
                               {"type": "tool_use", "id": "c0", "name": "look", "input": {"at": 1}},
                               {"type": "tool_use", "id": "c1", "name": "look", "input": {}}]
    assert made["stop_reason"] == "tool_use"


@pytest.mark.parametrize("body, param", [
    ({"model": "m", "messages": []}, "max_tokens"),
    (asked(messages=[]), "messages"),
    (asked(messages=[{"role": "user", "content": [{"type": "nonsense"}]}]),
     "messages[0].content[0].type"),
    (asked(tool_choice={"type": "tool"}), "tool_choice.name")])
def test_malformed_request(gpt_only, body, param):
    gateway, gpt = gpt_only()
    response = gateway.post(PATH, body)
    assert response.status == 400 and response.json["type"] == "error"
    assert response.error["type"] == "invalid_request_error" and response.error["param"] == param
    assert response.json["request_id"] == response.header("request-id")
    assert gpt.requests == []


# ---- errors --------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, sent, kind", [
    (400, 400, "invalid_request_error"), (404, 404, "not_found_error"),
    (429, 429, "rate_limit_error"), (500, 500, "api_error"), (503, 503, "overloaded_error")])
def test_errors_of_another_dialect(gpt_only, status, sent, kind):
    gateway, gpt = gpt_only(policy={**TOLERANT, "retry": {**TOLERANT["retry"], "max_attempts": 1}})
    gpt.script = [up.error(status, "it broke")]
    response = gateway.post(PATH, asked())
    assert response.status == sent and response.json["type"] == "error"
    assert response.error["type"] == kind and "it broke" in response.error["message"]
    assert response.header("x-should-retry") in ("true", "false")


@pytest.mark.parametrize("method, path, body, status, kind", [
    ("POST", PATH, b"{", 400, "invalid_request_error"),
    ("POST", PATH, {"model": "nowhere/none"}, 404, "not_found_error"),
    ("POST", PATH, {"max_tokens": 1}, 400, "invalid_request_error"),
    ("POST", PATH + "/batches", {"requests": []}, 404, "not_found_error"),
    ("POST", COUNT, {"model": "m"}, 400, "invalid_request_error")])
def test_errors_of_ours(gpt_only, method, path, body, status, kind):
    gateway, _ = gpt_only()
    response = gateway.request(method, path, body)
    assert response.status == status, response
    assert response.json["type"] == "error" and response.error["type"] == kind
    assert response.error["source"] == "gateway" and response.header("request-id")


def test_everything_down(pair):
    gateway, claude, gpt = pair()
    claude.script = [claude_error(529, "overloaded_error")] * 4
    gpt.script = [up.error(500)] * 4
    response = gateway.post(PATH, asked(stream=True))
    assert response.status >= 500 and response.json["type"] == "error"
    assert response.error["type"] in ("api_error", "overloaded_error")


# ---- T-B: breaks that are mended; what else breaks is cut in test_surfaces_b.py ------------------

@pytest.mark.parametrize("order", [("claude", "gpt"), ("gpt", "claude")])
@pytest.mark.parametrize("n", [1, 2])
def test_b_a_break_is_mended(pair, order, n):
    """By another target that says it once more, whoever speaks the client's words."""
    gateway, claude, gpt = pair(policy=RESUME, order=order)
    texts = ["One ", "two ", "three."]
    broken = {"claude": sends([BEGIN, BLOCK, *words(*texts[:n])], then="close"),
              "gpt": sends([up.sse(up.delta(role="assistant")),
                            *[up.sse(up.delta(text)) for text in texts[:n]]], then="close")}
    good = {"claude": sends(streamed(*texts)), "gpt": up.stream(up.stream_events(texts))}
    ups = {"claude": claude, "gpt": gpt}
    ups[order[0]].script = [broken[order[0]]]
    ups[order[1]].script = [good[order[1]]]
    made = gathered(gateway.post(PATH, asked(stream=True)))
    assert text_of(made) == "One two three." and made["stop_reason"] == "end_turn"
    assert len(made["content"]) == 1


def test_b_a_break_is_gone_on_with_from_there(pair):
    gateway, claude, gpt = pair(policy=RESUME, order=("gpt", "claude"), prefill="assistant")
    gpt.script = [sends([up.sse(up.delta(role="assistant")), up.sse(up.delta("One two"))],
                        then="close")]
    claude.script = [sends(streamed(" three", "."))]
    made = gathered(gateway.post(PATH, asked(stream=True)))
    assert text_of(made) == "One two three."
    assert claude.requests[0].json["messages"][-1] == {"role": "assistant", "content": "One two"}


# ---- counts --------------------------------------------------------------------------------------

def counted(response):
    assert response.status == 200, response
    assert list(response.json) == ["input_tokens"]
    return response.json["input_tokens"]


@pytest.mark.parametrize("path", [COUNT, COUNT + "?beta=true", "/messages/count_tokens"])
def test_the_providers_own_count(pair, path):
    gateway, claude, gpt = pair()
    claude.script = [up.answer(200, {"input_tokens": 4711})]
    body = {key: value for key, value in asked(tools=TOOLS).items() if key != "max_tokens"}
    response = gateway.post(path, body, {"anthropic-beta": "b"})
    assert counted(response) == 4711 and response.header("x-proa-warnings") is None
    request = claude.requests[0]
    assert request.target == "/v1/messages/count_tokens" and request.header("anthropic-beta") == "b"
    assert request.json == {**body, "model": "claude-sonnet-4-5"}
    assert "gen_ai.usage.input_tokens" not in gateway.access()[0]


def test_a_count_of_who_does_not_count(gpt_only):
    gateway, gpt = gpt_only()
    body = {"model": "m", "messages": [{"role": "user", "content": "word " * 1000}]}
    response = gateway.post(COUNT, body)
    assert 700 < counted(response) < 1400
    assert "estimated" in response.header("x-proa-warnings") and gpt.requests == []
    more = counted(gateway.post(COUNT, {**body, "system": "s " * 100, "tools": TOOLS}))
    assert more > response.json["input_tokens"] + 80


@pytest.mark.parametrize("fault", [up.answer(404, {"error": "no such path"}),
                                   claude_error(529, "overloaded_error"), up.raw()])
def test_a_count_goes_on_when_the_provider_does_not(pair, fault):
    gateway, claude, _ = pair(order=("claude",))
    claude.script = [fault] * 8
    response = gateway.post(COUNT, asked())
    assert counted(response) > 0 and "estimated" in response.header("x-proa-warnings")
    claude.script = []
    assert gateway.post(PATH, asked()).status == 200  # and nothing is thought of it


def test_a_count_that_the_provider_refuses(pair):
    gateway, claude, _ = pair(order=("claude",))
    claude.script = [claude_error(400, "invalid_request_error", "messages: bad")]
    response = gateway.post(COUNT, asked())
    assert response.status == 400 and response.error["message"] == "messages: bad"


# ---- the rest ------------------------------------------------------------------------------------

@pytest.mark.parametrize("order", [("claude",), ("gpt",)])
def test_answers_are_kept_for_this_surface_alone(pair, order):
    """The same bytes are a request of both surfaces here, and have an answer in each one's words."""
    gateway, claude, gpt = pair(policy={**TOLERANT, "cache": {"mode": "all"}}, order=order)
    first = gateway.post(PATH, asked())
    again = gateway.post(PATH, asked())
    assert (first.header("x-proa-cache"), again.header("x-proa-cache")) == ("miss", "hit")
    assert again.body == first.body and again.header("request-id")
    other = gateway.post("/v1/chat/completions", asked())
    assert other.header("x-proa-cache") == "miss" and other.json["object"] == "chat.completion"
    assert len((claude if order == ("claude",) else gpt).requests) == 2


def test_models_page(pair):
    gateway, _, _ = pair()
    listing = gateway.get("/v1/models?limit=20", {"anthropic-version": "2023-06-01"}).json
    assert listing["has_more"] is False
    assert listing["first_id"] == listing["data"][0]["id"]
    assert listing["last_id"] == listing["data"][-1]["id"]


@pytest.mark.parametrize("order", [("claude",), ("gpt",)])
def test_a_long_loop_as_coding_agents_have_it(pair, order):
    """Counted before every turn, cached at the end of each, tools in all of them."""
    gateway, claude, gpt = pair(order=order)

    def claude_turn(exchange):
        if exchange.request.target.endswith("count_tokens"):
            return up.answer(200, {"input_tokens": len(exchange.request.body) // 4})(exchange)
        use = {"type": "tool_use", "id": "toolu_%d" % len(exchange.request.json["messages"]),
               "name": "look", "input": {"at": "x"}}
        usage = {"input_tokens": 5, "cache_read_input_tokens": len(exchange.request.body) // 4,
                 "cache_creation_input_tokens": 9, "output_tokens": 8}
        return sends([event("message_start", message={**message(), "content": [], "usage": usage}),
                      event("content_block_start", index=0, content_block={**use, "input": {}}),
                      event("content_block_delta", index=0,
                            delta={"type": "input_json_delta", "partial_json": '{"at":"x"}'}),
                      event("content_block_stop", index=0),
                      event("message_delta", delta={"stop_reason": "tool_use",
                                                    "stop_sequence": None}, usage=usage),
                      event("message_stop")])(exchange)

    def gpt_turn(exchange):
        call = {"index": 0, "id": "call_%d" % len(exchange.request.json["messages"]),
                "type": "function", "function": {"name": "look", "arguments": '{"at":"x"}'}}
        usage = {"prompt_tokens": len(exchange.request.body) // 4, "completion_tokens": 8,
                 "prompt_tokens_details": {"cached_tokens": 3}}
        events = [up.delta(role="assistant"), gpt_calls(call),
                  up.delta(finish="tool_calls"), {"choices": [], "usage": usage}]
        return up.stream([up.sse(each) for each in events] + [up.sse("[DONE]")])(exchange)

    claude.default, gpt.default = claude_turn, gpt_turn
    turns = [{"role": "user", "content": [{"type": "text", "text": "look at it"}]}]
    system = [{"type": "text", "text": "You are careful. " * 50, "cache_control": EPHEMERAL}]
    last = 0
    for _ in range(12):
        request = {"model": "m", "system": system, "messages": turns, "tools": TOOLS}
        count = counted(gateway.post(COUNT, request))
        assert count > last
        last = count
        response = gateway.post(PATH, {**request, "max_tokens": 100, "stream": True})
        made = gathered(response)
        begin = data_of(response)[0]["message"]["usage"]
        told = sum(begin.get(key) or 0 for key in ("input_tokens", "cache_read_input_tokens",
                                                   "cache_creation_input_tokens"))
        assert count / 3 < told < 3 * count
        assert made["stop_reason"] == "tool_use"
        use = made["content"][0]
        turns = [*turns, {"role": "assistant", "content": made["content"]},
                 {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use["id"],
                                               "content": "seen", "cache_control": EPHEMERAL}]}]
    sent = (claude if order == ("claude",) else gpt).requests[-1].json
    assert len(sent["messages"]) >= 23
