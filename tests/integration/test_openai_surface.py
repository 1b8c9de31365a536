"""The OpenAI surface: paths, models, errors, the body that is spliced and never re-serialised."""
import json

import pytest
from conftest import KEYS, provider
from testenv import TOLERANT, Gateway, Upstream
from testenv import upstream as up
from testenv.client import request_bytes

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one, two = Upstream(), Upstream()
    config = {"providers": {"p1": provider(one), "p2": provider(two)},
              "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]},
                         {"model": "team/chat", "tiers": [[{"provider": "p2", "model": "up-two"}]]},
                         {"model": "glob-*", "tiers": [[{"provider": "p2", "model": "globbed"}]]}]}
    with Gateway(tmp_path_factory.mktemp("surface"), config, env=KEYS) as gateway:
        yield gateway, one, two
    one.stop()
    two.stop()


@pytest.mark.smoke
@pytest.mark.parametrize("path", [CHAT, CHAT + "/", "/v1/v1/chat/completions", "/v1/v1/chat/completions/"])
def test_chat_paths(world, path):
    gateway, one, _ = world
    response = gateway.post(path, {"model": "m", "messages": MESSAGES})
    assert response.status == 200 and response.text == "hello from upstream"
    assert one.requests[-1].target == CHAT
    assert response.header("content-type") == "application/json"


ENDPOINTS = {
    "/v1/chat/completions": {"model": "m", "messages": MESSAGES},
    "/v1/completions": {"model": "m", "prompt": "x"},
    "/v1/embeddings": {"model": "m", "input": ["a", "b"]},
    "/v1/moderations": {"model": "m", "input": "a"},
}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_each_endpoint_reaches_its_counterpart(world, path):
    gateway, one, _ = world
    response = gateway.post(path, ENDPOINTS[path])
    assert response.status == 200
    request = one.requests[-1]
    assert (request.method, request.target, request.version) == ("POST", path, "HTTP/1.1")
    assert request.json == {**ENDPOINTS[path], "model": "up-model"}


def test_models_list(world):
    gateway, _, _ = world
    for path in ("/v1/models", "/v1/models/", "/v1/v1/models", "/v1/models?limit=3"):
        response = gateway.get(path)
        assert response.status == 200, path
        listing = response.json
        assert listing["object"] == "list"
        ids = [model["id"] for model in listing["data"]]
        assert "m" in ids and "team/chat" in ids
        for model in listing["data"]:
            assert model["object"] == "model" and model["owned_by"] and isinstance(model["created"], int)


@pytest.mark.parametrize("path, want", [("/v1/models/m", "m"), ("/v1/models/team/chat", "team/chat"),
                                        ("/v1/models/team%2Fchat", "team/chat"),
                                        ("/v1/models/team%2fchat/", "team/chat"),
                                        ("/v1/v1/models/m", "m"), ("/v1/models/%6D", "m")])
def test_model_get_raw_and_encoded(world, path, want):
    gateway, _, _ = world
    response = gateway.get(path)
    assert response.status == 200 and response.json["id"] == want
    assert response.json["object"] == "model"


@pytest.mark.parametrize("path", ["/v1/models/nope", "/v1/models/team%2", "/v1/models/%00",
                                  "/v1/models/team%2Fchat%2Fx", "/v1/models/%zz"])
def test_unknown_model_get_is_404_in_the_envelope(world, path):
    gateway, _, _ = world
    response = gateway.get(path)
    assert response.status == 404 and response.error["message"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nowhere", "/v2/chat/completions", "/v1/chat",
                                  "/v1/v1/v1/models", "/favicon.ico", "/v1/chat/completionsx"])
def test_unknown_path_is_404_in_the_envelope(world, path):
    gateway, _, _ = world
    for method in ("GET", "POST"):
        response = gateway.request(method, path, {"model": "m"} if method == "POST" else b"")
        assert response.status == 404
        assert response.header("content-type").startswith("application/json")
        assert response.error["code"] == "not_found" and response.error["source"] == "gateway"
        assert response.error["type"]
        assert response.header("x-request-id")


