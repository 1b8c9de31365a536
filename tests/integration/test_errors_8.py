"""Every error of the gateway's own, and providers' errors of every status, in the words of each surface:
status, type, code, param, ids, advice to retry, and what is told of the exchange beside it."""
import gzip
import json
import os
import re

import pytest
from conftest import KEYS, provider
from testenv import TOLERANT, free_port
from testenv import upstream as up
from testenv.client import request_bytes, sse_data
from testenv.gateway import ROOT
from testenv.poll import eventually

GENERATION = re.compile(r"^gen_[0-9A-HJKMNP-TV-Z]{26}$")
HI = [{"role": "user", "content": "hi"}]
SURFACES = ("openai", "anthropic", "aisdk", "responses")
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "aisdk": "/v4/ai/language-model",
         "responses": "/v1/responses"}
ONCE = {**TOLERANT, "retry": {"max_attempts": 1}}


def ask(gateway, surface, model="m", stream=False, headers=(), body=None, **more):
    """A chat in the surface's words; `body` is sent instead where it is given."""
    path = PATHS[surface] + more.pop("path", "")
    method = more.pop("method", "POST")
    own = {}
    if surface == "aisdk":
        own = {"ai-language-model-specification-version": "4",
               "ai-language-model-streaming": "true" if stream else "false"}
        if model is not None:
            own["ai-language-model-id"] = model
        asked = {"prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], **more}
    else:
        asked = {"input": "hi", **more} if surface == "responses" else {
            "messages": HI, **({"max_tokens": 9} if surface == "anthropic" else {}), **more}
        asked.update({"model": model} if model is not None else {})
        asked.update({"stream": True} if stream else {})
    return gateway.request(method, path, asked if body is None else body, {**own, **dict(headers)})


# ---- what an error looks like --------------------------------------------------------------------

# As the surface of Anthropic calls a status; the others have a type for each code.
ANTHROPIC = {401: "authentication_error", 402: "billing_error", 403: "permission_error",
             404: "not_found_error", 408: "timeout_error", 413: "request_too_large",
             429: "rate_limit_error", 503: "overloaded_error", 504: "timeout_error",
             529: "overloaded_error"}


def anthropic_type(status):
    return ANTHROPIC.get(status, "invalid_request_error" if status < 500 else "api_error")


def check_envelope(response, surface, status):
    """The error, found where the surface's clients look for it."""
    assert response.status == status, response
    assert response.header("content-type").startswith("application/json")
    assert response.header("x-request-id") and response.header("request-id")
    told = response.json
    error = told["error"]
    assert isinstance(error["message"], str) and error["message"]
    if surface == "anthropic":
        assert told["type"] == "error" and error["type"] == anthropic_type(status)
    else:
        assert "type" not in told and isinstance(error["type"], str) and "param" in error
    if int(response.header("x-proa-attempts")) > 0:
        assert GENERATION.match(told["generationId"])
        gateway = told["providerMetadata"]["gateway"]
        assert gateway["generationId"] == told["generationId"]
        assert gateway["routing"]["totalProviderAttemptCount"] == int(response.header("x-proa-attempts"))
        assert "finalProvider" not in gateway["routing"]
    else:
        assert "providerMetadata" not in told and "generationId" not in told
    return error


def check_ours(response, surface, status, code, kind, from_provider=False):
    error = check_envelope(response, surface, status)
    assert error["code"] == code
    assert error["source"] == ("provider" if from_provider else "gateway")
    if surface != "anthropic":
        assert error["type"] == kind
    return error


# ---- the gateway's own ---------------------------------------------------------------------------

@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One gateway for all that a single request can bring about."""
    from testenv import Gateway, Upstream
    first, claude = Upstream(), Upstream()
    refusing = up.RefusingPort()
    config = {
        "limits": {"body": "64KiB"},
        "providers": {
            "gpt": provider(first),
            "claude": provider(claude, dialect="anthropic"),
            "gone": {"dialect": "openai", "base_url": "http://127.0.0.1:%d/v1" % refusing.port,
                     "keys": [{"env": "PROA_TEST_KEY"}]}},
        "policies": [
            {"name": "once", **ONCE},
            {"name": "first-byte", **ONCE, "timeouts": {"first_byte": "200ms"}},
            {"name": "first-content", **ONCE, "timeouts": {"first_content": "200ms"}},
            {"name": "cached", **ONCE, "cache": {"mode": "all"}}],
        "routes": [{"model": name, "policy": policy, "tiers": [[{"provider": target, "model": "x"}]]}
                   for name, policy, target in (
                       ("m", "once", "gpt"), ("claude", "once", "claude"), ("gone", "once", "gone"),
                       ("first-byte", "first-byte", "gpt"), ("first-content", "first-content", "gpt"),
                       ("cached", "cached", "gpt"))]}
    with Gateway(tmp_path_factory.mktemp("errors"), config, env=KEYS) as gateway:
        yield gateway, first, claude
    first.stop()
    claude.stop()
    refusing.stop()


def refused(status, code):
    """A provider that refuses so, whichever dialect it speaks."""
    return up.error(status, "not like this", code=code, kind="invalid_request_error")


# code -> (status, type, how it is asked for, what the provider does)
OWN = {
    "invalid_json": (400, "invalid_request_error", {"body": b"{"}, None),
    "missing_model": (400, "invalid_request_error", {"model": None}, None),
    "bad_http": (400, "invalid_request_error",
                 {"headers": [("authorization", "a"), ("authorization", "b")], "raw": True}, None),
    "forbidden_origin": (403, "forbidden", {"headers": {"origin": "http://evil.example"}}, None),
    "not_found": (404, "not_found", {"path": "/nowhere"}, None),
    "model_not_found": (404, "model_not_found", {"model": "nowhere/none"}, None),
    "no_providers_available": (403, "no_providers_available",
                               {"providerOptions": {"gateway": {"zeroDataRetention": True}}}, None),
    "request_too_large": (413, "invalid_request_error", {"x": "y" * 70_000}, None),
    "unsupported_media_type": (415, "invalid_request_error", {"headers": {"content-type": "text/plain"}}, None),
    "host_not_allowed": (421, "invalid_request_error", {"host": "evil.example"}, None),
    "all_attempts_failed": (502, "upstream_error", {"model": "gone"}, None),
    "upstream_invalid_response": (502, "upstream_error", {}, up.answer(200, b"nothing like it")),
    "deadline_exceeded": (504, "timeout_error", {"headers": {"x-proa-timeout": "300ms"}}, up.stall),
    "not_cached": (504, "invalid_request_error",
                   {"model": "cached", "headers": {"cache-control": "only-if-cached"}, "temperature": 0}, None),
    "upstream_timeout_first_byte": (504, "timeout_error", {"model": "first-byte", "stream": True}, up.stall),
    "upstream_timeout_first_content": (504, "timeout_error", {"model": "first-content", "stream": True},
                                       up.raw(up.STREAM_HEAD, then="stall")),
}
# Asked for in other ways: below, or where the test needs a gateway of its own.
ELSEWHERE = {
    "invalid_request": "test_a_provider_that_refuses",
    "context_length_exceeded": "test_a_provider_that_refuses",
    "content_policy_violation": "test_a_provider_that_refuses",
    "method_not_allowed": "test_a_wrong_method",
    "uri_too_long": "test_before_the_surface_is_known",
    "expectation_failed": "test_before_the_surface_is_known",
    "headers_too_large": "test_before_the_surface_is_known",
    "http_version_not_supported": "test_before_the_surface_is_known",
    "request_timeout": "test_limits.py",
    "rate_limited": "test_limits_are_told_by_all",
    "no_healthy_upstream": "test_an_outage_is_told_alike",
    "no_provider_configured": "test_nothing_is_configured",
    "gateway_overloaded": "test_shedding",
    "upstream_stream_interrupted": "test_a_stream_that_breaks",
    "gateway_draining": "test_cli.py, test_cache_g.py",
    "previous_response_not_found": "test_responses.py",
    "unauthorized": "nobody is asked who they are yet",
    "internal_error": "a list of models that is longer than it can be",
    "upstream_timeout_connect": "test_timeouts_d.py",
    "upstream_timeout_idle": "test_timeouts_d.py",
}


def test_every_code_has_its_test():
    with open(os.path.join(ROOT, "include", "proa", "api", "error.h"), encoding="utf-8") as file:
        codes = re.findall(r'X\(\w+, "(\w+)",\s+(\d+)', file.read())
    assert len(codes) > 30
    assert {code for code, _ in codes} == set(OWN) | set(ELSEWHERE)
    assert not set(OWN) & set(ELSEWHERE)
    assert {code: int(status) for code, status in codes if code in OWN} == {
        code: row[0] for code, row in OWN.items()}
    assert not any(status == "501" for _, status in codes)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("code", OWN)
def test_own(world, code, surface):
    gateway, first, _ = world
    status, kind, how, provider_does = OWN[code]
    how = dict(how)
    first.script = [provider_does] if provider_does else []
    if how.pop("raw", False):  # a header that is repeated
        with gateway.connect() as connection:
            connection.send(request_bytes("POST", PATHS[surface], b"{}", [*how["headers"]]))
            response = connection.response()
    elif "host" in how:
        response = gateway.request("POST", PATHS[surface], {"model": "m"}, host=how["host"])
    elif code == "missing_model" and surface == "aisdk":
        response = ask(gateway, surface, **how)
        assert "ai-language-model-id" in response.error["message"]
    else:
        response = ask(gateway, surface, **how)
    error = check_ours(response, surface, status, code, kind)
    if code == "model_not_found":
        assert surface == "anthropic" or error["param"] == (
            {"modelId": "nowhere/none"} if surface == "aisdk" else "model")
    assert response.header("x-should-retry") == "false"
    assert response.header("retry-after") is None


@pytest.mark.parametrize("path, allow", [(path, "POST") for path in PATHS.values()]
                         + [("/v1/models", "GET, HEAD"), ("/v3/ai/config", "GET, HEAD")])
def test_a_wrong_method(world, path, allow):
    gateway, _, _ = world
    for method in ("GET", "PUT", "DELETE", "OPTIONS") if allow == "POST" else ("POST", "PUT"):
        response = gateway.request(method, path)
        assert (response.status, response.body) == (405, b"") and response.header("allow") == allow
        assert response.header("x-request-id") and response.header("request-id")
        assert response.header("x-should-retry") == "false"


@pytest.mark.parametrize("data, status, code", [
    (request_bytes("GET", "/v1/models?" + "x" * 9000), 414, "uri_too_long"),
    (request_bytes("GET", "/v1/models", headers=[("expect", "200-ok")]), 417, "expectation_failed"),
    (request_bytes("GET", "/v1/models", headers=[("a", "b" * 9000)]), 431, "headers_too_large"),
    (request_bytes("GET", "/v1/models", version="HTTP/2.0"), 505, "http_version_not_supported"),
    (request_bytes("POST", "/v1/models", b"0\r\n\r\n", headers=[("transfer-encoding", "xchunked")]), 400,
     "bad_http"),
])
def test_before_the_surface_is_known(world, data, status, code):
    gateway, _, _ = world
    with gateway.connect() as connection:
        connection.send(data)
        response = connection.response()
    check_ours(response, "openai", status, code, "invalid_request_error")
    assert response.header("x-should-retry") == "false"


@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_is_configured(gateways, surface):
    response = ask(gateways(), surface, "anything")
    check_ours(response, surface, 503, "no_provider_configured", "upstream_error")
    assert response.header("x-should-retry") == "false"


# ---- what is said at night -----------------------------------------------------------------------

def message_of(gateway, surface="openai", **how):
    return ask(gateway, surface, **how).error["message"]


ONE_TRY = {"retry": {"max_attempts": 2}, "hedge": {"enabled": False}, "balance": {"standby": 0}}
HINT = r'\. "proa explain m" shows how its targets are now\.$'


def test_who_was_asked_and_how_that_went(gateways, upstreams):
    """Of a server that is not there the address, once; of an answer that is none of which kind it was."""
    page = upstreams(default=up.answer(200, "<html>sign in</html>", content_type="text/html"))
    port = free_port()
    gateway = gateways({"providers": {"p1": {"dialect": "openai", "base_url": "http://127.0.0.1:%d/v1" % port,
                                             "keys": []}, "p2": provider(page)},
                        "policies": [{"name": "once", **ONE_TRY}],
                        "routes": [{"model": "m", "policy": "once", "tiers": [["p1/x"], ["p2/x"]]}]}, env=KEYS)
    said = message_of(gateway)
    assert re.match(r'All attempts failed \(route "m"\): p1/k1 connect after \d+ ms: 127\.0\.0\.1:%d: '
                    r'connection refused; p2/k1 answered 200 \(text/html\), invalid_response after \d+ ms: the body '
                    r'is no answer to such a request; look at the base_url of the provider' % port + HINT, said), said


def test_which_time_was_over(simple, upstreams):
    gateway = simple(upstreams(default=up.stall), policy={**ONE_TRY, "timeouts": {"first_byte": "500ms"}})
    said = message_of(gateway, stream=True)
    assert re.search(r"p1/k1 timeout_first_byte after \d+ ms \(timeouts\.first_byte\)" + HINT, said), said
    gateway = simple(upstreams(default=up.stall), policy=ONE_TRY)
    said = message_of(gateway, headers={"x-proa-timeout": "300ms"})
    assert re.match(r"The time that the request or timeouts\.total of its policy gives it is over "
                    r'\(route "m"\): p1/k1 had not answered after \d+ ms' + HINT, said), said


def test_who_could_not_be_asked_and_why(simple, upstreams):
    gateway = simple(upstreams(default=up.error(401, "no")), upstreams(default=up.error(429, "slow", {
        "retry-after": "30"})), policy=ONE_TRY)
    ask(gateway, "openai")
    said = message_of(gateway)
    assert re.match(r'The rate limits of all targets that could be tried are used up for now \(route "m"\): p1/k1: its key was refused, for '
                    r"[45] min more; p2/k1: its rate limit is used up, for \d+ s more\. It may be better in "
                    r"\d+ s" + HINT, said), said


# ---- to come back or not -------------------------------------------------------------------------

@pytest.mark.parametrize("surface", SURFACES)
def test_an_outage_is_told_alike(simple, upstreams, surface):
    """Who looks whether it is over, and who is not let try meanwhile: neither should send it again."""
    down = upstreams(default=up.error(500))
    gateway = simple(down, policy={
        "breaker": {"score": 3, "open_base": "1h", "open_cap": "1h"}, "retry": {"max_attempts": 1},
        "panic": {"enabled": False}, "hedge": {"enabled": False}})
    seen = []
    for number in range(12):  # not one that could be at fault itself
        response = ask(gateway, surface, temperature=number / 100)
        seen.append(response.status)
        assert response.header("x-should-retry") == "false", response
        if response.status == 503:
            error = check_ours(response, surface, 503, "no_healthy_upstream", "upstream_error")
            assert re.search(r": p1/k1: [^:]+: it failed too often in sequence, last with http_5xx \(500\) \d+ m?s "
                             r"ago, for \d+ min more\. It may be better in \d+ min" + HINT, error["message"])
            assert int(response.header("retry-after")) > 0
    assert seen[0] == 500 and seen[-1] == 503


@pytest.mark.parametrize("surface", SURFACES)
def test_limits_are_told_by_all(simple, upstreams, surface):
    """By who was turned away there and by who is not sent there: with the time to come back."""
    limited = upstreams(default=up.error(429, "slow down", {"retry-after": "30"}))
    gateway = simple(limited, policy={"retry": {"max_attempts": 1}})
    first, second = ask(gateway, surface), ask(gateway, surface)
    check_envelope(first, surface, 429)
    error = check_ours(second, surface, 429, "rate_limited", "rate_limit_exceeded")
    assert re.search(r"p1/k1: its rate limit is used up, for \d+ s more\. It may be better in \d+ s" + HINT,
                     error["message"])
    assert second.header("x-proa-attempts") == "0" and len(limited.requests) == 1
    for response in (first, second):
        assert response.header("x-should-retry") == "true"
        assert 20 <= int(response.header("retry-after")) <= 40
        assert 20_000 <= int(response.header("retry-after-ms")) <= 40_000


@pytest.mark.parametrize("surface", SURFACES)
def test_a_limit_waited_out_in_vain_says_when(simple, upstreams, surface):
    limited = upstreams(default=up.error(429, "slow down"))
    limited.script = [up.error(429, "slow down", {"retry-after-ms": "50"})]
    gateway = simple(limited, policy={"retry": {"max_attempts": 2, "per_pool": 2}})
    response = ask(gateway, surface)
    check_envelope(response, surface, 429)
    assert response.header("x-proa-attempts") == "2" and response.header("x-should-retry") == "true"
    assert int(response.header("retry-after-ms")) > 0 and int(response.header("retry-after")) > 0


@pytest.mark.parametrize("surface", SURFACES)
def test_shedding(simple, upstreams, surface):
    slow = upstreams(default=up.stall)
    gateway = simple(slow, policy={"concurrency": {"route": 1, "queue_wait": "100ms"}})
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", PATHS["openai"], json.dumps(
            {"model": "m", "messages": HI}).encode()))
        eventually(lambda: len(slow.requests) == 1)
        response = ask(gateway, surface)
    check_ours(response, surface, 503, "gateway_overloaded", "overloaded_error")
    assert response.header("x-should-retry") == "true" and int(response.header("retry-after")) > 0


# ---- providers' errors ---------------------------------------------------------------------------

STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 429, 500, 502, 503, 529)


def claude_error(status, message="it broke"):
    return up.answer(status, {"type": "error", "error": {"type": anthropic_type(status), "message": message}})


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_providers_status_is_kept(gateways, upstreams, status, dialect):
    """Each surface has a provider of its own: what one refuses is out of use for a while."""
    upstream = upstreams(default=up.error(status) if dialect == "openai" else claude_error(status))
    gateway = gateways({
        "providers": {name: provider(upstream, dialect=dialect) for name in SURFACES},
        "policies": [{"name": "once", **ONCE}],
        "routes": [{"model": name, "policy": "once", "tiers": [[{"provider": name, "model": "x"}]]}
                   for name in SURFACES]}, env=KEYS)
    for surface in SURFACES:
        response = ask(gateway, surface, surface)
        error = check_envelope(response, surface, status)
        assert "it broke" in error["message"]
        assert response.header("x-should-retry") == ("true" if status == 429 else "false")
        if surface == dialect:
            assert "source" not in error  # its own words
        else:
            assert error["source"] == "provider" and error["provider"] == surface
        if surface == "aisdk":
            assert error["type"] == {404: "model_not_found", 429: "rate_limit_exceeded"}.get(
                status, "invalid_request_error" if status in (400, 413, 422) else "AI_APICallError")
            assert error["param"] == {"modelId": surface} if status == 404 else \
                error["param"]["statusCode"] == status
        attempts = response.json["providerMetadata"]["gateway"]["routing"]["modelAttempts"]
        (attempt,) = attempts[0]["providerAttempts"]
        assert attempt["statusCode"] == status and not attempt["success"] and attempt["error"]


@pytest.mark.parametrize("surface, upstream_code, code", [
    (surface, sent, code) for surface in ("anthropic", "aisdk", "responses")
    for sent, code in (("context_length_exceeded", "context_length_exceeded"),
                       ("content_policy_violation", "content_policy_violation"),
                       ("unknown_parameter", "invalid_request"))])
def test_a_provider_that_refuses(world, surface, upstream_code, code):
    gateway, first, _ = world
    first.script = [refused(400, upstream_code)]
    response = ask(gateway, surface)
    error = check_envelope(response, surface, 400)
    assert error["code"] == code and error["source"] == "provider" and error["message"] == "not like this"


@pytest.mark.parametrize("body", [gzip.compress(b'{"error": {"message": "slow down"}}'), b"\xff\x00\x01"],
                         ids=["compressed", "binary"])
@pytest.mark.parametrize("status", [429, 500])
def test_an_error_that_is_no_text_is_not_shown_as_one(simple, upstream, status, body):
    """The status says what it is; nothing of the bytes stands in the message."""
    upstream.default = up.answer(status, body, {"Content-Encoding": "gzip"})
    response = simple(upstream, policy={"retry": {"max_attempts": 1}}).chat()
    assert response.status == status
    assert response.header("content-encoding") is None
    assert re.fullmatch(r"[ -~]+", response.error["message"]), response.error["message"]


@pytest.mark.parametrize("advice", [
    {"retry-after": "-5"}, {"retry-after": "nan"}, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    {"retry-after-ms": "-1"}, {"retry-after-ms": "1e300"}, {"retry-after": "0"}])
def test_advice_that_is_none_is_not_passed_on(simple, upstream, advice):
    upstream.default = up.error(503, "busy", advice)
    response = simple(upstream, policy={"retry": {"max_attempts": 1}}).chat()
    assert response.status == 503 and response.error["message"] == "busy"
    for name in ("retry-after", "retry-after-ms"):
        assert response.header(name) is None


@pytest.mark.parametrize("body", ["<html></html>", "[]", "{}", '{"choices": null}'])
def test_a_body_that_is_no_answer_is_told_as_one(simple, upstream, body):
    upstream.default = up.answer(200, body)
    response = simple(upstream, policy={"retry": {"max_attempts": 1}}).chat()
    assert response.status == 502
    assert "is no answer to such a request" in response.error["message"]


# ---- within a stream -----------------------------------------------------------------------------

@pytest.mark.parametrize("surface", SURFACES)
def test_a_stream_that_breaks(simple, upstreams, surface):
    begun = up.raw(up.STREAM_HEAD + up.chunk(up.sse(up.delta("Hel"))), then="close")
    gateway = simple(upstreams(default=begun), policy={"midstream": "error", "retry": {"max_attempts": 1}})
    response = ask(gateway, surface, stream=True)
    assert response.status == 200
    events = [json.loads(each) for each in sse_data(response.body)]
    if surface == "aisdk":
        error, finish = events[-2:]
        assert error["type"] == "error" and error["error"]["statusCode"] == 502
        assert error["error"]["isRetryable"] is True and error["error"]["type"] == "upstream_error"
        assert finish["type"] == "finish" and finish["finishReason"]["unified"] == "error"
        told = finish["providerMetadata"]["gateway"]
    elif surface == "responses":
        error, failed = events[-2:]
        assert error["type"] == "error" and error["code"] == "upstream_stream_interrupted"
        assert failed["type"] == "response.failed" and failed["response"]["status"] == "failed"
        assert failed["response"]["error"]["message"] == error["message"]
        told = failed["response"]["providerMetadata"]["gateway"]
    else:
        last = events[-1]
        assert last["error"]["code"] == "upstream_stream_interrupted" and last["error"]["message"]
        if surface == "anthropic":
            assert b"event: error\n" in response.body
            assert last["type"] == "error" and last["error"]["type"] == "api_error"
        told = last["providerMetadata"]["gateway"]
    assert told["routing"]["totalProviderAttemptCount"] == 1
