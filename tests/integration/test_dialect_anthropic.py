"""The anthropic dialect from a client of the OpenAI surface to Claude and back, on its own wire
format: Anthropic's Messages API, and the same behind Google's Vertex AI."""
import json

import pytest
from testenv import upstream as up
from testenv.dialect import HI, PNG, World, calls_of, chunks, finish_of, warned

MODELS = {"m": "claude-sonnet-4-5", "new": "claude-opus-5-5", "old": "claude-opus-4-1"}
USAGE = {"input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4,
         "output_tokens": 12, "output_tokens_details": {"thinking_tokens": 7}}


def text(value):
    return {"type": "text", "text": value}


def message(content, reason="end_turn", **more):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
            "content": content, "stop_reason": reason, "stop_sequence": None, "usage": USAGE, **more}


def whole(*content, reason="end_turn"):
    return up.answer(200, message(list(content) or [text("Hello there")], reason))


def event(kind, **more):
    return b"event: %s\ndata: %s\n\n" % (kind.encode(),
                                        json.dumps({"type": kind, **more}).encode())


def block(index, first, *deltas):
    return [event("content_block_start", index=index, content_block=first),
            *(event("content_block_delta", index=index, delta=delta) for delta in deltas),
            event("content_block_stop", index=index)]


def said(index, *texts):
    return block(index, text(""), *({"type": "text_delta", "text": one} for one in texts))


def called(index, name, *pieces):
    return block(index, {"type": "tool_use", "id": "toolu_%d" % index, "name": name, "input": {}},
                 *({"type": "input_json_delta", "partial_json": one} for one in ("", *pieces)))


BEGIN = [event("message_start", message=message([], None, usage={"input_tokens": 10, "output_tokens": 1})),
         event("ping")]


def events(*blocks, reason="end_turn"):
    return [*BEGIN, *(one for several in blocks for one in several),
            event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=USAGE),
            event("message_stop")]


def stream(*blocks, reason="end_turn"):
    return up.stream(events(*(blocks or [said(0, "Hel", "lo there")]), reason=reason))


def failure(status, kind, message="m", code=None, headers=()):
    error = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    return up.answer(status, {"type": "error", "error": error, "request_id": "req_1"}, headers)


@pytest.fixture
def world(gateways, upstreams):
    made = World(gateways, upstreams, "anthropic", "/v1", MODELS, whole(), "x-api-key")

    def sent():
        body = made.sent_to("/v1/messages")
        assert made.head.header("anthropic-version") == "2023-06-01"
        return body
    made.sent_to, made.sent = made.sent, sent
    return made


# ---- chat ---------------------------------------------------------------------------------------

def check_usage(usage):
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (17, 12, 29)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 4
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 7


def test_chat(world):
    response = world.chat([{"role": "developer", "content": "Be kind"}, *HI], max_tokens=50,
                          temperature=1.5, stop=["END", "\n"], user="me")
    assert world.sent() == {
        "model": "claude-sonnet-4-5", "max_tokens": 50,
        "system": [text("Be kind")], "messages": [{"role": "user", "content": [text("hi")]}],
        "temperature": 1, "stop_sequences": ["END"], "metadata": {"user_id": "me"}}
    choice = response.json["choices"][0]
    assert choice["message"]["role"] == "assistant" and choice["message"]["content"] == "Hello there"
    assert choice["finish_reason"] == "stop" and response.json["object"] == "chat.completion"
    assert response.header("x-proa-provider") == "anthropic"
    check_usage(response.json["usage"])
    assert "temperature" in warned(response) and "stop" in warned(response)


def test_stream(world):
    world.provider.script = [stream()]
    response = world.chat(stream=True, stream_options={"include_usage": True})
    body = world.sent()
    assert body["stream"] is True and body["max_tokens"] == 64000
    assert world.head.header("accept") == "text/event-stream"
    got = chunks(response)
    assert response.text == "Hello there"
    assert finish_of(got[:-1]) == "stop" and got[-1]["choices"] == []
    check_usage(got[-1]["usage"])


