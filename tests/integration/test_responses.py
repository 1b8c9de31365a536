"""The Responses API: bytes that go on to who serves it, requests that are translated for who does not,
streams that fail and break, conversations that go on by previous_response_id, and limits."""
import json

import pytest
from matrix.table import BY_NAME
from testenv import TOLERANT
from testenv import upstream as up
from testenv.poll import eventually

PATH = "/v1/responses"
HEAD = up.STREAM_HEAD
USAGE = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 4,
         "output_tokens_details": {"reasoning_tokens": 1}, "total_tokens": 13}
ONCE = {**TOLERANT, "retry": {**TOLERANT["retry"], "max_attempts": 1}}
LOOK = {"type": "function", "name": "look", "description": "looks", "parameters": {
    "type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}
MODES = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
          "additionalProperties": False}


def message(text):
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": text}]}


def made(*items, ident="resp_1", status="completed", **more):
    """A Response."""
    return {"id": ident, "object": "response", "created_at": 1700000000, "status": status,
            "error": None, "incomplete_details": None, "model": "up-model",
            "output": [message(item) if isinstance(item, str) else item for item in items],
            "usage": USAGE, **more}


def whole(*items, **more):
    return up.answer(200, made(*items, **more))


def event(kind, **more):
    return "event: %s\ndata: %s\n\n" % (kind, json.dumps({"type": kind, **more}))


BEGIN = [event("response.created", sequence_number=0, response=made(status="in_progress")),
         event("response.in_progress", sequence_number=1, response=made(status="in_progress"))]
ITEM = event("response.output_item.added", sequence_number=2, output_index=0,
             item={"id": "msg_1", "type": "message", "role": "assistant", "content": []})


def words(*texts):
    return [event("response.output_text.delta", sequence_number=3 + i, item_id="msg_1",
                  output_index=0, content_index=0, delta=text) for i, text in enumerate(texts)]


def streamed(*texts, ident="resp_1", last=None):
    text = "".join(texts)
    end = last or event("response.completed", sequence_number=4 + len(texts),
                        response=made(text, ident=ident))
    return [*BEGIN, ITEM, *words(*texts),
            event("response.output_item.done", sequence_number=3 + len(texts), output_index=0,
                  item=message(text)), end]


def sends(events, then="keep"):
    chunks = [up.chunk(each.encode()) for each in events]
    if then == "keep":
        chunks.append(b"0\r\n\r\n")
    return up.raw(HEAD, *chunks, then=then)


def asked(text="hi", **more):
    return {"model": "m", "input": text, **more}


def data_of(response):
    """The data of a stream; each event's name is its type, and each has the next number."""
    assert response.header("content-type").startswith("text/event-stream"), response
    found = []
    for block in [block for block in response.body.decode().split("\n\n") if block]:
        name, data = [line for line in block.split("\n") if not line.startswith(":")]
        found.append(json.loads(data[6:]))
        assert name == "event: " + found[-1]["type"]
    assert [each["sequence_number"] for each in found] == list(range(len(found)))
    return found


def gathered(response):
    """The Response that a client makes of a stream, which must be in order and agree with itself."""
    events = data_of(response)
    assert response.status == 200 and response.complete
    assert [each["type"] for each in events[:2]] == ["response.created", "response.in_progress"]
    items, texts, arguments, summaries = {}, {}, {}, {}
    for each in events[2:-1]:
        kind, at = each["type"], each.get("output_index")
        if kind == "response.output_item.added":
            assert at == len(items) and each["item"].get("status", "in_progress") == "in_progress"
            items[at] = None
        elif kind == "response.output_item.done":
            assert items[at] is None
            items[at] = each["item"]
        elif kind == "response.output_text.delta":
            texts[at] = texts.get(at, "") + each["delta"]
        elif kind == "response.function_call_arguments.delta":
            arguments[at] = arguments.get(at, "") + each["delta"]
        elif kind == "response.reasoning_summary_text.delta":
            summaries[at] = summaries.get(at, "") + each["delta"]
        else:
            assert kind.endswith((".added", ".done")), each
    final = events[-1]["response"]
    assert events[-1]["type"] == "response." + final["status"]
    assert final["output"] == [items[at] for at in sorted(items)]
    assert final["id"] == events[0]["response"]["id"]
    for at, item in items.items():
        if item["type"] == "message":
            assert text_of({"output": [item]}) == texts.get(at, "")
        elif item["type"] == "function_call":
            assert item["arguments"] == arguments.get(at, "")
        elif item["type"] == "reasoning":
            assert "".join(part["text"] for part in item["summary"]) == summaries.get(at, "")
    return final


def text_of(response):
    return "".join(part["text"] for item in response["output"] if item["type"] == "message"
                   for part in item["content"])


def calls_of(response):
    return [item for item in response["output"] if item["type"] == "function_call"]


def answered(response):
    """The Response of an answer, streamed or whole."""
    if response.header("content-type").startswith("text/event-stream"):
        return gathered(response)
    assert response.status == 200, response
    assert response.json["object"] == "response" and response.json["error"] is None
    return response.json


@pytest.fixture
def between(gateways, upstreams):
    """between("native", "chat", "claude", ...) -> gateway, upstreams: one tier each, in this order.
    native serves the Responses API; chat is OpenAI-shaped, too, and does not."""
    def make(*kinds, policy=None, config=None, provider=None):
        ups = [upstreams(default={"native": whole("hello from native")}.get(kind)) for kind in kinds]
        providers = {"p%d" % (i + 1): {
            "dialect": "anthropic" if kind == "claude" else "openai", "base_url": upstream.url,
            "keys": [{"env": "PROA_TEST_KEY"}],
            **({"responses": "native"} if kind == "native" else {}), **(provider or {})}
            for i, (kind, upstream) in enumerate(zip(kinds, ups))}
        routes = [{"model": "m", "policy": "test", "tiers": [
            [{"provider": name, "model": "up-model"}] for name in providers]}]
        routes += [{"model": "m%d" % (i + 1), "policy": "test", "tiers": [
            [{"provider": name, "model": "up-model"}]]} for i, name in enumerate(providers)]
        gateway = gateways({
            "providers": providers, "routes": routes,
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or TOLERANT)}],
            **(config or {})}, env={"PROA_TEST_KEY": "test-key-1"})
        return (gateway, *ups)
    return make


