"""The matrix of providers: each of them times what it can do, from a client of the OpenAI surface
through the real program to `proa mock`, which answers in the provider's shape and refuses what the
provider would refuse. Who supports what stands in matrix/table.py; tests/README.md shows it."""
import base64
import json
import os
import struct
import subprocess
import sys

import pytest
from matrix.table import DROPPED, FEATURES, REFUSED, ROWS, TOLD

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "n": {"type": "integer"},
                                           "mood": {"type": "string", "enum": ["good", "bad"]}},
          "required": ["city", "n", "mood"], "additionalProperties": False}
FORMAT = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": SCHEMA}}
LOOK = {"type": "function", "function": {
    "name": "look", "description": "Looks a word up",
    "parameters": {"type": "object", "properties": {"word": {"type": "string"}},
                   "required": ["word"]}}}
NOW = {"type": "function", "function": {"name": "now", "description": "Tells the time",
                                        "parameters": {"type": "object", "properties": {}}}}
THOUGHT = "The words are plain, so an echo of them will do."
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
MODES = pytest.mark.parametrize("mode", ["whole", "streamed"])


def cell(*features):
    """A test of these features, for every row that supports them all."""
    rows = [row for row in ROWS if all(row.supports(feature) for feature in features)]

    def decorate(function):
        function = pytest.mark.parametrize("row", rows, ids=repr)(function)
        return pytest.mark.cell(*features)(function)
    return decorate


class Answer:
    """What a client understands of an answer, whole or streamed, and what every answer promises."""

    def __init__(self, row, response, warned=False, attempts=1):
        assert response.status == 200, response
        assert response.header("x-proa-provider") == row.vendor
        assert response.header("x-proa-attempts") == str(attempts)
        assert warned is None or bool(response.header("x-proa-warnings")) == warned, response
        self.row, self.text, self.thought, self.calls, self.finish = row, "", "", [], None
        self.usage = None
        if response.header("content-type").startswith("text/event-stream"):
            self.read_stream(response)
        else:
            self.read_whole(response.json)
        assert self.finish in ("stop", "length", "tool_calls", "content_filter"), self.finish

    def read_whole(self, body):
        assert body["object"] == "chat.completion" and body["id"] and body["created"] and body["model"]
        [choice] = body["choices"]
        message = choice["message"]
        assert message["role"] == "assistant" and choice["index"] == 0
        self.message = message
        self.text = message["content"] or ""
        self.thought = message.get(self.row.shows) or "" if self.row.shows else ""
        self.finish = choice["finish_reason"]
        self.usage = body["usage"]
        self.calls = message.get("tool_calls") or []
        assert self.calls or message["content"] is not None

    def read_stream(self, response):
        assert response.complete and response.events[-1] == "[DONE]"
        assert response.events.count("[DONE]") == 1
        chunks = [json.loads(event) for event in response.events[:-1]]
        finishes = []
        for chunk in chunks:
            self.usage = chunk.get("usage") or self.usage
            for choice in chunk["choices"]:
                self.read_delta(choice.get("delta") or {})
                finishes += [choice["finish_reason"]] if choice.get("finish_reason") else []
        assert len(finishes) == 1, finishes
        self.finish = finishes[0]
        self.message = {"role": "assistant", "content": self.text or None}
        if self.calls:
            self.message["tool_calls"] = self.calls
        if self.thought:
            self.message[self.row.shows] = self.thought
        if self.row.translated:
            self.check_chunks(chunks)

    def read_delta(self, delta):
        self.text += delta.get("content") or ""
        self.thought += (delta.get(self.row.shows) or "") if self.row.shows else ""
        for part in delta.get("tool_calls") or []:
            if part.get("id"):
                assert part["index"] == len(self.calls) and part["type"] == "function"
                self.calls.append({"id": part["id"], "type": "function", "function": {
                    "name": part["function"]["name"], "arguments": ""}})
            assert part["index"] < len(self.calls)
            self.calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]

    @staticmethod
    def check_chunks(chunks):
        """What a stream promises that is written here."""
        assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
        assert len({(chunk["id"], chunk["model"], chunk["created"]) for chunk in chunks}) == 1
        assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
        assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]
        last = chunks[-2]["choices"][0]
        assert set(last["delta"]) <= {"provider_metadata"} and last["finish_reason"]


