"""The gemini dialect from a client of the OpenAI surface to Google and back, on its own wire format:
Google AI Studio (vendor gemini) and Vertex AI (vendor vertex)."""
import base64
import json
import struct

import pytest
from conftest import KEYS, provider
from test_mock_dialects import Mock
from testenv import TOLERANT
from testenv import upstream as up

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
HI = [{"role": "user", "content": "hi"}]
VENDORS = ("gemini", "vertex")
PATHS = {"gemini": "/v1beta/models/",
         "vertex": "/v1/projects/p/locations/global/publishers/google/models/"}
MODELS = {"m": "gemini-3.6-flash", "old": "gemini-2.0-flash", "mid": "gemini-2.5-flash",
          "embed": "gemini-embedding-001", "text": "text-embedding-005"}
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7,
         "cachedContentTokenCount": 4, "totalTokenCount": 22}
SKIP = "skip_thought_signature_validator"
PNG = "iVBORw0KGgo="


def text(*texts, **more):
    return [{"text": one, **more} for one in texts]


def answer(parts, finish="STOP", **more):
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "r-1", **more}


def whole(parts=None, finish="STOP", **more):
    return up.answer(200, answer(text("Hello there") if parts is None else parts, finish, **more))


def stream(*events, end=True):
    """Google's lines end in CR LF, and nothing marks the end."""
    return up.stream([b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in events],
                     end=end)


def hello():
    return stream(answer(text("Hel"), None, usageMetadata={"promptTokenCount": 10}),
                  answer(text("lo", " there"), "STOP", usageMetadata=USAGE))


def failure(code, status, message="m", details=(), as_status=None):
    error = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return up.answer(as_status or code, {"error": error})


class World:
    """A gateway, Google behind it with two keys, and another provider that takes over."""

    def __init__(self, gateways, upstreams, vendor, **more):
        self.vendor = vendor
        self.google = upstreams(default=whole())
        self.other = upstreams(default=up.chat("from the other"))
        root = self.google.url.rsplit("/", 1)[0]
        base = root + PATHS[vendor].split("/models")[0].split("/publishers")[0]
        keys = [{"env": "PROA_TEST_KEY", "quota_group": "a"}, {"env": "PROA_TEST_KEY2", "quota_group": "b"}]
        tiers = {name: [[{"provider": vendor, "model": model}], [{"provider": "other", "model": "o"}]]
                 for name, model in MODELS.items()}
        self.gateway = gateways(
            {"providers": {vendor: {"base_url": base, "keys": keys}, "other": provider(self.other)},
             "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT, **more}],
             "routes": [{"model": name, "policy": "test", "tiers": tier}
                        for name, tier in tiers.items()]},
            env={**KEYS, "PROA_TEST_KEY2": "test-key-2"})

    def chat(self, messages=None, model="m", headers=(), **more):
        return self.gateway.post(CHAT, {"model": model, "messages": messages or HI, **more},
                                 headers=headers)

    def sent(self, model="m"):
        """The body of the only request to Google, whose head is checked."""
        assert len(self.google.requests) == 1
        request = self.google.requests.pop()
        path = request.target.split(":")[0]
        assert path == PATHS[self.vendor] + MODELS[model]
        assert request.header("x-goog-api-key") in ("test-key-1", "test-key-2")
        assert request.header("authorization") is None
        assert request.header("content-type") == "application/json"
        return request.json


@pytest.fixture(params=VENDORS)
def world(request, gateways, upstreams):
    return World(gateways, upstreams, request.param)


def chunks(response):
    assert response.status == 200 and response.complete
    assert response.header("content-type").startswith("text/event-stream")
    assert response.events[-1] == "[DONE]"
    return [json.loads(event) for event in response.events[:-1]]


# ---- chat ---------------------------------------------------------------------------------------

