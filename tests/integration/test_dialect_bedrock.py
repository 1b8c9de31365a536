"""The bedrock dialect from a client of the OpenAI surface to Amazon Bedrock and back, on its own wire
format: Converse, ConverseStream in AWS's binary framing, InvokeModel."""
import base64
import datetime
import hashlib
import hmac
import json
import struct
import urllib.parse
import zlib

import pytest
from conftest import KEYS, provider
from test_mock_dialects import Mock
from testenv import TOLERANT
from testenv import upstream as up

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
HI = [{"role": "user", "content": "hi"}]
MODELS = {"m": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "nova": "amazon.nova-pro-v1:0",
          "nova2": "us.amazon.nova-2-lite-v1:0", "oss": "openai.gpt-oss-120b-1:0",
          "mistral": "mistral.mistral-large-2407-v1:0", "llama": "us.meta.llama4-scout-17b-v1:0",
          "titan": "amazon.titan-embed-text-v2:0", "cohere3": "cohere.embed-english-v3",
          "cohere4": "cohere.embed-v4:0", "novae": "amazon.nova-2-multimodal-embeddings-v1:0"}
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 25, "cacheReadInputTokens": 8,
         "cacheWriteInputTokens": 2}
PNG = "iVBORw0KGgo="
STREAM_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
               b"x-amzn-RequestId: r-1\r\nTransfer-Encoding: chunked\r\n\r\n")


# ---- what Bedrock says ---------------------------------------------------------------------------

def message(headers, payload):
    fields = b"".join(struct.pack("B", len(name)) + name.encode() + b"\x07" +
                      struct.pack(">H", len(value)) + value.encode() for name, value in headers)
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    prelude = struct.pack(">II", len(fields) + len(body) + 16, len(fields))
    data = prelude + struct.pack(">I", zlib.crc32(prelude)) + fields + body
    return data + struct.pack(">I", zlib.crc32(data))


def event(name, **payload):
    return message([(":event-type", name), (":content-type", "application/json"),
                    (":message-type", "event")], {**payload, "p": "abcdefgh"})


def exception(name, text="m"):
    return message([(":exception-type", name), (":content-type", "application/json"),
                    (":message-type", "exception")], {"message": text})


def delta(index, **what):
    return event("contentBlockDelta", contentBlockIndex=index, delta=what)


def start(index, call, name):
    return event("contentBlockStart", contentBlockIndex=index,
                 start={"toolUse": {"toolUseId": call, "name": name}})


def stop(index):
    return event("contentBlockStop", contentBlockIndex=index)


BEGIN = event("messageStart", role="assistant")
END = [event("messageStop", stopReason="end_turn"),
       event("metadata", usage=USAGE, metrics={"latencyMs": 9})]


def stream(*messages, end=True, pieces=None):
    """One chunk for each message, or for each run of `pieces` bytes, whatever lies in it."""
    data = b"".join(messages)
    parts = [data[i:i + pieces] for i in range(0, len(data), pieces)] if pieces else messages

    def handler(exchange):
        exchange.send(STREAM_HEAD + b"".join(up.chunk(part) for part in parts if part))
        if end:
            exchange.send(b"0\r\n\r\n")
            return None
        exchange.close()
        return False
    return handler


def hello(**more):
    return stream(BEGIN, delta(0, text="Hel"), delta(0, text="lo there"), stop(0), *END, **more)


def answer(content, reason="end_turn", usage=USAGE):
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": reason,
            "usage": usage, "metrics": {"latencyMs": 9}}


def whole(content=None, reason="end_turn"):
    return up.answer(200, answer([{"text": "Hello there"}] if content is None else content, reason),
                     {"x-amzn-RequestId": "r-1"})


def failure(status, kind, text="m"):
    return up.answer(status, {"message": text},
                     {"x-amzn-ErrorType": kind + ":http://internal.amazon.com/coral/x/"})


