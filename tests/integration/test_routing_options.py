"""The gateway's routing options on every surface: order, only, models, sort, times, filters and a
request's own credentials; through the real binary, against providers that fail in every way."""
import json

import pytest
import test_responses as responses
from testenv import TOLERANT
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import eventually

MODEL = "openai/gpt-oss-120b"  # several vendors have it, at different prices
NAMES = ("groq", "cerebras", "together")
HI = [{"role": "user", "content": "hi"}]
SURFACES = ("openai", "anthropic", "aisdk")
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def says(text):
    """A handler that answers with this text, streamed or whole, as it is asked."""
    whole = up.chat(text)
    stream = up.stream(up.stream_events([text]))

    def handler(exchange):
        return (stream if exchange.request.json.get("stream") else whole)(exchange)
    return handler


def refuses(exchange):
    """As a server that is not there any more: the connection is reset before any answer."""
    exchange.reset()


def begins_and_breaks(exchange):
    """Content, and then the connection is reset: the client has a part of the answer by then."""
    pieces = up.stream_events(["be", "gun"])[:2]
    up.raw(up.STREAM_HEAD, *[up.chunk(each) for each in pieces], then="reset")(exchange)


def breaks_off(exchange):
    """Begins an answer without content, and resets."""
    up.raw(up.STREAM_HEAD, up.chunk(b": hello\n\n"), then="reset")(exchange)


class World:
    def __init__(self, gateways, upstreams, config, policy, names, **options):
        self.up = {name: upstreams(default=says(name)) for name in names}
        whole = {
            "providers": {name: {"base_url": each.url, "keys": [{"env": "PROA_TEST_KEY"}]}
                          for name, each in self.up.items()},
            "policies": [{"name": "default", **TOLERANT,
                          "balance": {"standby": 0, "strategy": "weighted"}, **policy}],
        }
        for key, value in config.items():
            if key == "providers":
                for name, more in value.items():
                    whole["providers"].setdefault(name, {}).update(more)
            else:
                whole[key] = value
        env = {"PROA_TEST_KEY": "configured-key-1", **options.pop("env", {})}
        self.gateway = gateways(whole, env=env, **options)

    def ask(self, surface="openai", options=None, stream=False, model=MODEL, headers=(), **top):
        """One request with these options of the gateway."""
        body = dict(top)
        if options is not None:
            body["providerOptions"] = {"gateway": options}
        if surface == "aisdk":
            prompt = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
            return self.gateway.post("/v4/ai/language-model", {"prompt": prompt, **body}, {
                "ai-language-model-id": model, "ai-language-model-specification-version": "4",
                "ai-language-model-streaming": "true" if stream else "false", **dict(headers)})
        body = {"model": model, "messages": HI, **body}
        if stream:
            body["stream"] = True
        if surface == "anthropic":
            return self.gateway.post("/v1/messages", {"max_tokens": 64, **body}, headers)
        return self.gateway.post("/v1/chat/completions", body, headers)

    def asked(self):
        """Who was asked, in order."""
        all_of = [(request.time, name) for name, each in self.up.items()
                  for request in each.requests]
        return [name for _, name in sorted(all_of)]

    def forget(self):
        for each in self.up.values():
            del each.requests[:]


@pytest.fixture
def world(gateways, upstreams):
    def make(config=None, policy=None, names=NAMES, **options):
        return World(gateways, upstreams, config or {}, policy or {}, names, **options)
    return make


def text_of(surface, response, stream):
    assert response.status == 200, response
    if not stream:
        made = response.json
        return {"openai": lambda: made["choices"][0]["message"]["content"],
                "anthropic": lambda: made["content"][0]["text"],
                "aisdk": lambda: made["content"][0]["text"]}[surface]()
    assert response.complete, response
    events = [json.loads(each) for each in response.events if each != "[DONE]"]
    if surface == "openai":
        return "".join(choice["delta"].get("content") or "" for event in events
                       for choice in event["choices"])
    if surface == "anthropic":
        return "".join(event["delta"].get("text", "") for event in events
                       if event["type"] == "content_block_delta")
    return "".join(event["delta"] for event in events if event["type"] == "text-delta")


def message_of(surface, response):
    error = response.json["error"]
    assert error["message"], response
    return error


def trail_of(response):
    return [each.split("/")[0] for each in response.header("x-proa-trail").split(", ")]


# ---- order and only -----------------------------------------------------------------------------


@pytest.mark.smoke
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_the_first_of_the_order_answers(world, surface, stream):
    w = world()
    for name in ("together", "cerebras", "groq"):
        response = w.ask(surface, {"order": [name]}, stream)
        assert text_of(surface, response, stream) == name
        assert response.header("x-proa-provider") == name
    assert w.asked() == ["together", "cerebras", "groq"]
    for each in w.up.values():
        sent = each.requests[0].json
        assert "providerOptions" not in sent and "order" not in sent