def test_chat(world):
    world.google.script = [whole(usageMetadata=USAGE)]
    response = world.chat([{"role": "system", "content": "Be kind"}, {"role": "user", "content": "hi"}],
                          max_tokens=50, temperature=0.5, stop=["END"])
    assert response.status == 200, response
    target = world.google.requests[0].target
    assert target.endswith(":generateContent")
    assert world.sent() == {
        "systemInstruction": {"parts": [{"text": "Be kind"}]},
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 50, "stopSequences": ["END"]}}
    choice = response.json["choices"][0]
    assert choice["message"]["role"] == "assistant" and choice["message"]["content"] == "Hello there"
    assert choice["finish_reason"] == "stop"
    assert response.json["object"] == "chat.completion"
    assert response.header("x-proa-provider") == world.vendor
    usage = response.json["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (10, 12)
    assert usage["total_tokens"] == 22
    assert usage["prompt_tokens_details"]["cached_tokens"] == 4
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 7


def test_stream(world):
    world.google.script = [hello()]
    response = world.chat(stream=True, stream_options={"include_usage": True})
    assert world.google.requests[0].target.endswith(":streamGenerateContent?alt=sse")
    world.sent()
    events = chunks(response)
    assert response.text == "Hello there"
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [e["choices"][0]["finish_reason"] for e in events if e["choices"]][-1] == "stop"
    assert events[-1]["choices"] == []
    usage = events[-1]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (10, 12)
    assert len({e["id"] for e in events}) == 1


def test_a_stream_that_comes_as_an_array(world):
    body = [answer(text("Hel"), None), answer(text("lo there"), "STOP", usageMetadata=USAGE)]
    world.google.script = [up.answer(200, body)]
    response = world.chat(stream=True)
    chunks(response)
    assert response.text == "Hello there"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_cut_at_every_byte_is_no_answer(world, streamed):
    """Cut before its end an answer is no answer: the other provider gives one."""
    if streamed:
        events = [b"data: " + json.dumps(e).encode() + b"\r\n\r\n"
                  for e in (answer([], None), answer(text("Hello"), "STOP"))]
        data = up.STREAM_HEAD + b"".join(up.chunk(e) for e in events)
        cuts = [len(up.STREAM_HEAD) + n for n in (0, 9, len(up.chunk(events[0])), len(events[0]) + 40)]
    else:
        data = up.http(200, answer(text("Hello")))
        cuts = [len(data) - n for n in (1, 30, 90)]
    world.other.default = up.stream() if streamed else up.chat("from the other")
    for cut in cuts:
        world.google.script = [up.raw(data[:cut])] * 2
        response = world.chat(stream=streamed)
        assert response.status == 200, (cut, response)
        assert response.text == ("Hello there" if streamed else "from the other")
        assert response.header("x-proa-provider") == "other"


def test_a_stream_that_breaks_after_content_ends_with_an_error(world):
    world.google.script = [stream(answer(text("Hel"), None))]
    response = world.chat(stream=True)
    assert response.status == 200 and "[DONE]" not in response.events
    assert json.loads(response.events[-1])["error"]["code"]


def test_several_answers(world):
    body = {"candidates": [{"content": {"parts": text("a")}, "index": 0, "finishReason": "STOP"},
                           {"content": {"parts": text("b")}, "index": 1, "finishReason": "MAX_TOKENS"}]}
    world.google.script = [up.answer(200, body)]
    response = world.chat(n=2)
    assert world.sent()["generationConfig"]["candidateCount"] == 2
    assert [(c["index"], c["message"]["content"], c["finish_reason"])
            for c in response.json["choices"]] == [(0, "a", "stop"), (1, "b", "length")]


# ---- tools --------------------------------------------------------------------------------------

LOOK = {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {
    "type": "object", "properties": {"at": {"type": ["string", "null"]}}, "required": ["at"],
    "additionalProperties": False}}}
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
CALLS = [{"functionCall": {"name": "look", "args": {"at": "Zürich \"x\""}}, "thoughtSignature": "c2ln"},
         {"functionCall": {"name": "now", "args": {}}}]


def test_tools_are_told(world):
    world.chat(tools=[LOOK, NOW], tool_choice={"type": "function", "function": {"name": "look"}})
    sent = world.sent()
    assert sent["tools"] == [{"functionDeclarations": [
        {"name": "look", "description": "Looks",
         "parametersJsonSchema": LOOK["function"]["parameters"]}, {"name": "now"}]}]
    assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY",
                                                            "allowedFunctionNames": ["look"]}}
    world.chat(tools=[LOOK], model="old")
    assert world.sent("old")["tools"][0]["functionDeclarations"][0]["parameters"] == {
        "type": "object", "properties": {"at": {"type": "string", "nullable": True}},
        "required": ["at"]}


