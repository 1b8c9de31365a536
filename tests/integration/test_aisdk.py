"""The AI SDK's gateway protocol from its own clients' requests to providers and back: versions 2, 3
and 4, streams that break, errors, and what the gateway tells of an exchange."""
import json
import re

import pytest
from testenv import TOLERANT
from testenv import upstream as up

GENERATION = re.compile(r"gen_[0-9A-HJKMNP-TV-Z]{26}$")
HI = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
FINISH = {2: "stop", 3: {"unified": "stop", "raw": "stop"}, 4: {"unified": "stop", "raw": "stop"}}
ERROR = {2: "error", 3: {"unified": "error"}, 4: {"unified": "error"}}
COUNTED = {"inputTokens": {"total": 7, "noCache": 7},
           "outputTokens": {"total": 3, "text": 3},
           "raw": USAGE}
TOLD = {2: {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}, 3: COUNTED, 4: COUNTED}


def whole(text="hello", **message):
    return up.answer(200, {"id": "c1", "object": "chat.completion", "created": 1700000000,
                           "model": "up-model", "usage": USAGE, "choices": [
                               {"index": 0, "finish_reason": "stop",
                                "message": {"role": "assistant", "content": text, **message}}]})


def chunk(delta, finish=None, **more):
    return "data: %s\n\n" % json.dumps({
        "id": "c1", "object": "chat.completion.chunk", "created": 1700000000, "model": "up-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


EVENTS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "hel"}),
          chunk({"content": "lo"}), chunk({}, "stop", usage=USAGE), "data: [DONE]\n\n"]


def sends(events, then="keep"):
    chunks = [up.chunk(each.encode()) for each in events]
    if then == "keep":
        chunks.append(b"0\r\n\r\n")
    return up.raw(up.STREAM_HEAD, *chunks, then=then)


@pytest.fixture
def world(gateways, upstreams):
    """world() -> gateway, first, second: two providers of one route, "m"."""
    def make(policy=None, **more):
        first, second = upstreams(default=whole()), upstreams(default=whole("from the second"))
        config = {
            "providers": {name: {"dialect": "openai", "base_url": each.url, "keys": []}
                          for name, each in (("one", first), ("two", second))},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or TOLERANT)}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": "one", "model": "up-model"}],
                [{"provider": "two", "model": "up-model"}]]}],
            **more,
        }
        return gateways(config), first, second
    return make


def ask(gateway, version=4, stream=False, model="m", headers=(), path="v1", **body):
    return gateway.post("/%s/ai/language-model" % path, {"prompt": HI, **body}, {
        "ai-language-model-id": model, "ai-language-model-specification-version": str(version),
        "ai-language-model-streaming": "true" if stream else "false", **dict(headers)})


def parts_of(response):
    assert response.status == 200 and response.complete, response
    assert response.header("content-type") == "text/event-stream"
    return [json.loads(each) for each in response.events if each != "[DONE]"]