@pytest.mark.parametrize("method, path, allow", [("GET", CHAT, "POST"), ("DELETE", "/v1/models", "GET"),
                                                 ("POST", "/v1/models/m", "GET"), ("PUT", "/v1/embeddings", "POST")])
def test_wrong_method_is_405_with_what_is_allowed(world, method, path, allow):
    gateway, _, _ = world
    response = gateway.request(method, path)
    assert response.status == 405 and allow in response.header("allow")
    assert response.body == b"" and response.header("content-length") == "0"
    assert response.header("x-request-id") == response.header("request-id")


# ---- model names ---------------------------------------------------------------------------------

@pytest.mark.parametrize("model, which, sent", [("m", 1, "up-model"), ("team/chat", 2, "up-two"),
                                                ("p1/any-model", 1, "any-model"),
                                                ("p2/org/model:x", 2, "org/model:x"),
                                                ("glob-xyz", 2, "globbed")])
def test_model_names(world, model, which, sent):
    gateway, *upstreams = world
    response = gateway.post(CHAT, {"model": model, "messages": MESSAGES})
    assert response.status == 200, response
    assert upstreams[which - 1].requests[-1].json["model"] == sent
    assert response.header("x-proa-provider") == "p%d" % which
    assert response.header("x-proa-model").endswith(sent)


@pytest.mark.parametrize("model", ["nope", "p9/x", "", "team", "teem/chat", "x" * 300, "a\nb", "glob"])
def test_unknown_model_is_404_and_says_what_is_near(world, model):
    gateway, _, _ = world
    response = gateway.post(CHAT, {"model": model, "messages": MESSAGES})
    assert response.status in (400, 404), response
    assert response.error["code"] in ("model_not_found", "missing_model", "invalid_request")
    if model == "teem/chat":
        assert "team/chat" in response.error["message"]


def test_a_bare_name_goes_to_the_only_provider(gateways, upstream):
    gateway = gateways({"providers": {"p1": provider(upstream)}}, env=KEYS)
    assert gateway.post(CHAT, {"model": "whatever-7b", "messages": MESSAGES}).status == 200
    assert upstream.requests[-1].json["model"] == "whatever-7b"


def test_weighted_targets_inside_a_tier(gateways, upstreams):
    """Smooth weighted round robin: 3:1 is 3:1 in every run of four."""
    one, two = upstreams(), upstreams()
    gateway = gateways({
        "providers": {"p1": provider(one), "p2": provider(two)},
        "policies": [{"name": "shares", "balance": {"strategy": "weighted"}}],
        "routes": [{"model": "m", "policy": "shares",
                    "tiers": [[{"provider": "p1", "model": "a", "weight": 3},
                                             {"provider": "p2", "model": "b", "weight": 1}]]}]}, env=KEYS)
    for round_number in range(1, 4):
        for _ in range(4):
            assert gateway.chat().status == 200
        assert (len(one.requests), len(two.requests)) == (3 * round_number, round_number)


# ---- bad bodies ----------------------------------------------------------------------------------

BAD = {
    "empty": b"", "not_json": b"hello", "array": b"[]", "string": b'"x"', "number": b"1",
    "trailing": b'{"model":"m"} x', "trailing_object": b'{"model":"m"}{}', "unclosed": b'{"model":"m"',
    "comma": b'{"model":"m",}', "single_quotes": b"{'model':'m'}", "bom": b'\xef\xbb\xbf{"model":"m"}',
    "duplicate": b'{"model":"m","model":"p2/x"}', "duplicate_escaped": b'{"model":"m","mod\\u0065l":"p2/x"}',
    "utf8_bad": b'{"model":"m","a":"\xff"}', "utf8_surrogate": b'{"model":"m","a":"\xed\xa0\x80"}',
    "utf8_overlong": b'{"model":"m","a":"\xc0\xaf"}', "control": b'{"model":"m","a":"\x01"}',
    "leading_zero": b'{"model":"m","a":01}', "bare_point": b'{"model":"m","a":1.}', "nan": b'{"model":"m","a":NaN}',
    "bad_escape": b'{"model":"m","a":"\\x"}', "bad_unicode": b'{"model":"m","a":"\\uZZZZ"}',
    "too_deep": b'{"model":"m","a":' + b"[" * 200 + b"]" * 200 + b"}",
    "nul_in_model": b'{"model":"m\\u0000x","messages":[]}', "nul_byte": b'{"model":"m"}\x00',
    "form_feed": b'{"model":"m"}\x0c', "model_number": b'{"model":5}', "model_null": b'{"model":null}',
    "model_missing": b'{"messages":[]}', "stream_string": b'{"model":"m","stream":"yes"}',
    "wrong_case_only": b'{"Model":"m"}',
}