# ---- passed on -----------------------------------------------------------------------------------

@pytest.mark.smoke
def test_whole_answer(between):
    gateway, native = between("native")
    response = gateway.post(PATH, asked(), {"authorization": "Bearer of-the-client",
                                            "openai-beta": "responses=v1"})
    assert response.status == 200 and response.json == made("hello from native")
    request = native.requests[0]
    assert request.target == PATH and request.json == asked(model="up-model")
    assert request.header("authorization") == "Bearer test-key-1"
    assert request.header("openai-beta") == "responses=v1"
    record = gateway.access()[0]
    assert record["gen_ai.usage.input_tokens"] == 9 and record["gen_ai.usage.output_tokens"] == 4


def test_nothing_but_the_model_is_changed(between):
    gateway, native = between("native")
    body = (b'{ "max_output_tokens":5 ,"new":[1.50, {"a":"\\u00e4"}],"model":"m","providerOptions":'
            b'{"gateway":{"order":["p1"]}},\n"input":[{"type":"brand_new"}],"metadata":{"a":"b"}}')
    assert gateway.post(PATH, body).status == 200
    assert native.requests[0].body == (
        b'{ "max_output_tokens":5 ,"new":[1.50, {"a":"\\u00e4"}],"model":"up-model",\n'
        b'"input":[{"type":"brand_new"}],"metadata":{"a":"b"}}')


@pytest.mark.smoke
@pytest.mark.parametrize("size", [1, 7, 100, 100000])
def test_stream_byte_for_byte(between, size):
    gateway, native = between("native")
    body = "".join([*streamed("Hel", "lo \u2603")[:-1], ": a remark\n\n", event("response.new", a=1),
                    streamed("Hel", "lo \u2603")[-1]]).encode()
    native.script = [up.raw(HEAD, *[up.chunk(body[i:i + size]) for i in range(0, len(body), size)],
                            b"0\r\n\r\n", then="keep")]
    response = gateway.post(PATH, asked(stream=True))
    assert response.status == 200 and response.body == body and response.complete
    record = gateway.access()[0]
    assert record["gen_ai.usage.output_tokens"] == 4


@MODES
def test_what_the_gateway_tells(between, stream):
    """To who asks for it; it is none of what is kept."""
    gateway, native, _ = between("native", "chat")
    native.script = [sends(streamed("first"))] if stream else [whole("first")]
    response = gateway.post(PATH, asked("one", stream=stream), {"x-proa-metadata": "1"})
    final = json.loads(response.events[-1])["response"] if stream else response.json
    told = final.pop("providerMetadata")["gateway"]
    assert told["routing"]["finalProvider"] == "p1" and final == made("first")
    gateway.post(PATH, asked("two", model="m2", previous_response_id="resp_1"))
    assert gateway.metrics().total("proa_responses_lookups_total", result="found") == 1


def test_a_stream_ends_with_its_last_event(between):
    """Its connection may stay open, and what follows is not the client's."""
    gateway, native = between("native")
    native.script = [sends([*streamed("Hello"), "data: [DONE]\n\n"], then="stall")]
    final = gathered(gateway.post(PATH, asked(stream=True)))
    assert text_of(final) == "Hello"


@pytest.mark.parametrize("name, native", [("openai", True), ("azure", True), ("xai", True),
                                          ("openrouter", True), ("groq", False), ("mistral", False),
                                          ("vllm", False), ("own", False)])
