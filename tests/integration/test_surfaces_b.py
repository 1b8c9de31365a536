"""Lessons T-B, T-E and T-I on every streaming surface, passed on and translated from every dialect:
streams that break, clients that leave and clients that read slowly."""
import random
import threading
import time

import pytest
from matrix.streams import STREAMS, sends
from matrix.surfaces import STREAMING
from matrix.table import BY_NAME
from testenv import TOLERANT, Gateway, Upstream
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.poll import SCALE, eventually, seconds

TEXTS = ["One ", "two ", "three \u2603."]
WHOLE = "".join(TEXTS)
OTHER = ["from ", "another"]
HI = [{"user": "count"}]
DIALECTS = [name for name in STREAMS if not STREAMS[name].by]
# OpenAI's provider answers in the surface's own form, where it has one; the form before chat is not
# translated.
CASES = [(surface, surface.own if surface.own and name == surface.speaks else name)
         for surface in STREAMING for name in DIALECTS
         if surface.name != "completions" or name == surface.speaks]


def is_passed(surface, dialect):
    return dialect in (surface.own, surface.speaks)


# Where the dialect makes no difference: its own, and another.
FEW = [case for case in CASES if is_passed(*case) or case[1] in ("openai", "anthropic")]
POLICY = {**TOLERANT, "balance": {"standby": 0, "explore": 0, "affinity": "off"},
          "retry": {**TOLERANT["retry"], "max_attempts": 2, "per_pool": 1}}


def cases(several):
    return pytest.mark.parametrize("surface, dialect", several,
                                   ids=["%s-%s" % (a.name, b) for a, b in several])


class Scene:
    """One gateway for all: each dialect's provider at `first`, one of OpenAI's at `second`. A route for
    each dialect tries them in this order; `resume:` goes on with what broke, `brief:` waits for little."""

    def __init__(self, folder):
        self.first, self.second = Upstream(), Upstream()
        root = self.first.url[:-len("/v1")]
        providers = {name: {"dialect": name, "base_url": root + STREAMS[name].base,
                            "keys": [{"env": "PROA_TEST_KEY"}]} for name in DIALECTS}
        providers["other"] = {"dialect": "openai", "base_url": self.second.url, "keys": []}
        brief = {name: "%dms" % (300 * SCALE) for name in ("first_byte", "first_content", "first_content_min",
                                             "first_content_max", "idle")}
        policies = {"cut": {}, "resume": {"midstream": "resume"}, "brief": {"timeouts": brief}}
        self.gateway = Gateway(folder, {
            "providers": providers,
            "policies": [{"name": name, **POLICY, **more} for name, more in policies.items()],
            "routes": [{"model": "%s:%s" % (policy, name), "policy": policy, "tiers": [
                [{"provider": name, "model": BY_NAME[name].model}],
                [{"provider": "other", "model": "up-model"}]]} for name in DIALECTS for policy in policies],
        }, env={"PROA_TEST_KEY": "test-key-1"})

    @staticmethod
    def request(surface, dialect, policy="cut", stream=True):
        return surface.request("%s:%s" % (policy, STREAMS[dialect].by or dialect), HI, stream)

    def ask(self, surface, dialect, first, other=OTHER, policy="cut"):
        """What the client understands when the provider does `first`, and how many asked another."""
        self.first.script, self.second.requests = [first], []
        kind = STREAMS["completions" if surface.name == "completions" else "openai"]
        self.second.default = sends(kind, kind.events(other))
        response = self.gateway.post(*self.request(surface, dialect, policy))
        assert self.first.script == []
        answer = surface.read(response, True)
        assert len(answer.ids) <= 1 or policy == "resume", "two answers in one"
        return answer, len(self.second.requests)

    def rests(self):
        """Nothing is left of what has been: no exchange, no bytes, no connection that is not idle."""
        def is_so():
            metrics = self.gateway.metrics()
            connections = {state: metrics.total("proa_upstream_connections", state=state)
                           for state in ("open", "idle")}
            return connections["open"] == connections["idle"] and \
                metrics.total("proa_inflight_requests") == 0 and metrics.total("proa_buffered_bytes") == 0
        eventually(is_so, what="the gateway at rest")

    def stop(self):
        self.gateway.stop()
        for upstream in (self.first, self.second):
            upstream.stop()
            assert not upstream.errors, upstream.errors


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    made = Scene(tmp_path_factory.mktemp("surfaces"))
    yield made
    made.stop()


@pytest.fixture
def scene(scenes):
    yield scenes
    scenes.rests()


def check_told(surface, answer):
    """vercel-ai-gateway's three rules for an error amid a stream; that it stands where the end would has
    been seen when it was read."""
    error = answer.error
    assert answer.end == "told" and isinstance(error["message"], str) and error["message"], error
    assert isinstance(error["type"], str) and error["type"], error
    assert error["code"] in ("upstream_stream_interrupted", "upstream_timeout_idle"), error
    if surface.name.startswith("ai-sdk"):
        assert 500 <= error["statusCode"] <= 599 and error["isRetryable"] is True, error
    elif surface.name == "anthropic":
        assert error["type"] in ("api_error", "overloaded_error", "timeout_error"), error


