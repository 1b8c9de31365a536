"""`proa mock` as each provider: what it refuses, in whose words, and the shapes of its answers.

Nothing of the gateway is between: raw requests to the mock itself, read by small parsers that are
written for these tests alone.
"""
import base64
import binascii
import datetime
import hashlib
import hmac
import http.client
import json
import re
import struct
import subprocess
import time
import urllib.parse

import pytest
from testenv.gateway import BINARY, environment, free_port
from testenv.poll import eventually

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "n": {"type": "integer"},
                                           "mood": {"enum": ["good", "bad"]}},
          "required": ["city", "n", "mood"], "additionalProperties": False}
PARAMETERS = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
EMPTY = {"type": "object", "properties": {}}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {key.lower(): value for key, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def events(self):
        """(event name or None, data as JSON or text) of a stream of server-sent events."""
        found = []
        for block in re.split(rb"\r?\n\r?\n", self.body):
            name, data = None, []
            for line in block.decode().splitlines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data.append(line[6:])
            if data:
                text = "\n".join(data)
                found.append((name, text if text == "[DONE]" else json.loads(text)))
        return found

    @property
    def data(self):
        return [data for _, data in self.events]

    @property
    def frames(self):
        return list(frames_of(self.body))


def frames_of(body):
    """(headers, payload) of each frame; a wrong checksum or a rest is an error."""
    while body:
        total, n_headers, crc = struct.unpack(">III", body[:12])
        assert binascii.crc32(body[:8]) == crc, "prelude"
        assert binascii.crc32(body[:total - 4]) == struct.unpack(">I", body[total - 4:total])[0]
        at, end, headers = 12, 12 + n_headers, {}
        while at < end:
            n = body[at]
            name = body[at + 1:at + 1 + n].decode()
            assert body[at + 1 + n] == 7
            size = struct.unpack(">H", body[at + 2 + n:at + 4 + n])[0]
            headers[name] = body[at + 4 + n:at + 4 + n + size].decode()
            at += 4 + n + size
        yield headers, json.loads(body[end:total - 4])
        body = body[total:]


class Mock:
    def __init__(self, *arguments):
        self.port = free_port()
        self.process = subprocess.Popen(
            [BINARY, "mock", "--quiet", "--seed", "7", "--listen", "127.0.0.1:%d" % self.port,
             *arguments], env=environment(), stderr=subprocess.PIPE)
        eventually(self.is_up, what="the mock answers")

    def is_up(self):
        try:
            return self.ask("GET", "/v1/models").status == 200
        except ConnectionError:
            return False

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"content-type": "application/json", **(headers or {})}
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        error = self.process.communicate(timeout=30)[1].decode()
        assert self.process.returncode == 0, error
        assert "Sanitizer" not in error and "runtime error" not in error, error


@pytest.fixture(scope="module")
def mock():
    made = Mock()
    yield made
    made.stop()


BEARER = {"authorization": "Bearer k"}

# ---- OpenAI-shaped -------------------------------------------------------------------------------

SHAPES = {
    "openai": "/openai/v1", "xai": "/xai/v1", "mistral": "/mistral/v1", "deepseek": "/deepseek",
    "groq": "/groq/openai/v1", "vllm": "/vllm/v1", "ollama": "/ollama/v1",
    "llamacpp": "/llamacpp/v1", "openrouter": "/openrouter/api/v1", "together": "/together/v1",
    "fireworks": "/fireworks/inference/v1", "perplexity": "/perplexity",
    "cerebras": "/cerebras/v1", "gemini": "/gemini/v1beta/openai",
    "cohere": "/cohere/compatibility/v1", "bedrock": "/bedrock/openai/v1",
}


def say(text="one two", **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def tool(name="lookup", parameters=None):
    return {"type": "function", "function": {"name": name, "parameters": parameters or PARAMETERS}}


def shape(mock, name, body, recipe=None, headers=None):
    path = ("/" + recipe if recipe else "") + SHAPES[name] + "/chat/completions"
    return mock.ask("POST", path, body, {**BEARER, **(headers or {})})


def text_of(answer):
    return "".join((choice["delta"].get("content") or "") for data in answer.data
                   if data != "[DONE]" for choice in data["choices"]
                   if isinstance(choice["delta"].get("content") or "", str))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shapes_chat_and_stream(mock, name):
    whole = shape(mock, name, say())
    assert whole.status == 200
    assert whole.json["choices"][0]["message"]["content"] == "one two"
    assert whole.json["choices"][0]["finish_reason"] in ("stop", "eos")
    usage = whole.json["usage"]
    assert usage["total_tokens"] >= usage["prompt_tokens"] + usage["completion_tokens"] > 0
    streamed = shape(mock, name, say(stream=True))
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert text_of(streamed) == "one two"
    assert streamed.data[-1] == "[DONE]"
    finishes = [choice["finish_reason"] for data in streamed.data[:-1] for choice in data["choices"]
                if choice.get("finish_reason")]
    assert len(finishes) == 1


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shapes_call_tools(mock, name):
    asked = say(tools=[tool("one"), tool("two", EMPTY)])
    whole = shape(mock, name, asked, recipe="calls=2")
    message = whole.json["choices"][0]["message"]
    assert whole.json["choices"][0]["finish_reason"] == "tool_calls"
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["one", "two"]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"word": "one two"}
    assert message["tool_calls"][1]["function"]["arguments"] == "{}"
    streamed = shape(mock, name, {**asked, "stream": True}, recipe="calls=2")
    calls = []
    for data in streamed.data[:-1]:
        for delta in (choice["delta"] for choice in data["choices"]):
            for part in delta.get("tool_calls", []):
                if "id" in part:
                    calls.append([part["function"]["name"], ""])
                calls[part.get("index", -1)][1] += part["function"]["arguments"]
    assert [call[0] for call in calls] == ["one", "two"]
    assert json.loads(calls[0][1]) == {"word": "one two"}
    # and the turn after it is accepted, with the ids as they came
    ids = [call["id"] for call in message["tool_calls"]]
    assert len(set(ids)) == 2
    history = asked["messages"] + [
        {"role": "assistant", "content": "", "tool_calls": [{"type": "function", **call}
                                                            for call in message["tool_calls"]]},
        *({"role": "tool", "tool_call_id": i, "content": "42"} for i in ids)]
    after = shape(mock, name, {**asked, "messages": history})
    assert after.status == 200 and after.json["choices"][0]["finish_reason"] in ("stop", "eos")
    if name in ("openai", "xai", "mistral", "deepseek", "groq", "gemini", "cohere", "bedrock"):
        assert shape(mock, name, {**asked, "messages": history[:-1]}).status == 400
        assert shape(mock, name, {**asked, "messages": history[:1] + history[2:]}).status == 400


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shapes_see_images(mock, name):
    parts = [{"type": "text", "text": "look"},
             {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}]
    answer = shape(mock, name, say(parts))
    assert answer.json["choices"][0]["message"]["content"] == "look [saw 1: image/png]"
    parts[1]["image_url"]["url"] = "data:image/png;base64,%%%"
    assert shape(mock, name, say(parts)).status == 400


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"deepseek"}))
def test_shapes_fit_a_schema(mock, name):
    wanted = {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}
    model = "openai/gpt-oss-20b" if name == "groq" else "m"
    answer = shape(mock, name, say(model=model, response_format=wanted, **{}) | {"model": model})
    value = json.loads(answer.json["choices"][0]["message"]["content"])
    assert value == {"city": "one two", "n": 1, "mood": "good"}


@pytest.mark.parametrize("name, model, member", [
    ("xai", "grok-4.5", "reasoning_content"), ("deepseek", "deepseek-v4-flash", "reasoning_content"),
    ("groq", "openai/gpt-oss-20b", "reasoning")])