class World:
    """A gateway, Bedrock behind it with two keys, and another provider that takes over."""

    def __init__(self, gateways, upstreams):
        self.bedrock = upstreams(default=whole())
        self.other = upstreams(default=up.chat("from the other"))
        keys = [{"env": "PROA_TEST_KEY", "quota_group": "a"}, {"env": "PROA_TEST_KEY2", "quota_group": "b"}]
        self.gateway = gateways(
            {"providers": {"bedrock": {"base_url": self.bedrock.url[:-len("/v1")], "keys": keys},
                           "other": provider(self.other)},
             "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT}],
             "routes": [{"model": name, "policy": "test",
                         "tiers": [[{"provider": "bedrock", "model": model}],
                                   [{"provider": "other", "model": "o"}]]}
                        for name, model in MODELS.items()]},
            env={**KEYS, "PROA_TEST_KEY2": "test-key-2"})

    def chat(self, messages=None, model="m", headers=(), **more):
        return self.gateway.post(CHAT, {"model": model, "messages": messages or HI, **more},
                                 headers=headers)

    def sent(self, model="m", verb="converse"):
        """The body of the only request to Bedrock, whose head is checked."""
        assert len(self.bedrock.requests) == 1
        request = self.bedrock.requests.pop()
        assert request.target == "/model/%s/%s" % (urllib.parse.quote(MODELS[model], safe=""), verb)
        assert request.header("authorization") in ("Bearer test-key-1", "Bearer test-key-2")
        assert request.header("content-type") == "application/json"
        assert request.header("accept") == ("application/vnd.amazon.eventstream"
                                            if verb == "converse-stream" else "application/json")
        return request.json


@pytest.fixture
def world(gateways, upstreams):
    return World(gateways, upstreams)


def chunks(response):
    assert response.status == 200 and response.complete, response
    assert response.header("content-type").startswith("text/event-stream")
    assert response.events[-1] == "[DONE]"
    return [json.loads(event) for event in response.events[:-1]]


def check_usage(usage):
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (20, 5, 25)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 8


# ---- chat ----------------------------------------------------------------------------------------