# ---- streams that break -------------------------------------------------------------------------

# How it breaks -> what stands behind the last whole chunk, and what becomes of the connection.
BREAKS = {"close": (b"", "close"), "reset": (b"", "reset"), "bad-chunk": (b"zz\r\n", "stall")}


@pytest.mark.parametrize("how", BREAKS)
@cases(CASES)
def test_b_cut_at_each_event(scene, surface, dialect, how):
    """Before the first content another one answers and nothing of the first is seen; behind it the
    client has what came, and is told that it is not all; behind the reason it is all."""
    stream = STREAMS[dialect]
    events, (content, reason) = stream.events(TEXTS), stream.marks(TEXTS)
    rest, then = BREAKS[how]
    for n in range(len(events) + 1):
        answer, asked = scene.ask(surface, dialect, sends(stream, events[:n], then, rest))
        if n <= content:
            assert (answer.end, answer.text, answer.finish, asked) == ("whole", "from another", "stop", 1), n
            continue
        assert asked == 0
        if n <= reason:
            check_told(surface, answer)
            assert answer.text == "".join(TEXTS[:n - content])[:len(WHOLE)], n
        elif n > reason + 1 or answer.end == "whole":
            assert (answer.end, answer.text) == ("whole", WHOLE) or dialect in ("gemini", "bedrock"), n
        if answer.end == "told":
            check_told(surface, answer)
        assert WHOLE.startswith(answer.text)


@pytest.mark.parametrize("policy", ["cut", "resume"])
@cases(CASES)
def test_b_cut_at_any_byte(scene, surface, dialect, policy):
    """Never a truncated event, and never a success that is none."""
    stream, other = STREAMS[dialect], TEXTS if policy == "resume" else OTHER
    events, (content, _) = stream.events(TEXTS), stream.marks(TEXTS)
    data, begun = b"".join(events), len(b"".join(events[:content + 1]))
    chance = random.Random("%s before %s" % (surface.name, dialect))
    for cut in sorted(chance.sample(range(1, len(data)), 16)):
        how = chance.choice(list(BREAKS))
        rest, then = BREAKS[how]
        answer, asked = scene.ask(surface, dialect, sends(stream, [data[:cut]], then, rest), other, policy)
        where = cut, how, answer.text
        if cut < begun - 4:  # an event is one when its blank line has begun
            assert (answer.end, answer.text, asked) == ("whole", "".join(other), 1), where
        elif answer.end == "whole":
            assert answer.finish == "stop" and answer.text == (WHOLE if cut > begun else "".join(other)) \
                or cut == begun, where
            assert asked == 0 or cut < begun or policy == "resume", where
        else:
            check_told(surface, answer)
            assert asked == 0 and WHOLE.startswith(answer.text), where
            assert policy == "cut" or not surface.resumes or surface.name == dialect == "anthropic", where


@cases(CASES)
def test_b_a_break_is_mended_where_the_policy_says_so(scene, surface, dialect):
    """Another one says it once more, and the client sees one answer; but Anthropic's is told when the
    block had ended: nothing can be put into it any more."""
    stream = STREAMS[dialect]
    events, (content, reason) = stream.events(TEXTS), stream.marks(TEXTS)
    for n in range(content + 1, reason + 1):
        answer, asked = scene.ask(surface, dialect, sends(stream, events[:n], "close"), TEXTS, "resume")
        if surface.resumes and not (surface.name == dialect == "anthropic" and n == reason):
            assert (answer.end, answer.text, answer.finish, asked) == ("whole", WHOLE, "stop", 1), n
        else:
            check_told(surface, answer)
            assert asked == 0


@cases([case for case in CASES if STREAMS[case[1]].calls])
def test_b_a_call_that_is_cut_is_none(scene, surface, dialect):
    """Neither is it mended, whatever the policy says: nobody knows what has been done about it."""
    events, named, reason = STREAMS[dialect].calls
    for n in range(len(events) + 1):
        answer, asked = scene.ask(surface, dialect, sends(STREAMS[dialect], events[:n], "close"),
                                  policy="resume")
        if n <= named:
            assert (answer.end, answer.text, asked) == ("whole", "from another", 1), n
        elif answer.end == "whole":
            assert [(call.name, call.arguments) for call in answer.calls] == [("look", {"at": "x"})], n
            assert n > reason and asked == 0, n
        else:
            check_told(surface, answer)
            assert n <= reason + 1 and asked == 0, n


# What goes wrong -> what the provider sends for it; None: its own words for an error.
FAULTS = {"error": None, "garbage": b"data: {\"broken\n\n", "silence": b""}
# A broken event goes on where everything does; silence takes its time.
FAILING = [(surface, dialect, fault) for surface, dialect in CASES for fault in FAULTS
           if {"error": True, "garbage": not is_passed(surface, dialect),
               "silence": (surface, dialect) in FEW}[fault]]