@pytest.mark.parametrize("fault", [up.error(500), up.error(429), refuses, breaks_off])
@pytest.mark.parametrize("surface", SURFACES)
def test_the_next_of_the_order_takes_over(world, surface, fault):
    w = world()
    w.up["together"].script.append(fault)
    response = w.ask(surface, {"order": ["together", "cerebras"]}, stream=True)
    assert text_of(surface, response, True) == "cerebras"
    assert trail_of(response) == ["together", "cerebras"]


@pytest.mark.parametrize("surface", SURFACES)
def test_who_cannot_be_reached_is_moved_off(world, surface):
    refusing = up.RefusingPort()
    w = world(config={"providers": {"cerebras": {"base_url": refusing.url}}})
    response = w.ask(surface, {"order": ["cerebras", "together"]}, stream=True)
    assert text_of(surface, response, True) == "together"
    assert trail_of(response) == ["cerebras", "together"]
    refusing.stop()


@pytest.mark.parametrize("surface", SURFACES)
def test_a_break_after_the_first_content_is_told(world, surface):
    w = world()
    w.up["together"].script.append(begins_and_breaks)
    response = w.ask(surface, {"order": ["together", "cerebras"]}, stream=True)
    assert response.status == 200 and w.asked() == ["together"]
    events = [json.loads(each) for each in response.events if each != "[DONE]"]
    if surface == "aisdk":
        assert [each["type"] for each in events][-2:] == ["error", "finish"]
        told = events[-1]["providerMetadata"]["gateway"]["routing"]
        assert told["modelAttempts"][0]["providerAttempts"][0]["success"] is False
    else:
        assert "error" in events[-1] and "[DONE]" not in response.events


