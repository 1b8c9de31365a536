"""The faults of the simulator's scenarios on the wire: three providers, one of them in trouble.

Times of the policy are a tenth of the defaults, and a "minute" here is six seconds: the policy of
the test says so, nothing in the program does.
"""
import random
import threading
import time

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.load import Load, amplification, ok, share, success
from testenv.poll import eventually, seconds

RATE = 25
MINUTE = 6.0  # scaled
FAULT_AT = 4.0
FAULT_FOR = 14.0
AFTER = 22.0
TENTH = {
    "retry": {"move_jitter": "5ms", "backoff_base": "50ms", "backoff_cap": "400ms",
              "throttle_base": "100ms", "retry_after_max": "200ms",
              "budget": {"per_second": 1}},
    "timeouts": {"connect": "1s", "first_byte": "6s", "first_content": "6s",
                 "first_content_min": "1s", "first_content_max": "6s"},
    "breaker": {"window": "6s", "open_floor": "100ms", "open_base": "500ms", "open_cap": "3s",
                "stable": "6s", "lease": "6s", "ramp": "3s"},
    "degraded": {"trickle_every": "1s"},
    "stall": {"slow_min": "200ms", "min": "300ms", "cold": "1s"},
    "panic": {"window": "6s", "floor": "200ms"},
    "balance": {"tau": "3s"},
    "concurrency": {"queue_wait": "500ms"},
    "credential": {"disabled": "30s", "exhausted": "60s", "cap": "6m", "unknown_model": "60s"},
}
FINE = up.chat("fine")
STREAM = up.stream()


def fine(exchange):
    """An answer of the kind that was asked for, after a little while."""
    time.sleep(0.02)
    return (STREAM if exchange.request.json.get("stream") else FINE)(exchange)


class Trio:
    """Three providers, p1 to p3, in one tier; p1 is the one that gets into trouble."""

    def __init__(self, upstreams, gateways, **policy):
        self.ups = [upstreams(default=fine, backlog=512) for _ in range(3)]
        names = ["p1", "p2", "p3"]
        self.gateway = gateways({
            "providers": {name: provider(u) for name, u in zip(names, self.ups)},
            "policies": [{"name": "tenth", **{**TENTH, **policy}}],
            "routes": [{"model": "m", "policy": "tenth",
                        "tiers": [[{"provider": n, "model": "up-model"} for n in names]]}],
        }, env=KEYS)

    def load(self, duration, rate=RATE):
        # Each request is another one: the same one failing again and again would count once.
        return Load(lambda number: self.gateway.chat(stream=number % 2 == 0, user=str(number)),
                    rate, duration)

    def states(self, name):
        """Of the breakers of its targets, as the metrics have them."""
        return [labels["state"] for labels, value in
                self.gateway.metrics().find("proa_upstream_breaker_state")
                if labels["target"].startswith(name + "/") and value == 1]

    def recovers(self, load, name="p1"):
        """Back to a full share within the scaled two minutes, for the ramp is over; what a busy
        machine may be late by, two seconds, is not scaled. How much it is asked then is a matter
        of its latency, which a busy machine makes: the simulator's scenarios have the bounds of
        that."""
        back = FAULT_AT + FAULT_FOR + 2 * MINUTE + 2
        load.until(back)
        assert set(self.states(name)) == {"closed"}
        load.until(FAULT_AT + FAULT_FOR + AFTER)
        assert share(load.between(back, FAULT_AT + FAULT_FOR + AFTER), name) > 0

    def calls(self, load, begin, end, index=0):
        return self.ups[index].requests_between(load.started + begin, load.started + end)


@pytest.fixture
def trio(upstreams, gateways):
    return lambda **policy: Trio(upstreams, gateways, **policy)


def play(t, begin_fault, end_fault, after=AFTER, rate=RATE, recovers=False):
    """Load before, during and after a fault of p1."""
    load = t.load(FAULT_AT + FAULT_FOR + after, rate)
    with load:
        load.until(FAULT_AT)
        begin_fault(t.ups[0])
        load.until(FAULT_AT + FAULT_FOR)
        end_fault(t.ups[0])
        if recovers:
            t.recovers(load)
    return load


