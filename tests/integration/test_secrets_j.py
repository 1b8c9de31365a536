"""Lessons T-J: canaries in every credential; each is looked for everywhere it must not be."""
import re

import pytest
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.gateway import cli

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "canary-prompt-7f3a"}]}
CLIENT = {
    "Authorization": "Bearer canary-client-auth",
    "x-api-key": "canary-client-xapikey",
    "api-key": "canary-client-apikey",
    "x-goog-api-key": "canary-client-goog",
    "Cookie": "session=canary-client-cookie",
    "Proxy-Authorization": "Basic canary-client-proxy",
    "X-Forwarded-For": "canary-client-forwarded",
    "Forwarded": "for=canary-client-forwarded2",
    "X-Custom-Secret": "canary-client-custom",
    "X-HTTP-Method-Override": "DELETE",
    "X-Original-URL": "/canary-client-url",
    "openai-api-base": "http://canary-client-base",
}
ENV = {"KEY_ONE": "canary-key-one-aaaa", "KEY_TWO": "canary-key-two-bbbb"}


def config(first, second, file=None):
    keys = [{"file": str(file)}] if file else [{"env": "KEY_TWO"}]
    return {
        "providers": {
            "p1": {"dialect": "openai", "base_url": first.url, "keys": [{"env": "KEY_ONE"}]},
            "p2": {"dialect": "openai", "base_url": second.url, "keys": keys}},
        "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "one"}],
                                            [{"provider": "p2", "model": "two",
                                              "substitute": True}]]}],
        "log": {"format": "json", "level": "trace"}}


def everything_shown(gateway, *responses):
    """All that an outsider may read: answers, logs, metrics."""
    shown = gateway.log() + gateway.metrics().text
    for response in responses:
        shown += repr(response.headers) + response.body.decode("latin-1")
    return shown


def captures(upstream):
    return b"".join(request.raw + request.body for request in upstream.requests).decode("latin-1")


@pytest.mark.parametrize("stream", [False, True])
def test_j_canaries_stay_where_they_belong(gateways, upstreams, stream):
    first, second = upstreams(default=up.error(503)), upstreams()
    second.default = up.stream() if stream else up.chat()
    gateway = gateways(config(first, second), env=ENV)
    response = gateway.post(CHAT, {**BODY, "stream": stream}, CLIENT)
    assert response.status == 200
    gateway.access()
    for upstream in (first, second):
        assert "canary-client" not in captures(upstream)
    assert first.requests[0].header("authorization") == "Bearer canary-key-one-aaaa"
    assert second.requests[0].header("authorization") == "Bearer canary-key-two-bbbb"
    assert "canary-key-two" not in captures(first) and "canary-key-one" not in captures(second)
    shown = everything_shown(gateway, response)
    assert not re.search(r"canary-(key|client)", shown)
    assert "canary-prompt" not in gateway.log()
    assert "p1/k1:503/" in response.header("x-proa-trail")


@pytest.mark.parametrize("handler", [
    up.error(401, "Incorrect API key provided: canary-key-one-aaaa. Find yours elsewhere."),
    up.error(400, "canary-key-one-aaaa is not valid here"),
    up.answer(500, b"<html>Authorization: Bearer canary-key-one-aaaa</html>", content_type="text/html"),
    up.raw(b"HTTP/1.1 500 canary-key-one-aaaa\r\nContent-Length: 0\r\n\r\n", then="keep"),
    up.raw(b"HTTP/1.1 canary-key-one-aaaa\r\n\r\n"),
    up.answer(500, b"{}", headers={"x-echo": "canary-key-one-aaaa", "retry-after": "canary-key-one-aaaa"}),
    up.stream([up.sse({"error": {"message": "bad key canary-key-one-aaaa"}})])])
def test_j_keys_echoed_by_the_provider_are_scrubbed(gateways, upstreams, handler):
    """Provider errors quote keys; neither the client nor the log gets them."""
    first = upstreams(default=handler)
    whole = config(first, first)
    whole["routes"][0]["tiers"].pop()
    gateway = gateways(whole, env=ENV)
    responses = [gateway.post(CHAT, {**BODY, "stream": stream}) for stream in (False, True)]
    gateway.access(2)
    assert "canary-key-one" not in everything_shown(gateway, *responses)


def test_j_keys_are_in_no_argument_environment_dump_or_validation(gateways, upstreams, tmp_path):
    first = upstreams()
    gateway = gateways(config(first, first), env=ENV)
    for args in (["validate", gateway.config_path], ["env"], ["schema"], ["version"]):
        done = cli(*args, env=ENV)
        assert "canary" not in done.stdout + done.stderr, args
    with open("/proc/%d/cmdline" % gateway.process.pid, "rb") as file:
        assert b"canary" not in file.read()