@pytest.mark.parametrize("choice,mode", [("auto", "AUTO"), ("none", "NONE"), ("required", "ANY")])
def test_tool_choice(world, choice, mode):
    world.chat(tools=[NOW], tool_choice=choice)
    assert world.sent()["toolConfig"] == {"functionCallingConfig": {"mode": mode}}


def check_calls(calls):
    assert [c["function"]["name"] for c in calls] == ["look", "now"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"at": "Zürich \"x\""}
    assert calls[1]["function"]["arguments"] == "{}"
    assert [c["id"] for c in calls] == ["call_r-1_0", "call_r-1_1"]
    assert all(c["type"] == "function" for c in calls)


def test_calls_there_and_back(world):
    """Parallel calls, one without arguments; their results, in the other order, and what must come
    back with them."""
    world.google.script = [whole(CALLS)]
    message = world.chat(tools=[LOOK, NOW]).json["choices"][0]
    assert message["finish_reason"] == "tool_calls"
    check_calls(message["message"]["tool_calls"])
    world.sent()
    world.chat(HI + [message["message"],
                     {"role": "tool", "tool_call_id": "call_r-1_1", "content": "noon"},
                     {"role": "tool", "tool_call_id": "call_r-1_0", "content": "rain"}])
    contents = world.sent()["contents"]
    ids = world.vendor == "gemini"
    call = [dict(p["functionCall"]) for p in contents[1]["parts"]]
    results = [dict(p["functionResponse"]) for p in contents[2]["parts"]]
    for one in (call, results):
        assert [c.pop("id", None) for c in one] == (["call_r-1_0", "call_r-1_1"] if ids else [None] * 2)
    assert contents[1]["role"] == "model" and contents[2]["role"] == "user"
    assert call == [{"name": "look", "args": {"at": "Zürich \"x\""}}, {"name": "now", "args": {}}]
    assert [p.get("thoughtSignature") for p in contents[1]["parts"]] == ["c2ln", None]
    assert results == [{"name": "look", "response": {"name": "look", "content": "rain"}},
                       {"name": "now", "response": {"name": "now", "content": "noon"}}]