def test_who_serves_it(gateways, upstreams, name, native):
    upstream = upstreams()
    provider = {"base_url": upstream.url, "keys": [{"env": "PROA_TEST_KEY"}]}
    gateway = gateways({
        "providers": {name: {**provider, "dialect": "openai"} if name == "own" else provider},
        "routes": [{"model": "m", "tiers": [[{"provider": name, "model": "x"}]]}]},
        env={"PROA_TEST_KEY": "test-key-1"})
    if native:
        upstream.script = [whole("hello")]
    response = gateway.post(PATH, asked())
    assert response.status == 200 and text_of(response.json).startswith("hello")
    path = {True: PATH, False: "/v1/chat/completions"}[native]
    assert upstream.requests[0].target == path


def test_as_configured(gateways, upstreams):
    """Whatever is known of a vendor."""
    upstream = upstreams()
    gateway = gateways({
        "providers": {"openai": {"base_url": upstream.url, "keys": [], "responses": "translate"}},
        "routes": [{"model": "m", "tiers": [["openai/x"]]}]})
    assert text_of(gateway.post(PATH, asked()).json) == "hello from upstream"
    assert upstream.requests[0].target == "/v1/chat/completions"


# ---- before the first content --------------------------------------------------------------------

LIMITED = {"code": "rate_limit_exceeded", "message": "Rate limit reached"}
EARLY = {
    "refused": up.error(503),
    "limited": up.error(429, code="rate_limit_exceeded"),
    "reset": up.raw(then="reset"),
    "cut after its first events": sends(BEGIN, then="close"),
    "cut in an event": up.raw(HEAD, up.chunk("".join([*BEGIN, ITEM])[:-30].encode())),
    "an error event": sends([*BEGIN, ITEM, event("error", sequence_number=3, **LIMITED)]),
    "an error in an object": sends([*BEGIN, event("error", sequence_number=2, error=LIMITED)]),
    "failed": sends([*BEGIN, event("response.failed", sequence_number=2,
                                   response=made(status="failed", error=LIMITED))]),
    "nothing said": sends([*BEGIN, event("response.completed", sequence_number=2,
                                         response=made())]),
    "no events at all": sends([]),
    "a chat's error": sends(['data: {"error":{"message":"oh","type":"server_error"}}\n\n']),
}


@pytest.mark.parametrize("second", ["native", "chat", "claude"])
@pytest.mark.parametrize("fault", EARLY)
def test_a_stream_that_fails_early(between, fault, second):
    gateway, first, other = between("native", second)
    first.script = [EARLY[fault]]
    other.script = [{"native": sends(streamed("Hel", "lo")), "chat": up.stream(),
                     "claude": claude_stream("Hello")}[second]]
    response = gateway.post(PATH, asked(stream=True))
    assert text_of(gathered(response)).startswith("Hello")
    assert response.header("x-proa-attempts") == "2"
    assert response.header("x-proa-provider") == "p2"


WHOLE = {
    "failed": whole(status="failed", error={"code": "server_error", "message": "it broke"}),
    "nothing said": whole(),
    "no answer": up.answer(200, {"id": "resp_1"}),
    "half an answer": up.answer(200, json.dumps(made("hello"))[:-10]),
    "an error": up.answer(200, {"error": LIMITED}),
    "refused": up.error(500),
}


@pytest.mark.parametrize("fault", WHOLE)
def test_a_whole_answer_that_fails(between, fault):
    gateway, first, second = between("native", "native")
    first.script = [WHOLE[fault]]
    second.script = [whole("second")]
    response = gateway.post(PATH, asked())
    assert text_of(answered(response)) == "second" and response.header("x-proa-attempts") == "2"


@pytest.mark.parametrize("status, details", [("incomplete", {"reason": "max_output_tokens"}),
                                             ("queued", None)])
def test_answers_that_are_not_completed(between, status, details):
    """Cut short, or to be asked for later: that is for the client to know."""
    gateway, native = between("native")
    native.script = [whole(status=status, incomplete_details=details)]
    response = gateway.post(PATH, asked(background=status == "queued"))
    assert response.status == 200 and response.json["status"] == status


def test_an_error_of_the_provider(between):
    gateway, native = between("native")
    native.script = [up.error(400, "no such tool", code="invalid_value",
                              kind="invalid_request_error")]
    response = gateway.post(PATH, asked())
    assert response.status == 400 and response.error["message"] == "no such tool"
    assert response.error["code"] == "invalid_value"


# ---- after the first content ---------------------------------------------------------------------

def broken(response):
    """What came of a stream that broke off: it is told in the API's own words, and not as an end."""
    assert response.status == 200
    events = data_of(response)
    kinds = [each["type"] for each in events]
    assert "response.completed" not in kinds and "response.incomplete" not in kinds
    failed = [each["response"]["error"] for each in events if each["type"] == "response.failed"]
    failed += [each.get("error") or each for each in events if each["type"] == "error"]
    assert failed and all(each["message"] and each["code"] for each in failed)
    return events


STEPS = streamed("Hel", "lo", " there")


