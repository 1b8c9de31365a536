"""The shared cache: what one Proa has paid for, others give again; and whatever becomes of the server,
no exchange fails, no answer is wrong, and nobody waits for it for long."""
import json
import os
import signal
import statistics
import threading
import time

import pytest
from testenv import upstream as up
from testenv.load import Load
from testenv.poll import eventually, seconds
from testenv.valkey import Valkey

CHAT = "/v1/chat/completions"
SECRET = "0123456789abcdef0123456789abcdef"
ENV = {"PROA_TEST_SHARED_KEY": SECRET, "PROA_TEST_SHARED_PASSWORD": "hush-hush"}


def echo(exchange):
    """Answers with what was asked, so that a wrong answer can be told."""
    asked = exchange.request.json["messages"][0]["content"]
    exchange.send(up.http(200, up.chat_body("re: " + asked)))


@pytest.fixture
def servers(tmp_path):
    made = []

    def make(**options):
        made.append(Valkey(tmp_path / ("valkey%d" % len(made)), **options))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def sidecars(simple):
    """sidecars(upstream, server) -> a gateway that shares through it."""
    def make(upstream, server, ready=True, env=None, cache=None, **shared):
        shared = {"url": server.url(), "key": {"env": "PROA_TEST_SHARED_KEY"}, **shared}
        gateway = simple(upstream, policy={"cache": {"mode": "all", **(cache or {})}},
                         config={"cache": {"shared": shared}}, env={**ENV, **(env or {})})
        if ready:
            well(gateway)
        return gateway
    return make


def well(gateway):
    eventually(lambda: gateway.metrics().total("proa_cache_shared_up") == 1, 40, "the shared cache")


def ask(gateway, text, headers=()):
    """The answer must be to what was asked, wherever it came from."""
    response = gateway.post(CHAT, {"model": "m", "messages": [{"role": "user", "content": text}]},
                            headers)
    assert response.status == 200, (response.status, response.body)
    content = json.loads(response.body)["choices"][0]["message"]["content"]
    assert content == "re: " + text
    return response


def verdict(response):
    return response.header("x-proa-cache")


def gets(gateway, result):
    return gateway.metrics().total("proa_cache_shared_gets_total", result=result)


def sets(gateway, result):
    return gateway.metrics().total("proa_cache_shared_sets_total", result=result)


def put(gateway, text, headers=()):
    """Has it answered, and kept by the server; asked anew where that was resting just then."""
    before = sets(gateway, "stored")
    well(gateway)
    response = ask(gateway, text, headers)
    for _ in range(20):
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            if sets(gateway, "stored") > before:
                return response
            time.sleep(0.005)
        well(gateway)
        ask(gateway, text, [*headers, ("cache-control", "no-cache")])
    raise AssertionError("never shared: %s" % gateway.log()[-2000:])


def until_shared(a, b, name="q", headers=()):
    """What a has got, b gives; a slow machine may miss the 5 ms now and then."""
    for i in range(20):
        text = "%s %d" % (name, i)
        first = put(a, text, headers)
        well(b)
        second = ask(b, text, headers)
        if verdict(second) == "hit":
            return first, second
    raise AssertionError("never shared: %s" % b.log()[-2000:])


def test_zero_data_retention_is_kept_nowhere(servers, simple, upstream):
    """Neither in memory nor on the shared server, and no other's answer serves it; the same for who
    brings a key of its own."""
    server = servers()
    upstream.default = echo
    gateway = simple(upstream, policy={"cache": {"mode": "all"}}, env=ENV, config={
        "providers": {"p1": {"dialect": "openai", "base_url": upstream.url,
                             "keys": [{"env": "PROA_TEST_KEY"}], "zero_data_retention": True}},
        "cache": {"shared": {"url": server.url(), "key": {"env": "PROA_TEST_SHARED_KEY"}}}})
    well(gateway)
    body = {"model": "m", "messages": [{"role": "user", "content": "one"}]}
    for options in ({"zeroDataRetention": True}, {"byok": {"p1": [{"apiKey": "sk-of-its-own"}]}}):
        before = len(upstream.requests)
        for _ in range(2):
            response = gateway.post(CHAT, {**body, "providerOptions": {"gateway": options}})
            assert response.status == 200 and verdict(response) == "bypass"
        assert len(upstream.requests) == before + 2
    metrics = gateway.metrics()
    assert metrics.total("proa_cache_entries") == 0
    assert metrics.total("proa_cache_shared_sets_total") == 0
    assert metrics.total("proa_cache_shared_gets_total") == 0
    assert server.call("DBSIZE") == 0
    put(gateway, "two")  # as others are
    assert gateway.metrics().total("proa_cache_entries") > 0