def test_stream_in_small_pieces(world):
    data = up.STREAM_HEAD + b"".join(up.chunk(one) for one in events(said(0, "Hel", "lo ü"))) + b"0\r\n\r\n"
    world.provider.script = [up.raw(*(data[at:at + 7] for at in range(0, len(data), 7)), gap=0.0005)]
    response = world.chat(stream=True)
    chunks(response)
    assert response.text == "Hello ü"


def test_beta_header_goes_along(world):
    world.chat(headers=[("anthropic-beta", "context-1m-2025-08-07")])
    world.sent()
    assert world.head.header("anthropic-beta") == "context-1m-2025-08-07"


# ---- tools --------------------------------------------------------------------------------------

LOOK = {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {
    "type": "object", "properties": {"at": {"type": "string"}}}}}
NOW = {"type": "function", "function": {"name": "now"}}


def use(index, name, arguments):
    return {"type": "tool_use", "id": "toolu_%d" % index, "name": name, "input": arguments}


def check_calls(calls):
    assert [(c["id"], c["type"], c["function"]["name"]) for c in calls] == [
        ("toolu_1", "function", "look"), ("toolu_2", "function", "now")]
    assert json.loads(calls[0]["function"]["arguments"]) == {"at": "Zürich \"x\""}
    assert calls[1]["function"]["arguments"] == "{}"


def test_tools_and_their_calls(world):
    world.provider.script = [whole(text("I look"), use(1, "look", {"at": "Zürich \"x\""}), use(2, "now", {}),
                                   reason="tool_use")]
    response = world.chat(tools=[LOOK, NOW], tool_choice="required", parallel_tool_calls=False)
    body = world.sent()
    assert body["tools"] == [
        {"name": "look", "description": "Looks", "input_schema": LOOK["function"]["parameters"]},
        {"name": "now", "input_schema": {"type": "object", "properties": {}}}]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    choice = response.json["choices"][0]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] == "I look"
    check_calls(choice["message"]["tool_calls"])


def test_results_go_back(world):
    """Parallel calls and their results, the second in another order, then the user's next words."""
    calls = [{"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}},
             {"id": "call:2", "type": "function", "function": {"name": "now", "arguments": ""}}]
    world.chat([*HI, {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "tool_call_id": "call:2", "content": "noon"},
                {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "rain"}]},
                {"role": "user", "content": "and?"}], tools=[LOOK, NOW])
    assert world.sent()["messages"] == [
        {"role": "user", "content": [text("hi")]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": 1}},
            {"type": "tool_use", "id": "call_2", "name": "now", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_2", "content": [text("noon")]},
            {"type": "tool_result", "tool_use_id": "call_1", "content": [text("rain")]},
            text("and?")]}]


def test_calls_in_a_stream(world):
    world.provider.script = [stream(said(0, "I look"), called(1, "look", "{\"at\": ", "\"Zürich \\\"x\\\"\"}"),
                                    called(2, "now"), reason="tool_use")]
    got = chunks(world.chat(tools=[LOOK, NOW], stream=True))
    check_calls(calls_of(got))
    assert finish_of(got) == "tool_calls"


@pytest.mark.parametrize("choice, sent", [
    ("auto", {"type": "auto"}), ("none", {"type": "none"}),
    ({"type": "function", "function": {"name": "look"}}, {"type": "tool", "name": "look"})])
def test_tool_choice(world, choice, sent):
    world.chat(tools=[LOOK], tool_choice=choice)
    assert world.sent()["tool_choice"] == sent


# ---- images, schemas, reasoning -----------------------------------------------------------------

def test_images(world):
    world.chat([{"role": "user", "content": [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}])
    assert world.sent()["messages"][0]["content"] == [
        text("see"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}]


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}


