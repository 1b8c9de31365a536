"""The matrix of surfaces: each of them before providers of every dialect, through the real program to
`proa mock`, which answers in the provider's shape and refuses what the provider would refuse. What the
clients of a surface say and understand stands in matrix/surfaces.py; tests/README.md shows it."""
import json

import pytest
from matrix.errors import ERRORS
from matrix.faults import FAULTS
from matrix.surfaces import SURFACES
from matrix.table import BY_NAME, ROWS
from test_mock_dialects import EMPTY, PARAMETERS, PNG
from test_providers import MODES, SCHEMA, THOUGHT
from test_provider_errors import Scene

LOOK = ("look", "Looks a word up", PARAMETERS)
NOW = ("now", "Tells the time", EMPTY)
DIALECTS = [BY_NAME[name] for name in sorted(FAULTS)]
NEEDS = {"parallel": ("parallel",), "tools": ("call", "no-args", "result"), "length": ("chat",)}


def cell(*cans):
    """A test of these capabilities: for every surface, and every provider that it can be asked of."""
    pairs = [(surface, row) for surface in SURFACES if set(cans) <= set(surface.can)
             for row in ROWS
             if all(row.supports(feature) for can in cans for feature in NEEDS.get(can, (can,)))]

    def decorate(function):
        function = pytest.mark.parametrize("surface, row", pairs,
                                           ids=["%s-%s" % (a.name, b.name) for a, b in pairs])(function)
        return pytest.mark.cell(*cans)(function)
    return decorate


@pytest.fixture
def ask(world, surface, row):
    """ask(mode, ...) -> the Answer of the row's provider."""
    def make(mode="whole", *turns, recipe="", model=None, **more):
        stream = mode == "streamed"
        path, body, headers = surface.request(row.named(recipe, model), [
            {"user": turn} if isinstance(turn, str) else turn for turn in turns or ["one two"]],
            stream, **more)
        response = world.post(row, path, body, headers)
        answer = surface.read(response, stream)
        assert answer.end == "whole" and answer.finish, response
        assert response.header("x-proa-provider") == row.vendor
        assert response.header("x-proa-attempts") == "1" and response.header("x-request-id")
        return answer
    return make


@cell("chat", "stream")
@MODES
def test_chat(ask, mode):
    answer = ask(mode, "zero", {"said": ask(mode, "zero")}, "one \"two\" \u2603", system="Be brief.")
    assert answer.text == "one \"two\" \u2603" and answer.finish == "stop" and not answer.calls


@cell("stream")
@pytest.mark.parametrize("recipe", ["drip=0ms:piece=7", "odd", "usage=no"])
def test_stream_of_other_shapes(ask, recipe):
    assert ask("streamed", recipe=recipe).text == "one two"


@cell("length")
@MODES
def test_length(ask, mode):
    assert ask(mode, "word " * 50, limit=20).finish == "length"


@cell("tools")
@MODES
def test_tools_go_round(ask, mode):
    tools = {"tools": [LOOK, NOW]}
    asked = ask(mode, "use the look tool, then the now tool", **tools)
    [call] = asked.calls
    assert asked.finish == "tools" and call.id and call.name == "look"
    assert isinstance(call.arguments["word"], str)
    history = ["use the look tool, then the now tool", {"said": asked}, {"results": [(call, "seen")]}]
    again = ask(mode, *history, **tools)
    assert again.finish == "stop" and again.text and not again.calls
    assert ask(mode, *history, {"said": again}, "and then", **tools).text == "and then"
    [call] = ask(mode, "use the now tool", tools=[NOW]).calls
    assert call.name == "now" and call.arguments == {}


@cell("parallel")
@MODES
def test_parallel_tools(ask, mode):
    asked = ask(mode, recipe="calls=2", tools=[LOOK, NOW])
    assert [call.name for call in asked.calls] == ["look", "now"]
    assert len({call.id for call in asked.calls}) == 2
    results = {"results": [(call, "it is so") for call in asked.calls], "user": "three"}
    answer = ask(mode, "one two", {"said": asked}, results, tools=[LOOK, NOW])
    assert answer.text and answer.finish == "stop"


@cell("image")
def test_image(ask):
    assert ask("whole", {"user": "look", "png": PNG}).text.startswith("look [saw 1: ")


@cell("schema")
@MODES
def test_schema(ask, row, mode):
    answer = ask(mode, model=row.schema, schema=SCHEMA)
    assert json.loads(answer.text) == {"city": "one two", "n": 1, "mood": "good"}
    assert answer.finish == "stop" and not answer.calls


@cell("reasoning")
@MODES
def test_reasoning(ask, surface, row, mode):
    """Thoughts go back with the calls that they led to, and their provider knows them again."""
    answer = ask(mode, model=row.thinks, recipe="think", effort="high")
    assert answer.text == "one two"
    # OpenAI's own models show what they think in its newer form alone
    assert answer.thought in ([THOUGHT] if row.shows else ["", THOUGHT][:1 + (surface.name == "responses")])
    asked = ask(mode, model=row.thinks, recipe="think:calls", effort="high", tools=[LOOK])
    [call] = asked.calls
    answer = ask(mode, "one two", {"said": asked}, {"results": [(call, "seen")]}, model=row.thinks,
                 effort="high", tools=[LOOK])
    assert answer.text and answer.finish == "stop"