@pytest.fixture
def ask(world, row):
    """ask(mode, ...) -> Answer of the row's provider."""
    def make(mode="whole", warned=False, **request):
        more = STREAM if mode == "streamed" else {}
        return Answer(row, world.chat(row, **request, **more), warned)
    return make


# ---- answers ------------------------------------------------------------------------------------

@cell("chat")
def test_chat(ask):
    answer = ask(messages=[{"role": "system", "content": "Be brief."},
                           {"role": "user", "content": "zero"},
                           {"role": "assistant", "content": "zero"},
                           {"role": "user", "content": "one \"two\" \u2603"}], max_tokens=64)
    assert answer.text == "one \"two\" \u2603" and answer.finish == "stop" and not answer.calls


@cell("stream")
def test_stream(ask):
    answer = ask("streamed", text="one \"two\" \u2603 three", max_tokens=64)
    assert answer.text == "one \"two\" \u2603 three" and answer.finish == "stop"


@cell("stream")
@pytest.mark.parametrize("recipe", ["drip=0ms:piece=7", "odd", "split=33", "usage=no"])
def test_stream_of_other_shapes(world, row, recipe):
    """In small pieces, with what is rare but seen, and without a word of usage."""
    response = world.chat(row, recipe=recipe, stream=True)
    assert response.status == 200 and response.events[-1] == "[DONE]"
    assert response.text == "one two"


@cell("stream")
@pytest.mark.parametrize("recipe", ["no-terminator", "cut-stream"])
def test_stream_that_breaks_off(world, row, recipe):
    """Behind its first content a stream without its end is told as broken; only where the reason why
    it ended comes ahead of the mark is that not missed."""
    response = world.chat(row, recipe=recipe + ":words=20", stream=True)
    assert response.status == 200 and response.text.startswith("the outrigger")
    whole = recipe == "no-terminator" and row.dialect in ("openai", "anthropic")
    assert (response.events[-1] == "[DONE]") == whole
    if not whole:
        assert json.loads(response.events[-1])["error"]["code"] == "upstream_stream_interrupted"


@cell("chat")
@MODES
def test_limit(ask, mode):
    """max_tokens is told in the provider's word, and that it was reached in OpenAI's."""
    answer = ask(mode, text="word " * 40, max_tokens=20, model=None)
    assert answer.finish == "length" and 0 < len(answer.text) < 200


# ---- tools --------------------------------------------------------------------------------------

@cell("call")
@MODES
def test_tool_is_called(ask, mode):
    answer = ask(mode, recipe="calls", tools=[LOOK], tool_choice="auto")
    [call] = answer.calls
    assert call["type"] == "function" and call["id"] and call["function"]["name"] == "look"
    assert json.loads(call["function"]["arguments"]) == {"word": "one two"}
    assert answer.finish == "tool_calls" and not answer.text


@cell("parallel")
@MODES
def test_tools_are_called_at_once(ask, mode):
    other = {"type": "function", "function": {**LOOK["function"], "name": "look_again"}}
    answer = ask(mode, recipe="calls=3", tools=[LOOK, other, NOW])
    assert [call["function"]["name"] for call in answer.calls] == ["look", "look_again", "now"]
    assert len({call["id"] for call in answer.calls}) == 3
    assert [json.loads(call["function"]["arguments"]) for call in answer.calls[:2]] == [
        {"word": "one two"}] * 2
    assert answer.finish == "tool_calls"


@cell("no-args")
@MODES
def test_tool_without_arguments(ask, mode):
    answer = ask(mode, recipe="calls", tools=[NOW])
    [call] = answer.calls
    assert call["function"] == {"name": "now", "arguments": "{}"}


