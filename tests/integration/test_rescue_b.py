"""A stream that breaks after its first content goes on elsewhere, where the policy says so. What the
client sees is one answer with a pause in it, or an honest end (lessons T-B)."""
import json
import socket
import subprocess
import threading
import time

import pytest
from testenv import TOLERANT, free_port
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.gateway import BINARY, environment
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"
WORDS = ["One ", "two ", "three ", "four ", "five."]
WHOLE = "".join(WORDS)
RESUME = {**TOLERANT, "midstream": "resume",
          "retry": {**TOLERANT["retry"], "max_attempts": 5}}


def chat_request(**more):
    return {"model": "m", "stream": True, "messages": [{"role": "user", "content": "count"}], **more}


def broken_after(n, then="close"):
    """A stream whose first n words come, and then the end of the connection."""
    events = [up.delta(role="assistant"), *[up.delta(word) for word in WORDS[:n]]]
    return up.raw(up.STREAM_HEAD + b"".join(up.chunk(up.sse(event)) for event in events), then=then)


@pytest.fixture
def pair(gateways, upstreams):
    """pair(prefill=..., policy=...) -> gateway, first, second: one tier each, standby off."""
    def make(prefill="none", policy=None, third=False):
        ups = [upstreams() for _ in range(3 if third else 2)]
        names = ["p1", "p2", "p3"][:len(ups)]
        config = {
            "providers": {name: {"dialect": "openai", "base_url": each.url, "prefill": prefill,
                                 "keys": []} for name, each in zip(names, ups)},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or RESUME)}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": name, "model": "up-model"}] for name in names]}],
        }
        config["providers"]["p1"]["prefill"] = "none"
        return (gateways(config), *ups)
    return make


def assert_whole(response, text=WHOLE):
    assert response.status == 200, response
    assert response.text == text
    assert response.complete and response.events[-1] == "[DONE]"
    assert response.events.count("[DONE]") == 1
    assert not any("error" in json.loads(event) for event in response.events[:-1])


@pytest.mark.parametrize("n", range(1, 6))
@pytest.mark.parametrize("then", ["close", "reset"])
def test_b_another_target_says_it_once_more(pair, n, then):
    gateway, first, second = pair()
    first.script = [broken_after(n, then)]
    second.default = up.stream(up.stream_events(WORDS))
    assert_whole(gateway.post(CHAT, chat_request()))
    assert second.requests[0].json["messages"] == chat_request()["messages"]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_b_the_second_answer_comes_in_other_pieces(pair, size):
    gateway, first, second = pair()
    first.script = [broken_after(3)]
    pieces = [WHOLE[i:i + size] for i in range(0, len(WHOLE), size)]
    second.default = up.stream(up.stream_events(pieces))
    assert_whole(gateway.post(CHAT, chat_request()))


@pytest.mark.parametrize("form", ["assistant", "prefix", "continue"])
def test_b_a_target_is_told_the_beginning(pair, form):
    gateway, first, second = pair(prefill=form)
    first.script = [broken_after(2)]
    second.default = up.stream(up.stream_events(WORDS[2:]))
    assert_whole(gateway.post(CHAT, chat_request()))
    asked = second.requests[0].json
    last = asked["messages"][-1]
    assert asked["messages"][:-1] == chat_request()["messages"]
    assert (last["role"], last["content"]) == ("assistant", "One two ")
    assert last.get("prefix", False) == (form == "prefix")
    assert asked.get("continue_final_message", False) == (form == "continue")


def test_b_an_answer_in_one_piece_is_not_rescued(pair):
    """Not even where a stream was asked for."""
    gateway, first, second = pair(policy={**RESUME, "commit": {"max_plain_bytes": "1KiB"}})
    body = json.dumps(up.chat_body(WHOLE * 1000)).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    first.script = [up.raw(head % len(body), body[:5000], gap=0.1)]
    response = gateway.post(CHAT, chat_request())
    assert response.status == 200 and not response.complete
    assert second.requests == []
    assert gateway.metrics().total("proa_rescues_total") == 0
    assert gateway.metrics().total("proa_buffered_bytes") == 0


def marked(events, key, created):
    """Chunks of one answer, as a provider marks them."""
    return [up.sse({**event, "id": key, "created": created}) for event in events]