@cell("usage")
@MODES
def test_usage(ask, mode):
    short, long = (ask(mode, text, recipe="think=no") for text in ("one", "word " * 100))
    assert short.output == 1 and long.output >= 100
    assert short.input > 0 and long.input > short.input + 90


@cell("cached")
@MODES
def test_cached_tokens(ask, mode):
    plain = ask(mode, "word " * 40, recipe="think=no")
    answer = ask(mode, "word " * 40, recipe="think=no:cached=30")
    assert (answer.cached, answer.input, answer.output) == (30, plain.input, plain.output)


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_count_tokens(world, row):
    """Anthropic's surface alone: the provider's own count, or an estimate that is told as one."""
    def count(text):
        response = world.post(row, "/v1/messages/count_tokens", {
            "model": row.named(), "messages": [{"role": "user", "content": text}]})
        assert response.status == 200, response
        theirs = response.header("x-proa-warnings") is None
        assert theirs == (row.name == "anthropic"), response
        return response.json["input_tokens"]
    few, many = count("one"), count("word " * 400)
    assert 0 < few < 60 and 250 < many - few < 700


# ---- errors -------------------------------------------------------------------------------------

# What goes wrong -> the recorded error of every provider, or what can happen to any answer.
FAILURES = {"401": "bad-key", "404": "model", "429": "rate", "500": "server", "context": "context",
            "malformed": "malformed=1"}
FAILS = [(surface, row, kind) for surface in SURFACES for row in DIALECTS for kind in FAILURES]
EVERY = pytest.mark.parametrize("surface, row, kind", FAILS,
                                ids=["%s-%s-%s" % (a.name, b.name, c) for a, b, c in FAILS])


@pytest.fixture
def fail(world, surface, row, kind):
    """fail(mode, moves) -> the response of a route whose first target fails so."""
    scene = Scene(world, row, FAILURES[kind])

    def make(mode, moves=False):
        path, body, headers = surface.request(scene.route + (":moves" if moves else ""),
                                              [{"user": "one two"}], mode == "streamed")
        return world.post(row, path, body, headers)
    yield make
    scene.reset()


def is_passed(surface, row, kind, mode):
    """Where bytes go on as they are, a broken event of a stream does: its client sees that it is one."""
    return kind == "malformed" and mode == "streamed" and surface.speaks == row.dialect


@pytest.mark.errors
@EVERY
@MODES
def test_a_failure_alone(fail, surface, row, kind, mode):
    """The client is told in its surface's envelope, with the provider's status, whether and when to ask
    again."""
    response = fail(mode)
    if is_passed(surface, row, kind, mode):
        assert response.status == 200, response
        return
    recorded = ERRORS[row.profile].get(FAILURES[kind])
    status = recorded.status if recorded else 502
    assert response.status == status and response.header("x-proa-attempts") == "1", response
    error = surface.error(response)
    if recorded and surface.speaks == row.dialect:
        assert "source" not in error, "the provider's own words go on"
    else:
        surface.check_error(error, status)
        assert error["code"] == CODES.get(kind, "all_attempts_failed")
        assert error["source"] == ("provider" if recorded else "gateway")
    assert response.header("x-should-retry") == ("true" if kind == "429" else "false")
    if kind == "429" and recorded.wait:
        assert recorded.wait <= int(response.header("retry-after")) <= recorded.wait * 1.25 + 1
        assert int(response.header("retry-after-ms")) >= recorded.wait * 999


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
@MODES
def test_a_model_that_nobody_has(world, surface, mode):
    path, body, headers = surface.request("nowhere/none", [{"user": "one"}], mode == "streamed")
    response = world.post(DIALECTS[0], path, body, headers)
    error = surface.error(response)
    surface.check_error(error, response.status)
    assert response.status == 404 and response.header("x-proa-attempts") == "0"
    assert error["code"] == "model_not_found" and error["source"] == "gateway"


CODES = {"404": "model_not_found", "429": "rate_limited", "context": "context_length_exceeded",
         "malformed": "upstream_invalid_response"}


@pytest.mark.errors
@EVERY
@MODES
def test_a_failure_beside_another(fail, surface, row, kind, mode):
    """Another one answers, and the client sees nothing of it; but where the request is at fault."""
    response = fail(mode, moves=True)
    if kind == "context":
        assert response.status == 400 and response.header("x-proa-attempts") == "1"
    elif not is_passed(surface, row, kind, mode):
        answer = surface.read(response, mode == "streamed")
        assert (answer.end, answer.text, answer.finish) == ("whole", "one two", "stop")
        assert response.header("x-proa-provider") == "backup"
        assert response.header("x-proa-attempts") == "2"