@cell("result")
@MODES
def test_results_come_back(ask, mode):
    """The provider's own checks of ids, order and completeness are the mock's."""
    tools = {"tools": [LOOK, NOW]}
    first = ask(mode, recipe="calls=2", **tools)
    history = [{"role": "user", "content": "one two"}, first.message]
    history += [{"role": "tool", "tool_call_id": call["id"], "content": "it is %d" % i}
                for i, call in enumerate(first.calls)]
    second = ask(mode, messages=history, **tools)
    assert second.text and second.finish == "stop" and not second.calls
    history += [second.message, {"role": "user", "content": "and then"}]
    assert ask(mode, messages=history, **tools).text == "and then"


# ---- input and output of other kinds ------------------------------------------------------------

def image(url):
    return [{"role": "user", "content": [{"type": "text", "text": "look"},
                                         {"type": "image_url", "image_url": {"url": url}}]}]


@cell("image")
@MODES
def test_image(ask, mode):
    answer = ask(mode, messages=image("data:image/png;base64," + PNG))
    assert answer.text == "look [saw 1: image/png]"


@cell("image-url")
def test_image_by_url(ask):
    assert ask(messages=image("https://pictures.example/a.png")).text.startswith("look [saw 1: ")


@cell("schema")
@MODES
def test_schema(ask, row, mode):
    answer = ask(mode, model=row.schema, response_format=FORMAT)
    assert json.loads(answer.text) == {"city": "one two", "n": 1, "mood": "good"}
    assert answer.finish == "stop" and not answer.calls


@cell("reasoning")
@MODES
def test_reasoning(ask, row, mode):
    answer = ask(mode, model=row.thinks, recipe="think", reasoning_effort="high")
    assert answer.text == "one two"
    assert answer.thought == (THOUGHT if row.shows else "")


# ---- usage --------------------------------------------------------------------------------------

@cell("usage")
@MODES
def test_usage(ask, mode):
    short, long = (ask(mode, text=text, recipe="think=no").usage for text in ("one", "word " * 100))
    for usage in (short, long):
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["prompt_tokens"] > 0
    assert short["completion_tokens"] == 1 and long["completion_tokens"] >= 100
    assert long["prompt_tokens"] > short["prompt_tokens"] + 90


@cell("cached")
@MODES
@pytest.mark.parametrize("odd", ["", ":odd"], ids=["as usual", "odd"])
def test_cached_tokens(ask, mode, odd):
    """They are among those of the prompt, whichever way the provider counts them."""
    plain = ask(mode, text="word " * 40, recipe="think=no").usage
    usage = ask(mode, text="word " * 40, recipe="think=no:cached=30" + odd).usage
    assert usage["prompt_tokens_details"]["cached_tokens"] == 30
    assert usage["prompt_tokens"] == plain["prompt_tokens"]
    assert usage["completion_tokens"] == plain["completion_tokens"]
    assert usage["total_tokens"] == plain["total_tokens"]


@cell("thought")
@MODES
def test_reasoning_tokens(ask, row, mode):
    """They are among those of the answer, whichever way the provider counts them."""
    plain = ask(mode, model=row.thinks, recipe="think=no").usage
    usage = ask(mode, model=row.thinks, recipe="think=yes").usage
    thought = usage["completion_tokens_details"]["reasoning_tokens"]
    assert thought > 0
    assert usage["completion_tokens"] == plain["completion_tokens"] + thought
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


# ---- vectors and ranks --------------------------------------------------------------------------

@cell("embeddings")
def test_embeddings(world, row):
    def embed(inputs, form="float"):
        response = world.post(row, "/v1/embeddings", {
            "model": row.named(model=row.embeds), "input": inputs, "encoding_format": form})
        assert response.status == 200, response
        assert response.json["object"] == "list" and response.json["usage"]["prompt_tokens"] >= 0
        assert [one["index"] for one in response.json["data"]] == list(range(len(inputs)))
        assert {one["object"] for one in response.json["data"]} == {"embedding"}
        return [one["embedding"] for one in response.json["data"]]
    vectors = embed(["one", "two", "three"])
    assert len({tuple(vector) for vector in vectors}) == 3 and len(vectors[0]) > 1
    assert embed(["three", "two", "one"]) == vectors[::-1]
    for packed, vector in zip(embed(["one", "two"], "base64"), vectors):
        data = base64.b64decode(packed)
        assert struct.unpack("<%df" % len(vector), data) == pytest.approx(vector, abs=1e-6)