@pytest.mark.parametrize("size", [5, 60, 5000])
@pytest.mark.parametrize("prefill", ["none", "assistant"])
@pytest.mark.parametrize("told", [False, True])
def test_b_an_answer_has_one_id_and_one_time(pair, prefill, told, size):
    """And tells at its end what happened, to who asks for it, though nothing of it is translated."""
    gateway, first, second = pair(prefill=prefill)
    begun = [up.delta(role="assistant"), *[up.delta(word) for word in WORDS[:3]]]
    first.script = [up.raw(up.STREAM_HEAD + b"".join(map(up.chunk, marked(begun, "chatcmpl-1", 1000))))]
    rest = WORDS[3:] if prefill == "assistant" else WORDS
    usage = {**up.delta(), "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    whole = b"".join(marked([up.delta(role="assistant"), *[up.delta(word) for word in rest],
                             up.delta(finish="stop"), usage], "chatcmpl-other-2", 22222222)) + up.sse("[DONE]")
    pieces = [whole[at:at + size] for at in range(0, len(whole), size)]
    second.default = up.raw(up.STREAM_HEAD + b"".join(map(up.chunk, pieces)) + b"0\r\n\r\n", then="keep")
    response = gateway.post(CHAT, chat_request(), {"x-proa-metadata": "1"} if told else ())
    assert_whole(response)
    chunks = [json.loads(event) for event in response.events[:-1]]
    assert {(chunk["id"], chunk["created"]) for chunk in chunks} == {("chatcmpl-1", 1000)}
    assert chunks[-1]["usage"]["total_tokens"] == 3
    notes = [choice["delta"]["provider_metadata"] for chunk in chunks for choice in chunk["choices"]
             if "provider_metadata" in choice["delta"]]
    assert len(notes) == told
    if told:
        routing = notes[0]["gateway"]["routing"]
        assert routing["finalProvider"] == "p2" and routing["totalProviderAttemptCount"] == 2


def test_b_completions_are_never_prefilled(pair):
    def text(piece, finish=None):
        return up.sse({"id": "cmpl-1", "object": "text_completion", "model": "up-model",
                       "choices": [{"index": 0, "text": piece, "finish_reason": finish}]})

    gateway, first, second = pair(prefill="assistant")
    first.script = [up.raw(up.STREAM_HEAD + up.chunk(text("One ")) + up.chunk(text("two ")))]
    second.default = up.stream([text(WHOLE), text("", "stop"), up.sse("[DONE]")])
    response = gateway.post("/v1/completions", {"model": "m", "stream": True, "prompt": "count"})
    events = [json.loads(event) for event in response.events[:-1]]
    assert "".join(event["choices"][0]["text"] for event in events) == WHOLE
    assert response.events[-1] == "[DONE]" and len(second.requests) == 1
    assert gateway.metrics().total("proa_rescues_total") == 1
    assert gateway.metrics().total("proa_rescues_total", way="splice", result="won") == 1


def test_b_what_no_rescue_needs_any_more_is_not_kept(pair):
    """The request and the text so far count in the byte budget, until the answer is more than text."""
    gate = threading.Event()
    gateway, first, _ = pair()
    call = up.delta()
    call["choices"][0]["delta"] = {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
    first.default = up.stream([up.sse(up.delta("x" * 20000)), up.sse(call), up.sse(up.delta("z"))],
                              gate=gate, end=False)
    prompt = [{"role": "user", "content": "p" * 100000}]
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, chat_request(messages=prompt)))
        connection.read_until(b"xxx")
        eventually(lambda: gateway.metrics().total("proa_buffered_bytes") >= 120000)
        gate.set()
        connection.read_until(b'"z"')
        assert gateway.metrics().total("proa_buffered_bytes") == 0


def test_b_what_a_prefilled_target_repeats_is_cut(pair):
    gateway, first, second = pair(prefill="assistant")
    first.script = [broken_after(3)]
    second.default = up.stream(up.stream_events(["two three four ", "five."]))
    assert_whole(gateway.post(CHAT, chat_request()))