def test_chat(world):
    response = world.chat([{"role": "system", "content": "Be kind"}, {"role": "user", "content": "hi"}],
                          max_tokens=50, temperature=0.5, stop=["END"])
    assert response.status == 200, response
    assert world.sent() == {
        "system": [{"text": "Be kind"}], "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.5, "stopSequences": ["END"]}}
    choice = response.json["choices"][0]
    assert choice["message"]["role"] == "assistant" and choice["message"]["content"] == "Hello there"
    assert choice["finish_reason"] == "stop"
    assert response.json["object"] == "chat.completion"
    assert response.header("x-proa-provider") == "bedrock"
    check_usage(response.json["usage"])


@pytest.mark.parametrize("pieces", [None, 1, 7, 100])
def test_stream(world, pieces):
    world.bedrock.script = [hello(pieces=pieces)]
    response = world.chat(stream=True, stream_options={"include_usage": True})
    events = chunks(response)
    world.sent(verb="converse-stream")
    assert response.text == "Hello there"
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [e["choices"][0]["finish_reason"] for e in events if e["choices"]][-1] == "stop"
    assert events[-1]["choices"] == []
    check_usage(events[-1]["usage"])
    assert len({e["id"] for e in events}) == 1


def test_a_stream_whose_usage_comes_before_its_reason(world):
    world.bedrock.script = [stream(BEGIN, delta(0, text="Hello there"), END[1], stop(0), END[0])]
    events = chunks(world.chat(stream=True, stream_options={"include_usage": True}))
    check_usage(events[-1]["usage"])


def test_cut_anywhere_it_is_no_answer(world):
    """Cut before its content a stream is no answer: the other provider gives one."""
    world.other.default = up.stream()
    messages = [BEGIN, delta(0, text="Hello"), stop(0)]
    for cut in (0, 5, 11, 12, len(BEGIN), len(BEGIN) + 30, len(BEGIN) + len(messages[1]) - 1):
        world.bedrock.script = [stream(b"".join(messages)[:cut])] * 2
        response = world.chat(stream=True)
        assert response.status == 200, (cut, response)
        assert response.header("x-proa-provider") == "other", cut
        chunks(response)


@pytest.mark.parametrize("tail", [[], [stop(0)], [stop(0), END[1]], [END[0][:-1]]])
def test_without_its_reason_it_is_cut_off(world, tail):
    world.bedrock.script = [stream(BEGIN, delta(0, text="Hel"), *tail)]
    response = world.chat(stream=True)
    assert response.status == 200 and response.text == "Hel" and "[DONE]" not in response.events
    assert json.loads(response.events[-1])["error"]["code"]


def test_a_broken_checksum_is_no_answer(world):
    world.other.default = up.stream()
    spoilt = bytearray(delta(0, text="Hello"))
    spoilt[-1] ^= 1
    world.bedrock.script = [stream(BEGIN, bytes(spoilt), *END)] * 2
    response = world.chat(stream=True)
    chunks(response)
    assert response.header("x-proa-provider") == "other"


# ---- tools ---------------------------------------------------------------------------------------

LOOK = {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {
    "type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}}}
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
CALLS = [{"toolUse": {"toolUseId": "tooluse_1", "name": "look", "input": {"at": "Zürich \"x\""}}},
         {"toolUse": {"toolUseId": "tooluse_2", "name": "now", "input": {}}}]


def spec(tool):
    out = {"name": tool["function"]["name"],
           "inputSchema": {"json": tool["function"]["parameters"]}}
    if "description" in tool["function"]:
        out["description"] = tool["function"]["description"]
    return {"toolSpec": out}


@pytest.mark.parametrize("choice,want", [
    (None, None), ("auto", {"auto": {}}), ("required", {"any": {}}),
    ({"type": "function", "function": {"name": "look"}}, {"tool": {"name": "look"}})])
def test_tools_are_told(world, choice, want):
    world.chat(tools=[LOOK, NOW], **({"tool_choice": choice} if choice else {}))
    config = world.sent()["toolConfig"]
    assert config["tools"] == [spec(LOOK), spec(NOW)]
    assert config.get("toolChoice") == want


def test_tools_that_are_not_to_be_used(world):
    world.chat(tools=[LOOK], tool_choice="none")
    assert "toolConfig" not in world.sent()


def check_calls(calls):
    assert [c["function"]["name"] for c in calls] == ["look", "now"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"at": "Zürich \"x\""}
    assert calls[1]["function"]["arguments"] == "{}"
    assert [c["id"] for c in calls] == ["tooluse_1", "tooluse_2"]
    assert all(c["type"] == "function" for c in calls)


def test_calls_there_and_back(world):
    """Parallel calls, one without arguments; their results, and tools that are told no more."""
    world.bedrock.script = [whole([{"text": "Let me see"}] + CALLS, "tool_use")]
    choice = world.chat(tools=[LOOK, NOW]).json["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    check_calls(choice["message"]["tool_calls"])
    world.sent()
    world.chat(HI + [choice["message"],
                     {"role": "tool", "tool_call_id": "tooluse_1", "content": "rain"},
                     {"role": "tool", "tool_call_id": "tooluse_2", "content": "noon"},
                     {"role": "user", "content": "so?"}])
    sent = world.sent()
    assert sent["messages"][1] == {"role": "assistant", "content": [{"text": "Let me see"}] + CALLS}
    assert sent["messages"][2] == {"role": "user", "content": [
        {"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "rain"}]}},
        {"toolResult": {"toolUseId": "tooluse_2", "content": [{"text": "noon"}]}}, {"text": "so?"}]}
    assert [t["toolSpec"]["name"] for t in sent["toolConfig"]["tools"]] == ["look", "now"]


def test_calls_of_another_provider_are_accepted(world):
    history = HI + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_r-1:0", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"x\"}"}}]},
        {"role": "tool", "tool_call_id": "call_r-1:0", "content": "rain"}]
    for model in ("m", "mistral"):
        world.chat(history, model=model)
        sent = world.sent(model)["messages"]
        call = sent[1]["content"][0]["toolUse"]["toolUseId"]
        assert call == sent[2]["content"][0]["toolResult"]["toolUseId"]
        assert len(call) == 9 and call.isalnum()