def text_of(parts):
    return "".join(part["delta"] for part in parts if part["type"] == "text-delta")


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("path", ["v1", "v3", "v4", "v12"])
def test_the_header_says_the_version_on_every_base(world, version, path):
    gateway, first, _ = world()
    response = ask(gateway, version, path=path)
    assert response.status == 200, response
    answer = response.json
    assert answer["content"] == [{"type": "text", "text": "hello"}]
    assert answer["finishReason"] == FINISH[version]
    assert answer["usage"] == TOLD[version]
    assert answer["warnings"] == []
    told = answer["providerMetadata"]["gateway"]
    assert GENERATION.match(told["generationId"])
    routing = told["routing"]
    assert routing["originalModelId"] == "m" and routing["finalProvider"] == "one"
    assert routing["fallbacksAvailable"] == ["two"]
    (model,) = routing["modelAttempts"]
    (attempt,) = model["providerAttempts"]
    assert attempt["success"] and attempt["statusCode"] == 200
    assert attempt["startTime"] <= attempt["endTime"]
    sent = first.requests[0].json
    assert sent["model"] == "up-model"
    assert sent["messages"] == [{"role": "user", "content": "hi"}]
    assert first.requests[0].header("ai-language-model-id") is None


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_stream_has_the_parts_of_its_version(world, version):
    gateway, first, _ = world()
    first.script.append(sends(EVENTS))
    response = ask(gateway, version, stream=True)
    parts = parts_of(response)
    assert [part["type"] for part in parts] == [
        "stream-start", "response-metadata", "text-start", "text-delta", "text-delta", "text-end",
        "finish"]
    assert response.events[-1] == "[DONE]"
    assert parts[1]["id"] == "c1" and parts[1]["modelId"] == "up-model"
    assert text_of(parts) == "hello"
    assert parts[-1]["finishReason"] == FINISH[version]
    assert parts[-1]["usage"] == TOLD[version]
    gateway_id = parts[2]["providerMetadata"]["gateway"]["generationId"]
    assert parts[-1]["providerMetadata"]["gateway"]["generationId"] == gateway_id


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_broken_stream_ends_in_its_versions_words(world, version):
    gateway, first, _ = world()
    first.script.append(sends(EVENTS[:2], "reset"))
    parts = parts_of(ask(gateway, version, stream=True))
    assert [part["type"] for part in parts[-2:]] == ["error", "finish"]
    assert parts[-1]["finishReason"] == ERROR[version]
    told = parts[-1]["providerMetadata"]["gateway"]
    assert told["generationId"] == parts[2]["providerMetadata"]["gateway"]["generationId"]


def test_failed_attempts_are_told(world):
    gateway, first, _ = world()
    first.script.append(up.answer(500, {"error": {"message": "out of order"}}))
    response = ask(gateway)
    assert response.json["content"][0]["text"] == "from the second"
    routing = response.json["providerMetadata"]["gateway"]["routing"]
    attempts = routing["modelAttempts"][0]["providerAttempts"]
    assert [(each["provider"], each["success"], each["statusCode"]) for each in attempts] == [
        ("one", False, 500), ("two", True, 200)]
    assert attempts[0]["error"] == "http_5xx"
    assert routing["finalProvider"] == "two" and routing["totalProviderAttemptCount"] == 2


def test_errors_carry_the_attempts(world):
    gateway, first, second = world()
    for each in (first, second):
        each.default = up.answer(500, {"error": {"message": "out of order"}})
    response = ask(gateway)
    assert response.status == 500, response
    error = response.json["error"]
    assert error["type"] == "AI_APICallError" and "out of order" in error["message"]
    assert error["param"]["statusCode"] == 500 and error["param"]["isRetryable"]
    assert GENERATION.match(response.json["generationId"])
    routing = response.json["providerMetadata"]["gateway"]["routing"]
    assert "finalProvider" not in routing and routing["totalProviderAttemptCount"] >= 2


def test_refusals(world):
    gateway, first, second = world()
    unknown = ask(gateway, model="nowhere/x")
    assert unknown.status == 404
    assert unknown.json["error"]["type"] == "model_not_found"
    assert unknown.json["error"]["param"] == {"modelId": "nowhere/x"}
    nameless = gateway.post("/v4/ai/language-model", {"prompt": HI})
    assert nameless.status == 400
    assert "ai-language-model-id" in nameless.json["error"]["message"]
    wrong = ask(gateway, prompt=[{"role": "user", "content": [{"type": "smell"}]}])
    assert wrong.status == 400 and wrong.json["error"]["type"] == "invalid_request_error"
    assert wrong.json["error"]["param"] == "prompt[0].content[0].type"
    assert not first.requests and not second.requests


@pytest.mark.parametrize("kind", ["decision-model", "video-model", "batch/start", "nothing"])
def test_what_is_not_served_is_not_found(world, kind):
    gateway, _, _ = world()
    response = gateway.post("/v4/ai/" + kind, {})
    assert response.status == 404 and response.json["error"]["type"] == "not_found"


