"""Clients that leave at any moment, providers that fail in any way, while answers are translated, kept,
shared, hedged, put together from batches and asked for with tokens that run out: nothing is wrong in
between, and nothing is left afterwards."""
import json
import os
import random
import socket
import threading
import time

import pytest
from testenv import TOLERANT, tokens
from testenv import upstream as up
from testenv.client import Closed, request_bytes
from testenv.poll import eventually, seconds
from test_translation import event, message, streamed

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
WORKERS = 8


def claude(rng):
    """The Messages API in every mood."""
    def handler(exchange):
        body = exchange.request.json
        asked = json.dumps(body["messages"][-1])
        mood = rng.random()
        if mood < 0.1:
            return up.error(rng.choice([429, 500, 529]))(exchange)
        if mood < 0.15:
            exchange.reset()
            return False
        if mood < 0.2:
            return up.stall(exchange)
        if not body.get("stream"):
            data = up.http(200, message("about " + asked, stop=rng.choice(["end_turn", "max_tokens"])))
            at = rng.randrange(len(data))
            exchange.send(data[:at])
            time.sleep(rng.random() * 0.02)
            if mood < 0.25:
                exchange.reset()
                return False
            exchange.send(data[at:])
            return None
        events = streamed(*["word%d " % i for i in range(rng.randrange(1, 40))])
        if mood < 0.35:
            events = events[:rng.randrange(len(events))]
            events.append(event("error", error={"type": "overloaded_error", "message": "busy"}))
        exchange.send(up.STREAM_HEAD)
        for each in events:
            exchange.send(up.chunk(each.encode()))
            if rng.random() < 0.2:
                time.sleep(0.002)
        exchange.send(b"0\r\n\r\n")
        return None
    return handler


def gpt(rng):
    """An OpenAI server in every mood; embeddings are what their inputs say."""
    def handler(exchange):
        body = exchange.request.json
        mood = rng.random()
        time.sleep(rng.random() * 0.02)
        if mood < 0.1:
            return up.error(rng.choice([400, 429, 500, 503]))(exchange)
        if mood < 0.15:
            exchange.reset()
            return False
        if mood < 0.2:
            return up.stall(exchange)
        if "input" in body:
            data = [{"object": "embedding", "index": i, "embedding": [float(text)]}
                    for i, text in enumerate(body["input"])]
            return up.answer(200, {"object": "list", "model": "e", "data": data,
                                   "usage": {"prompt_tokens": 1, "total_tokens": 1}})(exchange)
        if body.get("stream"):
            return up.stream(gap=0.001)(exchange)
        return up.chat("about " + json.dumps(body["messages"][-1]))(exchange)
    return handler


def config(chat, other, tokens_of):
    keys = [{"azure": {"tenant": "t", "client_id": "c", "client_secret": {"env": "SECRET"},
                       "authority": tokens_of.url[:-3]}}]
    policy = {**TOLERANT, "balance": {"standby": 0},
              "timeouts": {"connect": "1s", "first_byte": "600ms", "total": "3s"},
              "hedge": {"enabled": True, "min": "20ms", "min_samples": 5}, "midstream": "resume",
              "cache": {"mode": "all", "ttl": "200ms"}, "retry": {**TOLERANT["retry"], "max_attempts": 3}}
    return {
        "reload": {"settle": "20ms", "poll": "100ms"}, "limits": {"drain": "1s"},
        "providers": {
            "claude": {"dialect": "anthropic", "base_url": chat.url, "keys": [{"env": "PROA_TEST_KEY"}]},
            "gpt": {"dialect": "openai", "base_url": other.url, "keys": keys}},
        "policies": [{"name": "storm", **policy}],
        "routes": [
            {"model": "m", "policy": "storm", "tiers": [[{"provider": "claude", "model": "c"},
                                                         {"provider": "gpt", "model": "g"}]]},
            {"model": "e", "policy": "storm", "tiers": [[{"provider": "gpt", "model": "mistral-embed"}]]}]}