@cell("rerank")
def test_rerank(world, row):
    response = world.post(row, "/v1/rerank", {
        "model": row.named(model=row.reranks), "query": "small boats", "top_n": 2,
        "documents": ["a mountain", "small boats", "a boat"]})
    assert response.status == 200, response
    results = response.json["results"]
    assert len(results) == 2 and results[0]["index"] == 1
    assert results[0]["relevance_score"] >= results[1]["relevance_score"]


# ---- what is not there --------------------------------------------------------------------------

GAPS = [(row, feature) for row in ROWS for feature, fate in row.gaps.items() if fate]
ASKS = {
    "image-url": lambda row: {"messages": image("https://pictures.example/a.png")},
    "schema": lambda row: {"response_format": FORMAT},
    "reasoning": lambda row: {"reasoning_effort": "high"},
}
PATHS = {"embeddings": ("/v1/embeddings", {"input": "one"}),
         "rerank": ("/v1/rerank", {"query": "one", "documents": ["one", "two"]})}


def request_of(row, feature):
    if feature in PATHS:
        path, body = PATHS[feature]
        return path, {"model": row.named(), **body}
    return "/v1/chat/completions", {"model": row.named(), **{
        "messages": [{"role": "user", "content": "one two, as JSON"}], **ASKS[feature](row)}}


def ids(pairs):
    return ["%s-%s" % (row, feature) for row, feature in pairs]


REFUSALS = [pair for pair in GAPS if pair[0].gaps[pair[1]][0] == REFUSED]
TOLDS = [pair for pair in GAPS if pair[0].gaps[pair[1]][0] == TOLD]
DROPS = [pair for pair in GAPS if pair[0].gaps[pair[1]][0] == DROPPED]


@pytest.mark.gap(REFUSED)
@pytest.mark.parametrize("row, feature", REFUSALS, ids=ids(REFUSALS))
def test_refused(world, row, feature):
    """Before anything is sent, in words that name what is asked for."""
    path, body = request_of(row, feature)
    response = world.post(row, path, body)
    assert response.status == 400, response
    assert response.error["source"] == "gateway" and response.error["code"] == "invalid_request"
    assert row.gaps[feature][1] in response.error["message"]
    assert [attempt["status"] for attempt in world.record(row, response).get("attempts", [])
            if attempt.get("status")] == []


@pytest.mark.gap(TOLD)
@pytest.mark.parametrize("row, feature", TOLDS, ids=ids(TOLDS))
def test_told(world, row, feature):
    """Nothing is known of it before the provider refuses, and that reaches the client."""
    response = world.post(row, *request_of(row, feature))
    assert response.status == 400 and response.header("x-proa-attempts") == "1", response
    assert row.gaps[feature][1] in response.error["message"]


@pytest.mark.gap(DROPPED)
@pytest.mark.parametrize("row, feature", DROPS, ids=ids(DROPS))
def test_dropped(world, row, feature):
    """Left out, and the client is told."""
    response = world.post(row, *request_of(row, feature))
    assert response.status == 200, response
    told = response.header("x-proa-warnings")
    assert row.gaps[feature][1] in told
    assert world.record(row, response)["warnings"] == told


def test_every_feature_is_known():
    assert {feature for row in ROWS for feature in row.gaps} <= set(FEATURES)


@pytest.mark.smoke
def test_no_cell_is_empty_and_the_readme_tells():
    """What the README shows is collected from the tests: a row, a feature or an error that is added
    without a test, or without `matrix/readme.py`, is found here."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "matrix", "readme.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