# ---- sharing ------------------------------------------------------------------------------------

def test_two_sidecars_share(servers, sidecars, upstreams):
    server, upstream = servers(), upstreams(default=echo)
    a, b = sidecars(upstream, server), sidecars(upstream, server)
    first, second = until_shared(a, b)
    assert verdict(first) == "miss" and first.header("cache-status") == "proa; fwd=uri-miss; stored"
    assert first.body == second.body
    assert first.header("content-type") == second.header("content-type")
    assert second.header("x-proa-provider") == "p1" and second.header("x-proa-attempts") == "0"
    assert second.header("cache-status").startswith("proa; hit; ttl=")
    assert int(second.header("cache-status").split("ttl=")[1]) <= 300
    assert second.header("age") is not None
    assert second.header("x-proa-cache-saved-tokens") == "13"
    assert gets(b, "hit") == 1 and gets(a, "miss") >= 1
    text = json.loads(second.body)["choices"][0]["message"]["content"][4:]
    n = len(upstream.requests)
    assert verdict(ask(b, text)) == "hit" and len(upstream.requests) == n
    assert gets(b, "hit") == 1, "it is in memory now"


def test_what_the_server_sees(servers, sidecars, upstreams):
    """Nothing of a request, an answer or a caller; only names and lengths, which expire."""
    server = servers()
    gateway = sidecars(upstreams(default=echo), server)
    put(gateway, "a very secret question", [("authorization", "Bearer caller-key-1")])
    (name,) = server.keys()
    assert name.startswith(b"proa:1:") and len(name) == 7 + 43
    value = server.call("GET", name)
    for word in (b"secret", b"re: ", b"choices", b"caller", b"json"):
        assert word not in value and word not in name
    left = server.call("PTTL", name)
    assert 3600 * 1000 < left <= 1.2 * 3900 * 1000, "ttl and stale_if_error together"
    log = gateway.log()
    assert SECRET not in log


def test_namespaces_isolate(servers, sidecars, upstreams):
    server, upstream = servers(), upstreams(default=echo)
    a, b = sidecars(upstream, server), sidecars(upstream, server)
    mine, other = [("authorization", "Bearer one")], [("authorization", "Bearer two")]
    until_shared(a, b, headers=mine)
    for i in range(5):
        assert verdict(ask(b, "q %d" % i, other)) == "miss"
        assert verdict(ask(b, "q %d" % i, ())) == "miss"
    assert gets(b, "forged") == 0
    c = sidecars(upstream, server, env={"PROA_TEST_SHARED_KEY": SECRET[::-1]})
    for i in range(5):
        assert verdict(ask(c, "q %d" % i, mine)) == "miss", "another key shares nothing"
    assert gets(c, "hit") == 0


