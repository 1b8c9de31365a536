"""The cohere dialect from a client of the OpenAI surface to Cohere's API, version 2, and back, on its
own wire format."""
import base64
import json
import struct

import pytest
from testenv import upstream as up
from testenv.dialect import HI, PNG, World, calls_of, chunks, finish_of, warned

MODELS = {"m": "command-a-03-2025", "thinker": "command-a-reasoning-08-2025",
          "embed": "embed-v4.0", "rerank": "rerank-v3.5"}
USAGE = {"billed_units": {"input_tokens": 3, "output_tokens": 2},
         "tokens": {"input_tokens": 30, "output_tokens": 4}, "cached_tokens": 8}


def text(value):
    return {"type": "text", "text": value}


def whole(*content, reason="COMPLETE", **message):
    return up.answer(200, {"id": "c-1", "finish_reason": reason, "usage": USAGE, "message": {
        "role": "assistant", "content": list(content) or [text("Hello there")], **message}})


def event(kind, **more):
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **more}).encode())


def part(kind, index=0, **message):
    return event(kind, index=index, delta={"message": message})


BEGIN = [event("message-start", id="c-1", delta={"message": {"role": "assistant", "content": []}})]


def said(*texts):
    return [part("content-start", content=text("")), *(part("content-delta", content={"text": one})
                                                       for one in texts), event("content-end", index=0)]


def called(index, name, *pieces):
    return [part("tool-call-start", index, tool_calls={
        "id": name + "_1", "type": "function", "function": {"name": name, "arguments": ""}}),
        *(part("tool-call-delta", index, tool_calls={"function": {"arguments": one}}) for one in pieces),
        event("tool-call-end", index=index)]


def events(*several, reason="COMPLETE"):
    return [*BEGIN, *(one for some in several for one in some),
            event("message-end", delta={"finish_reason": reason, "usage": USAGE})]


def stream(*several, reason="COMPLETE"):
    return up.stream(events(*(several or [said("Hel", "lo there")]), reason=reason))


def failure(status, message="m", headers=()):
    return up.answer(status, {"id": "i", "message": message}, headers)


@pytest.fixture
def world(gateways, upstreams):
    return World(gateways, upstreams, "cohere", "", MODELS, whole(), "authorization")


# ---- chat ---------------------------------------------------------------------------------------

def check_usage(usage):
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (30, 4, 34)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 8


def test_chat(world):
    response = world.chat([{"role": "system", "content": "Be kind"}, *HI], max_tokens=50, temperature=0.5,
                          top_p=1, seed=7, stop="END", user="me")
    assert world.sent("/v2/chat") == {
        "model": "command-a-03-2025", "stream": False,
        "messages": [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "hi"}],
        "max_tokens": 50, "temperature": 0.5, "p": 0.99, "seed": 7, "stop_sequences": ["END"]}
    choice = response.json["choices"][0]
    assert choice["message"]["content"] == "Hello there" and choice["finish_reason"] == "stop"
    assert response.header("x-proa-provider") == "cohere" and "user" in warned(response)
    check_usage(response.json["usage"])


def test_stream(world):
    world.provider.script = [stream()]
    response = world.chat(stream=True, stream_options={"include_usage": True})
    assert world.sent("/v2/chat")["stream"] is True
    got = chunks(response)
    assert response.text == "Hello there"
    assert finish_of(got[:-1]) == "stop" and got[-1]["choices"] == []
    check_usage(got[-1]["usage"])


def test_stream_in_small_pieces(world):
    data = up.STREAM_HEAD + b"".join(up.chunk(one) for one in events(said("Hel", "lo ü"))) + b"0\r\n\r\n"
    world.provider.script = [up.raw(*(data[at:at + 7] for at in range(0, len(data), 7)), gap=0.0005)]
    response = world.chat(stream=True)
    chunks(response)
    assert response.text == "Hello ü"


# ---- tools --------------------------------------------------------------------------------------

LOOK = {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {
    "type": "object", "properties": {"at": {"type": "string"}}}}}
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}


def check_calls(calls):
    assert [(c["id"], c["type"], c["function"]["name"]) for c in calls] == [
        ("look_1", "function", "look"), ("now_1", "function", "now")]
    assert json.loads(calls[0]["function"]["arguments"]) == {"at": "Zürich"}
    assert calls[1]["function"]["arguments"] == "{}"