@pytest.mark.parametrize("surface", SURFACES)
def test_who_is_not_in_the_order_comes_last(world, surface):
    w = world()
    w.up["cerebras"].script.append(up.error(500))
    w.up["together"].script.append(up.error(503))
    response = w.ask(surface, {"order": ["cerebras", "together"]})
    assert text_of(surface, response, False) == "groq"
    assert w.asked() == ["cerebras", "together", "groq"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_only_leaves_no_other(world, surface, stream):
    w = world()
    w.up["cerebras"].default = up.error(500)
    response = w.ask(surface, {"only": ["cerebras"]}, stream)
    assert response.status == 500, response
    assert set(w.asked()) == {"cerebras"}


@pytest.mark.parametrize("surface", SURFACES)
def test_only_that_leaves_nothing_says_who_is_there(world, surface):
    w = world()
    response = w.ask(surface, {"only": ["mistral"]})
    assert response.status == 400, response
    error = message_of(surface, response)
    assert error["type"] == "invalid_request_error"
    assert error["param"] == "providerOptions.gateway.only"
    for name in NAMES:
        assert name in error["message"]
    assert w.asked() == []


def test_short_forms_at_the_top_of_the_body(world):
    w = world()
    assert w.ask(order=["together"]).header("x-proa-provider") == "together"
    assert w.ask(only=["cerebras"]).header("x-proa-provider") == "cerebras"
    assert w.ask(provider={"order": ["groq"]}).header("x-proa-provider") == "groq"
    assert w.ask(options={"order": ["cerebras"]}, order=["groq"]).header(
        "x-proa-provider") == "cerebras", "the long form wins"
    for each in w.up.values():
        for request in each.requests:
            assert set(request.json) == {"model", "messages"}


def test_names_of_vendors_and_their_aliases(world):
    w = world(config={"providers": {"ours": {"dialect": "openai"}}}, names=("groq", "together", "ours"))
    assert w.ask(options={"order": ["togetherai"]}).header("x-proa-provider") == "together"
    assert w.ask(options={"only": ["togetherai"]}).header("x-proa-provider") == "together"


def test_a_provider_that_is_out_is_passed_over(world):
    breaker = {"score": 2, "pool_score": 2, "endpoint_score": 2, "open_base": "60s",
               "open_cap": "120s", "open_floor": "60s"}
    w = world(policy={"breaker": breaker})
    w.up["groq"].default = up.error(500)
    for _ in range(4):
        assert w.ask(options={"order": ["groq", "together"]}).status == 200
    w.forget()
    response = w.ask("aisdk", {"order": ["groq", "together"]})
    assert text_of("aisdk", response, False) == "together"
    assert w.asked() == ["together"]
    routing = response.json["providerMetadata"]["gateway"]["routing"]
    (skipped,) = routing["skippedProviderAttempts"]
    assert skipped["provider"] == "groq" and skipped["credentialType"] == "system"
    assert skipped["reason"] == "its provider is out for this model: it failed too often in sequence"


# ---- models -------------------------------------------------------------------------------------


def two_models(world):
    return world(config={"routes": [
        {"model": "big", "policy": "default", "tiers": [[{"provider": "groq", "model": "g-big"}]]},
        {"model": "small", "policy": "default",
         "tiers": [[{"provider": "together", "model": "t-small"}]]}]})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_a_fallback_model_answers(world, surface, stream):
    w = two_models(world)
    w.up["groq"].script.append(up.error(500))
    response = w.ask(surface, {"models": ["small", "big"]}, stream, model="big")
    assert text_of(surface, response, stream) == "together"
    assert response.header("x-proa-model") == "t-small"
    assert w.up["together"].requests[0].json["model"] == "t-small"


def test_fallback_models_of_one_open_provider(world):
    """Names that no route has go to their provider as they are."""
    w = world(names=("groq", "together"))
    w.up["groq"].script += [up.error(404, "no such model", kind="invalid_request_error"),
                            says("the second")]
    response = w.ask(model="groq/one", models=["groq/two", "together/three"])
    assert text_of("openai", response, False) == "the second"
    assert [each.json["model"] for each in w.up["groq"].requests] == ["one", "two"]


@pytest.mark.parametrize("surface", SURFACES)
def test_an_unknown_fallback_model_is_named(world, surface):
    w = two_models(world)
    response = w.ask(surface, {"models": ["nobody/nothing"]}, model="big")
    assert response.status == 404, response
    assert "nobody/nothing" in message_of(surface, response)["message"]
    assert w.asked() == []


def test_order_counts_within_each_model(world):
    w = world(config={"routes": [
        {"model": each, "policy": "default", "tiers": [
            [{"provider": name, "model": each} for name in NAMES]]} for each in ("a", "b")]},
        policy={"retry": {**TOLERANT["retry"], "max_attempts": 4}})
    for name in NAMES:
        w.up[name].script.append(up.error(500))
    response = w.ask(options={"models": ["b"], "order": ["together", "groq", "cerebras"]}, model="a")
    assert response.status == 200
    assert trail_of(response) == ["together", "groq", "cerebras", "together"]
    assert response.header("x-proa-model") == "b"


# ---- sort ---------------------------------------------------------------------------------------


def test_the_cheapest_answers(world):
    names = ("cerebras", "groq")  # in the order of configuration; groq is the cheaper one
    w = world(names=names)
    for form in ({"options": {"sort": "cost"}}, {"sort": "cost"}, {"provider": {"sort": "cost"}}):
        assert w.ask(**form).header("x-proa-provider") == "groq"
    w.up["groq"].script.append(up.error(500))
    assert w.ask(options={"sort": "cost"}).header("x-proa-provider") == "cerebras"
    assert w.ask(options={"sort": "cost", "order": ["cerebras"]}).header(
        "x-proa-provider") == "cerebras", "the order wins"


@pytest.mark.parametrize("sort", ["ttft", "tps"])
def test_who_was_measured_comes_before_who_was_not(world, sort):
    w = world()
    long = up.stream(up.stream_events(["word "] * 4)[:-2] + [up.sse(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 7, "completion_tokens": 64, "total_tokens": 71}}),
        b"data: [DONE]\n\n"])
    w.up["together"].default = long
    for _ in range(12):
        assert w.ask(options={"only": ["together"]}, stream=True).status == 200
    w.forget()
    for _ in range(6):
        assert w.ask(options={"sort": sort}, stream=True).header("x-proa-provider") == "together"


# ---- times --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_after_its_time_the_next_one_is_asked(world, surface, stream):
    w = world()
    w.up["groq"].default = up.stall
    response = w.ask(surface, {"order": ["groq", "together"],
                               "providerTimeouts": {"byok": {"groq": 1000}}}, stream)
    assert text_of(surface, response, stream) == "together"
    assert trail_of(response) == ["groq", "together"]


def test_the_metadata_tells_of_the_time(world):
    w = world()
    w.up["groq"].default = up.stall
    response = w.ask("aisdk", {"order": ["groq", "together"],
                               "providerTimeouts": {"byok": {"groq": 1000}}})
    routing = response.json["providerMetadata"]["gateway"]["routing"]
    first, second = routing["modelAttempts"][0]["providerAttempts"]
    assert first["error"] == "PROVIDER_TIMEOUT" and first["providerTimeout"] is True
    assert first["configuredTimeoutMs"] == 1000 and first["success"] is False
    assert second["provider"] == "together" and second["success"] is True
    assert second["credentialType"] == "system" and "configuredTimeoutMs" not in second
    assert routing["resolvedProvider"] == "groq" and routing["finalProvider"] == "together"
    assert routing["fallbacksAvailable"] == ["together", "cerebras"]
    assert "groq(system) → together(system) → cerebras(system)" in routing["planningReasoning"]


def test_a_hasty_client_takes_nobody_out(world):
    """Its deadline says little of the provider: others are still answered by it."""
    breaker = {"score": 2, "pool_score": 2, "endpoint_score": 2}
    w = world(policy={"breaker": breaker, "stall": {"enabled": False}})
    w.up["groq"].script += [up.stall] * 2
    for _ in range(2):
        w.ask(options={"order": ["groq", "together"],
                       "providerTimeouts": {"groq": 1000}}, stream=True)
    assert w.ask(options={"order": ["groq"]}).header("x-proa-provider") == "groq"