@pytest.mark.parametrize("prefill", ["none", "assistant"])
@pytest.mark.parametrize("remark", [
    {"content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}},
    {"native_finish_reason": "stop"}, {"stop_reason": 128001}])
def test_b_remarks_of_providers_do_not_stand_in_the_way(pair, prefill, remark):
    def remarked(*events):
        for event in events:
            event["choices"][0].update(remark)
        return [up.sse(event) for event in events]

    gateway, first, second = pair(prefill=prefill)
    begun = remarked(up.delta(role="assistant"), *[up.delta(word) for word in WORDS[:2]])
    first.script = [up.raw(up.STREAM_HEAD + b"".join(up.chunk(event) for event in begun))]
    rest = WORDS[2:] if prefill == "assistant" else WORDS
    events = remarked(*[up.delta(word) for word in rest], up.delta(finish="stop"))
    second.default = up.stream([*events, up.sse("[DONE]")])
    assert_whole(gateway.post(CHAT, chat_request()))


def test_b_a_prefill_that_is_refused_is_followed_by_a_splice(pair):
    gateway, first, second, third = pair(prefill="assistant", third=True)
    first.script = [broken_after(2)]
    second.script = [up.error(400, "no prefill here"), up.stream(up.stream_events(WORDS))]
    third.script = [up.error(400, "nor here")]
    assert_whole(gateway.post(CHAT, chat_request()))
    assert [r.json["messages"][-1]["role"] for r in second.requests] == ["assistant", "user"]


def test_b_another_answer_is_not_put_behind_the_first(pair):
    gateway, first, second = pair()
    first.script = [broken_after(2)]
    second.default = up.stream(up.stream_events(["Quite ", "another."]))
    response = gateway.post(CHAT, chat_request())
    assert response.status == 200 and response.text == "One two "
    assert json.loads(response.events[-1])["error"]["code"] == "upstream_stream_interrupted"
    assert "[DONE]" not in response.events


def test_b_silence_is_a_break(pair):
    policy = {**RESUME, "timeouts": {"idle": "500ms"}}
    gateway, first, second = pair(policy=policy)
    first.script = [broken_after(2, then="stall")]
    second.default = up.stream(up.stream_events(WORDS))
    began = time.monotonic()
    assert_whole(gateway.post(CHAT, chat_request()))
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("more", [
    {"tools": [{"type": "function", "function": {"name": "f"}}]}, {"n": 2}, {"logprobs": True},
    {"response_format": {"type": "json_object"}}])
def test_b_only_mere_text_is_rescued(pair, more):
    gateway, first, second = pair()
    first.script = [broken_after(2)]
    second.default = up.stream(up.stream_events(WORDS))
    response = gateway.post(CHAT, chat_request(**more))
    assert "upstream_stream_interrupted" in response.events[-1]
    assert second.requests == []


def test_b_by_default_the_client_is_told(pair):
    gateway, first, second = pair(policy=TOLERANT)
    first.script = [broken_after(2)]
    response = gateway.post(CHAT, chat_request())
    assert "upstream_stream_interrupted" in response.events[-1]
    assert second.requests == []


def test_b_a_client_that_leaves_during_a_rescue_ends_it(pair):
    gateway, first, second = pair()
    first.script = [broken_after(2)]
    closed = []

    def hangs(exchange):
        closed.append(exchange.wait_closed())
        return False

    second.default = hangs
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, chat_request()))
        connection.read_until(b"two ")
        eventually(lambda: len(second.requests) == 1)
    eventually(lambda: closed)


@pytest.fixture
def mocks():
    """A maker of `proa mock` processes; returns the base URL of each."""
    running = []

    def make(recipe=""):
        port = free_port()
        running.append(subprocess.Popen([BINARY, "mock", "--listen", "127.0.0.1:%d" % port],
                                        env=environment(), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))

        def listening():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        eventually(listening, 10, "the mock listening")
        return "http://127.0.0.1:%d%s/v1" % (port, "/" + recipe if recipe else "")
    yield make
    for process in running:
        process.terminate()
    assert [process.wait(seconds(10)) for process in running] == [0] * len(running)


def test_b_the_mocks_of_the_tour_resume_one_another(gateways, mocks):
    """Two mocks, one of which cuts every stream: what a person tries first."""
    words = " ".join("w%d" % number for number in range(200))
    gateway = gateways({
        "providers": {
            "cut": {"dialect": "openai", "base_url": mocks("cut-stream"), "keys": []},
            "heeds": {"dialect": "openai", "base_url": mocks(), "keys": [],
                      "prefill": "assistant"}},
        "policies": [{"name": "resume", "midstream": "resume", "balance": {"standby": 0}}],
        "routes": [{"model": "m", "policy": "resume", "tiers": [["cut/echo"], ["heeds/echo"]]}]})
    for _ in range(3):
        response = gateway.chat(stream=True, messages=[{"role": "user", "content": words}])
        assert response.status == 200 and response.text == words
        assert response.events[-1] == "[DONE]"


def test_b_a_server_that_does_not_heed_the_beginning_is_no_echo(pair):
    """It was told how the answer begins and begins anew: the client reads nothing twice."""
    words = ["word%d " % number for number in range(60)]
    gateway, first, second = pair("assistant")
    begun = [up.delta(role="assistant"), *[up.delta(word) for word in words[:40]]]
    first.default = up.raw(up.STREAM_HEAD + b"".join(up.chunk(up.sse(e)) for e in begun),
                           then="close")
    second.default = up.stream(up.stream_events(words))
    response = gateway.post(CHAT, chat_request())
    assert response.text == "".join(words) and response.events[-1] == "[DONE]"
    assert second.requests[0].json["messages"][-1]["role"] == "assistant", "it was told"