@pytest.mark.parametrize("cut", range(4, len(STEPS)))
@pytest.mark.parametrize("then", ["close", "reset", "event"])
def test_cut_at_every_event(between, cut, then):
    gateway, native, spare = between("native", "native")
    more = STEPS[cut][:40]
    native.script = [sends([*STEPS[:cut], event("error", sequence_number=cut, **LIMITED)])
                     if then == "event" else sends([*STEPS[:cut], more], then=then)]
    response = gateway.post(PATH, asked(stream=True))
    assert response.body.startswith("".join(STEPS[:cut]).encode())
    assert broken(response)[-1]["response"]["id"] == "resp_1", "as it began"
    assert not spare.requests
    assert gateway.access()[0]["error.type"] == "upstream_stream_interrupted"


@pytest.mark.parametrize("kind", ["chat", "claude"])
def test_a_translated_stream_that_breaks_off(between, kind):
    gateway, upstream = between(kind)
    events = up.stream_events()[:3] if kind == "chat" else claude_events("Hello")[:4]
    upstream.script = [up.raw(HEAD, *[up.chunk(each if isinstance(each, bytes) else each.encode())
                                      for each in events])]
    events = broken(gateway.post(PATH, asked(stream=True)))
    assert events[-1]["response"]["id"] == events[0]["response"]["id"]


# ---- translated ----------------------------------------------------------------------------------