def test_seats_of_a_flight_get_it_too(servers, sidecars, upstreams):
    server, upstream = servers(), upstreams(default=echo)
    a, b = sidecars(upstream, server), sidecars(upstream, server)
    until_shared(a, b, "warm")
    for i in range(10):
        text = "many %d" % i
        put(a, text)
        well(b)
        n = len(upstream.requests)
        found = []
        threads = [threading.Thread(target=lambda: found.append(ask(b, text))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(upstream.requests) <= n + 1
        if {verdict(r) for r in found} == {"hit"}:
            return
    raise AssertionError("never all of them")


def test_tls_password_user_database_and_socket(servers, sidecars, upstreams, certs):
    upstream = upstreams(default=echo)
    password = {"env": "PROA_TEST_SHARED_PASSWORD"}
    server = servers(password="hush-hush", certs=certs)
    server.call("ACL", "SETUSER", "proa", "on", ">hush-hush", "~proa:*", "+get", "+set", "+ping",
                "+select")
    options = {"url": server.url(user="proa", database=3), "password": password,
               "ca_file": certs.ca}
    a, b = sidecars(upstream, server, **options), sidecars(upstream, server, **options)
    until_shared(a, b)
    assert not server.keys() and server.keys(database=3)
    local = servers(password="hush-hush", unix=True)
    c, d = (sidecars(upstream, local, password=password) for _ in range(2))
    until_shared(c, d)
    for gateway in (a, b, c, d):
        assert "hush-hush" not in gateway.log()


def test_stale_after_a_restart(servers, sidecars, upstreams):
    """What is of use only when all else fails comes back from the shared cache, too."""
    server, upstream = servers(), upstreams(default=echo)
    short = {"ttl": "200ms"}
    a = sidecars(upstream, server, cache=short)
    put(a, "old")
    time.sleep(0.5)
    upstream.default = lambda exchange: exchange.send(up.http(503, {"error": {"message": "no"}}))
    for _ in range(20):
        b = sidecars(upstream, server, cache=short)
        response = b.post(CHAT, {"model": "m", "messages": [{"role": "user", "content": "old"}]})
        if gets(b, "expired"):
            break
    assert verdict(response) == "stale" and b"re: old" in response.body


def test_a_long_answer(servers, sidecars, upstreams):
    def long(exchange):
        asked = exchange.request.json["messages"][0]["content"]
        body = up.chat_body("re: " + asked)
        body["padding"] = "x" * 700000
        exchange.send(up.http(200, body))
    server = servers()
    upstream = upstreams(default=long)
    a, b = sidecars(upstream, server), sidecars(upstream, server)
    first, second = until_shared(a, b, "long")
    assert first.body == second.body and len(second.body) > 700000
    assert gets(b, "failed") == 0, "large, but nothing to hang up for"


# ---- a server that is not what it should be -----------------------------------------------------

def test_lies_are_misses(servers, sidecars, upstreams):
    server, upstream = servers(), upstreams(default=echo)
    a, b = sidecars(upstream, server), sidecars(upstream, server)
    texts = ["lie %d" % i for i in range(12)]
    names = {}
    for text in texts:
        before = set(server.keys())
        put(a, text)
        names[text] = (set(server.keys()) - before).pop()
    values = {text: server.call("GET", names[text]) for text in texts}
    lies = [b"", b"x", values[texts[0]][:-1], values[texts[1]] + b"x", values[texts[5]],
            os.urandom(500), b"\x01" + os.urandom(1000), b"\x02" + values[texts[7]][1:],
            values[texts[8]][:40] + bytes([values[texts[8]][40] ^ 1]) + values[texts[8]][41:],
            b"x" * 1024 * 1024, b"{}", values[texts[11]][::-1]]
    for text, lie in zip(texts, lies):
        server.call("SET", names[text], lie)
    for text in texts:
        well(b)
        assert verdict(ask(b, text)) == "miss", text
    counts = {r: gets(b, r) for r in ("hit", "forged", "late", "failed", "away", "miss")}
    assert counts["hit"] == counts["miss"] == 0 and sum(counts.values()) == len(texts), counts
    assert counts["forged"] >= len(texts) // 2, counts
    server.call("FLUSHALL")
    server.call("SET", names[texts[0]], b"x" * (3 * 1024 * 1024))  # larger than anything of ours
    server.call("LPUSH", names[texts[1]], "a list")
    c = sidecars(upstream, server)
    for text in texts[:2]:
        assert verdict(ask(c, text)) == "miss"
        well(c)
    assert gets(c, "hit") == 0


def test_a_full_server(servers, sidecars, upstreams):
    server = servers(args=["--maxmemory", "1", "--maxmemory-policy", "noeviction"])
    gateway = sidecars(upstreams(default=echo), server)
    for i in range(5):
        assert verdict(ask(gateway, "q %d" % i)) == "miss"
        assert verdict(ask(gateway, "q %d" % i)) == "hit"
    eventually(lambda: sets(gateway, "refused") + sets(gateway, "dropped") == 5)
    assert sets(gateway, "stored") == 0 and sets(gateway, "refused") > 0


@pytest.mark.parametrize("password", [None, "wrong-one"])
def test_a_wrong_password(servers, sidecars, upstreams, password):
    server = servers(password="hush-hush")
    more = {"password": {"env": "PROA_TEST_SHARED_PASSWORD"}} if password else {}
    gateway = sidecars(upstreams(default=echo), server, ready=False,
                       env={"PROA_TEST_SHARED_PASSWORD": password or ""}, **more)
    (record,) = eventually(lambda: gateway.log_records("cache.shared_away"), 10, "the log line")
    assert record["error"] == "permission denied"
    for i in range(10):
        assert verdict(ask(gateway, "q %d" % i)) == "miss"
        assert verdict(ask(gateway, "q %d" % i)) == "hit"
    assert gets(gateway, "away") == 10
    assert len(gateway.log_records("cache.shared_away")) == 1, "said once"
    assert "wrong-one" not in gateway.log()


def test_nobody_there(servers, sidecars, upstreams):
    server = servers()
    server.stop()
    gateway = sidecars(upstreams(default=echo), server, ready=False)
    for i in range(10):
        assert verdict(ask(gateway, "q %d" % i)) == "miss"
    assert len(gateway.log_records("cache.shared_away")) == 1
    server.start()
    well(gateway)
    assert len(gateway.log_records("cache.shared_ready")) == 1
    put(gateway, "now")


def timed(gateway, text):
    started = time.monotonic()
    ask(gateway, text)
    return time.monotonic() - started


def test_a_frozen_server_costs_five_milliseconds_once(servers, sidecars, upstreams):
    server = servers()
    gateway = sidecars(upstreams(default=echo), server)
    usual = [timed(gateway, "usual %d" % i) for i in range(40)]
    well(gateway)
    server.send_signal(signal.SIGSTOP)
    frozen = [timed(gateway, "frozen %d" % i) for i in range(100)]
    late = gets(gateway, "late") + gets(gateway, "failed")
    assert gets(gateway, "away") >= 90
    # The median of those that did not wait is no different: half of 5 ms would show.
    assert statistics.median(frozen) < statistics.median(usual) + 0.0025 * seconds(1)
    eventually(lambda: gateway.log_records("cache.shared_away"), 10, "giving up")
    assert late <= 3
    for i in range(20):
        timed(gateway, "still %d" % i)
    server.send_signal(signal.SIGCONT)
    well(gateway)
    put(gateway, "again")


def test_a_slow_server_is_left_alone(servers, sidecars, upstreams):
    """It answers, but each time too late: fewer and fewer are made to wait."""
    server = servers()
    gateway = sidecars(upstreams(default=echo), server)
    stop = threading.Event()

    def sleep_often():
        while not stop.is_set():
            server.call("DEBUG", "SLEEP", "0.05")
    sleeper = threading.Thread(target=sleep_often)
    sleeper.start()
    try:
        end, n = time.monotonic() + 3, 0
        while time.monotonic() < end:
            ask(gateway, "slow %d" % n)
            n += 1
    finally:
        stop.set()
        sleeper.join()
    assert n > 50 and gets(gateway, "away") > gets(gateway, "late")
    assert gets(gateway, "late") <= 15
    well(gateway)
    put(gateway, "again")


@pytest.mark.slow
def test_restarts_under_load(servers, sidecars, upstreams):
    """Killed, frozen and started again while requests come: all are answered, and rightly."""
    server, upstream = servers(), upstreams(default=echo)
    pair = [sidecars(upstream, server), sidecars(upstream, server)]
    wrong = []

    def send(number):
        try:
            return ask(pair[number % 2], "load %d" % (number // 4))
        except AssertionError as error:
            wrong.append(error)
            raise
    with Load(lambda number, *_: send(number), 60, 5) as load:
        for _ in range(3):
            time.sleep(0.5)
            server.stop()
            time.sleep(0.3)
            server.start()
            time.sleep(0.4)
            server.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            server.send_signal(signal.SIGCONT)
    assert not wrong, wrong[:3]
    assert len(load.results) >= 250
    for gateway in pair:
        well(gateway)
        assert gateway.metrics().total("proa_requests_total", outcome="ok") >= 125
        assert gets(gateway, "forged") == 0
    until_shared(*pair, "after")


# ---- asking for it ------------------------------------------------------------------------------

def test_client_leaves_while_the_server_is_asked(servers, sidecars, upstreams):
    from testenv.client import request_bytes
    server, upstream = servers(), upstreams(default=echo)
    gateway = sidecars(upstream, server)
    for i in range(10):
        well(gateway)
        server.send_signal(signal.SIGSTOP)
        connection = gateway.connect(10)
        connection.send(request_bytes("POST", CHAT, {"model": "m", "messages": [
            {"role": "user", "content": "gone %d" % i}]}, ()))
        connection.close()
        server.send_signal(signal.SIGCONT)
    ask(gateway, "still there")


def test_no_cache_asks_nobody_and_renews(servers, sidecars, upstreams):
    server, upstream = servers(), upstreams(default=echo)
    gateway = sidecars(upstream, server)
    put(gateway, "q")
    asked = sum(gets(gateway, r) for r in ("hit", "miss", "late"))
    well(gateway)
    ask(gateway, "q", [("cache-control", "no-cache")])
    assert sum(gets(gateway, r) for r in ("hit", "miss", "late")) == asked
    eventually(lambda: sum(sets(gateway, r) for r in ("stored", "dropped")) >= 2)