each_fault = pytest.mark.parametrize("surface, dialect, fault", FAILING, ids=[
    "%s-%s-%s" % (a.name, b, c) for a, b, c in FAILING])


def fails_behind(dialect, n, fault):
    """A stream of n events, and then the fault; the connection stays open."""
    stream = STREAMS[dialect]
    last = stream.error if FAULTS[fault] is None else FAULTS[fault]
    return sends(stream, [*stream.events(TEXTS)[:n], last], "stall")


@each_fault
def test_b_what_fails_after_content_is_told(scene, surface, dialect, fault):
    """The provider's own error within its stream, an event that cannot be read, silence: the answer
    ends as the protocol has it, and the provider's connection with it."""
    content, _ = STREAMS[dialect].marks(TEXTS)
    answer, asked = scene.ask(surface, dialect, fails_behind(dialect, content + 2, fault),
                              policy="brief" if fault == "silence" else "cut")
    check_told(surface, answer)
    assert answer.text == "One two " and asked == 0
    assert "Overloaded" in answer.error["message"] or fault != "error", answer.error


@each_fault
def test_b_what_fails_before_content_is_not_seen(scene, surface, dialect, fault):
    content, _ = STREAMS[dialect].marks(TEXTS)
    answer, asked = scene.ask(surface, dialect, fails_behind(dialect, content, fault),
                              policy="brief" if fault == "silence" else "cut")
    assert (answer.end, answer.text, asked) == ("whole", "from another", 1)


# ---- clients that leave or read slowly ----------------------------------------------------------

def floods(dialect, counts):
    """A provider that says much more than anybody reads; counts: bytes that it could get rid of, and when
    its connection ended."""
    stream = STREAMS[dialect]
    content, _ = stream.marks(TEXTS)
    first, piece = stream.events(TEXTS)[:content + 1], up.chunk(stream.events(["x" * 60000, "."])[content])

    def handler(exchange):
        try:
            exchange.send(stream.head + b"".join(map(up.chunk, first)))
            while counts["sent"] < 200 << 20:
                exchange.send(piece)
                counts["sent"] += len(piece)
        finally:
            counts["ended"] = time.monotonic()
    return handler


def begins(connection, scene, surface, dialect, handler, stream=True):
    """Asks, and leaves it at that."""
    scene.first.script, scene.second.requests = [handler], []
    path, body, headers = scene.request(surface, dialect, stream=stream)
    connection.send(request_bytes("POST", path, body, headers))


@pytest.mark.parametrize("leave", ["close", "abort"])
@pytest.mark.parametrize("when", ["whole", "held", "begun", "flowing"])
@cases(CASES)
def test_e_a_client_that_leaves_ends_its_provider(scene, surface, dialect, when, leave):
    """While it waits for a whole answer, or for the first content; in the midst of a stream that has
    fallen silent, or that has not."""
    stream, counts, asked = STREAMS[dialect], {"sent": 0}, threading.Event()
    content, _ = stream.marks(TEXTS)
    before = scene.gateway.metrics().total("proa_client_cancelled_total")
    said = sends(stream, stream.events(TEXTS)[:content + (when == "begun")], "open")

    def handler(exchange):
        if when == "flowing":
            return floods(dialect, counts)(exchange)
        if when != "whole":
            said(exchange)
        asked.set()
        counts["ended"] = exchange.wait_closed()
        return False
    connection = scene.gateway.connect()
    begins(connection, scene, surface, dialect, handler, stream=when != "whole")
    if when in ("begun", "flowing"):
        connection.read_until(b"One ")
    else:
        assert asked.wait(seconds(5))
    left = time.monotonic()
    getattr(connection, leave)()
    assert eventually(lambda: counts.get("ended"), what="the provider's end") - left < seconds(1)
    eventually(lambda: scene.gateway.metrics().total("proa_client_cancelled_total") == before + 1)
    assert scene.second.requests == []


@cases(FEW)
def test_i_a_client_that_reads_slowly_slows_its_provider(scene, surface, dialect):
    """What nobody reads stays outside the process, and the rest of it goes on."""
    counts, last = {"sent": 0}, [-1, 0.0]
    with scene.gateway.connect() as connection:
        begins(connection, scene, surface, dialect, floods(dialect, counts))
        connection.read_until(b"One ")

        def held_back():
            if counts["sent"] != last[0]:
                last[:] = counts["sent"], time.monotonic()
            return time.monotonic() - last[1] > 0.3
        eventually(held_back, 20, "the provider held back")
        assert counts["sent"] < 40 << 20
        assert scene.gateway.metrics().total("proa_buffered_bytes") < 8 << 20
        assert scene.gateway.get("/v1/models").status == 200
        before = counts["sent"]
        while counts["sent"] < before + (4 << 20):  # and goes on as it is read
            connection.read_exactly(1 << 20)
    eventually(lambda: "ended" in counts, what="the provider's end")