def test_shapes_show_thoughts(mock, name, model, member):
    whole = shape(mock, name, say(model=model) | {"model": model}).json
    assert whole["choices"][0]["message"][member].startswith("The words")
    assert whole["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    streamed = shape(mock, name, say(stream=True) | {"model": model})
    thought = "".join(choice["delta"].get(member, "") for data in streamed.data[:-1]
                      for choice in data["choices"])
    assert thought == whole["choices"][0]["message"][member]


def refused(answer, status, *words):
    assert answer.status == status, answer.body
    for word in words:
        assert word in answer.body.decode(), answer.body
    return answer


def test_openai_refuses(mock):
    def ask(**more):
        return shape(mock, "openai", say(**{}) | more)
    answer = refused(ask(model="gpt-5.5", max_tokens=5), 400)
    assert answer.json["error"] == {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                   "'max_completion_tokens' instead.",
        "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter"}
    assert ask(model="gpt-5.5", max_completion_tokens=5).status == 200
    assert ask(model="gpt-4o", max_tokens=5).status == 200
    refused(ask(model="gpt-5.5", temperature=0.5), 400, "temperature")
    assert ask(model="gpt-5.5", temperature=0.5, reasoning_effort="none").status == 200
    refused(ask(model="gpt-4o", reasoning_effort="low"), 400, "reasoning_effort")
    refused(ask(response_format={"type": "json_object"}), 400, "the word 'json'")
    answer = ask(response_format={"type": "json_object"},
                 messages=[{"role": "user", "content": "as JSON"}])
    assert json.loads(answer.json["choices"][0]["message"]["content"]) == {"mock": True}
    refused(mock.ask("POST", "/openai/v1/chat/completions", say()), 401, "invalid_api_key")
    refused(mock.ask("POST", "/openai/v1/chat/completions", say(),
                     {"authorization": "Bearer bad-key-1"}), 401, "invalid_api_key")
    refused(mock.ask("POST", "/openai/v1/chat/completions", "{}",
                     {"content-type": "text/plain", **BEARER}), 415)
    assert refused(ask(model="unknown-1"), 404).json["error"]["code"] == "model_not_found"


def test_openai_chunks(mock):
    events = shape(mock, "openai", say(stream=True, stream_options={"include_usage": True})).data
    assert all("obfuscation" in data for data in events[:-2])
    assert all(data["usage"] is None for data in events[:-2])
    assert events[-2]["choices"] == [] and events[-2]["usage"]["total_tokens"] > 0
    events = shape(mock, "openai", say(stream=True, stream_options={"include_obfuscation": False}))
    assert b"obfuscation" not in events.body


def test_openai_limits_run_out(mock):
    headers = {"authorization": "Bearer limited+limit=3"}
    left = []
    for _ in range(3):
        answer = shape(mock, "openai", say(), headers=headers)
        assert answer.status == 200
        left.append(int(answer.headers["x-ratelimit-remaining-requests"]))
        assert re.fullmatch(r"(\d+m)?[\d.]+m?s", answer.headers["x-ratelimit-reset-requests"])
    assert left == [2, 1, 0]
    answer = refused(shape(mock, "openai", say(), headers=headers), 429, "rate_limit_exceeded")
    assert int(answer.headers["retry-after-ms"]) > 0


def test_azure(mock):
    key = {"api-key": "k"}
    path = "/azure/openai/deployments/my%20gpt/chat/completions"
    body = {"messages": [{"role": "user", "content": "one two"}]}
    answer = mock.ask("POST", path + "?api-version=2024-10-21", body, key)
    assert answer.status == 200 and answer.json["model"] == "my gpt"
    assert answer.json["prompt_filter_results"][0]["prompt_index"] == 0
    assert answer.json["choices"][0]["content_filter_results"]["hate"]["filtered"] is False
    assert answer.headers["x-ratelimit-reset-requests"].isdigit()
    first = mock.ask("POST", path + "?api-version=2024-10-21", {**body, "stream": True}, key).data[0]
    assert first["choices"] == [] and first["id"] == "" and "prompt_filter_results" in first
    refused(mock.ask("POST", path, body, key), 404, "Resource not found")
    refused(mock.ask("POST", path + "?api-version=2024-10-21", body), 401, '"code":"401"')
    refused(mock.ask("POST", path + "?api-version=2024-10-21", body, BEARER), 401)
    refused(mock.ask("POST", path.replace("my%20gpt", "unknown") + "?api-version=2024-10-21", body,
                     key), 404, "DeploymentNotFound")
    assert mock.ask("POST", "/azure/openai/v1/chat/completions", say(), key).status == 200
    filtered = refused(mock.ask("POST", "/error=filter/azure/openai/v1/chat/completions", say(),
                                key), 400)
    assert filtered.json["error"]["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    limited = refused(mock.ask("POST", "/error=rate/azure/openai/v1/chat/completions", say(), key),
                      429, "retry after 12 seconds")
    assert limited.headers["x-ms-retry-after-ms"] == "12000"


def test_xai(mock):
    bad = refused(shape(mock, "xai", say(), headers={"authorization": "Bearer bad-key"}), 400)
    assert bad.json["error"].startswith("Incorrect API key")
    hidden = shape(mock, "xai", say(stream=True), recipe="error=overloaded:200-error")
    assert hidden.status == 200 and hidden.headers["content-type"] == "application/json"
    assert hidden.json["code"] == "The service is currently unavailable"
    usage = shape(mock, "xai", say() | {"model": "grok-4.5"}).json["usage"]
    thought = usage["completion_tokens_details"]["reasoning_tokens"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + thought
    odd = shape(mock, "xai", say("word " * 50), recipe="odd,cached=60").json["usage"]
    assert odd["prompt_tokens_details"]["cached_tokens"] > odd["prompt_tokens"]
    refused(shape(mock, "xai", say(stop=["x"]) | {"model": "grok-4.5"}), 400, "stop")
    refused(shape(mock, "xai", say(logit_bias={})), 400, "logit_bias")
    for data in shape(mock, "xai", say(stream=True)).data[:-2]:
        assert "finish_reason" not in data["choices"][0] and "logprobs" not in data["choices"][0]


def test_mistral(mock):
    for field, value in (("seed", 1), ("stream_options", {}), ("max_completion_tokens", 5),
                         ("store", True), ("service_tier", "auto")):
        answer = refused(shape(mock, "mistral", say(**{field: value})), 422)
        assert answer.json["detail"][0]["loc"] == ["body", field]
    refused(shape(mock, "mistral", say(tools=[])), 422)
    assert shape(mock, "mistral", say(random_seed=1, safe_prompt=True, max_tokens=9)).status == 200
    calls = [{"id": "call_123", "function": {"name": "f", "arguments": "{}"}}]
    history = [{"role": "user", "content": "x"},
               {"role": "assistant", "content": "", "tool_calls": calls},
               {"role": "tool", "tool_call_id": "call_123", "content": "1"}]
    refused(shape(mock, "mistral", {"model": "m", "messages": history}), 400, "length of 9")
    calls[0]["id"] = history[2]["tool_call_id"] = "abcDEF123"
    assert shape(mock, "mistral", {"model": "m", "messages": history}).status == 200
    begun = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "one"}]
    refused(shape(mock, "mistral", {"model": "m", "messages": begun}), 400, "prefix")
    begun[1]["prefix"] = True
    answer = shape(mock, "mistral", {"model": "m", "messages": begun})
    assert answer.json["choices"][0]["message"]["content"] == " two"
    last = shape(mock, "mistral", say(stream=True, tools=[tool()], tool_choice="any")).data[-2]
    choice = last["choices"][0]
    assert choice["finish_reason"] == "tool_calls" and last["usage"]["total_tokens"] > 0
    assert "index" not in choice["delta"]["tool_calls"][0]
    assert re.fullmatch("[a-zA-Z0-9]{9}", choice["delta"]["tool_calls"][0]["id"])
    parts = shape(mock, "mistral", say() | {"model": "magistral-medium"}).json
    parts = parts["choices"][0]["message"]["content"]
    assert [part["type"] for part in parts] == ["thinking", "text"]
    assert parts[0]["thinking"][0]["type"] == "text"
    for name, body in (("bad-key", b'{"detail":"Unauthorized"}'), ("bad-key-empty", b""),
                       ("bad-key-message", b'{"message":"Unauthorized","request_id":"mock"}')):
        answer = refused(shape(mock, "mistral", say(), recipe="error=" + name), 401)
        assert answer.body == body
    answer = shape(mock, "mistral", say())
    assert answer.headers["x-ratelimit-limit-req-minute"] == "10000"
    assert int(answer.headers["x-ratelimit-tokens-query-cost"]) > 0


def test_deepseek(mock):
    answer = shape(mock, "deepseek", say(stream=True) | {"model": "deepseek-chat"},
                   recipe="first=100ms:keepalive=20ms")
    assert answer.body.startswith(b": keep-alive\n\n")
    assert answer.data[-2]["usage"]["prompt_cache_miss_tokens"] > 0
    plain = shape(mock, "deepseek", say(), recipe="first=100ms:keepalive=20ms")
    assert plain.body.startswith(b"\n") and plain.json["object"] == "chat.completion"
    usage = shape(mock, "deepseek", say("word " * 50), recipe="cached=20").json["usage"]
    assert usage["prompt_cache_hit_tokens"] == 20
    assert usage["prompt_tokens"] == 20 + usage["prompt_cache_miss_tokens"]
    refused(shape(mock, "deepseek", say(response_format={"type": "json_schema", "json_schema": {
        "name": "s", "schema": SCHEMA}})), 400, "json_schema")
    refused(shape(mock, "deepseek", say(response_format={"type": "json_object"})), 400, "json")
    broken = shape(mock, "deepseek", say(stream=True), recipe="finish=insufficient_system_resource")
    assert broken.data[-2]["choices"][0]["finish_reason"] == "insufficient_system_resource"
    refused(shape(mock, "deepseek", say(), recipe="error=quota"), 402, "Insufficient Balance")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [{"role": "user", "content": "x"},
             {"role": "assistant", "content": "", "tool_calls": [call]},
             {"role": "tool", "tool_call_id": "c", "content": "1"}]
    newer = {"model": "deepseek-v4-pro", "messages": turns}
    refused(shape(mock, "deepseek", newer), 400, "Missing `reasoning_content`")
    assert shape(mock, "deepseek", {**newer, "thinking": {"type": "disabled"}}).status == 200
    turns[1]["reasoning_content"] = "hm"
    assert shape(mock, "deepseek", newer).status == 200
    refused(shape(mock, "deepseek", {**newer, "model": "deepseek-reasoner"}), 400, "remove the")
    assert mock.ask("POST", "/deepseek/embeddings", {}, BEARER).status == 404