def test_tools_and_their_calls(world):
    world.provider.script = [whole(reason="TOOL_CALL", content=None, tool_plan="I will look", tool_calls=[
        {"id": "look_1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"Zürich\"}"}},
        {"id": "now_1", "type": "function", "function": {"name": "now", "arguments": None}}])]
    response = world.chat(tools=[LOOK, NOW], tool_choice="required")
    body = world.sent("/v2/chat")
    assert body["tools"] == [LOOK, NOW] and body["tool_choice"] == "REQUIRED"
    choice = response.json["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning_content"] == "I will look"
    check_calls(choice["message"]["tool_calls"])


def test_results_go_back(world):
    calls = [{"id": "a", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}},
             {"id": "b", "type": "function", "function": {"name": "now", "arguments": ""}}]
    world.chat([*HI, {"role": "assistant", "content": "I look", "tool_calls": calls},
                {"role": "tool", "tool_call_id": "a", "content": "rain"},
                {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "noon"}]}],
               tools=[LOOK, NOW])
    calls[1]["function"]["arguments"] = "{}"
    assert world.sent("/v2/chat")["messages"] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_plan": "I look", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "a", "content": "rain"},
        {"role": "tool", "tool_call_id": "b", "content": "noon"}]


def test_calls_in_a_stream(world):
    world.provider.script = [stream([part("tool-plan-delta", tool_plan="I will look")],
                                    called(0, "look", "{\"at\":", "\"Zürich\"}"), called(1, "now"),
                                    reason="TOOL_CALL")]
    got = chunks(world.chat(tools=[LOOK, NOW], stream=True))
    check_calls(calls_of(got))
    assert finish_of(got) == "tool_calls"


def test_a_tool_by_name(world):
    world.chat(tools=[LOOK, NOW], tool_choice={"type": "function", "function": {"name": "now"}})
    body = world.sent("/v2/chat")
    assert body["tools"] == [NOW] and body["tool_choice"] == "REQUIRED"


# ---- images, schemas, reasoning -----------------------------------------------------------------

def test_images(world):
    content = [{"type": "text", "text": "see"},
               {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
               {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]
    world.chat([{"role": "user", "content": content}])
    assert world.sent("/v2/chat")["messages"] == [{"role": "user", "content": content}]


def test_json_schema(world):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    world.provider.script = [whole(text("{\"a\":1}"))]
    response = world.chat(response_format={"type": "json_schema",
                                           "json_schema": {"name": "x", "schema": schema}})
    assert world.sent("/v2/chat")["response_format"] == {"type": "json_object", "json_schema": schema}
    assert json.loads(response.text) == {"a": 1}


@pytest.mark.parametrize("streamed", [False, True])
def test_reasoning(world, streamed):
    thinking = [part("content-start", content={"type": "thinking", "thinking": ""}),
                part("content-delta", content={"thinking": "hm"}), event("content-end", index=0)]
    world.provider.script = [stream(thinking, said("so")) if streamed
                             else whole({"type": "thinking", "thinking": "hm"}, text("so"))]
    response = world.chat(model="thinker", reasoning_effort="low", stream=streamed)
    assert world.sent("/v2/chat")["thinking"] == {"type": "enabled", "token_budget": 1024}
    deltas = ([e["choices"][0]["delta"] for e in chunks(response)] if streamed
              else [response.json["choices"][0]["message"]])
    assert "".join(d.get("reasoning_content") or "" for d in deltas) == "hm"
    assert response.text == "so"


@pytest.mark.parametrize("messages", [
    [*HI, {"role": "assistant", "content": "be"}],
    [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]}]])
def test_what_it_cannot_do_goes_elsewhere(world, messages):
    response = world.chat(messages)
    assert response.status == 200 and response.header("x-proa-provider") == "other"
    assert world.provider.requests == []


# ---- endings and errors -------------------------------------------------------------------------

@pytest.mark.parametrize("reason, finish", [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"),
                                            ("MAX_TOKENS", "length"), ("ERROR_TOXIC", "content_filter")])
def test_finish_reasons(world, reason, finish):
    world.provider.script = [whole(text("x"), reason=reason), stream(said("x"), reason=reason)]
    assert world.chat().json["choices"][0]["finish_reason"] == finish
    assert finish_of(chunks(world.chat(stream=True))) == finish


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_failed_is_none(world, reason):
    world.provider.script = [whole(text("x"), reason=reason)]
    world.check_reaction("KF", world.chat())