# ---- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("option, setting", [
    ("zeroDataRetention", {"zero_data_retention": True}),
    ("disallowPromptTraining", {"trains_on_prompts": False})])
def test_promises_of_providers(world, surface, option, setting):
    w = world(config={"providers": {"cerebras": setting}})
    for _ in range(4):
        assert w.ask(surface, {option: True}).header("x-proa-provider") == "cerebras"
    response = w.ask(surface, {option: True, "only": ["groq", "together"]})
    assert response.status == 403, response
    error = message_of(surface, response)
    assert option in error["message"] and list(setting)[0] in error["message"]
    assert error["code"] == "no_providers_available"
    if surface != "anthropic":
        assert error["type"] == "no_providers_available"
    assert w.ask(surface, {option: False, "only": ["groq"]}).status == 200


@pytest.mark.parametrize("surface", SURFACES)
def test_what_a_model_must_have(world, surface):
    w = world()
    assert w.ask(surface, {"has": ["tool-use", "reasoning"]}).status == 200
    response = w.ask(surface, {"has": ["vision"]})
    assert response.status == 403 and "has" in message_of(surface, response)["message"]
    response = w.ask(surface, {"has": ["wings"]})
    assert response.status == 400
    assert message_of(surface, response)["param"] == "providerOptions.gateway.has[0]"


# ---- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("options, param", [
    ({"order": ["groq", 7]}, "order[1]"),
    ({"order": "groq"}, "order"),
    ({"only": []}, "only"),
    ({"models": [{"model": "m", "when": "x"}]}, "models[0]"),
    ({"sort": "price"}, "sort"),
    ({"providerTimeouts": {"byok": {"groq": 10}}}, "providerTimeouts.byok.groq"),
    ({"providerTimeouts": {"groq": "5s"}}, "providerTimeouts.groq"),
    ({"zeroDataRetention": "yes"}, "zeroDataRetention"),
    ({"headquarters": ["US"]}, "headquarters"),
    ({"byok": {"groq": [{"apiKey": 5}]}}, "byok.groq[0].apiKey"),
    ({"byok": {"groq": {"apiKey": "sk-much-too-secret"}}}, "byok.groq"),
    ({"byok": {"vertex": [{"googleCredentials": {}}]}}, "byok.vertex[0].googleCredentials"),
    ({"tags": [""]}, "tags[0]"),
])
def test_a_mistake_is_named(world, surface, options, param):
    w = world()
    response = w.ask(surface, options)
    assert response.status == 400, response
    error = message_of(surface, response)
    assert error["type"] == "invalid_request_error"
    assert error["param"] == "providerOptions.gateway." + param
    assert param in error["message"] and "too-secret" not in response.body.decode()
    assert w.asked() == []


def test_what_is_not_known_is_passed_over(world):
    w = world()
    response = w.ask(options={"caching": "auto", "serviceTier": "flex", "newerThanThis": [1, {}],
                              "order": ["groq"]})
    assert response.header("x-proa-provider") == "groq"


def test_fields_of_the_provider_that_have_the_names_go_on(world):
    w = world()
    assert w.ask(options={"order": ["groq"]}, sort=1, only="x", user="u").status == 200
    sent = w.up["groq"].requests[0].json
    assert (sent["sort"], sent["only"], sent["user"]) == (1, "x", "u")


# ---- the request's own credentials --------------------------------------------------------------

SECRET = "sk-clients-own-0123456789"
SECRET2 = "sk-clients-other-0123456789"


def bearer(request):
    return request.header("authorization").removeprefix("Bearer ")


def nothing_leaks(w, *responses):
    log = w.gateway.log()
    for secret in (SECRET, SECRET2):
        assert secret not in log
        for response in responses:
            assert secret not in response.body.decode()
            assert all(secret not in value for _, value in response.headers)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", SURFACES)
def test_the_requests_own_key_is_shown_to_its_provider_alone(world, surface, stream):
    w = world()
    options = {"byok": {"together": [{"apiKey": SECRET}]}, "order": ["groq", "together"]}
    w.up["groq"].script.append(up.error(500))
    response = w.ask(surface, options, stream)
    assert text_of(surface, response, stream) == "together"
    assert bearer(w.up["together"].requests[0]) == SECRET
    assert bearer(w.up["groq"].requests[0]) == "configured-key-1"
    assert "together/byok1:200" in response.header("x-proa-trail")
    for each in w.up.values():
        for request in each.requests:
            assert SECRET not in request.body.decode()
    w.gateway.access(1)
    nothing_leaks(w, response)