def test_groq(mock):
    for field, value in (("logprobs", True), ("logit_bias", {}), ("top_logprobs", 2)):
        refused(shape(mock, "groq", say(**{field: value})), 400, "property '%s'" % field)
    refused(shape(mock, "groq", say(n=2)), 400, "at most 1")
    named = say() | {"messages": [{"role": "user", "name": "ann", "content": "x"}]}
    refused(shape(mock, "groq", named), 400, "name")
    refused(shape(mock, "groq", say(response_format={"type": "json_schema", "json_schema": {
        "name": "s", "schema": SCHEMA}})), 400, "json_schema")
    answer = shape(mock, "groq", say())
    assert answer.headers["x-ratelimit-limit-requests"] == str(10000 * 1440)
    assert answer.json["x_groq"]["id"].startswith("req_") and "queue_time" in answer.json["usage"]
    last = shape(mock, "groq", say(stream=True)).data[-2]
    assert last["x_groq"]["usage"]["total_tokens"] > 0 and "usage" not in last
    model = {"model": "openai/gpt-oss-20b"}
    raw = shape(mock, "groq", say(reasoning_format="raw") | model).json["choices"][0]["message"]
    assert raw["content"].startswith("<think>") and "reasoning" not in raw
    hidden = shape(mock, "groq", say(reasoning_format="hidden") | model)
    assert "reasoning" not in hidden.json["choices"][0]["message"]
    refused(shape(mock, "groq", say(), recipe="error=request-size"), 413, "TPM")
    refused(shape(mock, "groq", say(), recipe="error=capacity"), 498)
    failed = refused(shape(mock, "groq", say(), recipe="error=tool-use-failed"), 400)
    assert failed.json["error"]["failed_generation"]


def test_servers_of_ones_own(mock):
    roles = [choice["delta"]["role"] for data in shape(mock, "ollama", say(stream=True)).data[:-1]
             for choice in data["choices"]]
    assert set(roles) == {"assistant"} and len(roles) > 2
    assert shape(mock, "ollama", say()).json["system_fingerprint"] == "fp_ollama"
    link = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    refused(shape(mock, "ollama", say(link)), 400)
    assert "tool_calls" not in shape(mock, "ollama", say(tools=[tool()], tool_choice="required")) \
        .json["choices"][0]["message"]
    assert mock.ask("POST", "/vllm/v1/chat/completions", say()).status == 200  # no key
    assert refused(shape(mock, "vllm", say(), recipe="error=context"), 400).json["error"]["code"] \
        == 400
    assert refused(shape(mock, "vllm", say(), recipe="error=flat"), 400).json["object"] == "error"
    refused(shape(mock, "llamacpp", say(), recipe="error=overloaded"), 503, "Loading model")
    assert b'\nerror: {"error":' in shape(mock, "llamacpp", say(stream=True),
                                          recipe="error-after=2").body
    assert "timings" in shape(mock, "llamacpp", say()).json
    assert shape(mock, "openrouter", say(stream=True)).body.startswith(b": OPENROUTER PROCESSING")
    hidden = shape(mock, "openrouter", say(), recipe="error=rate:200-error")
    assert hidden.status == 200 and hidden.json["error"]["code"] == 429
    assert shape(mock, "together", say()).json["choices"][0]["finish_reason"] == "eos"
    refused(shape(mock, "together", say(), recipe="error=context"), 403, "max_new_tokens")
    assert "usage" not in shape(mock, "vllm", say(), recipe="usage=no").json
    assert shape(mock, "vllm", say(stream=True), recipe="no-terminator").data[-1] != "[DONE]"


def test_compat_endpoints(mock):
    answer = refused(shape(mock, "gemini", say(store=True)), 400, "Unknown name")
    assert isinstance(answer.json, list) and answer.json[0]["error"]["status"] == "INVALID_ARGUMENT"
    refused(shape(mock, "cohere", say(n=1)), 400, "'n'")
    assert set(refused(shape(mock, "cohere", say(store=True)), 400).json) == {"id", "message"}


@pytest.mark.parametrize("name", ["openai", "mistral", "together", "gemini", "cohere"])
def test_shapes_embed(mock, name):
    path = SHAPES[name] + "/embeddings"
    answer = mock.ask("POST", path, {"model": "e", "input": ["a", "b"]}, BEARER)
    assert [row["index"] for row in answer.json["data"]] == [0, 1]
    assert len(answer.json["data"][0]["embedding"]) == 1536
    too_many = mock.ask("POST", path, {"model": "e", "input": ["a"] * 2049}, BEARER)
    assert too_many.status == 400


# ---- Anthropic -----------------------------------------------------------------------------------

CLAUDE = {"x-api-key": "k", "anthropic-version": "2023-06-01"}


def message(text="one two", **more):
    return {"model": "claude-sonnet-4-5", "max_tokens": 2000,
            "messages": [{"role": "user", "content": text}], **more}


def claude(mock, body, recipe=None, headers=None):
    return mock.ask("POST", ("/" + recipe if recipe else "") + "/anthropic/v1/messages", body,
                    CLAUDE if headers is None else headers)


def claude_tool(name="lookup", schema=None):
    return {"name": name, "input_schema": schema or PARAMETERS}


def test_anthropic_whole(mock):
    answer = claude(mock, message(), recipe="cached=4")
    assert answer.json["content"] == [{"type": "text", "text": "one two"}]
    assert answer.json["stop_reason"] == "end_turn" and answer.json["id"].startswith("msg_")
    usage = answer.json["usage"]
    assert usage["cache_read_input_tokens"] == 4 and usage["input_tokens"] > 0
    assert answer.headers["request-id"].startswith("req_")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                        answer.headers["anthropic-ratelimit-input-tokens-reset"])
    short = claude(mock, message("one two three", max_tokens=1)).json
    assert short["stop_reason"] == "max_tokens"
    refusal = claude(mock, message(), recipe="finish=refusal").json
    assert refusal["stop_details"]["type"] == "refusal"


def test_anthropic_stream(mock):
    events = claude(mock, message(stream=True)).events
    assert [name for name, _ in events] == [
        "message_start", "content_block_start", "ping", "content_block_delta",
        "content_block_delta", "content_block_stop", "message_delta", "message_stop"]
    assert all(data["type"] == name for name, data in events)
    assert events[0][1]["message"]["usage"]["input_tokens"] > 0
    assert "".join(data["delta"]["text"] for name, data in events
                   if name == "content_block_delta") == "one two"
    assert events[-2][1]["delta"]["stop_reason"] == "end_turn"
    assert "input_tokens" not in events[-2][1]["usage"]
    odd = claude(mock, message(stream=True), recipe="odd").events
    assert odd[-2][1]["usage"]["input_tokens"] > 0
    assert claude(mock, message(stream=True), recipe="no-terminator").events[-1][0] \
        == "message_delta"
    broken = claude(mock, message(stream=True), recipe="error-after=4").events
    assert len(broken) == 5 and broken[-1][0] == "error"
    assert broken[-1][1]["error"]["type"] == "overloaded_error"
    named = claude(mock, message(stream=True), recipe="error-first,error=rate").events
    assert named[0][1]["error"]["type"] == "rate_limit_error"


def test_anthropic_tools(mock):
    asked = message(tools=[claude_tool(), claude_tool("clock", EMPTY)], stream=True)
    events = claude(mock, asked, recipe="calls=2").data
    starts = [data["content_block"] for data in events if data["type"] == "content_block_start"]
    assert [start["name"] for start in starts] == ["lookup", "clock"]
    assert all(start["input"] == {} for start in starts)
    parts = {0: [], 1: []}
    for data in events:
        if data["type"] == "content_block_delta":
            parts[data["index"]].append(data["delta"]["partial_json"])
    assert parts[0][0] == "" and json.loads("".join(parts[0])) == {"word": "one two"}
    assert parts[1] == [""]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    whole = claude(mock, {**asked, "stream": False}, recipe="calls=2").json
    assert [block["input"] for block in whole["content"]] == [{"word": "one two"}, {}]
    named = claude(mock, message(tools=asked["tools"], tool_choice={"type": "tool",
                                                                   "name": "clock"})).json
    assert [block["name"] for block in named["content"]] == ["clock"]
    results = [{"type": "tool_result", "tool_use_id": block["id"], "content": "42"}
               for block in whole["content"]]
    turns = asked["messages"] + [{"role": "assistant", "content": whole["content"]}]
    after = {**asked, "stream": False}
    assert claude(mock, {**after, "messages": turns + [{"role": "user", "content": results}]}) \
        .status == 200
    text = {"type": "text", "text": "and"}
    for content, words in ((results[:1], "without `tool_result`"), ([text] + results, "come first"),
                           (results + results[:1], "unexpected `tool_use_id`"), ("x", "without")):
        refused(claude(mock, {**after, "messages": turns + [{"role": "user", "content": content}]}),
                400, words)
    assert claude(mock, {**after, "messages": turns + [{"role": "user",
                                                        "content": results + [text]}]}).status \
        == 200
    refused(claude(mock, {**after, "messages": turns}), 400, "without `tool_result`")