def behave(handler):
    def change(upstream):
        upstream.default = handler
    return change


def stalls(exchange):
    exchange.wait_closed(60)
    return False


def check_survived(t, load, dead_calls_per_minute=5):
    """What holds for every provider that is down: nobody notices, and it is left alone."""
    whole = load.between(0, FAULT_AT + FAULT_FOR + 60)
    in_fault = load.between(FAULT_AT, FAULT_AT + FAULT_FOR)
    assert success(whole) >= 0.999, [r.status for r in whole if r.status != 200]
    assert amplification(in_fault) <= 1.1
    begin = FAULT_AT + MINUTE
    minutes = (FAULT_FOR - MINUTE) / MINUTE
    assert t.calls(load, begin, FAULT_AT + FAULT_FOR) <= dead_calls_per_minute * minutes + 1


@pytest.mark.slow
def test_refused_connections(trio):
    t = trio()
    load = play(t, lambda u: u.refuse(), lambda u: u.accept_again(), recovers=True)
    check_survived(t, load)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [up.error(500), up.error(503), up.raw(then="reset")],
                         ids=["500", "503", "reset"])
def test_hard_down(trio, fault):
    t = trio()
    load = play(t, behave(fault), behave(fine), recovers=True)
    check_survived(t, load)


@pytest.mark.slow
def test_hang(trio):
    """Accepts and never answers: noticed by those that wait, who are answered elsewhere."""
    t = trio()
    # Plain answers tell nothing while they are made, so only streams can be moved.
    load = Load(lambda number: t.gateway.chat(stream=True, user=str(number)), RATE,
                FAULT_AT + FAULT_FOR + AFTER)
    with load:
        load.until(FAULT_AT)
        t.ups[0].default = stalls
        load.until(FAULT_AT + FAULT_FOR)
        t.ups[0].default = fine
        t.recovers(load)
    check_survived(t, load)
    times = sorted(r.seconds for r in load.between(FAULT_AT, FAULT_AT + FAULT_FOR))
    assert times[int(len(times) * 0.99)] <= 3.0


@pytest.mark.slow
def test_ten_times_slower(trio):
    """Not dead, but ten times slower than before: it loses its traffic to the others."""
    def slow(exchange):
        time.sleep(0.5)
        return fine(exchange)
    t = trio()
    load = play(t, behave(slow), behave(fine))
    in_fault = load.between(FAULT_AT + 2.0, FAULT_AT + FAULT_FOR)
    assert success(load.results) >= 0.999
    assert share(in_fault, "p1") <= 0.12, "a fair share is a third"


@pytest.mark.slow
def test_brown_out(trio):
    """Three of ten requests fail."""
    rng = random.Random(5)
    lock = threading.Lock()

    def flaky(exchange):
        with lock:
            bad = rng.random() < 0.3
        return (up.error(500) if bad else fine)(exchange)
    t = trio()
    load = play(t, behave(flaky), behave(fine))
    in_fault = load.between(FAULT_AT + 2.0, FAULT_AT + FAULT_FOR)
    assert success(load.results) >= 0.999
    assert amplification(in_fault) <= 1.1
    assert share(in_fault, "p1") <= 0.2, "a fair share is a third"


@pytest.mark.slow
def test_flapping(trio):
    """Down and up every two seconds (twenty, unscaled)."""
    t = trio()
    load = t.load(FAULT_AT + FAULT_FOR + 2.0)
    with load:
        load.until(FAULT_AT)
        for number in range(7):
            t.ups[0].default = fine if number % 2 else up.error(500)
            load.until(FAULT_AT + 2.0 * (number + 1))
        t.ups[0].default = fine
    assert success(load.results) >= 0.999
    assert amplification(load.between(FAULT_AT, FAULT_AT + FAULT_FOR)) <= 1.1