ERRORS = {
    "invalid": (failure(400, "invalid request"), "X"),
    "context": (failure(400, "too many tokens: 9"), "XF"),
    "key": (failure(401, "invalid api token"), "K"),
    "blocked": (failure(498, "blocked token"), "K"),
    "pay": (failure(402), "K"),
    "forbidden": (failure(403), "K"),
    "model": (failure(404, "model 'x' not found"), "F"),
    "unprocessable": (failure(422), "X"),
    "minute": (failure(429, "You are using a Trial key, which is limited to 40 API calls / minute."), "K"),
    "month": (failure(429, "You are using a Trial key, which is limited to 1000 API calls / month."), "K"),
    "cancelled": (failure(499), "X"),
    "internal": (failure(500), "KF"),
    "not-implemented": (failure(501), "F"),
    "unavailable": (failure(503), "KF"),
    "gateway": (failure(504), "KF"),
    "200-error": (failure(200, "internal server error"), "KF"),
    "not-json": (up.answer(200, "<html>"), "KF"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(world, name):
    handler, reaction = ERRORS[name]
    world.provider.script = [handler]
    world.check_reaction(reaction, world.chat())


def test_an_error_at_the_end_of_a_stream(world):
    end = event("message-end", delta={"error": "model overloaded", "finish_reason": "ERROR"})
    world.provider.script = [up.stream([*BEGIN, end]), stream()]
    world.other.default = up.stream()
    response = world.chat(stream=True)
    chunks(response)
    assert response.text == "Hello there" and response.header("x-proa-attempts") == "2"
    world.provider.script = [up.stream([*BEGIN, *said("Hel"), end])]
    response = world.chat(stream=True)
    assert "[DONE]" not in response.events and json.loads(response.events[-1])["error"]["message"]


def test_a_stream_cut_before_its_end(world):
    world.other.default = up.stream()
    world.provider.script = [up.stream(BEGIN)] * 2
    response = world.chat(stream=True)
    assert response.text == "Hello there" and response.header("x-proa-provider") == "other"


# ---- embeddings and reranking -------------------------------------------------------------------

@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(world, form):
    world.provider.default = up.answer(200, {
        "id": "e", "embeddings": {"float": [[0.5, -1.0], [2.0, 0.25]]},
        "meta": {"billed_units": {"input_tokens": 7}}, "response_type": "embeddings_by_type"})
    response = world.gateway.post("/v1/embeddings", {"model": "embed", "input": ["a", "b"], "dimensions": 2,
                                                     "encoding_format": form})
    assert world.sent("/v2/embed") == {
        "model": "embed-v4.0", "input_type": "search_document", "embedding_types": ["float"],
        "output_dimension": 2, "texts": ["a", "b"]}
    data = response.json["data"]
    assert [one["index"] for one in data] == [0, 1]
    vectors = [list(struct.unpack("<2f", base64.b64decode(one["embedding"]))) if form == "base64"
               else one["embedding"] for one in data]
    assert vectors == [[0.5, -1.0], [2.0, 0.25]]
    assert response.json["usage"]["prompt_tokens"] == 7


def test_many_embeddings_keep_their_order(world):
    """More than one call takes, each answered for its own texts."""
    def embed(exchange):
        texts = exchange.request.json["texts"]
        assert len(texts) <= 96
        exchange.send(up.http(200, {"embeddings": {"float": [[float(one)] for one in texts]},
                                    "meta": {"billed_units": {"input_tokens": len(texts)}}}))
    world.provider.default = embed
    response = world.gateway.post("/v1/embeddings", {"model": "embed", "input": [str(n) for n in range(200)]})
    assert response.status == 200, response
    assert [one["embedding"] for one in response.json["data"]] == [[float(n)] for n in range(200)]
    assert response.json["usage"]["prompt_tokens"] == 200 and len(world.provider.requests) == 3


def test_rerank(world):
    world.provider.default = up.answer(200, {
        "id": "r", "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}],
        "meta": {"billed_units": {"search_units": 1}}})
    response = world.gateway.post("/v1/rerank", {"model": "rerank", "query": "q", "documents": ["x", "y"],
                                                 "top_n": 2})
    assert world.sent("/v2/rerank") == {"model": "rerank-v3.5", "query": "q", "documents": ["x", "y"], "top_n": 2}
    assert [(one["index"], one["relevance_score"]) for one in response.json["results"]] == [(1, 0.9), (0, 0.1)]