@pytest.mark.parametrize("name", BAD)
def test_bad_bodies_get_400_and_reach_nobody(world, name):
    gateway, one, two = world
    before = len(one.requests) + len(two.requests)
    response = gateway.post(CHAT, BAD[name])
    assert response.status == 400, response
    error = response.error
    assert error["code"] in ("invalid_json", "invalid_request", "missing_model"), error
    assert error["type"] == "invalid_request_error"
    assert len(one.requests) + len(two.requests) == before


def test_deep_but_legal_nesting_passes(world):
    gateway, one, _ = world
    body = b'{"model":"m","a":' + b"[" * 100 + b"]" * 100 + b"}"
    assert gateway.post(CHAT, body).status == 200
    assert one.requests[-1].body == body.replace(b'"m"', b'"up-model"')


# ---- the splice ----------------------------------------------------------------------------------

SPLICES = {
    "plain": (b'{"model":"m","messages":[]}', b'{"model":"up-model","messages":[]}'),
    "spaces": (b' \r\n{ "model" :\t"m" , "messages" : [ ] }\n ', None),
    "last": (b'{"messages":[],"model":"m"}', b'{"messages":[],"model":"up-model"}'),
    "escaped_value": (b'{"model":"\\u006d","a":1}', b'{"model":"up-model","a":1}'),
    "big_numbers": (b'{"model":"m","a":9007199254740993,"b":1e400,"c":1.10,"d":-0,"e":1E+2}', None),
    "unknown": (b'{"zzz":{"x":[1,{"y":null}]},"model":"m","Model":"kept","models_":1}', None),
    "unicode": ('{"model":"m","a":"h\u00e9 \U0001f600 \\u00e9 \\/"}'.encode(), None),
    "inner_model": (b'{"a":{"model":"m"},"model":"m","messages":[{"model":"m"}]}',
                    b'{"a":{"model":"m"},"model":"up-model","messages":[{"model":"m"}]}'),
    "inner_duplicates": (b'{"model":"m","a":{"x":1,"x":2}}', None),
}


@pytest.mark.parametrize("name", SPLICES)
def test_only_the_model_changes(world, name):
    gateway, one, _ = world
    body, want = SPLICES[name]
    want = want or body.replace(b'"m"', b'"up-model"', 1)
    assert gateway.post(CHAT, body).status == 200
    assert one.requests[-1].body.strip() == want.strip()


CUTS = {
    "first": b'{"providerOptions":{"gateway":{"order":["p1"]}},"model":"m","a":1}',
    "middle": b'{"model":"m","providerOptions":{"a":[{}]},"a":1}',
    "last": b'{"model":"m","a":1,"providerOptions":{}}',
    "spaces": b'{"model":"m" , "providerOptions" : { } , "a":1}',
    "spaces_last": b'{"model":"m","a":1 , "providerOptions" : {"x":"}"} }',
    "escaped_key": b'{"model":"m","provider\\u004fptions":{},"a":1}',
}


@pytest.mark.parametrize("name", CUTS)
def test_provider_options_are_cut(world, name):
    gateway, one, _ = world
    response = gateway.post(CHAT, CUTS[name])
    assert response.status == 200, response
    assert b"rovider" not in one.requests[-1].body
    assert one.requests[-1].json == {"model": "up-model", "a": 1}