# ---- clients of the AI SDK -----------------------------------------------------------------------

def ask_ai_sdk(gateway, version, **more):
    body = {"prompt": [{"role": "user", "content": [{"type": "text", "text": "count"}]}],
            **({"toolChoice": {"type": "auto"}} if version == 4 else {}), **more}
    response = gateway.post("/v%d/ai/language-model" % version, body, {
        "ai-language-model-id": "m", "ai-language-model-specification-version": str(version),
        "ai-language-model-streaming": "true"})
    assert response.status == 200 and response.complete
    return [json.loads(event) for event in response.events if event != "[DONE]"]


def assert_one_answer(parts):
    """As if nothing had been: each part once, in order, and the whole text in one block."""
    kinds = [part["type"] for part in parts]
    deltas = [part for part in parts if part["type"] == "text-delta"]
    assert kinds == ["stream-start", "response-metadata", "text-start",
                     *["text-delta"] * len(deltas), "text-end", "finish"]
    assert "".join(part["delta"] for part in deltas) == WHOLE
    assert {part["id"] for part in parts if part["type"].startswith("text")} == {"0"}
    begun = parts[2]["providerMetadata"]["gateway"]["generationId"]
    ended = parts[-1]["providerMetadata"]["gateway"]
    assert ended["generationId"] == begun and ended["routing"]["finalProvider"] == "p2"
    attempts = ended["routing"]["modelAttempts"][0]["providerAttempts"]
    assert [(each["provider"], each["success"]) for each in attempts] == [("p1", False), ("p2", True)]


@pytest.mark.parametrize("n", range(1, 6))
@pytest.mark.parametrize("version", [2, 3, 4])
def test_b_the_ai_sdks_stream_is_said_once_more(pair, version, n):
    gateway, first, second = pair()
    first.script = [broken_after(n)]
    second.default = up.stream(up.stream_events(WORDS))
    parts = ask_ai_sdk(gateway, version)
    assert_one_answer(parts)
    finish = parts[-1]["finishReason"]
    assert (finish if version == 2 else finish["unified"]) == "stop"


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("n", range(1, 5))
def test_b_the_ai_sdks_stream_goes_on_from_its_beginning(pair, n, then):
    gateway, first, second = pair(prefill="assistant")
    first.script = [broken_after(n, then)]
    second.default = up.stream(up.stream_events(WORDS[n:]))
    assert_one_answer(ask_ai_sdk(gateway, 4))
    last = second.requests[0].json["messages"][-1]
    assert (last["role"], last["content"]) == ("assistant", "".join(WORDS[:n]))


def test_b_the_ai_sdks_second_answer_is_another(pair):
    """It does not say the same: the client is told, in its own words, and nothing is mixed."""
    gateway, first, second = pair()
    first.script = [broken_after(2)]
    second.default = up.stream(up.stream_events(["Something ", "else."]))
    parts = ask_ai_sdk(gateway, 4)
    assert [part["type"] for part in parts[-2:]] == ["error", "finish"]
    assert "".join(part["delta"] for part in parts if part["type"] == "text-delta") == "One two "


@pytest.mark.parametrize("more", [
    {"tools": [{"type": "function", "name": "f", "inputSchema": {"type": "object"}}]},
    {"responseFormat": {"type": "json"}}])
def test_b_only_mere_text_of_the_ai_sdk_is_rescued(pair, more):
    gateway, first, second = pair()
    first.script = [broken_after(2)]
    second.default = up.stream(up.stream_events(WORDS))
    parts = ask_ai_sdk(gateway, 4, **more)
    assert [part["type"] for part in parts[-2:]] == ["error", "finish"]
    assert second.requests == []


def test_b_the_ai_sdks_thoughts_are_not_gone_on_with(pair):
    gateway, first, second = pair()
    events = [up.delta(role="assistant"), up.delta(), up.delta("One ")]
    events[1]["choices"][0]["delta"] = {"reasoning_content": "hm"}
    first.script = [up.raw(up.STREAM_HEAD + b"".join(up.chunk(up.sse(e)) for e in events))]
    parts = ask_ai_sdk(gateway, 3, responseFormat={"type": "text"})
    assert "reasoning-delta" in [part["type"] for part in parts]
    assert [part["type"] for part in parts[-2:]] == ["error", "finish"]
    assert second.requests == []