@pytest.mark.slow
def test_429_storm(trio):
    """Rate limits are waited out; they say nothing about health."""
    t = trio()
    limited = up.error(429, "Rate limit reached", {"retry-after": "2"}, "rate_limit_exceeded",
                       "requests")
    load = play(t, behave(limited), behave(fine), after=4.0)
    in_fault = load.between(FAULT_AT, FAULT_AT + FAULT_FOR)
    assert success(load.results) >= 0.999
    assert amplification(in_fault) <= 1.1
    # Every two seconds and up to a quarter more, it may be asked again.
    assert t.calls(load, FAULT_AT + 1.0, FAULT_AT + FAULT_FOR) <= FAULT_FOR / 2 * 3
    metrics = t.gateway.metrics()
    assert metrics.total("proa_upstream_breaker_opens_total") == 0


@pytest.mark.slow
def test_spent_quota_and_refused_key(trio):
    """p1's quota is spent, p2's key is refused: one call each, and nobody notices."""
    t = trio()
    load = t.load(8.0)
    with load:
        load.until(2.0)
        t.ups[0].default = up.error(429, "You exceeded your current quota", (),
                                    "insufficient_quota", "insufficient_quota")
        t.ups[1].default = up.error(401, "Incorrect API key provided", (), "invalid_api_key",
                                    "invalid_request_error")
    assert success(load.results) == 1.0
    # A few may be on their way when the first verdict comes.
    assert t.calls(load, 2.2, 8.0, 0) <= 3
    assert t.calls(load, 2.2, 8.0, 1) <= 3


@pytest.mark.slow
def test_total_outage_is_answered_at_once(trio):
    """Everything is down: once that is known, the answer takes no time and says when to return."""
    t = trio()
    load = t.load(10.0)
    with load:
        load.until(1.0)
        for upstream in t.ups:
            upstream.default = up.error(500)
    known = load.between(4.0, 10.0)
    tried = [r for r in known if r.attempts > 0]
    told = [r for r in known if r.attempts == 0]
    assert len(told) >= 0.7 * len(known), "few are let through to see whether it is over"
    assert len(tried) >= 5, "and some are"
    assert all(r.status == 503 and r.retry_after is not None for r in told)
    slowest = sorted(r.seconds for r in told)[int(len(told) * 0.99)]
    assert slowest <= 0.05 * 3, "50 ms on a build with sanitizers, beside other work"
    calls = sum(t.calls(load, 4.0, 10.0, i) for i in range(3))
    assert calls <= 12 * 6.0, "1.2 calls a second, unscaled"


def test_a_200_concurrent_requests_make_one_probe(upstreams, gateways):
    """T-A (4): when a dead provider may be probed, one of two hundred requests does it."""
    slow_probe = threading.Event()

    def held(exchange):
        slow_probe.wait(seconds(40))
        return fine(exchange)
    first, second = upstreams(default=up.error(500), backlog=512), upstreams(default=fine,
                                                                              backlog=512)
    gateway = gateways({
        "providers": {"p1": provider(first), "p2": provider(second)},
        "policies": [{"name": "tenth", **{**TENTH, "balance": {"strategy": "priority",
                                                               "standby": 0, "explore": 0}}}],
        "limits": {"connections": 1000, "connections_per_peer": 1000},
        "routes": [{"model": "m", "policy": "tenth", "tiers": [["p1/up-model"], ["p2/up-model"]]}],
    }, env=KEYS)
    for number in range(8):
        assert gateway.chat(user="before %d" % number).status == 200
    before = len(first.requests)
    first.default = held
    # Its first open time is at most half a second.
    time.sleep(0.7)
    load = Load(lambda number: gateway.chat(user=str(number)), 2000, 0.1)
    with load:
        eventually(lambda: len(load.results) == 200, 10, "200 requests")
        eventually(lambda: len(first.requests) > before, 10, "the probe")
        eventually(lambda: len(ok(load.results)) >= 199, 20, "the others being answered")
        assert len(first.requests) == before + 1
        slow_probe.set()
    assert success(load.results) == 1.0