@pytest.mark.parametrize("field", ["api_base", "base_url", "webhook_url"])
def test_a_client_named_destination_is_never_called(world, field):
    """It is an unknown field to us: passed to the configured provider, never followed."""
    gateway, one, _ = world
    with_trap = Upstream()
    try:
        response = gateway.post(CHAT, {"model": "m", "messages": MESSAGES, field: with_trap.url},
                                {"x-portkey-custom-host": with_trap.url, "x-target-host": with_trap.url})
        assert response.status == 200
        assert with_trap.connections == [] and one.requests
    finally:
        with_trap.stop()


def test_embeddings_pass_in_both_encodings(world):
    gateway, one, _ = world
    for embedding in ([0.1, -2.5e-08, 1.0], "AACAPwAAAEA="):
        body = {"object": "list", "model": "e", "usage": {"prompt_tokens": 1, "total_tokens": 1},
                "data": [{"object": "embedding", "index": 0, "embedding": embedding}]}
        one.script = [up.answer(200, body)]
        request = {"model": "m", "input": "x"}
        if isinstance(embedding, str):
            request["encoding_format"] = "base64"
        response = gateway.post("/v1/embeddings", request)
        assert response.body == json.dumps(body).encode()
        assert one.requests[-1].json.get("encoding_format") == request.get("encoding_format")


# ---- headers on every answer --------------------------------------------------------------------

@pytest.mark.smoke
def test_answer_headers(world):
    gateway, _, _ = world
    response = gateway.post(CHAT, {"model": "m", "messages": MESSAGES})
    assert response.header("x-proa-provider") == "p1"
    assert response.header("x-proa-model") == "up-model" or response.header("x-proa-model") == "p1/up-model"
    assert response.header("x-proa-attempts") == "1"
    assert response.header("x-proa-trail").startswith("p1/k1:200/")
    assert response.header("x-request-id")
    assert "proa;dur=" in response.header("server-timing")


def test_request_ids_differ(world):
    gateway, _, _ = world
    ids = {gateway.post(CHAT, {"model": "m", "messages": MESSAGES}).header("x-request-id")
           for _ in range(20)}
    assert len(ids) == 20


def test_one_access_line_per_exchange(simple, upstream):
    gateway = simple(upstream)
    with gateway.connect() as connection:
        for _ in range(5):
            connection.send(request_bytes("POST", CHAT, {"model": "m", "messages": MESSAGES}))
            assert connection.response().status == 200
    records = gateway.access(5)
    assert len(records) == 5
    record = records[0]
    assert record["http.response.status_code"] == 200 and record["route"] == "m"
    assert record["gen_ai.provider.name"] and record["attempts"][0]["status"] == 200
    assert record["gen_ai.usage.input_tokens"] == 9 and record["gen_ai.usage.output_tokens"] == 4
    assert record["duration_ms"] >= record["overhead_ms"] >= 0
    assert "trace_id" not in record and "queue_ms" not in record


def test_the_access_line_bears_the_clients_trace(simple, upstream):
    gateway = simple(upstream)
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    for parent in ("00-%s-%s-01" % (trace, span), "00-%s-%s-01" % (trace.upper(), span)):
        assert gateway.chat(headers=[("traceparent", parent)]).status == 200
    good, bad = gateway.access(2)
    assert good["trace_id"] == trace and good["span_id"] == span
    assert "trace_id" not in bad and "span_id" not in bad
    assert all(b"traceparent" not in request.raw.lower() for request in upstream.requests)


def test_metrics_after_traffic(simple, upstreams):
    first, second = upstreams(default=up.error(503)), upstreams()
    gateway = simple(first, second)
    for _ in range(3):
        assert gateway.chat().status == 200
    gateway.chat(model="junk-1")
    gateway.chat(model="junk-2")
    metrics = gateway.metrics()
    assert metrics.total("proa_requests_total", outcome="degraded", route="m") == 3
    assert metrics.total("proa_attempts_total", provider="p1", result="overloaded") == 3
    assert metrics.total("proa_attempts_total", provider="p2", result="ok") == 3
    assert metrics.total("proa_fallbacks_total", **{"from": "p1", "to": "p2"}) == 3
    assert "junk-1" not in metrics.text
    kind = gateway.ops("/metrics").header("content-type")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"