def test_json_schema(world):
    world.provider.script = [whole(text("{\"a\":1}"))]
    response = world.chat(response_format=FORMAT)
    assert world.sent()["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert json.loads(response.text) == {"a": 1}


@pytest.mark.parametrize("streamed", [False, True])
def test_json_schema_of_an_older_model(world, streamed):
    name = "proa_json_answer"
    world.provider.script = [stream(called(0, name, "{\"a\":", "1}"), reason="tool_use") if streamed
                             else whole(use(0, name, {"a": 1}), reason="tool_use")]
    response = world.chat(model="old", response_format=FORMAT, stream=streamed)
    body = world.sent()
    assert [tool["name"] for tool in body["tools"]] == [name]
    assert body["tools"][0]["input_schema"] == SCHEMA
    assert body["tool_choice"]["name"] == name
    assert json.loads(response.text) == {"a": 1}
    finish = finish_of(chunks(response)) if streamed else response.json["choices"][0]["finish_reason"]
    assert finish == "stop"


@pytest.mark.parametrize("model, sent", [
    ("m", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
    ("new", {"thinking": {"type": "adaptive", "display": "summarized"},
             "output_config": {"effort": "medium"}})])
def test_reasoning(world, model, sent):
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    world.provider.script = [whole(thought, text("so"))]
    response = world.chat(model=model, reasoning_effort="medium")
    body = world.sent()
    assert {key: body[key] for key in sent} == sent
    said = response.json["choices"][0]["message"]
    assert (said["reasoning_content"], said["content"]) == ("hm", "so")


def test_reasoning_in_a_stream(world):
    world.provider.script = [stream(
        block(0, {"type": "thinking", "thinking": "", "signature": ""},
              {"type": "thinking_delta", "thinking": "h"}, {"type": "thinking_delta", "thinking": "m"},
              {"type": "signature_delta", "signature": "sig"}), said(1, "so"))]
    response = world.chat(stream=True, reasoning_effort="low")
    got = chunks(response)
    assert "".join(e["choices"][0]["delta"].get("reasoning_content") or "" for e in got if e["choices"]) == "hm"
    assert response.text == "so"


def test_what_a_model_refuses_is_left_out(world):
    response = world.chat(model="new", temperature=0.5, top_p=0.5, seed=7)
    body = world.sent()
    assert not {"temperature", "top_p", "seed"} & set(body)
    assert all(name in warned(response) for name in ("temperature", "top_p", "seed"))


@pytest.mark.parametrize("more", [{"n": 2}, {"tools": [LOOK], "tool_choice": "required"},
                                  {"messages": [*HI, {"role": "assistant", "content": "be"}]}])
def test_what_it_cannot_do_goes_elsewhere(world, more):
    response = world.chat(more.pop("messages", None), model="new", **more)
    assert response.status == 200 and response.header("x-proa-provider") == "other"
    assert world.provider.requests == []


# ---- endings ------------------------------------------------------------------------------------

@pytest.mark.parametrize("reason, finish", [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("pause_turn", "stop"), ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"), ("refusal", "content_filter"), ("compaction", "stop")])
def test_finish_reasons(world, reason, finish):
    world.provider.script = [whole(text("x"), reason=reason), stream(said(0, "x"), reason=reason)]
    assert world.chat().json["choices"][0]["finish_reason"] == finish
    assert finish_of(chunks(world.chat(stream=True))) == finish


def test_a_stream_cut_before_its_end(world):
    """Before content the next provider answers; after it, there is an error and no end mark."""
    world.other.default = up.stream()
    world.provider.script = [up.stream(BEGIN)] * 2
    response = world.chat(stream=True)
    assert response.text == "Hello there" and response.header("x-proa-provider") == "other"
    world.provider.script = [up.stream([*BEGIN, *said(0, "Hel")[:2]])]
    response = world.chat(stream=True)
    assert "[DONE]" not in response.events and json.loads(response.events[-1])["error"]["code"]


def test_two_streams_in_one(world):
    world.other.default = up.stream()
    world.provider.script = [up.stream([*BEGIN, event("message_start", message={"id": "msg_2"})])] * 2
    response = world.chat(stream=True)
    assert response.text == "Hello there" and response.header("x-proa-provider") == "other"


# ---- errors -------------------------------------------------------------------------------------

ERRORS = {
    "invalid": (failure(400, "invalid_request_error", "max_tokens: Field required"), "X"),
    "context": (failure(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), "XF"),
    "credits": (failure(400, "invalid_request_error", "Your credit balance is too low"), "K"),
    "on-hold": (failure(400, "invalid_request_error", code="organization_on_hold"), "K"),
    "filter": (failure(400, "invalid_request_error", "Output blocked by content filtering policy"), "X"),
    "key": (failure(401, "authentication_error", "invalid x-api-key"), "K"),
    "billing": (failure(402, "billing_error"), "K"),
    "spend-linked": (failure(402, "billing_error", code="linked_organization_spend_limit_reached"), "K"),
    "permission": (failure(403, "permission_error"), "K"),
    "model": (failure(404, "not_found_error", "model: x"), "F"),
    "timeout": (failure(408, "timeout_error"), "KF"),
    "conflict": (failure(409, "conflict_error"), "KF"),
    "precondition": (failure(412, "invalid_request_error"), "X"),
    "too-large": (failure(413, "request_too_large"), "X"),
    "unprocessable": (failure(422, "invalid_request_error"), "X"),
    "rate": (failure(429, "rate_limit_error", headers={"retry-after": "60"}), "K"),
    "ramp": (failure(429, "rate_limit_error", code="ramp_limit_exceeded"), "K"),
    "spend": (failure(429, "rate_limit_error", code="enforced_spend_limit_reached"), "K"),
    "contract": (failure(429, "rate_limit_error", code="contract_spend_limit_reached"), "K"),
    "internal": (failure(500, "api_error"), "KF"),
    "cmek": (failure(503, "api_error", code="cmek_key_unavailable"), "KF"),
    "gateway": (failure(504, "timeout_error"), "KF"),
    "overloaded": (failure(529, "overloaded_error", "Overloaded"), "KF"),
    "200-error": (failure(200, "overloaded_error", "Overloaded"), "KF"),
    "empty": (up.answer(200, {"content": []}), "KF"),
    "not-json": (up.answer(200, "<html>"), "KF"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(world, name):
    handler, reaction = ERRORS[name]
    world.provider.script = [handler]
    world.check_reaction(reaction, world.chat())


@pytest.mark.parametrize("kind, reaction", [("overloaded_error", "KF"), ("api_error", "KF"),
                                            ("rate_limit_error", "K"), ("authentication_error", "K"),
                                            ("not_found_error", "F")])
def test_an_error_before_content_of_a_stream(world, kind, reaction):
    world.other.default = up.stream()
    world.provider.script = [up.stream([*BEGIN, event("error", error={"type": kind, "message": "m"})]), stream()]
    response = world.chat(stream=True)
    assert response.text == "Hello there"
    world.check_reaction(reaction, response)


def test_an_error_after_content_of_a_stream(world):
    world.provider.script = [up.stream([*BEGIN, *said(0, "Hel")[:2], event(
        "error", error={"type": "overloaded_error", "message": "Overloaded"})])]
    response = world.chat(stream=True)
    assert response.text == "Hel" and "[DONE]" not in response.events
    assert json.loads(response.events[-1])["error"]["message"]


# ---- Vertex -------------------------------------------------------------------------------------

@pytest.mark.parametrize("streamed", [False, True])
def test_claude_on_vertex(gateways, upstreams, streamed):
    world = World(gateways, upstreams, "vertex", "/v1/projects/p/locations/global",
                  {"m": "claude-sonnet-4-5@20250929"}, stream() if streamed else whole(), "x-goog-api-key")
    response = world.chat(stream=streamed, max_tokens=9)
    assert len(world.provider.requests) == 1
    request = world.provider.requests[0]
    assert request.target == ("/v1/projects/p/locations/global/publishers/anthropic/models/"
                              "claude-sonnet-4-5@20250929:" + ("streamRawPredict" if streamed else "rawPredict"))
    body = request.json
    assert body.pop("stream", False) == streamed
    assert body == {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9,
                    "messages": [{"role": "user", "content": [text("hi")]}]}
    assert response.text == "Hello there" and response.header("x-proa-provider") == "vertex"