def test_anthropic_thinks(mock):
    asked = message(thinking={"type": "enabled", "budget_tokens": 1024})
    blocks = claude(mock, asked).json["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]
    events = claude(mock, {**asked, "stream": True}).data
    kinds = [data["delta"]["type"] for data in events if data["type"] == "content_block_delta"]
    assert kinds.index("thinking_delta") < kinds.index("signature_delta") < kinds.index("text_delta")
    assert events[-2]["usage"]["output_tokens_details"]["thinking_tokens"] > 0
    again = {**asked, "messages": asked["messages"] + [
        {"role": "assistant", "content": blocks}, {"role": "user", "content": "go on"}]}
    assert claude(mock, again).status == 200
    blocks[0]["signature"] = "changed"
    refused(claude(mock, again), 400, "Invalid `signature`")


@pytest.mark.parametrize("body, words", [
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"model": None}, "model: Field required"),
    ({"messages": []}, "at least one message"),
    ({"messages": None}, "messages: Field required"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}]},
     "roles must alternate"),
    ({"messages": [{"role": "system", "content": "x"}]}, "top-level `system`"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
    ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "Input tag"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y "}]},
     "trailing whitespace"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {
        "type": "base64", "media_type": "image/tiff", "data": PNG}}]}]}, "media_type"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": "%"}}]}]}, "base64"),
    ({"max_completion_tokens": 5}, "max_completion_tokens: Extra inputs are not permitted"),
    ({"stop": ["x"]}, "stop: Extra inputs"),
    ({"temperature": 1.5}, "temperature: range"),
    ({"temperature": 0.5, "top_p": 0.5}, "cannot both"),
    ({"model": "claude-sonnet-5", "temperature": 0.5}, "`temperature` is deprecated"),
    ({"model": "claude-opus-4-7", "top_k": 5}, "`top_k` is deprecated"),
    ({"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "x"},
                                               {"role": "assistant", "content": "y"}]}, "prefill"),
    ({"model": "claude-opus-5-5", "thinking": {"type": "enabled", "budget_tokens": 1024}},
     "adaptive"),
    ({"model": "claude-fable-5", "thinking": {"type": "disabled"}}, "disabled"),
    ({"model": "claude-opus-5-5", "tools": [claude_tool()], "tool_choice": {"type": "any"}},
     "forced"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1000}}, "1024"),
    ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "must be greater"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 0.5}, "set to 1"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": [claude_tool()],
      "tool_choice": {"type": "any"}}, "forces tool use"),
    ({"tools": [{"name": "a b", "input_schema": EMPTY}]}, "pattern"),
    ({"tools": [{"name": "a", "input_schema": {}}]}, "input_schema.type"),
    ({"tools": [claude_tool(), claude_tool()]}, "unique"),
    ({"tool_choice": {"type": "auto"}}, "while providing"),
    ({"tools": [claude_tool()], "tool_choice": "auto"}, "Input tag"),
    ({"output_config": {"format": {"type": "json_schema"}}}, "schema"),
])
def test_anthropic_refuses(mock, body, words):
    asked = {key: value for key, value in (message() | body).items() if value is not None}
    answer = refused(claude(mock, asked), 400, words)
    assert answer.json["type"] == "error"
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_anthropic_counts(mock):
    def count(**body):
        return mock.ask("POST", "/anthropic/v1/messages/count_tokens", body, CLAUDE)
    asked = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "word " * 99}]}
    few = count(**{**asked, "messages": [{"role": "user", "content": "one"}]}).json
    assert list(few) == ["input_tokens"] and count(**asked).json["input_tokens"] > few["input_tokens"] + 90
    refused(count(**asked, max_tokens=9), 400, "max_tokens: Extra inputs")
    refused(count(model="claude-sonnet-4-5"), 400, "messages")


def test_anthropic_the_rest(mock):
    refused(claude(mock, message(), headers={"x-api-key": "k"}), 400, "anthropic-version")
    refused(claude(mock, message(), headers={"anthropic-version": "2023-06-01"}), 401,
            "authentication_error")
    refused(claude(mock, message(model="unknown")), 404, "not_found_error")
    image = [{"type": "text", "text": "look"}, {"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": PNG}}]
    assert claude(mock, message(image)).json["content"][0]["text"] == "look [saw 1: image/png]"
    fits = claude(mock, message(output_config={"format": {"type": "json_schema",
                                                          "schema": SCHEMA}})).json
    assert json.loads(fits["content"][0]["text"]) == {"city": "one two", "n": 1, "mood": "good"}
    begun = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "one"}]
    assert claude(mock, message(messages=begun)).json["content"][0]["text"] == " two"
    models = mock.ask("GET", "/anthropic/v1/models", headers=CLAUDE).json
    assert models["data"][0]["type"] == "model" and models["has_more"] is False
    mirrored = claude(mock, message(), recipe="mirror").json["content"][0]["text"]
    assert json.loads(mirrored) == message()
    spent = refused(claude(mock, message(), recipe="error=spend-enforced"), 429)
    assert spent.json["error"]["details"]["error_code"] == "enforced_spend_limit_reached"


# ---- Gemini and Vertex ---------------------------------------------------------------------------

GOOGLE = {"x-goog-api-key": "k"}


def contents(*turns, **more):
    return {"contents": [{"role": role, "parts": parts if isinstance(parts, list) else
                          [{"text": parts}]} for role, parts in turns or [("user", "one two three")]],
            **more}


def gemini(mock, body, verb="generateContent", recipe=None, model="gemini-2.5-flash", headers=None):
    return mock.ask("POST", ("/" + recipe if recipe else "") +
                    "/gemini/v1beta/models/%s:%s" % (model, verb), body,
                    GOOGLE if headers is None else headers)


def declare(*tools, **more):
    return {"tools": [{"functionDeclarations": list(tools)}], **more}


def test_gemini_whole_and_stream(mock):
    whole = gemini(mock, contents(), recipe="cached=3").json
    assert whole["candidates"][0]["content"] == {"parts": [{"text": "one two three"}],
                                                 "role": "model"}
    assert whole["candidates"][0]["finishReason"] == "STOP"
    usage = whole["usageMetadata"]
    assert usage["cachedContentTokenCount"] == 3 and usage["thoughtsTokenCount"] > 0
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + \
        usage["thoughtsTokenCount"]
    events = gemini(mock, contents(), "streamGenerateContent?alt=sse").data
    parts = [part["text"] for data in events for part in data["candidates"][0]["content"]["parts"]]
    assert "".join(parts) == "one two three"
    assert len(events[0]["candidates"][0]["content"]["parts"]) == 2
    counts = [data["usageMetadata"].get("candidatesTokenCount", 0) for data in events]
    assert counts == sorted(counts) and counts[-1] == usage["candidatesTokenCount"]
    assert [("finishReason" in data["candidates"][0]) for data in events] == [False, False, True]
    array = gemini(mock, contents(), "streamGenerateContent")
    assert array.headers["content-type"] == "application/json" and len(array.json) == 3
    blocked = gemini(mock, contents(), recipe="finish=blocked").json
    assert "candidates" not in blocked and blocked["promptFeedback"]["blockReason"]
    cut = gemini(mock, contents(), "streamGenerateContent?alt=sse", recipe="no-terminator").data
    assert not any("finishReason" in data["candidates"][0] for data in cut)
    broken = gemini(mock, contents(), "streamGenerateContent?alt=sse", recipe="error-after=1").data
    assert broken[1]["error"]["status"] == "UNAVAILABLE"
    broken = gemini(mock, contents(), "streamGenerateContent", recipe="error-after=1").json
    assert "error" in broken[1]


def test_gemini_thoughts(mock):
    config = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1024,
                                                      "includeThoughts": True}}}
    parts = gemini(mock, contents(**config)).json["candidates"][0]["content"]["parts"]
    assert parts[0]["thought"] is True and "thought" not in parts[1]
    config["generationConfig"]["thinkingConfig"] = {"thinkingBudget": 0}
    assert "thoughtsTokenCount" not in gemini(mock, contents(**config)).json["usageMetadata"]
    refused(gemini(mock, contents(**config), model="gemini-2.5-pro"), 400, "thinking mode")


def test_gemini_tools(mock):
    tools = declare({"name": "lookup", "parametersJsonSchema": PARAMETERS}, {"name": "clock"})
    asked = contents(**tools)
    for model, needs in (("gemini-3.1-pro-preview", True), ("gemini-2.5-flash", False)):
        answer = gemini(mock, asked, recipe="calls=2", model=model).json
        parts = answer["candidates"][0]["content"]["parts"]
        assert [part["functionCall"]["name"] for part in parts] == ["lookup", "clock"]
        assert parts[0]["functionCall"]["args"] == {"word": "one two three"}
        assert parts[1]["functionCall"]["args"] == {}
        assert answer["candidates"][0]["finishReason"] == "STOP"
        results = [{"functionResponse": {"name": name, "response": {"content": "42"}}}
                   for name in ("lookup", "clock")]
        turns = [("user", "one two three"), ("model", parts), ("user", results)]
        assert gemini(mock, contents(*turns, **tools), model=model).status == 200
        refused(gemini(mock, contents(*turns[:2], ("user", results[:1]), **tools), model=model),
                400, "number of function response parts")
        refused(gemini(mock, contents(*turns[:2], ("user", "x"), **tools), model=model), 400,
                "number of function response parts")
        del parts[0]["thoughtSignature"]
        answer = gemini(mock, contents(*turns, **tools), model=model)
        assert answer.status == (400 if needs else 200), answer.body
        parts[0]["thoughtSignature"] = "skip_thought_signature_validator"
        assert gemini(mock, contents(*turns, **tools), model=model).status == 200
    stream = gemini(mock, asked, "streamGenerateContent?alt=sse", recipe="calls=2").data
    assert len(stream[-1]["candidates"][0]["content"]["parts"]) == 2
    only = contents(**tools, toolConfig={"functionCallingConfig": {
        "mode": "ANY", "allowedFunctionNames": ["clock"]}})
    parts = gemini(mock, only).json["candidates"][0]["content"]["parts"]
    assert [part["functionCall"]["name"] for part in parts] == ["clock"]