def claude_events(text):
    def one(kind, **more):
        return "event: %s\ndata: %s\n\n" % (kind, json.dumps({"type": kind, **more}))
    return [one("message_start", message={"id": "msg_1", "type": "message", "role": "assistant",
                                          "model": "claude-up", "content": [], "stop_reason": None,
                                          "usage": {"input_tokens": 7, "output_tokens": 1}}),
            one("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            one("content_block_delta", index=0, delta={"type": "text_delta", "text": text}),
            one("content_block_delta", index=0, delta={"type": "text_delta", "text": " there"}),
            one("content_block_stop", index=0),
            one("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
            one("message_stop")]


def claude_stream(text):
    return sends(claude_events(text))


DIALECTS = ["openai", "groq", "mistral", "deepseek", "anthropic", "gemini", "vertex", "bedrock-claude",
            "bedrock-nova", "cohere", "xai", "azure", "ollama", "openrouter"]
DIALECTS = [name for name in DIALECTS if name in BY_NAME]
EVERYWHERE = pytest.mark.parametrize("row", [BY_NAME[name] for name in DIALECTS], ids=DIALECTS)


@pytest.fixture
def ask(world):
    def make(row, said="one two", model=None, recipe="", **more):
        return world.post(row, PATH, {"model": row.named(recipe, model), "input": said, **more})
    return make


@EVERYWHERE
@MODES
def test_text(ask, row, stream):
    final = answered(ask(row, stream=stream, instructions="Be brief."))
    assert text_of(final) == "one two" and final["status"] == "completed"
    assert final["usage"]["input_tokens"] > 0 and final["usage"]["output_tokens"] > 0


@EVERYWHERE
@MODES
def test_a_loop_of_tools(ask, row, stream):
    """Once with all of it in the input, and once by the answer's id."""
    first = answered(ask(row, "use a tool", stream=stream, tools=[LOOK]))
    call, = calls_of(first)
    assert call["name"] == "look" and json.loads(call["arguments"])["q"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "done"}
    told = [{"role": "user", "content": "use a tool"}, *first["output"], result]
    again = answered(ask(row, told, stream=stream, tools=[LOOK]))
    assert text_of(again) and not calls_of(again)
    by_id = answered(ask(row, [result], stream=stream, tools=[LOOK],
                         previous_response_id=first["id"]))
    assert text_of(by_id) and not calls_of(by_id)


@EVERYWHERE
@MODES
def test_structured_output(ask, row, stream):
    if row.gaps.get("schema"):
        pytest.skip("it has none")
    form = {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}}
    final = answered(ask(row, "json", model=row.schema, stream=stream, text=form))
    assert "city" in json.loads(text_of(final))


@EVERYWHERE
@MODES
def test_reasoning(ask, row, stream):
    if not row.thinks:
        pytest.skip("it has none")
    response = ask(row, model=row.thinks, stream=stream,
                   reasoning={"effort": "high", "summary": "auto"},
                   include=["reasoning.encrypted_content"])
    final = answered(response)
    thoughts = [item for item in final["output"] if item["type"] == "reasoning"]
    counted = final["usage"]["output_tokens_details"]["reasoning_tokens"]
    assert text_of(final) == "one two" and (thoughts or counted)
    # and all of it is taken back
    told = [{"role": "user", "content": "one two"}, *final["output"],
            {"role": "user", "content": "three"}]
    assert text_of(answered(ask(row, told, model=row.thinks, stream=stream,
                                reasoning={"effort": "high"}))) == "three"


@EVERYWHERE
@MODES
def test_a_limit(ask, row, stream):
    final = answered(ask(row, "word " * 100, stream=stream, max_output_tokens=16))
    assert final["status"] == "incomplete"
    assert final["incomplete_details"] == {"reason": "max_output_tokens"}
    assert 0 < len(text_of(final)) < 200


@pytest.mark.parametrize("pair", [(a, b) for a in ("openai", "anthropic", "gemini", "groq")
                                  for b in ("openai", "anthropic", "gemini", "groq") if a != b],
                         ids="-".join)
@MODES
def test_thoughts_of_one_are_taken_by_the_next(ask, pair, stream):
    """What only its maker can read goes to nobody else."""
    first, second = [BY_NAME[name] for name in pair]
    one = answered(ask(first, "use a tool", model=first.thinks, stream=stream, tools=[LOOK],
                       reasoning={"effort": "high", "summary": "auto"},
                       include=["reasoning.encrypted_content"]))
    call, = calls_of(one)
    told = [{"role": "user", "content": "use a tool"}, *one["output"],
            {"type": "function_call_output", "call_id": call["call_id"], "output": "done"}]
    assert text_of(answered(ask(second, told, model=second.thinks, stream=stream, tools=[LOOK],
                                reasoning={"effort": "high"})))
    by_id = ask(second, told[-1:], model=second.thinks, stream=stream, tools=[LOOK],
                previous_response_id=one["id"], reasoning={"effort": "high"})
    assert text_of(answered(by_id))


def test_what_only_a_provider_can_run(between):
    """A hosted tool moves on to who has it; where nobody has it, the client is told why."""
    gateway, chat, native = between("chat", "native")
    search = asked(tools=[{"type": "web_search"}])
    response = gateway.post(PATH, search)
    assert text_of(answered(response)) == "hello from native" and not chat.requests
    assert native.requests[0].json["tools"] == [{"type": "web_search"}]
    response = gateway.post(PATH, {**search, "model": "m1"})
    assert response.status == 400 and "tools[0]" in response.error["message"]


# ---- conversations -------------------------------------------------------------------------------

def history(*texts):
    """The items of a conversation: the user's, the assistant's, and so on."""
    return [{"role": "assistant" if i % 2 else "user", "content": text}
            for i, text in enumerate(texts)]


def said(items):
    """Who said what, in whatever form."""
    told = []
    for item in items:
        content = item.get("content")
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        if item.get("role") in ("user", "assistant"):
            told.append((item["role"], content))
    return told


ALL = [("user", "one"), ("assistant", "first"), ("user", "two")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("maker", ["native", "chat", "claude"])
@pytest.mark.parametrize("next_one", ["native", "chat", "claude"])
def test_goes_on_elsewhere(between, maker, next_one, stream):
    gateway, first, second = between(maker, next_one)
    first.script = [{"native": sends(streamed("first")) if stream else whole("first"),
                     "chat": up.stream(up.stream_events(("first",))) if stream
                     else up.chat("first"),
                     "claude": claude_stream("first") if stream else claude_whole("first")}[maker]]
    text = "first there" if maker == "claude" and stream else "first"
    one = answered(gateway.post(PATH, asked("one", model="m1", stream=stream)))
    assert text_of(one) == text
    second.script = [{"native": whole("second", ident="resp_2"), "chat": up.chat("second"),
                      "claude": claude_whole("second")}[next_one]]
    two = answered(gateway.post(PATH, asked("two", model="m2", previous_response_id=one["id"])))
    assert text_of(two) == "second"
    sent = second.requests[0].json
    assert "previous_response_id" not in sent
    assert said(sent["input" if next_one == "native" else "messages"]) == [
        ("user", "one"), ("assistant", text), ("user", "two")]
    assert gateway.metrics().total("proa_responses_lookups_total", result="found") == 1
    assert gateway.metrics().total("proa_responses_stores_total", result="stored") == 2
    assert gateway.metrics().total("proa_responses_turns") == 2
    assert gateway.metrics().total("proa_responses_bytes") > 0


def claude_whole(text):
    return up.answer(200, {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-up",
                           "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
                           "stop_sequence": None,
                           "usage": {"input_tokens": 7, "output_tokens": 3}})


def test_its_maker_gets_the_id(between):
    """Byte for byte: it has the conversation, and what belongs to it alone."""
    gateway, native = between("native")
    native.script = [whole("first", ident="resp_a"), whole("second", ident="resp_b")]
    gateway.post(PATH, asked("one"))
    gateway.post(PATH, asked("two", previous_response_id="resp_a"))
    assert native.requests[1].json == asked("two", model="up-model", previous_response_id="resp_a")
    # the next one may be another's, and is told all of it
    gateway.post(PATH, asked("three", previous_response_id="resp_b"))
    assert native.requests[2].json["previous_response_id"] == "resp_b"


def test_its_maker_has_forgotten(between):
    """Another key's, or too long ago: it is told in full after all."""
    gateway, native = between("native")
    native.script = [whole("first", ident="resp_a"),
                     up.error(400, "Previous response with id 'resp_a' not found.",
                              code="previous_response_not_found", kind="invalid_request_error"),
                     whole("second", ident="resp_b")]
    gateway.post(PATH, asked("one"))
    response = gateway.post(PATH, asked("two", previous_response_id="resp_a"))
    assert text_of(answered(response)) == "second" and response.header("x-proa-attempts") == "1"
    assert said(native.requests[2].json["input"]) == ALL
    assert "previous_response_id" not in native.requests[2].json


def test_fails_over_within_a_conversation(between):
    gateway, native, chat = between("native", "chat")
    native.script = [whole("first", ident="resp_a"), up.error(503), up.error(503), up.error(503)]
    gateway.post(PATH, asked("one"))
    response = gateway.post(PATH, asked("two", previous_response_id="resp_a"))
    assert text_of(answered(response)) == "hello from upstream"
    assert said(chat.requests[0].json["messages"]) == ALL
    third = gateway.post(PATH, asked("three", model="m2",
                                     previous_response_id=response.json["id"]))
    assert said(chat.requests[1].json["messages"]) == [
        *ALL, ("assistant", "hello from upstream"), ("user", "three")]
    assert third.status == 200


def test_branches(between):
    """Two answers go on from one, and neither sees the other."""
    gateway, chat = between("chat")
    one = answered(gateway.post(PATH, asked("one")))
    for text in ("left", "right"):
        gateway.post(PATH, asked(text, previous_response_id=one["id"]))
        assert said(chat.requests[-1].json["messages"]) == [
            ("user", "one"), ("assistant", "hello from upstream"), ("user", text)]


def test_instructions_are_of_one_request(between):
    gateway, chat = between("chat")
    one = answered(gateway.post(PATH, asked("one", instructions="Be brief.")))
    gateway.post(PATH, asked("two", previous_response_id=one["id"]))
    assert "Be brief." in json.dumps(chat.requests[0].json)
    assert "Be brief." not in json.dumps(chat.requests[1].json)


def referring(one, *more):
    """The input of a client that believes its items to be kept: their ids alone."""
    return [{"role": "user", "content": "one"},
            *({"type": "item_reference", "id": item["id"]} for item in one["output"]), *more]


@MODES
@pytest.mark.parametrize("next_one", ["native", "chat", "claude"])
def test_items_by_their_ids(between, next_one, stream):
    gateway, chat, second = between("chat", next_one)
    if stream:
        chat.script = [up.stream(up.stream_events(("first",)))]
    one = answered(gateway.post(PATH, asked("one", model="m1", stream=stream)))
    second.script = [{"native": whole("second", ident="resp_2"), "chat": up.chat("second"),
                      "claude": claude_whole("second")}[next_one]]
    two = answered(gateway.post(PATH, asked(referring(one, {"role": "user", "content": "two"}),
                                            model="m2")))
    assert text_of(two) == "second"
    sent = second.requests[0].json
    assert said(sent["input" if next_one == "native" else "messages"]) == [
        ("user", "one"), ("assistant", text_of(one)), ("user", "two")]
    # the turn is kept with the items themselves
    three = gateway.post(PATH, asked("three", model="m1", previous_response_id=two["id"]))
    assert answered(three)["status"] == "completed"
    assert [text for _, text in said(chat.requests[-1].json["messages"])] == [
        "one", text_of(one), "two", "second", "three"]


def test_items_that_are_not_there(between):
    """They are left for who may know them; where nobody does, the client is told."""
    gateway, chat, native = between("chat", "native")
    items = referring(made("first"), {"role": "user", "content": "two"})
    assert text_of(answered(gateway.post(PATH, asked(items)))) == "hello from native"
    assert native.requests[0].json["input"] == items and not chat.requests
    one = answered(gateway.post(PATH, asked("one", model="m1"), {"authorization": "Bearer alice"}))
    theirs = asked(referring(one), model="m1")
    response = gateway.post(PATH, theirs, {"authorization": "Bearer bob"})
    assert response.status == 400 and "input[1]" in response.error["message"]
    assert gateway.post(PATH, theirs, {"authorization": "Bearer alice"}).status == 200
    # again and again the same one: that would make much of a little
    often = asked(referring(one) + 500 * referring(one)[1:], model="m1")
    assert gateway.post(PATH, often, {"authorization": "Bearer alice"}).status == 400


def refused(response):
    assert response.status == 400
    assert response.error["code"] == "previous_response_not_found"
    assert response.error["param"] == "previous_response_id"
    assert response.header("x-should-retry") == "false"
    return response.error["message"]


@pytest.mark.parametrize("kind", ["chat", "claude"])
@MODES
def test_unknown(between, kind, stream):
    gateway, upstream = between(kind)
    response = gateway.post(PATH, asked(previous_response_id="resp_x", stream=stream))
    assert "Send the whole conversation" in refused(response)
    assert not upstream.requests
    assert gateway.metrics().total("proa_responses_lookups_total", result="unknown") == 1


def test_unknown_here_but_not_there(between):
    gateway, chat, native = between("chat", "native")
    native.script = [whole("second", ident="resp_y")]
    response = gateway.post(PATH, asked("two", previous_response_id="resp_x"))
    assert text_of(answered(response)) == "second" and not chat.requests
    assert native.requests[0].json["previous_response_id"] == "resp_x"
    # what came before is not known here, so this one cannot be gone on from elsewhere
    refused(gateway.post(PATH, asked("three", model="m1", previous_response_id="resp_y")))


def test_unknown_everywhere(between):
    """Everybody who could know is asked, once."""
    gateway, first, second = between("native", "native")
    unknown = up.error(400, "Previous response with id 'resp_x' not found.",
                       code="previous_response_not_found", kind="invalid_request_error")
    first.default = second.default = unknown
    refused(gateway.post(PATH, asked(previous_response_id="resp_x")))
    assert len(first.requests) == len(second.requests) == 1
    assert gateway.access()[0]["error.type"] == "previous_response_not_found"


def test_of_another_caller(between):
    gateway, chat = between("chat")
    one = answered(gateway.post(PATH, asked("one"), {"authorization": "Bearer alice"}))
    going_on = asked("two", previous_response_id=one["id"])
    refused(gateway.post(PATH, going_on, {"authorization": "Bearer bob"}))
    refused(gateway.post(PATH, going_on))
    assert gateway.post(PATH, going_on, {"authorization": "Bearer alice"}).status == 200
    assert len(chat.requests) == 2


@pytest.mark.parametrize("kind", ["native", "chat"])
@MODES
def test_not_to_be_stored(between, kind, stream):
    gateway, upstream, _ = between(kind, "chat")
    if kind == "native" and stream:
        upstream.script = [sends(streamed("first"))]
    elif stream:
        upstream.script = [up.stream()]
    one = answered(gateway.post(PATH, asked("one", store=False, stream=stream)))
    assert upstream.requests[0].json.get("store", False) is False
    refused(gateway.post(PATH, asked("two", model="m2", previous_response_id=one["id"])))
    assert gateway.metrics().total("proa_responses_turns") == 0


def test_a_picture_in_a_stream(between):
    """An event may be as long as pictures are, and the answer is kept all the same."""
    gateway, native, _ = between("native", "chat", config={"responses": {"store_bytes": "64MiB"}})
    picture = "A" * (6 * 1024 * 1024)
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": picture}
    events = streamed("first")
    done = json.loads(events[-1].split("data: ", 1)[1])
    done["response"]["output"].insert(0, item)
    drawn = "event: response.output_item.done\ndata: %s\n\n" % json.dumps(
        {"type": "response.output_item.done", "output_index": 0, "item": item})
    native.script = [sends([*events[:-1], drawn,
                            "event: response.completed\ndata: %s\n\n" % json.dumps(done)])]
    response = gateway.post(PATH, asked("one", model="m1", stream=True))
    assert response.status == 200 and response.body.count(picture.encode()) == 2
    assert gateway.metrics().total("proa_responses_turns") == 1


def test_zero_data_retention(between):
    """Nor here."""
    gateway, _ = between("chat", provider={"zero_data_retention": True})
    zero = {"providerOptions": {"gateway": {"zeroDataRetention": True}}}
    one = answered(gateway.post(PATH, asked("one", **zero)))
    refused(gateway.post(PATH, asked("two", previous_response_id=one["id"])))
    assert gateway.metrics().total("proa_responses_turns") == 0


def test_nothing_is_stored(between):
    gateway, _ = between("chat", config={"responses": {"store_bytes": 0}})
    one = answered(gateway.post(PATH, asked("one")))
    refused(gateway.post(PATH, asked("two", previous_response_id=one["id"])))


def test_for_a_time(between):
    gateway, _ = between("chat", config={"responses": {"ttl": "300ms"}})
    one = answered(gateway.post(PATH, asked("one")))
    going_on = asked("two", previous_response_id=one["id"])
    eventually(lambda: gateway.post(PATH, going_on).status == 400, 10, "the answer being forgotten")
    refused(gateway.post(PATH, going_on))
    assert gateway.metrics().total("proa_responses_evictions_total", reason="expired") >= 1


def test_within_its_room(between):
    gateway, _ = between("chat", config={"responses": {"store_bytes": "64KiB"}})
    answers = [answered(gateway.post(PATH, asked("x" * 6000))) for _ in range(14)]
    metrics = gateway.metrics()
    assert metrics.total("proa_responses_bytes") <= 65536
    assert metrics.total("proa_responses_evictions_total", reason="room") >= 3
    refused(gateway.post(PATH, asked("two", previous_response_id=answers[0]["id"])))
    assert gateway.post(PATH, asked("two", previous_response_id=answers[-1]["id"])).status == 200
    large = answered(gateway.post(PATH, asked("x" * 20000)))
    refused(gateway.post(PATH, asked("two", previous_response_id=large["id"])))


def test_one_caller_does_not_push_out_another(between):
    """Room is made by who takes most of it."""
    gateway, _ = between("chat", config={"responses": {"store_bytes": "64KiB"}})
    ann, bob = [("authorization", "Bearer ann")], [("authorization", "Bearer bob")]
    one = answered(gateway.post(PATH, asked("one"), ann))
    many = [answered(gateway.post(PATH, asked("x" * 6000), bob)) for _ in range(14)]
    assert gateway.metrics().total("proa_responses_evictions_total", reason="room") >= 3
    going_on = asked("two", previous_response_id=one["id"])
    assert gateway.post(PATH, going_on, ann).status == 200
    refused(gateway.post(PATH, asked("two", previous_response_id=many[0]["id"]), bob))


def test_a_broken_stream_is_none_to_go_on_from(between):
    gateway, native, _ = between("native", "chat")
    native.script = [sends(streamed("first")[:-1], then="close")]
    broken(gateway.post(PATH, asked("one", model="m1", stream=True)))
    refused(gateway.post(PATH, asked("two", model="m2", previous_response_id="resp_1")))


def test_an_answer_that_was_cut_short(between):
    gateway, native, chat = between("native", "chat")
    native.script = [whole("first", status="incomplete",
                           incomplete_details={"reason": "max_output_tokens"})]
    gateway.post(PATH, asked("one"))
    gateway.post(PATH, asked("two", model="m2", previous_response_id="resp_1"))
    assert said(chat.requests[0].json["messages"]) == ALL


# ---- limits and errors ---------------------------------------------------------------------------

def test_it_has_one_path(between):
    gateway, _ = between("chat")
    for path in (PATH, "/v1/v1/responses/"):
        assert gateway.post(path, asked()).status == 200
    assert gateway.get(PATH).status == 405
    for method in ("GET", "DELETE"):
        response = gateway.request(method, PATH + "/resp_1")
        assert response.status == 404 and "previous_response_id alone" in response.error["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model":"m"', b'{"input":"x"}', b'{"model":5}'])
def test_bodies_that_are_none(between, body):
    gateway, upstream = between("chat")
    response = gateway.post(PATH, body)
    assert response.status == 400 and response.error["type"] == "invalid_request_error"
    assert not upstream.requests


@pytest.mark.parametrize("more", [{"input": 5}, {"input": [{"type": "message"}]},
                                  {"input": [5]}, {"tools": {}}, {"reasoning": {"effort": "huge"}}])
def test_what_is_wrong_for_a_chat(between, more):
    gateway, upstream = between("chat")
    response = gateway.post(PATH, {**asked(), **more})
    assert response.status == 400 and response.error["message"] and not upstream.requests


def test_what_is_wrong_goes_on_to_who_knows_better(between):
    gateway, native = between("native")
    assert gateway.post(PATH, asked(5)).status == 200
    assert native.requests[0].json["input"] == 5


# ---- the answer cache ----------------------------------------------------------------------------

def cached(mode):
    return {**TOLERANT, "cache": {"mode": mode}}


@pytest.mark.parametrize("kind", ["native", "chat"])
def test_cache(between, kind):
    gateway, upstream = between(kind, policy=cached("deterministic"))
    once = asked(temperature=0, store=False)
    assert gateway.post(PATH, once).header("x-proa-cache") == "miss"
    second = gateway.post(PATH, once)
    assert second.header("x-proa-cache") == "hit" and text_of(answered(second))
    assert len(upstream.requests) == 1
    assert gateway.post(PATH, asked(store=False)).header("x-proa-cache") == "bypass"


@pytest.mark.parametrize("more", [{}, {"store": True}, {"store": False, "previous_response_id": "x"}])
def test_what_has_an_id_is_not_given_twice(between, more):
    gateway, upstream = between("native", policy=cached("deterministic"))
    for _ in range(2):
        response = gateway.post(PATH, asked(temperature=0, **more))
        assert response.status == 200 and response.header("x-proa-cache") == "bypass"
        assert "detail=stateful" in response.header("cache-status")
    assert len(upstream.requests) == 2


def test_unless_everything_is(between):
    gateway, upstream = between("chat", policy=cached("all"))
    first, second = [gateway.post(PATH, asked("one")) for _ in range(2)]
    assert second.header("x-proa-cache") == "hit" and first.body == second.body
    one = answered(second)
    going_on = asked("two", previous_response_id=one["id"])
    assert [gateway.post(PATH, going_on).header("x-proa-cache") for _ in range(2)] == ["miss", "hit"]
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("answer", [
    whole("x", status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    whole({"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}),
])
def test_what_did_not_end_by_itself_is_not_kept(between, answer):
    gateway, upstream = between("native", policy=cached("all"))
    upstream.default = answer
    for _ in range(2):
        assert gateway.post(PATH, asked()).header("x-proa-cache") == "miss"
    assert len(upstream.requests) == 2