def test_j_key_from_a_file_and_its_permissions(gateways, upstreams, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("canary-file-key\n")
    secret.chmod(0o600)
    first, second = upstreams(default=up.error(503)), upstreams()
    gateway = gateways(config(first, second, secret), env=ENV)
    assert gateway.post(CHAT, BODY).status == 200
    assert second.requests[0].header("authorization") == "Bearer canary-file-key"
    assert "canary-file-key" not in everything_shown(gateway)


def test_j_hop_by_hop_headers_and_what_connection_names_are_dropped(gateways, upstreams):
    first = upstreams()
    gateway = gateways(config(first, first), env=ENV)
    gateway.post(CHAT, BODY, {"Connection": "keep-alive, Authorization, Host, X-Hop, content-length",
                              "X-Hop": "1", "Keep-Alive": "timeout=5", "TE": "trailers",
                              "Trailer": "X-T", "Proxy-Connection": "keep-alive"})
    request = first.requests[-1]
    names = {name.lower() for name, _ in request.headers}
    assert not names & {"x-hop", "keep-alive", "te", "trailer", "proxy-connection", "upgrade"}
    assert request.header("authorization") == "Bearer canary-key-one-aaaa"
    assert request.header("host") == "127.0.0.1:%d" % first.port
    assert request.header("content-length") == str(len(request.body))


@pytest.mark.parametrize("name, value", [("openai-organization", "org-1"), ("openai-project", "proj-1"),
                                         ("openai-beta", "assistants=v2"), ("anthropic-beta", "x-2025"),
                                         ("x-request-id", "abc-123"), ("idempotency-key", "once-1")])
def test_j_allow_listed_headers_go_on(gateways, upstreams, name, value):
    first = upstreams()
    gateway = gateways(config(first, first), env=ENV)
    response = gateway.post(CHAT, BODY, {name: value})
    assert first.requests[-1].header(name) == value
    if name == "x-request-id":
        assert response.header("x-request-id") == value


def test_j_answer_headers_by_allow_list(gateways, upstreams):
    first = upstreams(default=up.chat(headers={
        "Set-Cookie": "a=b", "Alt-Svc": "h3", "Strict-Transport-Security": "max-age=1",
        "Access-Control-Allow-Origin": "*", "Clear-Site-Data": "*", "Server": "evil/1",
        "X-Random": "1", "Keep-Alive": "timeout=5", "openai-processing-ms": "12",
        "x-ratelimit-remaining-requests": "99"}))
    gateway = gateways(config(first, first), env=ENV)
    response = gateway.post(CHAT, BODY)
    names = {name.lower() for name, _ in response.headers}
    assert not names & {"set-cookie", "alt-svc", "strict-transport-security", "server", "x-random",
                        "access-control-allow-origin", "clear-site-data", "keep-alive"}
    assert response.header("openai-processing-ms") == "12"
    assert response.header("x-ratelimit-remaining-requests") == "99"


@pytest.mark.parametrize("value", ["x\x01y", "a" * 5000, "../../x", "a b\tc", "<script>"])
def test_j_an_odd_request_id_is_replaced_or_refused(gateways, upstreams, value):
    first = upstreams()
    gateway = gateways(config(first, first), env=ENV)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, BODY, {"x-request-id": value}))
        response = connection.response()
    if response.status == 200:
        assert re.fullmatch(r"[\w.:/@+=-]{1,256}", response.header("x-request-id")) or \
            response.header("x-request-id") == value
        assert "\x01" not in captures(first)
    else:
        assert response.status in (400, 431)


# ---- credentials of requests that are refused ----------------------------------------------------

CANARY = "canary-byok-9c41d7e2"
BYOK = {"byok": {"groq": [{"apiKey": CANARY}]}}
REFUSED = {
    "what stands before them": {"providerOptions": {"gateway": {"order": 5, **BYOK}}},
    "what stands behind them": {"providerOptions": {"gateway": {**BYOK, "sort": "none such"}}},
    "another of them": {"providerOptions": {"gateway": {"byok": {"a": [{"apiKey": 5}], **BYOK["byok"]}}}},
    "their shape": {"providerOptions": {"gateway": {"byok": {"groq": {"apiKey": CANARY}}}}},
    "the short form": {"models": 5, **BYOK},
    "whose they are": {"providerOptions": {"gateway": BYOK}},
    "the model": {"model": None, "providerOptions": {"gateway": BYOK}},
    "the model's name": {"model": "nowhere/none", "providerOptions": {"gateway": BYOK}},
}


def remembers(gateway, text):
    """Does its memory hold the text? Address sanitizer keeps what was freed as it was."""
    pid = gateway.process.pid
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps, open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - start < 1 << 28:
                memory.seek(start)
                try:
                    if text.encode() in memory.read(end - start):
                        return True
                except OSError:
                    pass  # a guard page
    return False


@pytest.mark.parametrize("why", REFUSED)
def test_j_credentials_of_a_refused_request_are_forgotten(simple, upstream, why):
    gateway = simple(upstream)
    try:
        assert not remembers(gateway, CANARY)
    except PermissionError:
        pytest.skip("another process's memory may not be read here")
    response = gateway.post(CHAT, {**BODY, **REFUSED[why]})
    assert 400 <= response.status < 500 and CANARY not in response.body.decode()
    # What is read next takes the place of what was read.
    assert gateway.post(CHAT, {**BODY, "messages": [{"role": "user", "content": "x" * 300_000}]}).status == 200
    assert not remembers(gateway, CANARY)
    assert CANARY not in gateway.log()