def test_wrong_methods(world):
    gateway, _, _ = world()
    assert gateway.get("/v4/ai/language-model").status == 405
    assert gateway.post("/v4/ai/config", {}).status == 405


@pytest.mark.parametrize("agent, path, version", [
    ("ai-sdk/gateway/2.0.168", "v4", "v2"), ("ai-sdk/gateway/3.0.232", "v1", "v3"),
    ("ai-sdk-gateway/4.0.146", "v1", "v4"), ("curl/8", "v1", "v2"), ("curl/8", "v3", "v3"),
    ("curl/8", "v9", "v4")])
def test_config_is_of_the_clients_generation(world, agent, path, version):
    gateway, _, _ = world()
    response = gateway.get("/%s/ai/config" % path, {"user-agent": agent})
    models = {each["id"]: each for each in response.json["models"]}
    assert {each["specification"]["specificationVersion"] for each in models.values()} == {version}
    assert models["m"]["specification"]["provider"] == "one"
    assert models["m"]["specification"]["modelId"] == "up-model"
    assert models["m"]["modelType"] == "language"


def test_prices_are_those_of_the_catalogue(gateways):
    gateway = gateways({"providers": {"openai": {"keys": [{"env": "PROA_TEST_KEY"}]}}},
                       env={"PROA_TEST_KEY": "k"})
    models = {each["id"]: each for each in gateway.get("/v4/ai/config").json["models"]}
    priced = [each for each in models.values() if "pricing" in each]
    assert priced
    for each in priced:
        assert re.fullmatch(r"0\.\d+|\d+", each["pricing"]["input"]), each
        assert re.fullmatch(r"0\.\d+|\d+", each["pricing"]["output"]), each
        assert each["name"] and each["specification"]["provider"] == "openai"


def test_costs_are_told(gateways, upstreams):
    provider = upstreams(default=whole())
    gateway = gateways({"providers": {"openai": {"base_url": provider.url, "keys": []}}})
    response = ask(gateway, model="openai/gpt-4o-mini")
    told = response.json["providerMetadata"]["gateway"]
    assert float(told["cost"]) == pytest.approx(7 * 0.15e-6 + 3 * 0.6e-6)
    assert float(told["inputInferenceCost"]) + float(told["outputInferenceCost"]) == pytest.approx(
        float(told["inferenceCost"]))
    assert told["routing"]["canonicalSlug"] == "openai/gpt-4o-mini"


def test_embeddings(world):
    gateway, first, _ = world()
    vectors = {"object": "list", "model": "e", "usage": {"prompt_tokens": 4, "total_tokens": 4},
               "data": [{"object": "embedding", "index": i, "embedding": [i, 0.5]} for i in (1, 0)]}
    for version, body in ((2, {"input": ["a", "b"]}), (3, {"values": ["a", "b"]}),
                          (4, {"values": ["a", "b"], "dimensions": 2})):
        first.script.append(up.answer(200, vectors))
        response = gateway.post("/v4/ai/embedding-model", body, {
            "ai-model-id": "m", "ai-embedding-model-specification-version": str(version)})
        assert response.json["embeddings"] == [[0, 0.5], [1, 0.5]], response
        assert response.json["usage"] == {"tokens": 4}
        assert ("warnings" in response.json) == (version > 2)
        assert GENERATION.match(response.json["providerMetadata"]["gateway"]["generationId"])
        assert first.requests[-1].json["input"] == ["a", "b"]
    assert first.requests[-1].json["dimensions"] == 2


