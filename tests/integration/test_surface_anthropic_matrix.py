"""The Anthropic surface before every provider: a client that knows Messages alone, through the real
program, to `proa mock`, which answers in the provider's shape and refuses what it would refuse."""
import json

import pytest
from matrix.table import ROWS
from test_surface_anthropic import gathered, text_of

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "n": {"type": "integer"},
                                           "mood": {"type": "string", "enum": ["good", "bad"]}},
          "required": ["city", "n", "mood"], "additionalProperties": False}
LOOK = {"name": "look", "description": "Looks a word up", "cache_control": {"type": "ephemeral"},
        "input_schema": {"type": "object", "properties": {"word": {"type": "string"}},
                         "required": ["word"]}}
NOW = {"name": "now", "description": "Tells the time",
       "input_schema": {"type": "object", "properties": {}}}
THOUGHT = "The words are plain, so an echo of them will do."
MODES = pytest.mark.parametrize("mode", ["whole", "streamed"])


def rows_with(*features):
    rows = [row for row in ROWS if all(row.supports(feature) for feature in features)]
    return pytest.mark.parametrize("row", rows, ids=repr)


@pytest.fixture
def ask(world, row):
    """ask(mode, ...) -> the message that the row's provider makes."""
    def make(mode="whole", text="one two", recipe="", model=None, messages=None, **more):
        response = world.post(row, "/v1/messages", {
            "model": row.named(recipe, model), "max_tokens": 4000, "stream": mode == "streamed",
            "messages": messages or [{"role": "user", "content": text}], **more})
        assert response.status == 200, response
        assert response.header("x-proa-provider") == row.vendor
        assert response.header("request-id")
        made = gathered(response) if mode == "streamed" else response.json
        assert made["type"] == "message" and made["role"] == "assistant" and made["model"]
        assert made["id"] and made["stop_sequence"] is None
        return made
    return make


def uses(made):
    return [block for block in made["content"] if block["type"] == "tool_use"]


@rows_with("chat", "stream")
@MODES
def test_chat(ask, mode):
    made = ask(mode, system="Be brief.", messages=[
        {"role": "user", "content": "zero"}, {"role": "assistant", "content": "zero"},
        {"role": "user", "content": [{"type": "text", "text": "one \"two\" \u2603",
                                      "cache_control": {"type": "ephemeral"}}]}])
    assert text_of(made) == "one \"two\" \u2603" and made["stop_reason"] == "end_turn"


@rows_with("stream")
@pytest.mark.parametrize("recipe", ["drip=0ms:piece=7", "odd", "usage=no"])
def test_stream_of_other_shapes(ask, recipe):
    assert text_of(ask("streamed", recipe=recipe)) == "one two"


@rows_with("chat")
@MODES
def test_length(ask, mode):
    assert ask(mode, text="word " * 50, max_tokens=5)["stop_reason"] == "max_tokens"


@rows_with("call", "no-args", "result")
@MODES
def test_tools_go_round(ask, mode):
    question = {"role": "user", "content": "use the look tool, then the now tool"}
    made = ask(mode, tools=[LOOK], tool_choice={"type": "auto"}, messages=[question])
    [use] = uses(made)
    assert made["stop_reason"] == "tool_use" and use["id"] and use["name"] == "look"
    assert isinstance(use["input"]["word"], str)
    result = {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": use["id"], "content": [
            {"type": "text", "text": "seen"}]}, {"type": "text", "text": "one two"}]}
    again = ask(mode, tools=[LOOK], messages=[
        question, {"role": "assistant", "content": made["content"]}, result])
    assert again["stop_reason"] == "end_turn" and not uses(again)
    [use] = uses(ask(mode, tools=[NOW], text="use the now tool"))
    assert use["name"] == "now" and use["input"] == {}


@rows_with("parallel")
@MODES
def test_parallel_tools(ask, mode):
    made = ask(mode, recipe="calls=2", tools=[LOOK, NOW])
    assert [use["name"] for use in uses(made)] == ["look", "now"]
    assert len({use["id"] for use in uses(made)}) == 2


@rows_with("image")
def test_image(ask):
    made = ask(messages=[{"role": "user", "content": [
        {"type": "text", "text": "look"}, {"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": PNG}}]}])
    assert text_of(made).startswith("look [saw 1: ")


@rows_with("schema")
@MODES
def test_schema(ask, row, mode):
    made = ask(mode, model=row.schema,
               output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    assert json.loads(text_of(made)) == {"city": "one two", "n": 1, "mood": "good"}
    assert made["stop_reason"] == "end_turn" and not uses(made)


@rows_with("reasoning")
@MODES
def test_thinking(ask, row, mode):
    if row.dialect == "anthropic":
        thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    else:
        thinking = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
    made = ask(mode, model=row.thinks, recipe="think", **thinking)
    thoughts = "".join(block["thinking"] for block in made["content"]
                       if block["type"] == "thinking")
    assert text_of(made) == "one two" and thoughts == (THOUGHT if row.shows else "")


@rows_with("usage")
@MODES
def test_usage(ask, mode):
    short, long = (ask(mode, text=text, recipe="think=no")["usage"]
                   for text in ("one", "word " * 100))
    assert short["output_tokens"] == 1 and long["output_tokens"] >= 100
    assert short["input_tokens"] > 0 and long["input_tokens"] > short["input_tokens"] + 90


@rows_with("cached")
@MODES
def test_cached_tokens_stand_beside(ask, mode):
    plain = ask(mode, text="word " * 40, recipe="think=no")["usage"]
    usage = ask(mode, text="word " * 40, recipe="think=no:cached=30")["usage"]
    assert usage["cache_read_input_tokens"] == 30
    assert usage["input_tokens"] == plain["input_tokens"] - 30


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_count_tokens(world, row):
    def count(text):
        response = world.post(row, "/v1/messages/count_tokens", {
            "model": row.named(), "messages": [{"role": "user", "content": text}]})
        assert response.status == 200, response
        theirs = response.header("x-proa-warnings") is None
        assert theirs == (row.name == "anthropic"), response
        return response.json["input_tokens"]
    few, many = count("one"), count("word " * 400)
    assert 0 < few < 60 and 250 < many - few < 700