@pytest.mark.parametrize("body, words", [
    ({"contents": []}, "contents is not specified"),
    (contents(("model", "x")), "begin with user"),
    (contents(("user", "x"), ("user", "y")), "alternate"),
    (contents(("assistant", "x")), "valid role"),
    (contents(("user", [])), "must not be empty"),
    (contents(("user", [{"foo": 1}])), "Unknown name"),
    (contents(messages=[]), "Unknown name"),
    (contents(generationConfig={"max_tokens": 5}), "Unknown name"),
    (contents(generationConfig={"temperature": 2.5}), "temperature"),
    (contents(generationConfig={"stopSequences": ["a"] * 6}), "must not exceed 5"),
    (contents(generationConfig={"frequencyPenalty": 1}), "Penalty is not enabled"),
    (contents(generationConfig={"responseJsonSchema": SCHEMA}), "mime type"),
    (contents(generationConfig={"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}),
     "only one of"),
    (contents(generationConfig={"thinkingConfig": {"thinkingLevel": "low"}}), "not supported"),
    (contents(**declare({"name": "f", "parameters": SCHEMA})), "additionalProperties"),
    (contents(**declare({"name": "f", "parameters": {"type": ["string", "null"]}})),
     "not repeating"),
    (contents(**declare({"name": "f", "parameters": EMPTY})), "non-empty for OBJECT"),
    (contents(**declare({"name": "f", "parameters": {"type": "object", "properties": {
        "a": {"$ref": "#/x"}}}})), "$ref"),
    (contents(**declare({"name": "a b"})), "Invalid function name"),
    (contents(("user", [{"inlineData": {"mimeType": "image/png", "data": "%"}}])), "Base64"),
    (contents(toolConfig={"functionCallingConfig": {"mode": "ANY"}}), "function_declarations"),
])
def test_gemini_refuses(mock, body, words):
    answer = refused(gemini(mock, body), 400, words)
    assert answer.json["error"]["status"] == "INVALID_ARGUMENT"
    assert answer.json["error"]["code"] == 400


def test_gemini_the_rest(mock):
    refused(gemini(mock, contents(), headers={}), 401, "UNAUTHENTICATED")
    refused(gemini(mock, contents(), headers=BEARER), 401)
    bad = refused(gemini(mock, contents(), headers={"x-goog-api-key": "bad-key"}), 400)
    assert bad.json["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    refused(gemini(mock, contents(), model="unknown"), 404, "NOT_FOUND")
    limited = refused(gemini(mock, contents(), recipe="error=rate"), 429).json["error"]
    assert [detail["@type"].split(".")[-1] for detail in limited["details"]] == [
        "QuotaFailure", "Help", "RetryInfo"]
    assert limited["details"][2]["retryDelay"] == "34.4s"
    picture = [{"text": "look"}, {"inlineData": {"mimeType": "image/png", "data": PNG}},
               {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a.jpg"}}]
    assert gemini(mock, contents(("user", picture))).json["candidates"][0]["content"]["parts"][0] \
        == {"text": "look [saw 2: image/png, image/jpeg]"}
    fits = gemini(mock, contents(generationConfig={"responseMimeType": "application/json",
                                                   "responseJsonSchema": SCHEMA})).json
    assert json.loads(fits["candidates"][0]["content"]["parts"][0]["text"])["mood"] == "good"
    one = gemini(mock, {"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 8},
                 "embedContent").json
    assert len(one["embedding"]["values"]) == 8
    batch = [{"model": "models/e", "content": {"parts": [{"text": "a"}]}}]
    many = gemini(mock, {"requests": batch * 100}, "batchEmbedContents")
    assert len(many.json["embeddings"]) == 100
    refused(gemini(mock, {"requests": batch * 101}, "batchEmbedContents"), 400, "at most 100")
    assert mock.ask("GET", "/gemini/v1beta/models", headers=GOOGLE).json["models"][0]["name"] \
        .startswith("models/")


# The key pair of RFC 7515, A.2: published, and so nobody's.
RSA_N = int.from_bytes(base64.urlsafe_b64decode(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ=="), "big")
RSA_D = int.from_bytes(base64.urlsafe_b64decode(
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoA"
    "Je46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpR"
    "LI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZF"
    "D9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ=="), "big")
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(**claims):
    now = int(time.time())
    claims = {"iss": "sa@p.iam.gserviceaccount.com", "iat": now, "exp": now + 3600,
              "scope": "https://www.googleapis.com/auth/cloud-platform",
              "aud": "https://oauth2.googleapis.com/token", **claims}
    text = "%s.%s" % (b64(b'{"alg":"RS256","typ":"JWT","kid":"k"}'), b64(json.dumps(claims).encode()))
    digest = DIGEST_INFO + hashlib.sha256(text.encode()).digest()
    block = b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest
    signature = pow(int.from_bytes(block, "big"), RSA_D, RSA_N).to_bytes(256, "big")
    return text + "." + b64(signature)


def form(mock, path, **fields):
    return mock.ask("POST", path, urllib.parse.urlencode(fields),
                    {"content-type": "application/x-www-form-urlencoded"})


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def google_token(mock, recipe=None, **claims):
    return form(mock, ("/" + recipe if recipe else "") + "/google/token", grant_type=JWT_BEARER,
                assertion=assertion(**claims))


VERTEX = "/vertex/v1/projects/p/locations/us-east5/publishers"


def test_google_tokens(mock):
    answer = google_token(mock)
    assert answer.status == 200 and answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3599
    now = int(time.time())
    for claims in ({"iss": None}, {"scope": "x"}, {"aud": "x"}, {"exp": now - 1},
                   {"exp": now + 7200}, {"iat": now + 600, "exp": now + 3600}, {"iat": "x"}):
        answer = refused(google_token(mock, **claims), 400)
        assert answer.json["error"] == "invalid_grant" and answer.json["error_description"]
    changed = assertion()
    changed = changed[:-8] + ("AAAAAAAA" if changed[-8:] != "AAAAAAAA" else "BBBBBBBB")
    refused(form(mock, "/google/token", grant_type=JWT_BEARER, assertion=changed), 400,
            "Invalid JWT Signature")
    refused(form(mock, "/google/token", grant_type="x", assertion=assertion()), 400,
            "unsupported_grant_type")
    refused(google_token(mock, recipe="error=unavailable"), 503)
    refused(google_token(mock, recipe="error=invalid-grant"), 400, "invalid_grant")


def test_vertex(mock):
    token = {"authorization": "Bearer " + google_token(mock).json["access_token"]}
    path = VERTEX + "/google/models/gemini-2.5-flash:generateContent"
    assert mock.ask("POST", path, contents(), token).status == 200
    refused(mock.ask("POST", path, contents(), BEARER), 401, "UNAUTHENTICATED")
    refused(mock.ask("POST", path, contents(), GOOGLE), 401)
    express = "/vertex/v1/publishers/google/models/gemini-2.5-flash:generateContent"
    assert mock.ask("POST", express, contents(), GOOGLE).status == 200
    calls = mock.ask("POST", "/calls" + path, contents(**declare({"name": "f"})), token).json
    parts = calls["candidates"][0]["content"]["parts"]
    assert "id" not in parts[0]["functionCall"]
    parts[0]["functionCall"]["id"] = "x"
    result = [{"functionResponse": {"name": "f", "response": {}}}]
    refused(mock.ask("POST", path, contents(("user", "x"), ("model", parts), ("user", result)),
                     token), 400, 'Unknown name \\"id\\"')
    answer = mock.ask("POST", VERTEX + "/google/models/text-embedding-005:predict",
                      {"instances": [{"content": "one"}, {"content": "two"}],
                       "parameters": {"outputDimensionality": 4}}, token).json
    assert [len(row["embeddings"]["values"]) for row in answer["predictions"]] == [4, 4]
    assert answer["predictions"][0]["embeddings"]["statistics"]["token_count"] == 1
    claude_path = VERTEX + "/anthropic/models/claude-sonnet-4-5:"
    body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9,
            "messages": [{"role": "user", "content": "hi"}]}
    whole = mock.ask("POST", claude_path + "rawPredict", body, token)
    assert whole.json["content"][0]["text"] == "hi"
    events = mock.ask("POST", claude_path + "streamRawPredict", body, token).events
    assert events[-1][0] == "message_stop"
    refused(mock.ask("POST", claude_path + "rawPredict", {**body, "model": "x"}, token), 400,
            "model: Extra inputs")
    del body["anthropic_version"]
    refused(mock.ask("POST", claude_path + "rawPredict", body, token), 400, "anthropic_version",
            "invalid_request_error")
    compat = "/vertex/v1/projects/p/locations/l/endpoints/openapi/chat/completions"
    assert mock.ask("POST", compat, say(), token).status == 200
    hidden = refused(mock.ask("POST", "/error=hidden-rate" + path, contents(), token), 500)
    assert hidden.json["error"]["code"] == 429


def test_vertex_tokens_end(mock):
    token = google_token(mock, recipe="expires=300ms").json
    assert token["expires_in"] == 1
    headers = {"authorization": "Bearer " + token["access_token"]}
    path = VERTEX + "/google/models/gemini-2.5-flash:generateContent"
    assert mock.ask("POST", path, contents(), headers).status == 200
    eventually(lambda: mock.ask("POST", path, contents(), headers).status == 401, what="it has ended")


def test_a_key_of_ones_own(tmp_path):
    private = tmp_path / "private.pem"
    public = tmp_path / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                    "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    mock = Mock("--jwt-key", str(public))
    try:
        text = assertion().rsplit(".", 1)[0]
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", private],
                                   input=text.encode(), check=True, capture_output=True).stdout
        assert form(mock, "/google/token", grant_type=JWT_BEARER,
                    assertion=text + "." + b64(signature)).status == 200
        refused(google_token(mock), 400, "Signature")
    finally:
        mock.stop()
    wrong = subprocess.run([BINARY, "mock", "--jwt-key", str(private)], env=environment(),
                           capture_output=True)
    assert wrong.returncode == 64 and b"--jwt-key" in wrong.stderr


# ---- other tokens --------------------------------------------------------------------------------

def test_entra(mock):
    fields = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s",
              "scope": "https://cognitiveservices.azure.com/.default"}
    path = "/entra/tenant/oauth2/v2.0/token"
    token = form(mock, path, **fields).json
    assert token["expires_in"] == 3599 and token["ext_expires_in"] == 3599
    headers = {"authorization": "Bearer " + token["access_token"]}
    assert mock.ask("POST", "/azure/openai/v1/chat/completions", say(), headers).status == 200
    for missing in fields:
        less = {key: value for key, value in fields.items() if key != missing}
        answer = form(mock, path, **less)
        assert answer.status in (400, 401) and "AADSTS" in answer.json["error_description"]
    federated = {**fields, "client_assertion": "jwt", "client_assertion_type":
                 "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    del federated["client_secret"]
    assert form(mock, path, **federated).status == 200


def test_token_exchange(mock):
    body = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "j",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "identity_provider_id": "i", "service_account_id": "s"}
    token = mock.ask("POST", "/openai/oauth/token", body).json["access_token"]
    assert shape(mock, "openai", say(), headers={"authorization": "Bearer " + token}).status == 200
    for name in body:
        assert mock.ask("POST", "/openai/oauth/token",
                        {key: body[key] for key in body if key != name}).status == 400
    body = {"grant_type": JWT_BEARER, "assertion": "j", "federation_rule_id": "f",
            "organization_id": "o"}
    beta = {"anthropic-beta": "oauth-2025-04-20,oidc-federation-2026-04-01"}
    refused(mock.ask("POST", "/anthropic/v1/oauth/token", body), 400, "beta header")
    answer = mock.ask("POST", "/expires=300ms/anthropic/v1/oauth/token", body, beta)
    headers = {"authorization": "Bearer " + answer.json["access_token"],
               "anthropic-version": "2023-06-01"}
    refused(claude(mock, message(), headers=headers), 401, "OAuth")
    headers["anthropic-beta"] = "oauth-2025-04-20"
    assert claude(mock, message(), headers=headers).status == 200
    eventually(lambda: claude(mock, message(), headers=headers).status == 401, what="it has ended")


# ---- Bedrock -------------------------------------------------------------------------------------

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MODEL = "anthropic.claude-sonnet-4-5-v1%3A0"


def signed(mock, path, body, key="AKIDEXAMPLE", secret=SECRET, token=None, skew=0, service="bedrock",
           seen_path=None, seen_body=None):
    """Headers of a signed POST; `seen_*` is what the signature speaks of instead."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/json", "host": "127.0.0.1:%d" % mock.port,
               "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    uri = "/".join(urllib.parse.quote(part, safe="-._~")
                   for part in (seen_path or path).split("/"))
    names = ";".join(sorted(headers))
    payload = hashlib.sha256((seen_body or body).encode()).hexdigest()
    canonical = "\n".join(["POST", uri, ""] + ["%s:%s" % (name, headers[name])
                                               for name in sorted(headers)] + ["", names, payload])
    scope = "%s/us-east-1/%s/aws4_request" % (stamp[:8], service)
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    derived = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" \
        % (key, scope, names, signature)
    return headers


def converse_body(*turns, **more):
    return {"messages": [{"role": role, "content": parts if isinstance(parts, list) else
                          [{"text": parts}]} for role, parts in turns or [("user", "one two")]],
            **more}


def bedrock(mock, body, verb="converse", recipe=None, model=MODEL):
    return mock.ask("POST", ("/" + recipe if recipe else "") + "/bedrock/model/%s/%s"
                    % (model, verb), body, BEARER)


def spec(name="lookup", schema=None):
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema or PARAMETERS}}}


def test_bedrock_signature(mock):
    path = "/bedrock/model/%s/converse" % MODEL
    body = json.dumps(converse_body())

    def ask(**more):
        return mock.ask("POST", path, body, signed(mock, path, body, **more))
    assert ask().status == 200
    assert ask(key="AKIAOTHER", skew=290).status == 200
    decoded = "/bedrock/model/%s/converse" % urllib.parse.unquote(MODEL)
    for more in ({"secret": "wrong"}, {"seen_body": body + " "}, {"seen_path": decoded}):
        answer = refused(ask(**more), 403, "does not match")
        assert answer.headers["x-amzn-errortype"].startswith("InvalidSignatureException:")
    refused(ask(skew=400), 403, "five minutes")
    refused(ask(skew=-400), 403, "five minutes")
    refused(ask(service="sagemaker"), 403, "'bedrock'")
    refused(mock.ask("POST", path, json.loads(body)), 403, "Missing Authentication Token")
    refused(mock.ask("POST", path, json.loads(body), {"authorization": "AWS4-HMAC-SHA256 x"}), 400)
    extra = signed(mock, path, body)
    extra["x-amz-extra"] = "1"
    refused(mock.ask("POST", path, body, extra), 403, "SignedHeader")
    assert mock.ask("POST", path, json.loads(body), BEARER).status == 200


def test_bedrock_temporary_credentials(mock):
    path = "/bedrock/model/%s/converse" % MODEL
    body = json.dumps(converse_body())
    got = mock.ask("GET", "/expires=400ms/aws/credentials").json
    assert got["Expiration"].endswith("Z")
    keys = {"key": got["AccessKeyId"], "secret": got["SecretAccessKey"]}

    def ask(**more):
        return mock.ask("POST", path, body, signed(mock, path, body, **keys, **more))
    assert ask(token=got["Token"]).status == 200
    refused(ask(), 403, "security token")
    refused(ask(token="x"), 403, "security token")
    eventually(lambda: ask(token=got["Token"]).status == 403, what="they have ended")
    assert ask(token=got["Token"]).headers["x-amzn-errortype"].startswith("ExpiredTokenException")
    fields = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:x",
              "RoleSessionName": "s", "WebIdentityToken": "jwt"}
    xml = form(mock, "/aws/sts", **fields)
    assert xml.status == 200 and xml.headers["content-type"] == "text/xml"
    token = re.search(r"<SessionToken>(.*?)</SessionToken>", xml.body.decode()).group(1)
    assert ask(token=token).status == 200
    for name in fields:
        answer = form(mock, "/aws/sts", **{key: fields[key] for key in fields if key != name})
        assert answer.status == 400 and b"<ErrorResponse" in answer.body


def test_bedrock_whole_and_stream(mock):
    whole = bedrock(mock, converse_body(), recipe="cached=4").json
    assert whole["output"]["message"] == {"role": "assistant", "content": [{"text": "one two"}]}
    assert whole["stopReason"] == "end_turn" and whole["metrics"]["latencyMs"] >= 0
    usage = whole["usage"]
    assert usage["cacheReadInputTokens"] == 4
    assert usage["totalTokens"] == usage["inputTokens"] + 4 + usage["outputTokens"]
    answer = bedrock(mock, converse_body(), "converse-stream")
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    types = [headers[":event-type"] for headers, _ in answer.frames]
    assert types == ["messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop",
                     "messageStop", "metadata"]
    assert all(payload["p"] for _, payload in answer.frames)
    assert len({len(payload["p"]) for _, payload in answer.frames}) > 2
    assert "".join(payload["delta"]["text"] for _, payload in answer.frames[1:3]) == "one two"
    odd = bedrock(mock, converse_body(), "converse-stream", recipe="odd").frames
    assert [headers[":event-type"] for headers, _ in odd[-2:]] == ["metadata", "messageStop"]
    cut = bedrock(mock, converse_body(), "converse-stream", recipe="no-terminator").frames
    assert "messageStop" not in [headers[":event-type"] for headers, _ in cut]
    broken = bedrock(mock, converse_body(), "converse-stream", recipe="error-after=2,error=rate")
    headers, payload = broken.frames[-1]
    assert headers[":message-type"] == "exception" and len(broken.frames) == 3
    assert headers[":exception-type"] == "throttlingException" and payload["message"]
    spoilt = bedrock(mock, converse_body(), "converse-stream", recipe="bad-crc=2")
    with pytest.raises(AssertionError):
        assert spoilt.frames


@pytest.mark.slow
def test_bedrock_frames_in_pieces(mock):
    whole = bedrock(mock, converse_body(), "converse-stream").body
    for at in range(1, len(whole), 97):
        assert len(bedrock(mock, converse_body(), "converse-stream", recipe="split=%d" % at).body) \
            == len(whole)
    dripped = bedrock(mock, converse_body(), "converse-stream", recipe="drip=1ms:piece=7")
    assert len(dripped.frames) == 6


def test_bedrock_tools(mock):
    config = {"toolConfig": {"tools": [spec(), spec("clock", EMPTY)]}}
    whole = bedrock(mock, converse_body(**config), recipe="calls=2").json
    content = whole["output"]["message"]["content"]
    assert [block["toolUse"]["input"] for block in content] == [{"word": "one two"}, {}]
    assert whole["stopReason"] == "tool_use"
    frames = bedrock(mock, converse_body(**config), "converse-stream", recipe="calls=2").frames
    starts = [payload for headers, payload in frames
              if headers[":event-type"] == "contentBlockStart"]
    assert [start["start"]["toolUse"]["name"] for start in starts] == ["lookup", "clock"]
    text = {0: "", 1: ""}
    for headers, payload in frames:
        if headers[":event-type"] == "contentBlockDelta":
            text[payload["contentBlockIndex"]] += payload["delta"]["toolUse"]["input"]
    assert json.loads(text[0]) == {"word": "one two"} and text[1] == ""
    results = [{"toolResult": {"toolUseId": block["toolUse"]["toolUseId"],
                               "content": [{"text": "42"}]}} for block in content]
    turns = [("user", "one two"), ("assistant", content), ("user", results)]
    assert bedrock(mock, converse_body(*turns, **config)).status == 200
    refused(bedrock(mock, converse_body(*turns)), 400, "toolConfig field must be defined")
    refused(bedrock(mock, converse_body(*turns[:2], ("user", results[:1]), **config)), 400,
            "Expected toolResult blocks")
    refused(bedrock(mock, converse_body(("user", results), **config)), 400, "exceeds the number")
    named = {"toolConfig": {**config["toolConfig"], "toolChoice": {"tool": {"name": "clock"}}}}
    content = bedrock(mock, converse_body(**named)).json["output"]["message"]["content"]
    assert [block["toolUse"]["name"] for block in content] == ["clock"]
    short = bedrock(mock, converse_body(**config), recipe="calls", model="mistral.mistral-large-v1")
    assert re.fullmatch("[a-zA-Z0-9]{9}", short.json["output"]["message"]["content"][0]["toolUse"]
                        ["toolUseId"])
    refused(bedrock(mock, converse_body(*turns, **config), model="mistral.mistral-large-v1"), 400,
            "toolUseId")


def test_bedrock_thinks(mock):
    fields = {"additionalModelRequestFields": {"thinking": {"type": "enabled",
                                                            "budget_tokens": 1024}}}
    content = bedrock(mock, converse_body(**fields)).json["output"]["message"]["content"]
    assert content[0]["reasoningContent"]["reasoningText"]["signature"]
    frames = bedrock(mock, converse_body(**fields), "converse-stream").frames
    kinds = [list(payload["delta"]["reasoningContent"]) for _, payload in frames
             if "reasoningContent" in payload.get("delta", {})]
    assert kinds[0] == ["text"] and kinds[-1] == ["signature"]
    assert bedrock(mock, converse_body(("user", "x"), ("assistant", content), ("user", "y"),
                                       **fields)).status == 200
    content[0]["reasoningContent"]["reasoningText"]["signature"] = "x"
    refused(bedrock(mock, converse_body(("user", "x"), ("assistant", content), ("user", "y"))), 400,
            "signature")
    refused(bedrock(mock, converse_body(**fields), model="amazon.nova-pro-v1"), 400, "extraneous")


@pytest.mark.parametrize("body, words", [
    ({"messages": []}, "start with a user message"),
    (converse_body(("assistant", "x")), "start with a user message"),
    (converse_body(("user", "x"), ("user", "y")), "alternate"),
    (converse_body(("system", "x")), "enum value set"),
    (converse_body(("user", [])), "is empty"),
    (converse_body(("user", " \n")), "is blank"),
    (converse_body(max_tokens=5), "extraneous key"),
    (converse_body(inferenceConfig={"maxTokens": 0}), "maxTokens"),
    (converse_body(inferenceConfig={"temperature": 1.5}), "temperature"),
    (converse_body(inferenceConfig={"seed": 1}), "unknown field"),
    (converse_body(toolConfig={"tools": []}), "length greater than"),
    (converse_body(toolConfig={"tools": [spec("a b")]}), "pattern"),
    (converse_body(toolConfig={"tools": [{"toolSpec": {"name": "a", "description": "",
                                                       "inputSchema": {"json": {}}}}]}),
     "description"),
    (converse_body(toolConfig={"tools": [spec()], "toolChoice": {"none": {}}}), "one of auto"),
    (converse_body(("user", [{"image": {"format": "jpg", "source": {"bytes": PNG}}}])),
     "enum value set"),
    (converse_body(("user", [{"image": {"format": "png", "source": {"bytes": "%"}}}])), "base64"),
])
def test_bedrock_refuses(mock, body, words):
    answer = refused(bedrock(mock, body), 400, words)
    assert answer.headers["x-amzn-errortype"].startswith("ValidationException:")


def test_bedrock_the_rest(mock):
    picture = [{"text": "look"}, {"image": {"format": "png", "source": {"bytes": PNG}}}]
    assert bedrock(mock, converse_body(("user", picture))).json["output"]["message"]["content"] \
        == [{"text": "look [saw 1: image/png]"}]
    fits = bedrock(mock, converse_body(additionalModelRequestFields={"output_config": {"format": {
        "type": "json_schema", "schema": SCHEMA}}})).json
    assert json.loads(fits["output"]["message"]["content"][0]["text"])["n"] == 1
    titan = bedrock(mock, {"inputText": "one", "dimensions": 8, "normalize": True}, "invoke",
                    model="amazon.titan-embed-text-v2%3A0").json
    assert len(titan["embedding"]) == 8 and titan["inputTextTokenCount"] == 2
    cohere_body = {"texts": ["a", "b"], "input_type": "search_document"}
    old = bedrock(mock, cohere_body, "invoke", model="cohere.embed-english-v3")
    assert len(old.json["embeddings"]) == 2
    assert old.headers["x-amzn-bedrock-input-token-count"].isdigit()
    new = bedrock(mock, cohere_body, "invoke", model="cohere.embed-v4%3A0").json
    assert len(new["embeddings"]["float"]) == 2
    refused(bedrock(mock, {"texts": ["a"] * 97, "input_type": "x"}, "invoke",
                    model="cohere.embed-v4"), 400, "maxLength")
    refused(bedrock(mock, {"texts": ["a"]}, "invoke", model="cohere.embed-v4"), 400, "input_type")
    nova = bedrock(mock, {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {
        "embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 16,
        "text": {"truncationMode": "END", "value": "one"}}}, "invoke",
        model="amazon.nova-2-multimodal-embeddings-v1%3A0").json
    assert len(nova["embeddings"][0]["embedding"]) == 16 and nova["inputTokenCount"] > 0
    assert mock.ask("POST", "/bedrock/anthropic/v1/messages", message(),
                    {**BEARER, "anthropic-version": "2023-06-01"}).status == 200


# ---- Cohere --------------------------------------------------------------------------------------

def cohere(mock, body, path="/v2/chat", recipe=None):
    return mock.ask("POST", ("/" + recipe if recipe else "") + "/cohere" + path, body, BEARER)


def test_cohere_whole_and_stream(mock):
    whole = cohere(mock, say()).json
    assert whole["message"]["content"] == [{"type": "text", "text": "one two"}]
    assert whole["finish_reason"] == "COMPLETE" and whole["usage"]["tokens"]["input_tokens"] > 0
    events = cohere(mock, say(stream=True)).events
    assert [name for name, _ in events] == ["message-start", "content-start", "content-delta",
                                            "content-delta", "content-end", "message-end"]
    assert all(data["type"] == name for name, data in events)
    assert events[-1][1]["delta"]["finish_reason"] == "COMPLETE"
    cut = cohere(mock, say(stream=True), recipe="no-terminator").events
    assert cut[-1][0] == "content-end"
    broken = cohere(mock, say(stream=True), recipe="error-after=3").events[-1][1]
    assert broken["delta"]["finish_reason"] == "ERROR" and "internal" in broken["delta"]["error"]
    broken = cohere(mock, say(stream=True), recipe="error-first:error=context").events[-1][1]
    assert broken["delta"]["error"].startswith("too many tokens")
    thought = cohere(mock, say(thinking={"type": "enabled"})).json["message"]["content"]
    assert [part["type"] for part in thought] == ["thinking", "text"]
    deltas = [data["delta"]["message"]["content"] for name, data in
              cohere(mock, say(stream=True, thinking={"type": "enabled"})).events
              if name == "content-delta"]
    assert "thinking" in deltas[0] and "text" in deltas[-1]


def test_cohere_tools(mock):
    asked = say(tools=[tool(), tool("clock", EMPTY)])
    whole = cohere(mock, asked, recipe="calls=2").json
    calls = whole["message"]["tool_calls"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"word": "one two"}
    assert calls[1]["function"]["arguments"] is None and whole["finish_reason"] == "TOOL_CALL"
    assert "content" not in whole["message"] and whole["message"]["tool_plan"]
    events = cohere(mock, {**asked, "stream": True}, recipe="calls=2").events
    names = [name for name, _ in events]
    assert "tool-plan-delta" in names and names.count("tool-call-start") == 2
    text = "".join(data["delta"]["message"]["tool_calls"]["function"]["arguments"]
                   for name, data in events if name == "tool-call-delta")
    assert json.loads(text) == {"word": "one two"}
    calls[1]["function"]["arguments"] = "{}"
    turn = {"role": "assistant", "tool_calls": calls}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "42"} for call in calls]
    first = asked["messages"]
    assert cohere(mock, {**asked, "messages": first + [turn] + results}).status == 200
    refused(cohere(mock, {**asked, "messages": first + [turn] + results[:1]}), 400, "answered")
    refused(cohere(mock, {**asked, "messages": first + [turn, {**results[0], "content": {}}]}), 400,
            "must be strings")
    refused(cohere(mock, {**asked, "messages": first + [{**turn, "content": "x"}] + results}), 400,
            "both content and tool_calls")


@pytest.mark.parametrize("body, status, words", [
    (say(n=1), 422, "'n'"), (say(top_p=0.5), 422, "'top_p'"), (say(stop=["x"]), 422, "'stop'"),
    (say(tool_choice="auto"), 400, "REQUIRED or NONE"), (say(tool_choice="REQUIRED"), 400, "tools"),
    (say() | {"messages": []}, 400, "empty"), (say(max_tokens=0), 400, "max_tokens"),
    (say() | {"messages": [{"role": "developer", "content": "x"}]}, 400, "role"),
    (say(stop_sequences=["a"] * 6), 400, "stop_sequences"),
    (say(response_format={"type": "json_schema"}), 400, "response_format"),
])
def test_cohere_refuses(mock, body, status, words):
    assert set(refused(cohere(mock, body), status, words).json) == {"id", "message"}


def test_cohere_the_rest(mock):
    fits = cohere(mock, say(response_format={"type": "json_object", "json_schema": SCHEMA})).json
    assert json.loads(fits["message"]["content"][0]["text"])["mood"] == "good"
    body = {"model": "embed-v4.0", "texts": ["a"] * 96, "input_type": "search_document",
            "embedding_types": ["float"], "output_dimension": 4}
    embedded = cohere(mock, body, "/v2/embed").json
    assert [len(row) for row in embedded["embeddings"]["float"]] == [4] * 96
    assert embedded["meta"]["billed_units"]["input_tokens"] > 0
    refused(cohere(mock, {**body, "texts": ["a"] * 97}, "/v2/embed"), 400, "at most 96")
    refused(cohere(mock, {**body, "input_type": None}, "/v2/embed"), 400, "input_type")
    ranked = cohere(mock, {"model": "rerank-v4", "query": "red wind", "top_n": 2, "documents": [
        "blue sea", "a red sail in the wind", "the wind"]}, "/v2/rerank").json
    assert [row["index"] for row in ranked["results"]] == [1, 2]
    assert ranked["results"][0]["relevance_score"] > ranked["results"][1]["relevance_score"]
    refused(cohere(mock, {"model": "r", "documents": ["x"]}, "/v2/rerank"), 400, "query")
    refused(cohere(mock, say(), recipe="error=blocked"), 498)
    refused(cohere(mock, say(), recipe="error=trial"), 429, "Trial key")
    refused(mock.ask("POST", "/cohere/v2/chat", say()), 401, "invalid api token")


# ---- every recorded error, every profile ---------------------------------------------------------

ASK = {
    "openai": ("/openai/v1/chat/completions", say(), BEARER),
    "azure": ("/azure/openai/v1/chat/completions", say(), {"api-key": "k"}),
    "anthropic": ("/anthropic/v1/messages", message(), CLAUDE),
    "xai": ("/xai/v1/chat/completions", say(), BEARER),
    "gemini": ("/gemini/v1beta/models/g:generateContent", contents(), GOOGLE),
    "vertex": ("/vertex/v1/publishers/google/models/g:generateContent", contents(), GOOGLE),
    "bedrock": ("/bedrock/model/m/converse", converse_body(), BEARER),
    "mistral": ("/mistral/v1/chat/completions", say(), BEARER),
    "cohere": ("/cohere/v2/chat", say(), BEARER),
    "deepseek": ("/deepseek/chat/completions", say(), BEARER),
    "groq": ("/groq/openai/v1/chat/completions", say(), BEARER),
}
# What each provider's table of errors says: the statuses that must be reachable by name.
ERRORS = {
    "openai": {"context": 400, "parameter": 400, "filter": 400, "bad-key": 401, "forbidden": 403,
               "access": 403, "model": 404, "rate": 429, "rate-tokens": 429, "request-size": 429,
               "quota": 429, "server": 500, "overloaded": 503, "slow-down": 503},
    "azure": {"filter": 400, "context": 400, "bad-key": 401, "forbidden": 403, "model": 404,
              "path": 404, "timeout": 408, "rate": 429, "overloaded": 429, "server": 500,
              "unavailable": 503},
    "anthropic": {"invalid": 400, "context": 400, "quota": 400, "spend-limit": 400, "on-hold": 400,
                  "filter": 400, "bad-key": 401, "billing": 402, "forbidden": 403, "model": 404,
                  "timeout-request": 408, "conflict": 409, "precondition": 412, "too-large": 413,
                  "rate": 429, "ramp": 429, "spend-enforced": 429, "spend-contract": 429,
                  "server": 500, "cmek": 503, "timeout": 504, "overloaded": 529},
    "xai": {"bad-key": 400, "invalid": 422, "context": 400, "no-key": 401, "forbidden": 403,
            "model": 404, "rate": 429, "quota": 429, "overloaded": 503},
    "gemini": {"bad-key": 400, "context": 400, "invalid": 400, "region": 400, "no-key": 401,
               "forbidden": 403, "quota": 402, "model": 404, "rate": 429, "rate-day": 429,
               "cancelled": 499, "server": 500, "overloaded": 503, "timeout": 504},
    "vertex": {"bad-key": 401, "forbidden": 403, "context": 400, "model": 404, "capacity": 429,
               "throughput": 429, "hidden-rate": 500, "rate": 429, "overloaded": 503},
    "bedrock": {"context": 400, "context-tokens": 400, "profile": 400, "model-id": 400,
                "quota": 400, "expired-request": 400, "signature": 403, "forbidden": 403,
                "bad-key": 403, "expired-token": 403, "model": 404, "timeout": 408,
                "model-error": 424, "rate": 429, "not-ready": 429, "server": 500,
                "unavailable": 503},
    "mistral": {"invalid": 422, "invalid-object": 422, "context": 400, "bad-key": 401,
                "bad-key-message": 401, "bad-key-empty": 401, "quota": 402, "forbidden": 403,
                "model": 404, "rate": 429, "no-allowance": 429, "overloaded": 429, "server": 500},
    "cohere": {"invalid": 400, "context": 400, "bad-key": 401, "quota": 402, "forbidden": 403,
               "model": 404, "unprocessable": 422, "rate": 429, "trial": 429, "blocked": 498,
               "cancelled": 499, "server": 500, "not-implemented": 501, "overloaded": 503,
               "timeout": 504},
    "deepseek": {"invalid": 422, "context": 400, "bad-key": 401, "quota": 402, "rate": 429,
                 "server": 500, "overloaded": 503},
    "groq": {"tool-use-failed": 400, "json-failed": 400, "context": 400, "bad-key": 401,
             "forbidden": 403, "model": 404, "model-gone": 400, "request-size": 413,
             "unprocessable": 422, "dependency": 424, "rate": 429, "rate-day": 429, "capacity": 498,
             "cancelled": 499, "server": 500, "overloaded": 503},
}


@pytest.mark.parametrize("profile", sorted(ERRORS))
def test_recorded_errors(mock, profile):
    path, body, headers = ASK[profile]
    for name, status in ERRORS[profile].items():
        answer = mock.ask("POST", "/error=%s%s" % (name, path), body, headers)
        assert answer.status == status, (name, answer.status, answer.body)
        assert answer.body == b"" or answer.json, name
        if profile == "bedrock":
            assert re.match("[A-Z][A-Za-z]+:", answer.headers["x-amzn-errortype"])
    unknown = mock.ask("POST", "/error=tool-use-failed%s" % path, body, headers)
    assert unknown.status == 400
    # by status, in the profile's envelope; what is not recorded, too
    for status in (418, 500):
        answer = mock.ask("POST", "/status=%d%s" % (status, path), body, headers)
        assert answer.status == status and answer.json


KNOBS = {
    "openai": ("/openai/v1/chat/completions", say(stream=True), BEARER),
    "anthropic": ("/anthropic/v1/messages", message(stream=True, max_tokens=1 << 20), CLAUDE),
    "gemini": ("/gemini/v1beta/models/g:streamGenerateContent?alt=sse", contents(), GOOGLE),
    "bedrock": ("/bedrock/model/m/converse-stream", converse_body(), BEARER),
    "cohere": ("/cohere/v2/chat", say(stream=True), BEARER),
}


@pytest.mark.parametrize("profile", sorted(KNOBS))
def test_knobs(mock, profile):
    path, body, headers = KNOBS[profile]

    def ask(recipe):
        return mock.ask("POST", "/%s%s" % (recipe, path), body, headers)

    def plain(answer):
        return re.sub(rb"[0-9a-f]{10,18}", b"#", answer.body)
    whole = ask("delay=0ms")
    assert whole.status == 200
    begin = time.monotonic()
    assert plain(ask("delay=120ms")) == plain(whole)
    assert time.monotonic() - begin >= 0.12
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask("cut=20")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask("cut=head")
    assert plain(ask("split=33")) == plain(whole)
    assert plain(ask("drip=1ms:piece=64")) == plain(whole)
    big = ask("size=1MiB")
    assert len(big.body) > 1 << 20
    failed = [ask("fail-first=2:error=server").status for _ in range(3)]
    assert failed == [500, 500, 200]
    hidden = ask("error=server:200-error")
    assert hidden.status == 200 and hidden.json
    assert plain(ask("malformed=2")) != plain(whole)
    assert ask("empty").body == b""
    waited = plain(ask("first=100ms:keepalive=20ms"))
    assert waited.endswith(plain(whole))
    assert (waited == plain(whole)) == (profile in ("gemini", "bedrock"))


def test_paths(mock):
    for path, status in (("/anthropic/v1/nothing", 404), ("/anthropic", 404), ("/nobody/v2/x", 404),
                         ("/bogus/anthropic/v1/messages", 404), ("/cohere/v1/chat", 404)):
        assert mock.ask("POST", path, {}, CLAUDE | BEARER).status == status, path
    answer = mock.ask("GET", "/anthropic/v1/messages", headers=CLAUDE)
    assert answer.status == 405 and answer.headers["allow"] == "POST"
    assert mock.ask("POST", "/google/token", "x", {"content-type": "text/plain"}).status == 400
    listed = [("/openai/v1/models", BEARER), ("/groq/openai/v1/models/openai/gpt-oss-20b", BEARER),
              ("/deepseek/models", BEARER), ("/cohere/v1/models", BEARER),
              ("/gemini/v1beta/models/x", GOOGLE)]
    for path, headers in listed:
        assert mock.ask("GET", path, headers=headers).status == 200, path