def test_rankings(gateways, upstreams):
    cohere = upstreams(default=up.answer(200, {"id": "r", "results": [
        {"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2}],
        "meta": {"billed_units": {"search_units": 1}}}))
    gateway = gateways({"providers": {"cohere": {
        "dialect": "cohere", "base_url": cohere.url, "keys": [{"env": "PROA_TEST_KEY"}]}}},
        env={"PROA_TEST_KEY": "k"})
    response = gateway.post("/v4/ai/reranking-model", {
        "documents": {"type": "text", "values": ["a", "b"]}, "query": "q", "topN": 2}, {
            "ai-model-id": "cohere/rerank-v3.5", "ai-reranking-model-specification-version": "4"})
    assert response.json["ranking"] == [{"index": 1, "relevanceScore": 0.9},
                                        {"index": 0, "relevanceScore": 0.2}], response
    assert cohere.requests[0].json["documents"] == ["a", "b"]


def test_what_a_provider_cannot_do_is_a_warning(gateways, upstreams):
    claude = upstreams(default=up.answer(200, {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-up",
        "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 3}}))
    gateway = gateways({"providers": {"claude": {
        "dialect": "anthropic", "base_url": claude.url, "keys": [{"env": "PROA_TEST_KEY"}]}}},
        env={"PROA_TEST_KEY": "k"})
    for version, kind in ((2, "unsupported-setting"), (3, "unsupported"), (4, "unsupported")):
        answer = ask(gateway, version, model="claude/claude-sonnet-4-5", seed=1).json
        (warning,) = answer["warnings"]
        assert warning["type"] == kind
        assert warning.get("setting", warning.get("feature")) == "seed" and warning["details"]
        assert answer["finishReason"] in ("stop", {"unified": "stop", "raw": "end_turn"})


def test_answers_from_memory_belong_to_their_version_and_model(gateways, upstreams):
    """The body says neither: requests that look the same must not share an answer."""
    provider = upstreams(default=up.answer(200, {
        "object": "list", "model": "e", "usage": {"prompt_tokens": 1, "total_tokens": 1},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}))
    gateway = gateways({
        "providers": {"one": {"dialect": "openai", "base_url": provider.url, "keys": []}},
        "policies": [{"name": "test", "balance": {"standby": 0}, "cache": {"mode": "all"}}],
        "routes": [{"model": "m*", "policy": "test", "tiers": [[{"provider": "one"}]]}]})

    def embed(model, version):
        return gateway.post("/v4/ai/embedding-model", {"values": ["a"]}, {
            "ai-model-id": model, "ai-embedding-model-specification-version": str(version)})
    for model, version in (("m1", 2), ("m1", 3), ("m2", 2), ("m2", 3)):
        assert embed(model, version).header("x-proa-cache") == "miss"
        again = embed(model, version)
        assert again.header("x-proa-cache") == "hit"
        assert ("warnings" in again.json) == (version > 2)
    assert [each.json["model"] for each in provider.requests] == ["m1", "m1", "m2", "m2"]


def test_a_chat_is_answered_from_memory(gateways, upstreams):
    provider = upstreams(default=up.answer(200, {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": "yes"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}))
    gateway = gateways({
        "providers": {"one": {"dialect": "openai", "base_url": provider.url, "keys": []}},
        "policies": [{"name": "test", "balance": {"standby": 0}, "cache": {"mode": "deterministic"}}],
        "routes": [{"model": "m", "policy": "test", "tiers": [[{"provider": "one"}]]}]})

    def ask(version, **more):
        return gateway.post("/v4/ai/language-model", {
            "prompt": [{"role": "user", "content": [{"type": "text", "text": "?"}]}], **more}, {
            "ai-language-model-id": "m", "ai-language-model-streaming": "false",
            "ai-language-model-specification-version": str(version)})
    for version in (2, 3, 4):
        assert ask(version).header("x-proa-cache") == "bypass"
        first, again = ask(version, temperature=0), ask(version, temperature=0)
        assert (first.header("x-proa-cache"), again.header("x-proa-cache")) == ("miss", "hit")
        assert again.json["content"] == first.json["content"] == [{"type": "text", "text": "yes"}]
    assert len(provider.requests) == 6


def test_an_upgrade_is_not_offered(world):
    """The WebSocket paths of the protocol are not served: a client falls back, nothing hangs."""
    gateway, _, _ = world()
    with gateway.connect() as connection:
        connection.send(b"GET /v4/ai/realtime-model?ai-model-id=m HTTP/1.1\r\nhost: localhost\r\n"
                        b"connection: upgrade\r\nupgrade: websocket\r\n\r\n")
        assert connection.response("GET").status == 404


# ---- tools that the provider runs itself ----------------------------------------------------------

FOUND = [{"type": "web_search_result", "url": "https://models.example", "title": "A page",
          "encrypted_content": "sealed", "page_age": None}]
SEARCHED = [{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
             "input": {"query": "models"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": FOUND},
            {"type": "text", "text": "found"}]
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5",
           "stop_reason": None, "stop_sequence": None,
           "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}}


def searches(exchange):
    """As Anthropic answers that has searched the web."""
    counts = {"output_tokens": 5, "server_tool_use": {"web_search_requests": 1}}
    if not exchange.request.json.get("stream"):
        exchange.send(up.http(200, {**MESSAGE, "content": SEARCHED, "stop_reason": "end_turn",
                                    "usage": {**MESSAGE["usage"], **counts}}))
        return
    events = [{"type": "message_start", "message": {**MESSAGE, "content": []}}]
    for i, block in enumerate(SEARCHED):
        empty = {"server_tool_use": {"input": {}}, "text": {"text": ""}}.get(block["type"], {})
        events.append({"type": "content_block_start", "index": i, "content_block": {**block, **empty}})
        if block["type"] == "server_tool_use":
            for piece in ("", '{"query": ', '"models"}'):
                events.append({"type": "content_block_delta", "index": i, "delta": {
                    "type": "input_json_delta", "partial_json": piece}})
        elif block["type"] == "text":
            events.append({"type": "content_block_delta", "index": i, "delta": {
                "type": "text_delta", "text": block["text"]}})
        events.append({"type": "content_block_stop", "index": i})
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                   "usage": counts})
    events.append({"type": "message_stop"})
    frames = [("event: %s\ndata: %s\n\n" % (each["type"], json.dumps(each))).encode()
              for each in events]
    up.raw(up.STREAM_HEAD, *[up.chunk(each) for each in frames], b"0\r\n\r\n")(exchange)


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_that_the_provider_runs(gateways, upstreams, version, stream):
    """The call and what came of it are told, under the client's name of the tool, and nothing is left
    for the client to do; usage stands there in the provider's own words, too."""
    upstream = upstreams(default=searches)
    gateway = gateways({"providers": {"claude": {"dialect": "anthropic", "base_url": upstream.url,
                                                 "keys": []}}})
    tool = {"type": "provider-defined" if version == 2 else "provider",
            "id": "anthropic.web_search_20250305", "name": "find", "args": {"maxUses": 2}}
    response = ask(gateway, version, stream, model="claude/claude-sonnet-5", tools=[tool])
    assert upstream.requests[0].json["tools"] == [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]
    if stream:
        parts = parts_of(response)
        end = parts[-1]
        starts = [part for part in parts if part["type"] == "tool-input-start"]
        assert [(s["id"], s["toolName"], s["providerExecuted"]) for s in starts] == [
            ("srvtoolu_1", "find", True)]
    else:
        end = response.json
        parts = end["content"]
    call = next(part for part in parts if part["type"] == "tool-call")
    assert (call["toolCallId"], call["toolName"]) == ("srvtoolu_1", "find")
    assert json.loads(call["input"]) == {"query": "models"} and call["providerExecuted"] is True
    result = next(part for part in parts if part["type"] == "tool-result")
    assert (result["toolCallId"], result["toolName"]) == ("srvtoolu_1", "find")
    assert result["result"] == [{"type": "web_search_result", "url": "https://models.example",
                                 "title": "A page", "encryptedContent": "sealed", "pageAge": None}]
    assert "isError" not in result
    reason = end["finishReason"] if version == 2 else end["finishReason"]["unified"]
    assert reason == "stop"
    if version == 2:
        assert "raw" not in end["usage"]
    else:
        assert end["usage"]["inputTokens"]["total"] == 13
        assert end["usage"]["raw"] == {
            "input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 5,
            "server_tool_use": {"web_search_requests": 1}}