def test_calls_in_a_stream(world):
    world.bedrock.script = [stream(
        BEGIN, delta(0, text="Let me see"), stop(0), start(1, "tooluse_1", "look"),
        delta(1, toolUse={"input": ""}), delta(1, toolUse={"input": "{\"at\": \"Zürich"}),
        delta(1, toolUse={"input": " \\\"x\\\"\"}"}), stop(1), start(2, "tooluse_2", "now"), stop(2),
        event("messageStop", stopReason="tool_use"), END[1])]
    events = chunks(world.chat(tools=[LOOK, NOW], stream=True))
    calls = {}
    for one in events:
        for piece in one["choices"][0]["delta"].get("tool_calls") or []:
            call = calls.setdefault(piece["index"], {"function": {"arguments": ""}})
            call["id"] = piece.get("id", call.get("id"))
            call["type"] = piece.get("type", call.get("type"))
            function = piece.get("function") or {}
            call["function"]["name"] = function.get("name", call["function"].get("name"))
            call["function"]["arguments"] += function.get("arguments") or ""
    check_calls([calls[0], calls[1]])
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


# ---- media, forms, thinking ----------------------------------------------------------------------

def test_images_and_files(world):
    world.chat([{"role": "user", "content": [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
        {"type": "file", "file": {"filename": "a_b.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]}])
    assert world.sent()["messages"][0]["content"] == [
        {"text": "see"}, {"image": {"format": "png", "source": {"bytes": PNG}}},
        {"document": {"format": "pdf", "name": "a-b", "source": {"bytes": "JVBERi0="}}}]


@pytest.mark.parametrize("part", [
    {"type": "image_url", "image_url": {"url": "https://x.example/a.jpg"}},
    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}])
def test_what_bedrock_does_not_take_goes_elsewhere(world, part):
    response = world.chat([{"role": "user", "content": [part]}])
    assert response.status == 200 and response.header("x-proa-provider") == "other", response
    assert world.bedrock.requests == []


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
FORM = {"type": "json_schema", "json_schema": {"name": "f", "schema": SCHEMA, "strict": True}}


def test_json_schema_of_claude(world):
    world.bedrock.script = [whole([{"text": "{\"a\":\"x\"}"}])]
    response = world.chat(response_format=FORM)
    assert world.sent()["additionalModelRequestFields"] == {
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
    assert json.loads(response.text) == {"a": "x"}


@pytest.mark.parametrize("streamed", [False, True])
def test_json_schema_by_a_tool(world, streamed):
    call = {"toolUseId": "t", "name": "proa_json_answer"}
    world.bedrock.script = [
        stream(BEGIN, start(0, "t", call["name"]), delta(0, toolUse={"input": "{\"a\":"}),
               delta(0, toolUse={"input": "\"x\"}"}), stop(0),
               event("messageStop", stopReason="tool_use"), END[1]) if streamed else
        whole([{"toolUse": {**call, "input": {"a": "x"}}}], "tool_use")]
    response = world.chat(model="nova", response_format=FORM, stream=streamed)
    config = world.sent("nova", "converse-stream" if streamed else "converse")["toolConfig"]
    assert config["toolChoice"] == {"tool": {"name": call["name"]}}
    assert config["tools"][0]["toolSpec"]["inputSchema"]["json"] == SCHEMA
    assert json.loads(response.text) == {"a": "x"}
    choice = (chunks(response)[-1] if streamed else response.json)["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert "tool_calls" not in choice.get("message", {})


def test_json_schema_in_words(world):
    response = world.chat(model="llama", response_format=FORM)
    assert json.dumps(SCHEMA, separators=(",", ":")) in world.sent("llama")["system"][0]["text"].replace(" ", "") \
        or "JSON Schema" in response.text
    assert response.status == 200


@pytest.mark.parametrize("model,fields", [
    ("m", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
    ("nova2", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
    ("oss", {"reasoning_effort": "low"})])
def test_reasoning(world, model, fields):
    world.bedrock.script = [
        whole([{"reasoningContent": {"reasoningText": {"text": "Hm, so", "signature": "c2ln"}}},
               {"reasoningContent": {"redactedContent": "cmVk"}}, {"text": "Yes"}]),
        stream(BEGIN, delta(0, reasoningContent={"text": "Hm, "}), delta(0, reasoningContent={"text": "so"}),
               delta(0, reasoningContent={"signature": "c2ln"}), stop(0), delta(1, text="Yes"), stop(1), *END)]
    said = world.chat(reasoning_effort="low", model=model).json["choices"][0]["message"]
    assert world.sent(model)["additionalModelRequestFields"] == fields
    assert said["content"] == "Yes" and said["reasoning_content"] == "Hm, so"
    response = world.chat(reasoning_effort="low", model=model, stream=True)
    thought = "".join(e["choices"][0]["delta"].get("reasoning_content") or "" for e in chunks(response))
    assert response.text == "Yes" and thought == "Hm, so"


def test_own_options(world):
    world.chat(providerOptions={"bedrock": {"guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
                                            "additionalModelRequestFields": {"anthropic_beta": ["b"]},
                                            "serviceTier": "flex"}})
    sent = world.sent()
    assert sent["guardrailConfig"] == {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    assert sent["additionalModelRequestFields"] == {"anthropic_beta": ["b"]}
    assert sent["serviceTier"] == {"type": "flex"}


def test_what_is_left_out_is_told(world):
    response = world.chat(user="me", seed=1, frequency_penalty=0.5, model="nova")
    assert response.status == 200
    assert set(world.sent("nova")) == {"messages"}
    told = " ".join(value for name, value in response.headers if name.lower() == "x-proa-warnings")
    assert "user" in told and "frequency_penalty" in told and "seed" in told


@pytest.mark.parametrize("reason,finish", [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"), ("content_filtered", "content_filter"),
    ("guardrail_intervened", "content_filter"), ("malformed_model_output", "stop"),
    ("malformed_tool_use", "stop")])
def test_finish_reasons(world, reason, finish):
    world.bedrock.script = [whole([{"text": "so far"}], reason)]
    assert world.chat().json["choices"][0]["finish_reason"] == finish


# ---- embeddings ----------------------------------------------------------------------------------

VECTORS = {"a": [0.5, -1.0], "b": [0.25, 2.0], "c": [3.0, 0.125]}


def embedding_answers(exchange):
    """Whatever is asked, by its own form."""
    body, headers = exchange.request.json, {}
    if "inputText" in body:
        out = {"embedding": VECTORS[body["inputText"]], "inputTextTokenCount": 2}
    elif "singleEmbeddingParams" in body:
        value = body["singleEmbeddingParams"]["text"]["value"]
        out = {"embeddings": [{"embeddingType": "TEXT", "embedding": VECTORS[value]}], "inputTokenCount": 2}
    else:
        vectors = [VECTORS[text] for text in body["texts"]]
        headers = {"x-amzn-bedrock-input-token-count": str(2 * len(vectors))}
        out = {"embeddings": {"float": vectors} if "embedding_types" in body else vectors, "id": "e"}
    exchange.send(up.http(200, out, headers))


@pytest.mark.parametrize("form", ["float", "base64"])
@pytest.mark.parametrize("model,calls", [("titan", 3), ("cohere3", 1), ("cohere4", 1), ("novae", 3)])
def test_embeddings(world, form, model, calls):
    world.bedrock.default = embedding_answers
    more = {} if model == "cohere3" else {"dimensions": 2}
    response = world.gateway.post(EMBEDDINGS, {"model": model, "input": ["a", "b", "c"],
                                               "encoding_format": form, **more})
    assert response.status == 200, response
    data = response.json["data"]
    assert [d["index"] for d in data] == [0, 1, 2]
    got = [list(struct.unpack("<2f", base64.b64decode(d["embedding"]))) if form == "base64"
           else d["embedding"] for d in data]
    assert got == list(VECTORS.values())
    assert [r.target for r in world.bedrock.requests] == [
        "/model/%s/invoke" % urllib.parse.quote(MODELS[model], safe="")] * calls
    assert response.json["usage"] == {"prompt_tokens": 6, "total_tokens": 6}


# ---- errors --------------------------------------------------------------------------------------

# What is done: X the client is told, K the other key answers, F the other provider does.
ERRORS = {
    "context": (failure(400, "ValidationException", "Input is too long for requested model."), "XF"),
    "tokens": (failure(400, "ValidationException", "Too many input tokens. Max input tokens: 9"), "XF"),
    "maxLength": (failure(400, "ValidationException", "expected maxLength: 9, actual: 10"), "XF"),
    "invalid": (failure(400, "ValidationException", "The text field is blank."), "X"),
    "on-demand": (failure(400, "ValidationException", "with on-demand throughput isn’t supported."), "F"),
    "model": (failure(400, "ValidationException", "The provided model identifier is invalid."), "F"),
    "unfit": (failure(400, "ValidationException", "This model doesn't support the topP field."), "F"),
    "quota": (failure(400, "ServiceQuotaExceededException"), "K"),
    "day": (failure(429, "ThrottlingException", "Too many tokens per day, please wait"), "K"),
    "incomplete": (failure(400, "IncompleteSignature"), "K"),
    "expired-request": (failure(400, "RequestExpired"), "KF"),
    "signature": (failure(403, "InvalidSignatureException", "does not match"), "K"),
    "clock": (failure(403, "InvalidSignatureException", "Signature expired: x is now earlier than y"), "KF"),
    "access": (failure(403, "AccessDeniedException", "You don't have access to the model"), "K"),
    "token": (failure(403, "UnrecognizedClientException", "The security token is invalid."), "K"),
    "expired": (failure(403, "ExpiredTokenException", "The security token is expired"), "K"),
    "bearer": (up.answer(403, {"Message": "Bearer Token has expired"}), "K"),
    "not-found": (failure(404, "ResourceNotFoundException", "use case details"), "F"),
    "timeout": (failure(408, "ModelTimeoutException"), "KF"),
    "model-error": (failure(424, "ModelErrorException"), "KF"),
    "throttled": (failure(429, "ThrottlingException", "Too many requests"), "K"),
    "cold": (failure(429, "ModelNotReadyException"), "F"),
    "server": (failure(500, "InternalServerException"), "KF"),
    "unavailable": (failure(503, "ServiceUnavailableException"), "F"),
    "empty": (up.answer(200, b""), "KF"),
    "not-json": (up.answer(200, "<html>"), "KF"),
    "no-answer": (up.answer(200, {"Output": {"__type": "x#UnknownOperationException"}}), "KF"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(world, name):
    handler, reaction = ERRORS[name]
    world.bedrock.script = [handler]
    response = world.chat()
    if response.status != 200:
        assert "X" in reaction, response
        assert len(world.bedrock.requests) == 1 and world.other.requests == []
        assert response.error["message"] and response.error["source"] == "provider"
        return
    assert response.header("x-proa-attempts") == "2", response
    if response.header("x-proa-provider") == "other":
        assert "F" in reaction, response
    else:
        keys = {r.header("authorization") for r in world.bedrock.requests}
        assert "K" in reaction and len(keys) == 2, response


@pytest.mark.parametrize("name,reaction", [
    ("throttlingException", "K"), ("serviceUnavailableException", "F"), ("internalServerException", "KF"),
    ("modelStreamErrorException", "KF"), ("modelTimeoutException", "KF"), ("validationException", "X")])
def test_an_exception_is_the_first_event(world, name, reaction):
    world.bedrock.script = [stream(BEGIN, exception(name)), hello()]
    world.other.default = up.stream()
    response = world.chat(stream=True)
    if reaction == "X":
        assert response.status == 400 and len(world.bedrock.requests) == 1
        return
    chunks(response)
    assert response.text == "Hello there" and response.header("x-proa-attempts") == "2"
    assert ("F" if response.header("x-proa-provider") == "other" else "K") in reaction


def test_an_exception_amid_a_stream(world):
    world.bedrock.script = [stream(BEGIN, delta(0, text="Hel"), exception("modelStreamErrorException", "broke"))]
    response = world.chat(stream=True)
    assert response.text == "Hel" and "[DONE]" not in response.events
    assert json.loads(response.events[-1])["error"]["message"]


# ---- against a stricter Bedrock ------------------------------------------------------------------

@pytest.fixture(scope="module")
def aws():
    made = Mock()
    yield made
    made.stop()


@pytest.fixture
def mocked(gateways, aws):
    """A gateway before `proa mock`, which checks turns, tools and fields as Bedrock does."""
    root = "http://127.0.0.1:%d" % aws.port
    paths = {"b": "", "calls": "/calls=2", "odd": "/odd", "drip": "/drip=1ms:piece=7"}
    return gateways({
        "providers": {name: {"dialect": "bedrock", "base_url": root + path + "/bedrock",
                             "keys": [{"env": "PROA_TEST_KEY"}]} for name, path in paths.items()},
        "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT}],
        "routes": [{"model": name + "/" + model, "policy": "test",
                    "tiers": [[{"provider": name, "model": MODELS[model]}]]}
                   for name in paths for model in MODELS]}, env=KEYS)


@pytest.mark.parametrize("model", ["m", "nova", "nova2", "oss", "mistral", "llama"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_that_bedrock_would_take(mocked, model, streamed):
    """Calls in parallel, their results, a word between: each request passes the mock's checks."""
    ask = {"model": "calls/" + model, "tools": [LOOK, NOW], "stream": streamed}
    first = mocked.post(CHAT, {**ask, "messages": HI, "stream": False})
    assert first.status == 200, first
    said = first.json["choices"][0]
    assert said["finish_reason"] == "tool_calls" and len(said["message"]["tool_calls"]) == 2
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"}
               for call in reversed(said["message"]["tool_calls"])]
    for tools in (ask["tools"], []):
        body = {**ask, "model": "b/" + model, "tools": tools,
                "messages": HI + [said["message"]] + results + [{"role": "user", "content": "so?"}]}
        if not tools:
            del body["tools"]
        second = mocked.post(CHAT, body)
        assert second.status == 200, second
        assert second.text


@pytest.mark.parametrize("name", ["odd", "drip"])
def test_streams_as_the_mock_plays_them(mocked, name):
    response = mocked.post(CHAT, {"model": name + "/m", "messages": HI, "stream": True,
                                  "stream_options": {"include_usage": True}})
    events = chunks(response)
    assert response.text and events[-1]["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("model", ["titan", "cohere3", "cohere4", "novae"])
def test_embeddings_as_the_mock_gives_them(mocked, model):
    response = mocked.post(EMBEDDINGS, {"model": "b/" + model, "input": ["a", "b"]})
    assert response.status == 200, response
    assert len(response.json["data"]) == 2


# ---- signatures ----------------------------------------------------------------------------------

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def check_signature(request, token=None, region="us-east-1"):
    """Signature Version 4 computed anew, by its definition, from the request as it was received."""
    scheme, _, rest = request.header("authorization").partition(" ")
    fields = dict(field.split("=", 1) for field in rest.split(", "))
    key, date, where, service, end = fields["Credential"].split("/")
    assert (scheme, key, where, service, end) == ("AWS4-HMAC-SHA256", "AKIDEXAMPLE", region, "bedrock",
                                                  "aws4_request")
    stamp = request.header("x-amz-date")
    sent = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    assert abs((datetime.datetime.now(datetime.timezone.utc) - sent).total_seconds()) < 60
    assert stamp.startswith(date) and request.header("x-amz-security-token") == token
    names = fields["SignedHeaders"].split(";")
    assert {"host", "content-type", "x-amz-date"} <= set(names) and names == sorted(names)
    assert token is None or "x-amz-security-token" in names
    path, _, query = request.target.partition("?")
    uri = "/".join(urllib.parse.quote(part, safe="-._~") for part in path.split("/"))
    canonical = "\n".join([request.method, uri, query] +
                          ["%s:%s" % (name, " ".join(request.header(name).split())) for name in names] +
                          ["", ";".join(names), hashlib.sha256(request.body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join([date, where, service, end]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    derived = ("AWS4" + SECRET).encode()
    for part in (date, where, service, end):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    assert fields["Signature"] == hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def signing(gateways, upstreams):
    """signing(token) -> a gateway that signs, and the upstream that gets what it signed: in Bedrock's
    dialect as "m", in OpenAI's, the client's own bytes, as "gpt"."""
    def make(token=None):
        upstream = upstreams(default=lambda exchange: exchange.send(
            up.http(200, answer([{"text": "Hello there"}]) if "/converse" in exchange.request.target
                    else up.chat_body("Hello there"))))
        aws = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": {"env": "PROA_TEST_SECRET"}}
        if token:
            aws["session_token"] = {"env": "PROA_TEST_TOKEN"}
        root = upstream.url[:-len("/v1")]
        keys = {"region": "us-east-1", "keys": [{"aws": aws}]}
        gateway = gateways(
            {"providers": {"bedrock": {"base_url": root, **keys},
                           "bedrock-openai": {"base_url": root + "/openai/v1", **keys}},
             "routes": [{"model": "m", "tiers": [[{"provider": "bedrock", "model": MODELS["m"]}]]},
                        {"model": "gpt", "tiers": [[{"provider": "bedrock-openai",
                                                     "model": "openai.gpt-oss-120b-1:0"}]]}]},
            env={**KEYS, "PROA_TEST_SECRET": SECRET, "PROA_TEST_TOKEN": token or ""})
        return gateway, upstream
    return make


@pytest.mark.parametrize("token", [None, "session/token+=="])
@pytest.mark.parametrize("model,target", [
    ("m", "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
    ("gpt", "/openai/v1/chat/completions")])
def test_signatures(signing, token, model, target):
    gateway, upstream = signing(token)
    for _ in range(2):
        response = gateway.post(CHAT, {"model": model, "messages": [{"role": "user", "content": "Zürich"}]})
        assert response.status == 200 and response.text == "Hello there", response
    for request in upstream.requests:
        assert request.target == target
        assert SECRET.encode() not in request.raw
        check_signature(request, token)


def test_signatures_that_the_mock_believes(gateways, aws):
    gateway = gateways(
        {"providers": {"bedrock": {"base_url": "http://127.0.0.1:%d/bedrock" % aws.port, "region": "us-east-1",
                                   "keys": [{"aws": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": {
                                       "env": "PROA_TEST_SECRET"}}}]}},
         "routes": [{"model": "m", "tiers": [[{"provider": "bedrock", "model": MODELS["m"]}]]}]},
        env={**KEYS, "PROA_TEST_SECRET": SECRET})
    for streamed in (False, True):
        response = gateway.post(CHAT, {"model": "m", "messages": HI, "stream": streamed})
        assert response.status == 200 and response.text, response