def test_waiting_between_attempts_is_no_overhead(simple, upstream):
    """What a wait took is no work of ours, though it is the application's time."""
    gateway = simple(upstream, policy={"retry": {"backoff_base": "2s", "backoff_cap": "2s"}})
    upstream.script = [up.error(500)]
    assert gateway.chat().status == 200
    [record] = gateway.access(1)
    worked = sum(attempt["ms"] for attempt in record["attempts"])
    assert [attempt["status"] for attempt in record["attempts"]] == [500, 200]
    # A wait of at random up to two seconds; all else takes milliseconds.
    assert record["overhead_ms"] <= 200 + 0.1 * (record["duration_ms"] - worked)


# ---- words of the gateway's own ------------------------------------------------------------------

EPHEMERAL = {"type": "ephemeral"}
SCHEMA = {"type": "object", "properties": {}}
OWN_WORDS = {
    "reasoning": ({"reasoning": {"effort": "low", "exclude": True}}, {"reasoning_effort": "low"}),
    "budget": ({"reasoning": {"max_tokens": 9000}}, {"reasoning_effort": "high"}),
    "off": ({"reasoning": {"enabled": False}}, {"reasoning_effort": "none"}),
    "cache": ({"cache_control": EPHEMERAL}, {}),
    "format": ({"response_format": {"type": "json", "schema": SCHEMA, "name": "n"}},
               {"response_format": {"type": "json_schema",
                                    "json_schema": {"name": "n", "schema": SCHEMA}}}),
    "options": ({"providerOptions": {"openai": {"reasoningEffort": "high", "textVerbosity": "low"}}},
                {"reasoning_effort": "high", "verbosity": "low"}),
}


@pytest.fixture
def openai(gateways, upstreams):
    """openai() -> gateway, openai, claude: by its name the one is api.openai.com's kind."""
    def make(first="openai"):
        claude, real = upstreams(), upstreams()
        tiers = {"openai": [{"provider": "openai", "model": "gpt-5.5"}],
                 "claude": [{"provider": "claude", "model": "claude-sonnet-5"}]}
        config = {
            "providers": {"openai": {"base_url": real.url, "keys": []},
                          "claude": {"dialect": "anthropic", "base_url": claude.url, "keys": []}},
            "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT}],
            "routes": [{"model": "m", "policy": "test",
                        "tiers": [tiers[first], tiers["claude" if first == "openai" else "openai"]]}],
        }
        return gateways(config), real, claude
    return make


@pytest.mark.parametrize("name", OWN_WORDS)
def test_words_of_the_gateways_own_are_put_in_openais(openai, name):
    gateway, real, _ = openai()
    said, sent = OWN_WORDS[name]
    response = gateway.chat(messages=MESSAGES, store=False, **said)
    assert response.status == 200, response
    assert real.requests[0].json == {"model": "gpt-5.5", "messages": MESSAGES, "store": False, **sent}


def test_a_request_in_plain_words_is_not_translated(openai):
    gateway, real, _ = openai()
    body = (b'{"messages":[{"role":"user","content":"a","new":1.50}],"model":"m",'
            b'"reasoning_effort":"low","response_format":{"type":"json_object"}}')
    assert gateway.post(CHAT, body).status == 200
    assert real.requests[0].body == body.replace(b'"m"', b'"gpt-5.5"')


def test_what_is_meant_for_another_provider_does_not_reach_openai(openai):
    """The first choice takes cache marks and thoughts in messages; the second would refuse them."""
    gateway, real, claude = openai(first="claude")
    claude.script = [up.answer(529, {"type": "error", "error": {"type": "overloaded_error",
                                                                "message": "Overloaded"}})]
    turns = [{"role": "user", "content": "a", "cache_control": EPHEMERAL},
             {"role": "assistant", "content": "b", "reasoning": "hm",
              "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "c2ln"}]},
             {"role": "user", "content": [{"type": "text", "text": "c", "cache_control": EPHEMERAL}]}]
    response = gateway.chat(messages=turns)
    assert response.status == 200 and response.header("x-proa-provider") == "openai"
    assert claude.requests[0].json["messages"][1]["content"][0] == {
        "type": "thinking", "thinking": "hm", "signature": "c2ln"}
    assert real.requests[0].json["messages"] == [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"}]