def test_own_keys_are_tried_in_their_order_and_then_the_configured_one(world):
    w = world()
    refused = up.error(401, "Incorrect API key provided: " + SECRET, kind="invalid_request_error")
    w.up["groq"].script += [refused, refused]
    response = w.ask("aisdk", {"byok": {"groq": [{"apiKey": SECRET}, {"apiKey": SECRET2}]},
                               "only": ["groq"]})
    assert text_of("aisdk", response, False) == "groq"
    assert [bearer(each) for each in w.up["groq"].requests] == [SECRET, SECRET2, "configured-key-1"]
    routing = response.json["providerMetadata"]["gateway"]["routing"]
    attempts = routing["modelAttempts"][0]["providerAttempts"]
    assert [each["credentialType"] for each in attempts] == ["byok", "byok", "system"]
    assert "groq(byok) → groq(byok) → groq(system)" in routing["planningReasoning"]
    nothing_leaks(w, response)
    w.forget()
    assert w.ask(options={"only": ["groq"]}).status == 200
    assert [bearer(each) for each in w.up["groq"].requests] == ["configured-key-1"]


def test_a_refused_key_of_ours_does_not_keep_out_the_requests_own(world):
    w = world(names=("groq",))
    w.up["groq"].script.append(up.error(401, "bad key", kind="invalid_request_error"))
    assert w.ask().status in (401, 502, 503)
    response = w.ask(options={"byok": {"groq": [{"apiKey": SECRET}]}})
    assert response.status == 200
    assert bearer(w.up["groq"].requests[-1]) == SECRET


def test_a_refused_key_of_the_request_is_not_held_against_the_next(world):
    w = world(names=("groq",))
    for _ in range(3):
        w.up["groq"].script.append(up.error(401, "no: " + SECRET, kind="invalid_request_error"))
        assert w.ask(options={"byok": {"groq": [{"apiKey": SECRET}]}}).status == 200
    w.forget()
    assert w.ask(options={"byok": {"groq": [{"apiKey": SECRET}]}}).status == 200
    assert [bearer(each) for each in w.up["groq"].requests] == [SECRET]


def test_an_error_that_quotes_the_key_is_blackened(world):
    w = world(names=("groq",))
    w.up["groq"].default = up.error(400, "what is " + SECRET + "?", kind="invalid_request_error")
    for surface in SURFACES:
        response = w.ask(surface, {"byok": {"groq": [{"apiKey": SECRET}]}})
        assert response.status == 400
        assert "[redacted]" in response.body.decode()
        nothing_leaks(w, response)


def test_own_keys_with_escapes_and_at_the_top(world):
    w = world(names=("groq",))
    body = json.dumps({"model": MODEL, "messages": HI,
                       "byok": {"groq": [{"apiKey": SECRET}]}}).replace("sk-clients", "\\u0073k\\u002dclients")
    with w.gateway.connect() as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", body.encode(),
                                      {"content-type": "application/json"}))
        assert connection.response("POST").status == 200
    assert bearer(w.up["groq"].requests[0]) == SECRET
    assert "byok" not in w.up["groq"].requests[0].json


@pytest.mark.parametrize("surface", SURFACES)
def test_a_key_for_who_is_not_configured_is_refused(world, surface):
    w = world()
    response = w.ask(surface, {"byok": {"mistral": [{"apiKey": SECRET}]}})
    assert response.status == 400
    error = message_of(surface, response)
    assert error["param"] == "providerOptions.gateway.byok" and "mistral" in error["message"]
    assert w.asked() == []
    nothing_leaks(w, response)