def test_calls_of_another_provider_are_accepted(world):
    """Without a signature of Google's the first of them bears the documented placeholder."""
    history = HI + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":null}"}},
            {"id": "toolu_2", "type": "function", "function": {"name": "now", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": [{"type": "text", "text": "rain"}]},
        {"role": "tool", "tool_call_id": "toolu_2", "content": "noon"}]
    world.chat(history)
    parts = world.sent()["contents"][1]["parts"]
    assert [p.get("thoughtSignature") for p in parts] == [SKIP, None]
    assert [p["functionCall"]["args"] for p in parts] == [{"at": None}, {}]
    world.chat(history, model="mid")
    parts = world.sent("mid")["contents"][1]["parts"]
    assert [p.get("thoughtSignature") for p in parts] == [None, None]


def test_calls_in_a_stream(world):
    world.google.script = [stream(answer(text("Let me see"), None), answer(CALLS, "STOP"))]
    events = chunks(world.chat(tools=[LOOK, NOW], stream=True))
    calls = {}
    for event in events:
        for piece in event["choices"][0]["delta"].get("tool_calls") or []:
            call = calls.setdefault(piece["index"], {"function": {"arguments": ""}})
            call["id"] = piece.get("id", call.get("id"))
            call["type"] = piece.get("type", call.get("type"))
            function = piece.get("function") or {}
            call["function"]["name"] = function.get("name", call["function"].get("name"))
            call["function"]["arguments"] += function.get("arguments") or ""
    check_calls([calls[0], calls[1]])
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


# ---- media, forms, thinking ---------------------------------------------------------------------

def test_images(world):
    world.chat([{"role": "user", "content": [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.jpg"}}]}])
    assert world.sent()["contents"][0]["parts"] == [
        {"text": "see"}, {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://x.example/a.jpg"}}]


def test_an_image_of_no_known_type_goes_elsewhere(world):
    response = world.chat([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://x.example/picture"}}]}])
    assert response.status == 200 and response.header("x-proa-provider") == "other"
    assert world.google.requests == []


def test_audio_and_files(world):
    world.chat([{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]}])
    assert world.sent()["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}}]


def test_json_schema(world):
    schema = {"type": "object", "properties": {"a": {"const": "x"}}, "required": ["a"],
              "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "f", "schema": schema, "strict": True}}
    world.google.script = [whole(text("{\"a\":\"x\"}"))] * 2
    response = world.chat(response_format=form)
    assert world.sent()["generationConfig"] == {"responseMimeType": "application/json",
                                                "responseJsonSchema": schema}
    assert json.loads(response.text) == {"a": "x"}
    world.chat(response_format=form, model="old")
    assert world.sent("old")["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}},
                           "required": ["a"]}}
    world.chat(response_format={"type": "json_object"})
    assert world.sent()["generationConfig"] == {"responseMimeType": "application/json"}


@pytest.mark.parametrize("model,config", [
    ("m", {"thinkingLevel": "low", "includeThoughts": True}),
    ("mid", {"thinkingBudget": 1024, "includeThoughts": True})])
def test_reasoning(world, model, config):
    world.google.script = [whole(text("Hm, ", thought=True) + text("so", thought=True) + text("Yes"),
                                 usageMetadata=USAGE),
                           stream(answer(text("Hm, ", thought=True), None),
                                  answer(text("so", thought=True), None), answer(text("Yes"), "STOP"))]
    message = world.chat(reasoning_effort="low", model=model).json["choices"][0]["message"]
    assert world.sent(model)["generationConfig"]["thinkingConfig"] == config
    assert message["content"] == "Yes" and message["reasoning_content"] == "Hm, so"
    response = world.chat(reasoning_effort="low", model=model, stream=True)
    thought = "".join(e["choices"][0]["delta"].get("reasoning_content") or "" for e in chunks(response))
    assert response.text == "Yes" and thought == "Hm, so"


def test_own_options(world):
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    world.chat(providerOptions={"google": {"safetySettings": settings,
                                           "thinkingConfig": {"thinkingBudget": 0}}})
    sent = world.sent()
    assert sent["safetySettings"] == settings
    assert sent["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 0}}


def test_what_is_left_out_is_told(world):
    response = world.chat(user="me", seed=1, frequency_penalty=0.5)
    assert response.status == 200
    assert world.sent()["generationConfig"] == {"seed": 1}
    told = " ".join(value for name, value in response.headers if name.lower() == "x-proa-warnings")
    assert "user" in told and "frequency_penalty" in told and "seed" not in told


# ---- endings ------------------------------------------------------------------------------------

@pytest.mark.parametrize("reason,finish", [
    ("STOP", "stop"), ("MAX_TOKENS", "length"), ("CONTINUATION", "length"), ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"), ("BLOCKLIST", "content_filter"), ("SPII", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"), ("LANGUAGE", "content_filter"),
    ("IMAGE_SAFETY", "content_filter"), ("OTHER", "stop")])
def test_finish_reasons(world, reason, finish):
    world.google.script = [whole(text("so far"), reason)]
    assert world.chat().json["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("streamed", [False, True])
def test_a_blocked_prompt_is_an_answer(world, streamed):
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
               "usageMetadata": {"promptTokenCount": 10}}
    world.google.script = [stream(blocked) if streamed else up.answer(200, blocked)]
    response = world.chat(stream=streamed)
    assert response.status == 200 and response.header("x-proa-attempts") == "1"
    choice = (chunks(response)[-1] if streamed else response.json)["choices"][0]
    assert choice["finish_reason"] == "content_filter"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_spoilt_call_is_tried_again(world, streamed):
    spoilt = answer([], "MALFORMED_FUNCTION_CALL")
    good = answer(text("Hello there"))
    world.google.script = [stream(spoilt), stream(good)] if streamed else [
        up.answer(200, spoilt), up.answer(200, good)]
    world.other.default = up.stream() if streamed else up.chat("Hello there")
    response = world.chat(stream=streamed)
    assert response.status == 200 and response.text == "Hello there"
    assert response.header("x-proa-attempts") == "2"


# ---- embeddings ---------------------------------------------------------------------------------

VECTORS = [[0.5, -1.0], [0.25, 2.0], [3.0, 0.125]]


def embedding_answers(exchange):
    """Whatever is asked, by its own form: the n-th text's vector is at its n."""
    body = exchange.request.json
    method = exchange.request.target.rsplit(":", 1)[1]

    def vector(content):
        return VECTORS["abc".index(content)]

    if method == "embedContent":
        out = {"embedding": {"values": vector(body["content"]["parts"][0]["text"])}}
    elif method == "batchEmbedContents":
        out = {"embeddings": [{"values": vector(r["content"]["parts"][0]["text"])}
                              for r in body["requests"]]}
    else:
        out = {"predictions": [{"embeddings": {"values": vector(i["content"]),
                                               "statistics": {"token_count": 2, "truncated": False}}}
                               for i in body["instances"]]}
    exchange.send(up.http(200, out))


@pytest.mark.parametrize("model", ["embed", "text"])
@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(world, model, form):
    world.google.default = embedding_answers
    response = world.gateway.post(EMBEDDINGS, {"model": model, "input": ["a", "b", "c"],
                                               "encoding_format": form, "dimensions": 2})
    assert response.status == 200, response
    data = response.json["data"]
    assert [d["index"] for d in data] == [0, 1, 2]
    got = [list(struct.unpack("<2f", base64.b64decode(d["embedding"]))) if form == "base64"
           else d["embedding"] for d in data]
    assert got == VECTORS
    methods = [r.target.rsplit(":", 1)[1] for r in world.google.requests]
    expected = {("gemini", "embed"): ["batchEmbedContents"], ("gemini", "text"): ["batchEmbedContents"],
                ("vertex", "embed"): ["predict"] * 3, ("vertex", "text"): ["predict"]}
    assert methods == expected[world.vendor, model]
    if world.vendor == "vertex":
        assert response.json["usage"] == {"prompt_tokens": 6, "total_tokens": 6}


def test_more_texts_than_one_call_takes(world):
    """100 at AI Studio, 250 at Vertex: the rest in further calls, the order kept."""
    world.google.default = embedding_answers
    texts = ["abc"[i % 3] for i in range(301)]
    response = world.gateway.post(EMBEDDINGS, {"model": "text", "input": texts})
    assert response.status == 200, response
    assert [d["embedding"] for d in response.json["data"]] == [VECTORS["abc".index(t)] for t in texts]
    assert [d["index"] for d in response.json["data"]] == list(range(301))
    sizes = [len(r.json.get("requests") or r.json.get("instances") or [0])
             for r in world.google.requests]
    assert sorted(sizes, reverse=True) == ([100, 100, 100, 1] if world.vendor == "gemini" else [250, 51])


def test_one_embedding(world):
    world.google.default = embedding_answers
    response = world.gateway.post(EMBEDDINGS, {"model": "text", "input": "b"})
    assert [d["embedding"] for d in response.json["data"]] == [VECTORS[1]]
    assert world.google.requests[0].target.endswith(
        ":embedContent" if world.vendor == "gemini" else ":predict")


# ---- errors -------------------------------------------------------------------------------------

def reason(word):
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word}


def quota(name, delay="34.4s"):
    return [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]


SPENT = "You exceeded your current quota, please check your plan and billing details."
# What is done: X the client is told, K the other key answers, F the other provider does.
ERRORS = {
    "bad-key": (failure(400, "INVALID_ARGUMENT", "API key not valid.", [reason("API_KEY_INVALID")]), "K"),
    "bad-key-text": (failure(400, "INVALID_ARGUMENT", "API key not valid."), "K"),
    "invalid": (failure(400, "INVALID_ARGUMENT", "Invalid value at contents"), "X"),
    "context": (failure(400, "INVALID_ARGUMENT",
                        "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
                "XF"),
    "billing": (failure(400, "FAILED_PRECONDITION", "Please enable billing"), "K"),
    "region": (failure(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), "K"),
    "unauthenticated": (failure(401, "UNAUTHENTICATED"), "K"),
    "leaked": (failure(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), "K"),
    "credits": (failure(402, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "K"),
    "not-found": (failure(404, "NOT_FOUND", "models/x is not found"), "F"),
    "minute": (failure(429, "RESOURCE_EXHAUSTED", SPENT, quota("GenerateRequestsPerMinute")), "K"),
    "day": (failure(429, "RESOURCE_EXHAUSTED", SPENT, quota("GenerateRequestsPerDay")), "K"),
    "shared": (failure(429, "RESOURCE_EXHAUSTED", "Resource exhausted, please try again later."), "F"),
    "throughput": (failure(429, "RESOURCE_EXHAUSTED", "Exceeded the Provisioned Throughput."), "F"),
    "429-as-500": (failure(429, "RESOURCE_EXHAUSTED", as_status=500), "K"),
    "cancelled": (failure(499, "CANCELLED"), "KF"),
    "internal": (failure(500, "INTERNAL"), "KF"),
    "overloaded": (failure(503, "UNAVAILABLE", "The model is overloaded."), "F"),
    "deadline": (failure(504, "DEADLINE_EXCEEDED"), "KF"),
    "array": (up.answer(400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                                         "message": "API key not valid."}}]), "K"),
    "200-error": (up.answer(200, {"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}}), "F"),
    "empty": (up.answer(200, {"candidates": []}), "KF"),
    "not-json": (up.answer(200, "<html>"), "KF"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(world, name):
    handler, reaction = ERRORS[name]
    world.google.script = [handler]
    response = world.chat()
    if response.status != 200:
        assert "X" in reaction, response
        assert len(world.google.requests) == 1 and world.other.requests == []
        assert response.error["message"] and response.error["source"] == "provider"
        return
    assert response.header("x-proa-attempts") == "2", response
    if response.header("x-proa-provider") == "other":
        assert "F" in reaction, response
    else:
        keys = {r.header("x-goog-api-key") for r in world.google.requests}
        assert "K" in reaction and keys == {"test-key-1", "test-key-2"}, response


@pytest.mark.parametrize("event", [
    {"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}},
    [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": SPENT}}]])
def test_an_error_is_the_first_event(world, event):
    world.google.script = [stream(event), hello()]
    world.other.default = up.stream()
    response = world.chat(stream=True)
    chunks(response)
    assert response.text == "Hello there" and response.header("x-proa-attempts") == "2"


def test_an_error_amid_a_stream(world):
    world.google.script = [stream(answer(text("Hel"), None),
                                  {"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}})]
    response = world.chat(stream=True)
    assert response.text == "Hel" and "[DONE]" not in response.events
    assert json.loads(response.events[-1])["error"]["message"]


def test_more_stops_than_google_takes_go_elsewhere(world):
    response = world.chat(stop=list("abcdef"))
    assert response.status == 200 and response.header("x-proa-provider") == "other"
    assert world.google.requests == []


# ---- against a stricter Google ------------------------------------------------------------------

@pytest.fixture(scope="module")
def google():
    made = Mock()
    yield made
    made.stop()


@pytest.fixture
def mocked(gateways, google):
    """A gateway before `proa mock`, which checks turns, signatures and schemas as Google does; one
    model that is new, one that is old, and one of each under the recorded errors."""
    root = "http://127.0.0.1:%d" % google.port
    names = {"g": "/calls=2", "rate": "/error=rate", "overloaded": "/error=overloaded", "bad-key": "/error=bad-key",
             "context": "/error=context", "model": "/error=model", "server": "/error=server"}
    models = {"new": "gemini-3.6-flash", "old": "gemini-2.0-flash", "vectors": "gemini-embedding-001"}
    return gateways({
        "providers": {name: {"dialect": "gemini", "base_url": root + path + "/gemini/v1beta",
                             "keys": [{"env": "PROA_TEST_KEY"}]} for name, path in names.items()},
        "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT}],
        "routes": [{"model": name, "policy": "test", "tiers": [[{"provider": "g", "model": model}]]}
                   for name, model in models.items()] +
                  [{"model": name, "policy": "test", "tiers": [
                      [{"provider": name, "model": "gemini-3.6-flash"}],
                      [{"provider": "g", "model": "gemini-3.6-flash"}]]} for name in names]},
        env=KEYS)


@pytest.mark.parametrize("model", ["new", "old"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_that_google_would_take(mocked, model, streamed):
    """Calls in parallel, one without arguments, their results out of order, a word between: each
    request passes the checks of turns, ids, signatures and schema keywords."""
    schema = {"$defs": {"City": {"type": ["string", "null"], "description": "where"}}, "type": "object",
              "properties": {"at": {"$ref": "#/$defs/City"}, "unit": {"const": "C"}},
              "required": ["at"], "additionalProperties": False}
    tools = [{"type": "function", "function": {"name": "look", "parameters": schema}}, NOW]
    messages = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "look"},
                {"role": "user", "content": "now"}]

    def ask():
        response = mocked.post(CHAT, {"model": model, "messages": messages, "tools": tools,
                                      "reasoning_effort": "low", "stream": streamed})
        assert response.status == 200, response
        if not streamed:
            return response.json["choices"][0]["message"]
        message = {"role": "assistant", "content": response.text, "tool_calls": []}
        for event in chunks(response):
            for piece in event["choices"][0]["delta"].get("tool_calls") or []:
                if piece["index"] == len(message["tool_calls"]):
                    message["tool_calls"].append({**piece, "function": {**piece["function"]}})
                    del message["tool_calls"][-1]["index"]
                else:
                    call = message["tool_calls"][piece["index"]]["function"]
                    call["arguments"] += piece["function"].get("arguments") or ""
        return message

    first = ask()
    calls = first["tool_calls"]
    assert [c["function"]["name"] for c in calls] == ["look", "now"]
    assert isinstance(json.loads(calls[0]["function"]["arguments"]), dict)
    messages += [first, {"role": "tool", "tool_call_id": calls[1]["id"], "content": "noon"},
                 {"role": "tool", "tool_call_id": calls[0]["id"], "content": "rain"},
                 {"role": "user", "content": "and then?"}]
    second = ask()
    assert second["content"]
    # The same as another provider would have told it: without signatures.
    for call in calls:
        call.pop("extra_content", None)
    messages += [{"role": "assistant", "content": second["content"]}, {"role": "user", "content": "so?"}]
    assert ask()


@pytest.mark.parametrize("model", ["new", "old"])
def test_a_form_that_google_would_take(mocked, model):
    schema = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}, "n": {"type": "integer"}},
              "required": ["mood", "n"], "additionalProperties": False}
    response = mocked.post(CHAT, {"model": model, "messages": HI, "response_format": {
        "type": "json_schema", "json_schema": {"name": "f", "schema": schema}}})
    assert response.status == 200, response
    assert set(json.loads(response.text)) == {"mood", "n"}


def test_vectors_that_google_would_make(mocked):
    response = mocked.post(EMBEDDINGS, {"model": "vectors", "input": ["a", "b"], "dimensions": 8})
    assert response.status == 200, response
    assert [len(d["embedding"]) for d in response.json["data"]] == [8, 8]


@pytest.mark.parametrize("name,status", [("rate", "429"), ("overloaded", "503"), ("bad-key", "400"),
                                         ("model", "404"), ("server", "500"), ("context", None)])
@pytest.mark.parametrize("streamed", [False, True])
def test_recorded_errors(mocked, name, status, streamed):
    response = mocked.post(CHAT, {"model": name, "messages": HI, "stream": streamed})
    if status:
        assert response.status == 200 and response.text, response
        assert response.header("x-proa-trail").startswith("%s/k1:%s/" % (name, status))
        assert response.header("x-proa-provider") == "g"
    else:
        assert response.status == 400 and response.header("x-proa-attempts") == "1"
        assert "exceeds the maximum number of tokens" in response.error["message"]
