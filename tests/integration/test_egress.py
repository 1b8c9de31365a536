"""The way out through a proxy: tunnels for https, absolute-form for http, credentials, exceptions,
and errors that say what the proxy said."""
import json
import os

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.poll import eventually
from testenv.proxy import Proxy
from testenv.upstream import RefusingPort

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def proxies():
    """A maker of proxies: proxies(upstream, credentials=..., refuse=...) -> Proxy."""
    made = []

    def make(upstream, **options):
        made.append(Proxy(upstream, **options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.stop()


def one_target(upstream, **more):
    return {"providers": {"p1": provider(upstream, **more)},
            "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]}]}


@pytest.mark.smoke
def test_https_goes_through_a_tunnel(gateways, upstreams, proxies, certs):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream)
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response
    assert proxy.lines == ["CONNECT 127.0.0.1:%d HTTP/1.1" % upstream.port]
    assert "test-key-1" not in proxy.heads[0], "the key stays inside TLS"
    assert upstream.requests[0].target == CHAT
    assert upstream.requests[0].header("authorization") == "Bearer test-key-1"
    assert upstream.requests[0].header("proxy-authorization") is None


def test_tunnels_are_kept_alive_and_stream(gateways, upstreams, proxies, certs):
    upstream = upstreams(tls=certs.good, default=up.stream())
    proxy = proxies(upstream)
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    for _ in range(4):
        assert gateway.post(CHAT, {**BODY, "stream": True}).text == "Hello there"
    assert len(proxy.lines) == 1, "one connection serves them all"


def test_certificates_are_checked_inside_the_tunnel(gateways, upstreams, proxies, certs):
    upstream = upstreams(tls=certs.wrong_host)
    proxy = proxies(upstream)
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502
    assert "certificate is for elsewhere.example, not 127.0.0.1" in response.error["message"]
    assert upstream.requests == []


@pytest.mark.smoke
def test_http_goes_in_absolute_form(gateways, upstreams, proxies):
    upstream = upstreams()
    proxy = proxies(upstream)
    gateway = gateways(one_target(upstream, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response
    assert proxy.lines == ["POST http://127.0.0.1:%d%s HTTP/1.1" % (upstream.port, CHAT)]
    assert upstream.requests[0].json["messages"] == BODY["messages"]


@pytest.mark.parametrize("tls", [True, False])
def test_credentials(gateways, upstreams, proxies, certs, tmp_path, tls):
    upstream = upstreams(tls=certs.good if tls else None)
    proxy = proxies(upstream, credentials="user:pass word?")
    auth = tmp_path / "auth"
    auth.write_text("user:pass-word")
    os.chmod(auth, 0o600)
    more = {"ca_file": certs.ca} if tls else {}
    gateway = gateways(one_target(upstream, proxy=proxy.url, proxy_auth={"file": str(auth)}, **more),
                       env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, response
    assert "407" in response.error["message"] and "proxy_auth" in response.error["message"]
    proxy.credentials = "user:pass-word"
    eventually(lambda: gateway.post(CHAT, BODY).status == 200, 10, "the proxy's credentials taken")
    assert upstream.requests[-1].header("proxy-authorization") is None


def test_credentials_are_read_again_when_they_change(gateways, upstreams, proxies, certs, tmp_path):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream, credentials="user:first-secret")
    auth = tmp_path / "auth"
    auth.write_text("user:first-secret")
    os.chmod(auth, 0o600)
    config = one_target(upstream, ca_file=certs.ca, proxy=proxy.url, proxy_auth={"file": str(auth)})
    config["reload"] = {"settle": "20ms", "poll": "200ms"}
    gateway = gateways(config, env=KEYS)
    assert gateway.post(CHAT, BODY).status == 200
    proxy.credentials = "user:second-secret"
    auth.write_text("user:second-secret")
    eventually(lambda: gateway.log_records("config.reloaded"), 10, "the change being noticed")
    assert gateway.post(CHAT, BODY).status == 200
    assert len(proxy.lines) == 2, "other credentials, another connection"
    for secret in ("first-secret", "second-secret", "dXNlcjpmaXJzdC1zZWNyZXQ="):
        assert secret not in gateway.log()


@pytest.mark.parametrize("refuse, words", [
    (403, "forbids a connection to 127.0.0.1:"), (502, "could not reach 127.0.0.1:"),
    (405, "opened no tunnel to 127.0.0.1:")])
def test_refusals_are_told(gateways, upstreams, proxies, certs, refuse, words):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream, refuse=refuse)
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, response
    assert words in response.error["message"], response.error
    assert "(%d)" % refuse in response.error["message"]
    assert "proxy 127.0.0.1:%d" % proxy.port in response.error["message"]


def test_a_proxy_that_is_not_there(gateways, upstreams, certs):
    upstream = upstreams(tls=certs.good)
    port = RefusingPort()
    gateway = gateways(one_target(upstream, ca_file=certs.ca,
                                  proxy="http://127.0.0.1:%d" % port.port), env=KEYS)
    response = gateway.post(CHAT, BODY)
    port.stop()
    assert response.status == 502
    assert "proxy 127.0.0.1" in response.error["message"]
    assert "refused" in response.error["message"]


def test_bytes_behind_the_answer_are_not_trusted(gateways, upstreams, proxies, certs):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream, answer=b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03")
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    assert gateway.post(CHAT, BODY).status == 502
    assert upstream.requests == []


@pytest.mark.parametrize("before", [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"])
@pytest.mark.parametrize("size", [1, 1000])
def test_interim_answers_of_a_proxy_are_skipped(gateways, upstreams, proxies, certs, before, size):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream, before=[before[i:i + size] for i in range(0, len(before), size)])
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 20000 + b"\r\n\r\n", "has no end"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "CONNECT"),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "is not HTTP"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "bytes behind"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", "is not HTTP"), (b"\x15\x03\x01\x00\x02\x02\x28", "closed instead"),
    (b"HTTP/1.1 200", "closed instead"), (b"", "closed instead"),
    (b"HTTP/1.1 407 No\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000, "proxy_auth"),
    (b"HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\nzz", "could not reach")],
    ids=["no end", "interim for ever", "101", "a body", "no http", "tls", "cut", "nothing",
         "a long body", "chunks"])
def test_hostile_answers_to_connect(gateways, upstreams, proxies, certs, answer, words):
    upstream = upstreams(tls=certs.good)
    proxy = proxies(upstream, answer=answer)
    gateway = gateways(one_target(upstream, ca_file=certs.ca, proxy=proxy.url), env=KEYS)
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, response
    assert words in response.error["message"], response.error
    assert upstream.requests == []
    eventually(lambda: gateway.metrics().total("proa_upstream_connections", state="open") == 0,
               what="no connection left")


# ---- from the environment: upstreams are named, and the proxy is who knows them -------------------

def named(certs):
    """Named as the certificate says; nobody resolves the name but the proxy."""
    return {"providers": {"p1": {"dialect": "openai", "base_url": "https://elsewhere.example/v1",
                                 "ca_file": certs.ca, "keys": [{"env": "PROA_TEST_KEY"}]}},
            "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]}]}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_variables(gateways, upstreams, proxies, certs, variable):
    upstream = upstreams(tls=certs.wrong_host)
    proxy = proxies(upstream, credentials="us er:p@ss:w%rd")
    gateway = gateways(named(certs), env={
        **KEYS, variable: proxy.with_user("us%20er:p%40ss%3Aw%25rd")})
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response
    assert proxy.lines == ["CONNECT elsewhere.example:443 HTTP/1.1"]


def test_plain_upstreams_take_the_other_variable(gateways, upstreams, proxies):
    upstream = upstreams()
    proxy = proxies(upstream, credentials="user:password")
    config = {"providers": {"p1": {"dialect": "openai", "base_url": "http://vllm.example:8000/v1",
                                   "keys": []}},
              "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "x"}]]}]}
    gateway = gateways(config, env={"HTTP_PROXY": proxy.with_user("user:password")[7:],
                                    "HTTPS_PROXY": "http://127.0.0.1:1"})
    assert gateway.post(CHAT, BODY).status == 200
    assert proxy.lines == ["POST http://vllm.example:8000/v1/chat/completions HTTP/1.1"]
    assert upstream.requests[0].header("host") == "vllm.example:8000"


def test_this_machine_is_never_proxied_by_the_environment(gateways, upstreams, proxies):
    upstream = upstreams()
    proxy = proxies(upstream)
    gateway = gateways(one_target(upstream), env={
        **KEYS, "HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url, "ALL_PROXY": proxy.url})
    assert gateway.post(CHAT, BODY).status == 200
    assert proxy.lines == []


@pytest.mark.parametrize("more", [
    {"env": {"NO_PROXY": "other.example,.example"}}, {"env": {"no_proxy": "elsewhere.example:443"}},
    {"egress": {"no_proxy": ["elsewhere.example"]}}, {"egress": {"proxy": "none"}},
    {"provider": {"proxy": "none"}}])
def test_exceptions(gateways, upstreams, proxies, certs, more):
    upstream = upstreams(tls=certs.wrong_host)
    proxy = proxies(upstream)
    config = named(certs)
    config["providers"]["p1"].update(more.get("provider", {}))
    if "egress" in more:
        config["egress"] = more["egress"]
    gateway = gateways(config, env={**KEYS, "HTTPS_PROXY": proxy.url, **more.get("env", {})})
    response = gateway.post(CHAT, BODY)
    assert response.status == 502, "the name leads nowhere without the proxy"
    assert proxy.lines == []


def test_the_configuration_wins_over_the_environment(gateways, upstreams, proxies, certs):
    upstream = upstreams(tls=certs.wrong_host)
    wrong, general, own = proxies(upstream), proxies(upstream), proxies(upstream)
    config = named(certs)
    config["egress"] = {"proxy": general.url}
    config["providers"]["p2"] = {**config["providers"]["p1"], "proxy": own.url}
    config["routes"].append({"model": "n", "tiers": [[{"provider": "p2", "model": "x"}]]})
    gateway = gateways(config, env={**KEYS, "HTTPS_PROXY": wrong.url})
    assert gateway.post(CHAT, BODY).status == 200
    assert (len(wrong.lines), len(general.lines), len(own.lines)) == (0, 1, 0)
    assert gateway.post(CHAT, {**BODY, "model": "n"}).status == 200
    assert (len(wrong.lines), len(general.lines), len(own.lines)) == (0, 1, 1)


def test_credentials_in_a_configured_address_are_refused(gateways, upstreams, tmp_path):
    from testenv.gateway import cli
    path = tmp_path / "proa.yaml"
    path.write_text(json.dumps({"egress": {"proxy": "http://user:hidden@egress.example:3128"},
                                "providers": {"p": {"dialect": "openai", "keys": [],
                                                    "base_url": "https://a.example"}}}))
    done = cli("validate", str(path))
    assert done.returncode != 0
    assert "proxy_auth" in done.stdout + done.stderr
    assert "hidden" not in done.stdout + done.stderr