def test_aws_credentials_sign_for_the_configured_region(gateways, upstreams):
    converse = up.answer(200, {"output": {"message": {"role": "assistant",
                                                      "content": [{"text": "signed"}]}},
                               "stopReason": "end_turn",
                               "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}})
    cloud = upstreams(default=converse)
    gateway = gateways({"providers": {"bedrock": {
        "base_url": cloud.url.rsplit("/", 1)[0], "region": "eu-west-1",
        "keys": [{"env": "PROA_TEST_KEY"}]}}}, env={"PROA_TEST_KEY": "configured-key-1"})

    def ask(**more):
        own = {"accessKeyId": "AKIDEXAMPLE1", "secretAccessKey": SECRET, **more}
        return gateway.post("/v1/chat/completions", {
            "model": "bedrock/amazon.nova-lite-v1:0", "messages": HI,
            "providerOptions": {"gateway": {"byok": {"bedrock": [own]}}}})
    response = ask()
    assert response.status == 200, response
    shown = cloud.requests[0].header("authorization")
    assert shown.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE1/")
    assert "/eu-west-1/bedrock/aws4_request" in shown
    assert ask(region="eu-west-1", sessionToken="token-0123456789").status == 200
    assert cloud.requests[1].header("x-amz-security-token") == "token-0123456789"
    response = ask(region="us-east-1")
    assert response.status == 400 and "us-east-1" in response.json["error"]["message"]
    assert len(cloud.requests) == 2


def test_more_credentials_than_can_be_kept_from_being_told(gateways, upstreams):
    """What could not be blackened in a provider's error is not sent to it."""
    cloud = upstreams(default=up.stall)
    gateway = gateways({"providers": {"bedrock": {
        "base_url": cloud.url.rsplit("/", 1)[0], "region": "eu-west-1",
        "keys": [{"env": "PROA_TEST_KEY"}]}}}, env={"PROA_TEST_KEY": "configured-key-1"})
    own = [{"accessKeyId": "AKIDEXAMPLE1", "secretAccessKey": SECRET, "sessionToken": SECRET2}] * 16
    request = request_bytes("POST", "/v1/chat/completions", json.dumps({
        "model": "bedrock/amazon.nova-lite-v1:0", "messages": HI,
        "providerOptions": {"gateway": {"byok": {"bedrock": own}}}}).encode())
    clients = [gateway.connect() for _ in range(4096 // 48 + 1)]

    def under_way():
        return gateway.metrics().total("proa_inflight_requests")

    for number, client in enumerate(clients[:-1], 1):
        client.send(request)
        if number % 4 == 0 or client is clients[-2]:  # a slow build is not to be late for connections
            eventually(lambda: under_way() == number and len(cloud.requests) == number, 10,
                       "%d of them" % number)
    clients[-1].send(request)
    refused = clients[-1].response()
    assert refused.status == 503 and refused.error["code"] == "gateway_overloaded", refused
    for client in clients:
        client.abort()
    eventually(lambda: under_way() == 0, 10, "all gone")
    cloud.default = up.answer(401, {"message": "no: %s, %s" % (SECRET, SECRET2)})
    response = gateway.post("/v1/chat/completions", {
        "model": "bedrock/amazon.nova-lite-v1:0", "messages": HI,
        "providerOptions": {"gateway": {"byok": {"bedrock": own[:1]}, "only": ["bedrock"]}}})
    assert response.status >= 400
    for secret in (SECRET, SECRET2):
        assert secret not in response.body.decode() and secret not in gateway.log()


# ---- answers that are kept ----------------------------------------------------------------------


def cached(world, **more):
    return world(policy={"cache": {"mode": "all"}}, **more)


def test_what_may_answer_is_part_of_what_is_asked(world):
    w = cached(world)
    for options in ({"order": ["groq"]}, {"order": ["cerebras"]}, {"only": ["cerebras"]},
                    {"only": ["together"]}, {"sort": "cost"}, {"has": ["reasoning"]},
                    {"order": ["groq"], "models": ["together/x"]}):
        assert w.ask(options=options).header("x-proa-cache") == "miss", options
        assert w.ask(options=options).header("x-proa-cache") == "hit", options
    assert w.ask(order=["groq"]).header("x-proa-cache") == "miss", "written otherwise"
    assert w.ask(order=["groq"]).header("x-proa-cache") == "hit"


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
def test_whom_it_is_booked_to_does_not_matter(world, surface):
    w = cached(world)
    options = {"order": ["groq"]}
    assert w.ask(surface, {**options, "user": "ann"}).header("x-proa-cache") == "miss"
    assert w.ask(surface, {**options, "user": "bob"}).header("x-proa-cache") == "hit"
    assert w.ask(surface, {"tags": ["x"], **options}).header("x-proa-cache") == "hit"
    assert w.ask(surface, {**options, "has": []}).header("x-proa-cache") == "miss"
    lines = w.gateway.access(4)
    assert [line.get("user.id") for line in lines] == ["ann", "bob", None, None]


def test_own_credentials_are_neither_answered_from_memory_nor_kept(world):
    w = cached(world, names=("groq",))
    own = {"byok": {"groq": [{"apiKey": SECRET}]}}
    for _ in range(2):
        assert w.ask(options=own).header("x-proa-cache") == "bypass"
    assert len(w.up["groq"].requests) == 2
    assert w.ask(options={}).header("x-proa-cache") == "miss"


def test_what_a_fallback_model_answers_is_not_kept(world):
    w = cached(world, config={"routes": [
        {"model": "big", "policy": "default", "tiers": [[{"provider": "groq", "model": "g"}]]},
        {"model": "small", "policy": "default", "tiers": [[{"provider": "together", "model": "t"}]]}]})
    w.up["groq"].script.append(up.error(500))
    assert w.ask(model="big", models=["small"]).header("x-proa-provider") == "together"
    again = w.ask(model="big", models=["small"])
    assert again.header("x-proa-cache") == "miss" and again.header("x-proa-provider") == "groq"


# ---- attribution --------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", SURFACES)
def test_user_and_tags_are_logged(world, surface):
    w = world()
    assert w.ask(surface, {"user": "user-7", "tags": ["team:a", "beta \"x\""],
                           "order": ["groq"]}).status == 200
    (line,) = w.gateway.access(1)
    assert line["user.id"] == "user-7" and line["tags"] == "team:a,beta \"x\""
    sent = w.up["groq"].requests[0].json
    assert sent.get("user") == ("user-7" if surface == "aisdk" else None)


def test_embeddings_have_the_same_options(world):
    vectors = up.answer(200, {"object": "list", "model": "e", "data": [
        {"object": "embedding", "index": 0, "embedding": [0.5]}],
        "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    names = ("one", "two", "three")
    w = world(names=names, config={
        "providers": {name: {"dialect": "openai"} for name in names},
        "routes": [{"model": "e", "policy": "default", "tiers": [
            [{"provider": name, "model": "e"} for name in names]]}]})
    for each in w.up.values():
        each.default = vectors
    for name in names:
        options = {"providerOptions": {"gateway": {"order": [name]}}}
        response = w.gateway.post("/v1/embeddings", {"model": "e", "input": "x", **options})
        assert response.header("x-proa-provider") == name
        response = w.gateway.post("/v4/ai/embedding-model", {"values": ["x"], **options}, {
            "ai-model-id": "e", "ai-embedding-model-specification-version": "4"})
        assert response.status == 200 and response.header("x-proa-provider") == name


@pytest.mark.parametrize("path, body, answer", [
    ("/v1/completions", {"prompt": "x"}, {"object": "text_completion", "choices": [
        {"text": "y", "index": 0, "finish_reason": "stop"}]}),
    ("/v1/moderations", {"input": "x"}, {"results": []}),
    ("/v1/images/generations", {"prompt": "x"}, {"created": 1, "data": [{"b64_json": "aGk="}]})])
def test_every_endpoint_has_the_same_options(world, path, body, answer):
    names = ("one", "two", "three")
    w = world(names=names, config={
        "providers": {name: {"dialect": "openai"} for name in names},
        "routes": [{"model": "e", "policy": "default", "tiers": [
            [{"provider": name, "model": "e"} for name in names]]}]})
    for each in w.up.values():
        each.default = up.answer(200, answer)
    for name in names:
        for options in ({"providerOptions": {"gateway": {"order": [name]}}}, {"only": [name]}):
            response = w.gateway.post(path, {"model": "e", **body, **options})
            assert response.status == 200, response
            assert response.header("x-proa-provider") == name
    for each in w.up.values():
        for request in each.requests:
            assert not {"providerOptions", "only"} & set(request.json)


@pytest.mark.parametrize("stream", [False, True])
def test_responses_have_the_same_options(world, stream):
    """Two that serve the API, and one for which it is translated."""
    names = ("one", "two", "claude")
    w = world(names=names, config={
        "providers": {"one": {"dialect": "openai", "responses": "native"},
                      "two": {"dialect": "openai", "responses": "native"},
                      "claude": {"dialect": "anthropic"}},
        "routes": [{"model": "e", "policy": "default", "tiers": [
            [{"provider": name, "model": "e"} for name in names]]},
            {"model": "f", "policy": "default", "tiers": [[{"provider": "claude", "model": "f"}]]},
            {"model": "g", "policy": "default", "tiers": [[{"provider": "two", "model": "g"}]]}]})
    for name in ("one", "two"):
        w.up[name].default = (responses.sends(responses.streamed(name)) if stream
                              else responses.whole(name))
    w.up["claude"].default = (responses.claude_stream if stream else responses.claude_whole)("claude")

    def ask(options=None, **top):
        body = {"model": "e", "input": "hi", "store": False, "stream": stream, **top}
        if options:
            body["providerOptions"] = {"gateway": options}
        response = w.gateway.post("/v1/responses", body)
        text = responses.text_of(responses.answered(response))
        assert text.startswith(response.header("x-proa-provider"))
        return trail_of(response)

    for name in names:
        assert ask({"order": [name]}) == ask({"only": [name]}) == ask(only=[name]) == [name]
    w.up["one"].script, w.up["two"].script = [up.error(500)], [up.error(503)]
    assert ask({"order": ["one", "two", "claude"]}) == ["one", "two", "claude"]
    for options in ({"options": {"models": ["f"]}}, {"models": ["f"]}):
        w.up["two"].script = [up.error(500)]
        assert ask(model="g", **options) == ["two", "claude"]
    for each in w.up.values():
        for request in each.requests:
            assert not {"providerOptions", "only", "order", "models"} & set(request.json)


def test_forms_have_the_same_options(world):
    names = ("one", "two")
    w = world(names=names, config={
        "providers": {name: {"dialect": "openai"} for name in names},
        "routes": [{"model": "e", "policy": "default", "tiers": [
            [{"provider": name, "model": "e"} for name in names]]}]})
    for each in w.up.values():
        each.default = up.answer(200, {"text": "heard"})
    for name in names:
        fields = {"model": "e", "providerOptions": json.dumps({"gateway": {"only": [name]}})}
        parts = ["--b\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % each
                 for each in fields.items()]
        parts.append("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                     "Content-Type: audio/wav\r\n\r\nRIFF\r\n--b--\r\n")
        response = w.gateway.post("/v1/audio/transcriptions", "".join(parts).encode(),
                                  {"content-type": "multipart/form-data; boundary=b"})
        assert response.status == 200, response
        assert response.header("x-proa-provider") == name
        assert b"providerOptions" not in w.up[name].requests[0].body


def test_metrics_keep_the_routes_name(world):
    w = world()
    for name in NAMES:
        assert w.ask(options={"order": [name]}).status == 200
    metrics = eventually(lambda: w.gateway.metrics(), 5, "metrics")
    assert metrics.total("proa_requests_total", route=MODEL) == 3
    for name in NAMES:
        assert metrics.total("proa_attempts_total", route=MODEL, provider=name) == 1


# ---- what goes on to the provider ---------------------------------------------------------------

def claude(exchange):
    """Answers as the Messages API does."""
    exchange.send(up.http(200, {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 3}}))


@pytest.fixture
def two_dialects(world):
    """A provider of each dialect, on one route each."""
    made = world(config={
        "providers": {"claude": {"dialect": "anthropic"}, "gpt": {"dialect": "openai"}},
        "routes": [{"model": "c", "tiers": [["claude/claude-sonnet-5"]]},
                   {"model": "g", "tiers": [["gpt/gpt-5.5"]]}]}, names=("claude", "gpt"))
    made.up["claude"].default = claude
    return made


@pytest.mark.parametrize("surface", SURFACES)
def test_a_service_tier_goes_to_the_provider(two_dialects, surface):
    w = two_dialects
    for model, name, tier in (("g", "gpt", "priority"), ("c", "claude", "auto")):
        assert w.ask(surface, {"serviceTier": "priority"}, model=model).status == 200
        assert w.up[name].requests[-1].json["service_tier"] == tier
        assert "providerOptions" not in w.up[name].requests[-1].json
    response = w.ask(surface, {"serviceTier": "flex"}, model="c")
    assert "service_tier" not in w.up["claude"].requests[-1].json
    if surface == "aisdk":
        assert "service_tier" in [each["feature"] for each in response.json["warnings"]]


def test_a_nearer_word_wins_over_the_tier(two_dialects):
    w = two_dialects
    assert w.ask(options={"serviceTier": "flex"}, model="g", service_tier="default").status == 200
    assert w.up["gpt"].requests[-1].json["service_tier"] == "default"


def test_a_tier_for_the_responses_api(world):
    w = world(config={"providers": {"gpt": {"dialect": "openai", "responses": "native"}},
                      "routes": [{"model": "g", "tiers": [["gpt/gpt-5.5"]]}]}, names=("gpt",))
    w.up["gpt"].default = responses.whole("hi")
    answer = w.gateway.post("/v1/responses", {
        "model": "g", "input": "hi", "providerOptions": {"gateway": {"serviceTier": "flex"}}})
    assert answer.status == 200, answer
    assert w.up["gpt"].requests[-1].json["service_tier"] == "flex"


@pytest.mark.parametrize("surface", SURFACES)
def test_caching_is_left_to_the_gateway(two_dialects, surface):
    """The newest turn is marked, and what stands before all turns; nothing is where it means nothing."""
    w = two_dialects
    mark = {"type": "ephemeral"}
    assert w.ask(surface, {"caching": "auto"}, model="c").status == 200
    sent = w.up["claude"].requests[-1].json
    assert sent["messages"][-1]["content"][-1] == {"type": "text", "text": "hi",
                                                   "cache_control": mark}
    if surface == "anthropic":
        w.ask(surface, {"caching": "auto"}, model="c", system="be kind")
        assert w.up["claude"].requests[-1].json["system"][-1]["cache_control"] == mark
        own = [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
        w.ask(surface, {"caching": "auto"}, model="c", system=own)
        sent = w.up["claude"].requests[-1].json
        assert sent["system"] == own and sent["messages"] == HI
    assert w.ask(surface, {"caching": "auto"}, model="g").status == 200
    assert "cache_control" not in json.dumps(w.up["gpt"].requests[-1].json)


@pytest.mark.parametrize("surface", SURFACES)
def test_an_account_has_names_of_its_own(world, surface):
    """They are asked for with its credential alone; the configured key has the model's own."""
    w = world()
    w.up["groq"].default = up.error(500)
    own = {"byok": {"groq": [{"apiKey": SECRET, "modelMappings": [
        {"gatewayModelSlug": MODEL, "customModelId": "our-oss"}]}]}, "only": ["groq"]}
    assert w.ask(surface, own).status >= 500
    asked = [(request.header("authorization"), request.json["model"])
             for request in w.up["groq"].requests[:2]]
    assert asked == [("Bearer " + SECRET, "our-oss"), ("Bearer configured-key-1", MODEL)]