def one(gateway, rng, seen):
    """One request of any kind, from a client that may leave at any moment."""
    kind = rng.random()
    number = rng.randrange(6)
    path, body = CHAT, {"model": "m", "messages": [{"role": "user", "content": "q%d" % number}]}
    headers = [("authorization", "Bearer caller-%d" % rng.randrange(2))]
    if kind < 0.4:
        body["stream"] = True
    elif kind < 0.6:
        path, body = EMBEDDINGS, {"model": "e", "input": [str(n) for n in range(2050 + number)]}
    if rng.random() < 0.2:
        headers.append(("x-proa-timeout", "%dms" % rng.randrange(50, 500)))
    if rng.random() < 0.1:
        headers.append(("cache-control", rng.choice(["no-cache", "max-age=0", "only-if-cached"])))
    connection = gateway.connect(20)
    data = request_bytes("POST", path, body, headers)
    leaves = rng.random()
    try:
        if leaves < 0.05:
            connection.send(data[:rng.randrange(len(data))])
            connection.abort()
            return
        connection.send(data)
        if leaves < 0.4:
            time.sleep(rng.random() * 0.15)
            (connection.close if leaves < 0.2 else connection.abort)()
            return
        response = connection.response()
        seen[response.status] = seen.get(response.status, 0) + 1
        if response.status != 200 or body.get("stream") or path == EMBEDDINGS:
            if response.status == 200 and path == EMBEDDINGS:
                values = [item["embedding"][0] for item in response.json["data"]]
                assert values == [float(text) for text in body["input"]]
            return
        assert "q%d" % number in response.text, (number, response)
    except (Closed, socket.timeout, ConnectionError, BrokenPipeError):
        if leaves >= 0.4:
            seen["cut"] = seen.get("cut", 0) + 1
    finally:
        connection.close()


def storm(gateway, span, meanwhile, seed):
    """WORKERS clients for that long; what went wrong in them is raised here."""
    end = time.monotonic() + span
    wrong, seen = [], {}

    def work(number):
        rng = random.Random(seed * 100 + number)
        try:
            while time.monotonic() < end and not wrong:
                one(gateway, rng, seen)
        except BaseException as error:  # told by the test's own thread
            wrong.append(error)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        meanwhile()
        time.sleep(0.1)
    for thread in threads:
        thread.join(seconds(30))
        assert not thread.is_alive()
    if wrong:
        raise wrong[0]
    return seen


def write_config(gateway, change):
    """What `change` makes of the configuration takes the file's place."""
    with open(gateway.config_path, encoding="utf-8") as file:
        whole = json.load(file)
    change(whole)
    with open(gateway.config_path + ".new", "w", encoding="utf-8") as file:
        json.dump(whole, file)
    os.chmod(gateway.config_path + ".new", 0o600)
    os.rename(gateway.config_path + ".new", gateway.config_path)


def assert_idle(gateway, upstreams_of, fds):
    """Nothing of it is left: no request, no byte, no socket but pooled ones, no memory."""
    def total(name, **labels):
        return gateway.metrics().total(name, **labels)
    eventually(lambda: total("proa_inflight_requests") == 0, 15, "no request under way")
    eventually(lambda: total("proa_buffered_bytes") == 0, 15, "an empty byte budget")
    for upstream in upstreams_of:
        upstream.stop()
    eventually(lambda: total("proa_upstream_connections", state="open") == 0, 5, "no connection")
    eventually(lambda: gateway.fds() <= fds + 2, 5, "descriptors as before")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_leaves_nothing_behind(gateways, upstreams, seed):
    rng = random.Random(seed)
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("token-%d" % n, rng.choice([1, 2, 9]))))
    chat, other = upstreams(default=claude(rng)), upstreams(default=gpt(rng))
    gateway = gateways(config(chat, other, endpoint),
                       env={"PROA_TEST_KEY": "test-key-1", "SECRET": "a-client-secret"})
    fds = gateway.fds()
    steps = iter(range(1000))

    def meanwhile():
        step = next(steps)
        endpoint.default = (up.error(500) if step % 9 == 5 else up.stall if step % 9 == 7 else
                            tokens.oauth("token-%d" % step, rng.choice([1, 2, 9])))
        if step % 10 == 9:
            write_config(gateway, lambda whole: whole["policies"][0]["hedge"].update(
                min="%dms" % rng.randrange(10, 60)))
    seen = storm(gateway, 6, meanwhile, seed)
    assert seen.get(200, 0) > 20, seen
    assert_idle(gateway, (chat, other, endpoint), fds)


@pytest.mark.slow
def test_the_end_in_the_midst_of_a_storm(gateways, upstreams):
    rng = random.Random(7)
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("token-%d" % n, 1)))
    chat, other = upstreams(default=claude(rng)), upstreams(default=gpt(rng))
    gateway = gateways(config(chat, other, endpoint),
                       env={"PROA_TEST_KEY": "test-key-1", "SECRET": "a-client-secret"})
    stopper = threading.Timer(1.5, gateway.stop)
    stopper.start()
    seen = storm(gateway, 2.5, lambda: None, 7)
    stopper.join()
    assert seen, "somebody was answered before"
