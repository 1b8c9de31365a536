"""Images and audio on the OpenAI surface: JSON and forms with files go on with nothing but the model
changed, answers come back as they are, and a failure before the first byte moves to the next."""
import base64
import json
import os
import threading

import pytest
from conftest import KEYS, provider
from testenv import eventually, seconds
from testenv import upstream as up
from testenv.client import request_bytes
from testenv.form import BOUNDARY, TYPE, form, read

IMAGES = "/v1/images/generations"
EDITS = "/v1/images/edits"
SPEECH = "/v1/audio/speech"
HEARING = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"

PICTURE = base64.b64encode(b"\x89PNG not really").decode()
IMAGE_ANSWER = {"created": 1700000000, "data": [{"b64_json": PICTURE}],
                "usage": {"input_tokens": 5, "output_tokens": 1056, "total_tokens": 1061}}
SOUND = bytes(range(256)) * 40
WORDS = {"text": "hello there"}
SAY = {"model": "m", "input": "hello", "voice": "alloy"}
DRAW = {"model": "m", "prompt": "a cat"}


def sound(data=SOUND, kind="audio/mpeg", **more):
    return up.answer(200, data, content_type=kind, **more)


def hear(gateway, *fields, path=HEARING, model="m", headers=()):
    body = form(("model", model), *fields, ("file", b"RIFF\r\n--" + SOUND, "a.wav", "audio/wav"))
    return gateway.post(path, body, {"Content-Type": TYPE, **dict(headers)})


# ---- passed ----------------------------------------------------------------------------------------

@pytest.mark.smoke
def test_images_pass(simple, upstream):
    upstream.default = up.answer(200, IMAGE_ANSWER)
    gateway = simple(upstream)
    response = gateway.post(IMAGES, {**DRAW, "n": 2, "size": "1024x1024", "odd": [1],
                                     "providerOptions": {"gateway": {"tags": ["a"]}}})
    assert response.status == 200 and response.json == IMAGE_ANSWER
    request = upstream.requests[-1]
    assert (request.method, request.target) == ("POST", IMAGES)
    assert request.json == {**DRAW, "n": 2, "size": "1024x1024", "odd": [1], "model": "up-model"}
    assert request.header("content-type") == "application/json"
    assert request.header("accept") == "*/*"
    record = gateway.access()[-1]
    assert record["gen_ai.usage.output_tokens"] == 1056
    assert response.header("x-proa-provider") == "p1"


@pytest.mark.smoke
@pytest.mark.parametrize("path", [HEARING, TRANSLATIONS])
def test_a_form_passes(simple, upstream, path):
    upstream.default = up.answer(200, WORDS)
    gateway = simple(upstream)
    response = hear(gateway, ("language", "en"), ("providerOptions", '{"gateway":{"tags":["a"]}}'),
                    ("timestamp_granularities[]", "word"), path=path)
    assert response.status == 200 and response.json == WORDS
    request = upstream.requests[-1]
    assert request.target == path and request.header("content-type") == TYPE
    assert read(request) == [("model", b"up-model", None, "text/plain"),
                             ("language", b"en", None, "text/plain"),
                             ("timestamp_granularities[]", b"word", None, "text/plain"),
                             ("file", b"RIFF\r\n--" + SOUND, "a.wav", "audio/wav")]


def test_an_edit_with_several_images_passes(simple, upstream):
    upstream.default = up.answer(200, IMAGE_ANSWER)
    gateway = simple(upstream)
    body = form(("byok[p1][0][apiKey]", "sk-secret"), ("image[]", b"one", "1.png", "image/png"),
                ("image[]", b"", "2.png", "image/png"), ("model", "p1/gpt-image-1"),
                ("mask", b"three", "3.png", "image/png"), ("prompt", "Über"))
    response = gateway.post(EDITS, body, {"Content-Type": TYPE})
    assert response.status == 200 and response.json == IMAGE_ANSWER
    request = upstream.requests[-1]
    assert b"sk-secret" not in request.body
    assert read(request) == [("image[]", b"one", "1.png", "image/png"),
                             ("image[]", b"", "2.png", "image/png"),
                             ("model", b"gpt-image-1", None, "text/plain"),
                             ("mask", b"three", "3.png", "image/png"),
                             ("prompt", "Über".encode(), None, "text/plain")]


def test_an_edit_as_json_passes(simple, upstream):
    upstream.default = up.answer(200, IMAGE_ANSWER)
    gateway = simple(upstream)
    asked = {"model": "m", "prompt": "x", "images": [{"image_url": "https://images.example/1"}]}
    assert gateway.post(EDITS, asked).status == 200
    assert upstream.requests[-1].json == {**asked, "model": "up-model"}


def test_the_bytes_of_a_form_stay_where_nothing_changes(simple, upstream):
    upstream.default = up.answer(200, WORDS)
    gateway = simple(upstream)
    body = (b"a preamble\r\n--%s \t\r\nContent-Disposition: form-data; name=model\r\n\r\nup-model\r\n"
            b"--%s\r\nX: y\r\nContent-Disposition:form-data;name=\"file\"; filename=\"a\"\r\n\r\n\r\n"
            b"\r\n--%s--" % ((BOUNDARY.encode(),) * 3))
    response = gateway.post(HEARING, body.replace(b"up-model", b"p1/up-model"),
                            {"Content-Type": TYPE + "; charset=utf-8"})
    assert response.status == 200
    assert upstream.requests[-1].body == body
    assert upstream.requests[-1].header("content-type") == TYPE + "; charset=utf-8"


@pytest.mark.parametrize("kind", ["audio/mpeg", "audio/wav", "application/octet-stream"])
def test_speech_comes_as_it_is(simple, upstream, kind):
    upstream.default = sound(kind=kind)
    gateway = simple(upstream)
    response = gateway.post(SPEECH, SAY)
    assert response.status == 200 and response.body == SOUND
    assert response.header("content-type") == kind
    assert response.header("content-length") == str(len(SOUND))
    assert upstream.requests[-1].json == {**SAY, "model": "up-model"}


@pytest.mark.parametrize("kind, text", [("text/plain; charset=utf-8", "hello\n"),
                                        ("text/vtt", "WEBVTT\n\n00:00 --> 00:01\nhi\n"),
                                        ("application/x-subrip", "1\n00:00 --> 00:01\nhi\n")])
def test_a_transcription_in_another_form(simple, upstream, kind, text):
    upstream.default = up.answer(200, text, content_type=kind)
    gateway = simple(upstream)
    response = hear(gateway, ("response_format", "text"))
    assert response.status == 200 and response.body.decode() == text
    assert response.header("content-type") == kind


# ---- streams ---------------------------------------------------------------------------------------

def test_speech_goes_on_piece_by_piece(simple, upstream):
    gate = threading.Event()

    def speak(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
        exchange.send(up.chunk(b"first"))
        assert gate.wait(seconds(20))
        exchange.send(up.chunk(b"second") + b"0\r\n\r\n")

    upstream.default = speak
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", SPEECH, SAY))
        response = connection.head()
        assert response.status == 200
        connection.body(response, until=lambda r: r.body == b"first")
        gate.set()
        connection.body(response)
        assert response.body == b"firstsecond"


EVENTS = [b"event: speech.audio.delta\ndata: {\"type\":\"speech.audio.delta\",\"audio\":\"QQ==\"}\n\n",
          b"data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":1}}\n\n"]


@pytest.mark.parametrize("split", [1, 7, 4096])
def test_events_pass_as_they_come(simple, upstream, split):
    whole = b": ping\n\n" + b"".join(EVENTS)
    pieces = [whole[i:i + split] for i in range(0, len(whole), split)]
    upstream.default = up.raw(up.STREAM_HEAD, *[up.chunk(piece) for piece in pieces], b"0\r\n\r\n",
                              then="keep")
    gateway = simple(upstream)
    response = gateway.post(SPEECH, {**SAY, "stream_format": "sse"})
    assert response.status == 200 and response.body == whole
    assert response.header("content-type") == "text/event-stream"


def test_an_error_as_the_first_event_moves_on(simple, upstreams):
    broken, good = upstreams(), upstreams()
    broken.default = up.stream([b'event: error\ndata: {"error":{"message":"no","type":"server_error"}}\n\n'])
    good.default = up.stream(EVENTS)
    gateway = simple(broken, good)
    response = gateway.post(SPEECH, {**SAY, "stream_format": "sse"})
    assert response.status == 200 and response.body == b"".join(EVENTS)
    assert response.header("x-proa-attempts") == "2"


SAID_NO = b'event: error\ndata: {"error":{"message":"no","type":"server_error"}}'


@pytest.mark.parametrize("body", [SAID_NO, SAID_NO + b"\n", SAID_NO + b"\r\n", b": nothing\n\n", b"data: \n\n",
                                  b'data: {"type":"speech.audio.de'])
def test_a_stream_that_ends_amid_its_first_event_is_no_answer(simple, upstreams, body):
    """No blank line comes that would end the event: it counts all the same, as what it says."""
    broken, good = upstreams(default=up.stream([body])), upstreams(default=up.stream(EVENTS))
    response = simple(broken, good).post(SPEECH, {**SAY, "stream_format": "sse"})
    assert response.status == 200 and response.body == b"".join(EVENTS)
    assert response.header("x-proa-attempts") == "2"


def test_a_break_after_the_first_bytes_is_seen(simple, upstreams):
    broken, good = upstreams(), upstreams()
    started = threading.Event()

    def breaks(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + up.chunk(b"first"))
        assert started.wait(seconds(20))
        exchange.reset()
        return False

    broken.default = breaks
    gateway = simple(broken, good)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", SPEECH, SAY))
        response = connection.head()
        connection.body(response, until=lambda r: r.body == b"first")
        started.set()
        assert not connection.body(response).complete
    assert not good.requests


# ---- failover --------------------------------------------------------------------------------------

BAD = {
    "status": up.error(503),
    "empty": up.answer(200, b"", content_type="audio/mpeg"),
    "page": up.answer(200, "<html>sign in</html>", content_type="text/html"),
    "error": up.answer(200, {"error": {"message": "no", "type": "server_error"}}),
    "cut": up.raw(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 9\r\n\r\n"),
    "reset": up.raw(then="reset"),
}


@pytest.mark.parametrize("bad", BAD)
def test_speech_fails_over_before_the_first_byte(simple, upstreams, bad):
    broken, good = upstreams(default=BAD[bad]), upstreams(default=sound())
    gateway = simple(broken, good)
    response = gateway.post(SPEECH, SAY)
    assert response.status == 200 and response.body == SOUND, response
    assert response.header("x-proa-provider") == "p2"
    assert len(broken.requests) == 1


@pytest.mark.parametrize("path, asked, bad", [
    (IMAGES, DRAW, {"created": 1, "data": []}), (IMAGES, DRAW, {"created": 1}),
    (IMAGES, DRAW, b"\x89PNG")])
def test_an_answer_without_an_image_is_none(simple, upstreams, path, asked, bad):
    broken, good = upstreams(default=up.answer(200, bad)), upstreams(default=up.answer(200, IMAGE_ANSWER))
    response = simple(broken, good).post(path, asked)
    assert response.status == 200 and response.json == IMAGE_ANSWER
    assert response.header("x-proa-attempts") == "2"


def test_a_form_is_sent_again_with_the_next_ones_model(gateways, upstreams):
    broken, good = upstreams(default=up.error(500)), upstreams(default=up.answer(200, WORDS))
    gateway = gateways({"providers": {"p1": provider(broken), "p2": provider(good)},
                        "policies": [{"name": "test", "balance": {"standby": 0}}],
                        "routes": [{"model": "m", "policy": "test",
                                    "tiers": [[{"provider": "p1", "model": "whisper-1"}],
                                              [{"provider": "p2", "model": "a-much-longer/name"}]]}]},
                       env=KEYS)
    assert hear(gateway).status == 200
    sent = [dict((name, value) for name, value, *_ in read(u.requests[-1])) for u in (broken, good)]
    assert [fields["model"] for fields in sent] == [b"whisper-1", b"a-much-longer/name"]
    assert sent[0]["file"] == sent[1]["file"]


def test_routes_are_said_in_a_form_as_well(gateways, upstreams):
    first, second = upstreams(default=up.answer(200, WORDS)), upstreams(default=up.answer(200, WORDS))
    gateway = gateways({"providers": {"openai": provider(first), "azure": provider(second)}}, env=KEYS)
    for only, asked in (("openai", first), ("azure", second)):
        options = json.dumps({"gateway": {"only": [only]}})
        response = hear(gateway, ("providerOptions", options), model="openai/gpt-4o-transcribe")
        assert response.status == 200 and response.header("x-proa-provider") == only, response
        assert [field[0] for field in read(asked.requests[-1])] == ["model", "file"]
    response = hear(gateway, ("providerOptions", '{"gateway":{"only":["nobody"]}}'), model="openai/gpt-4o-transcribe")
    assert response.status == 400, response


def test_who_has_none_is_not_asked(gateways, upstreams):
    claude, good = upstreams(), upstreams(default=sound())
    gateway = gateways({"providers": {"claude": provider(claude, dialect="anthropic"), "p2": provider(good)},
                        "routes": [{"model": "m", "tiers": [[{"provider": "claude", "model": "c"}],
                                                            [{"provider": "p2", "model": "tts-1"}]]}]},
                       env=KEYS)
    response = gateway.post(SPEECH, SAY)
    assert response.status == 200 and response.body == SOUND
    assert "claude/k1:unfit" in response.header("x-proa-trail")
    assert not claude.requests
    for path, body in ((SPEECH, {**SAY, "model": "claude/c"}), (IMAGES, {**DRAW, "model": "claude/c"})):
        response = gateway.post(path, body)
        assert response.status == 400 and "is not offered by this provider" in response.error["message"]
    assert hear(gateway, model="claude/c").status == 400


# ---- refused ---------------------------------------------------------------------------------------

def test_media_types(simple, upstream):
    gateway = simple(upstream)
    whole = form(("model", "m"))
    for path in (IMAGES, SPEECH, "/v1/chat/completions", "/v1/embeddings"):
        response = gateway.post(path, whole, {"Content-Type": TYPE})
        assert response.status == 415 and "must be JSON" in response.error["message"]
    for path in (EDITS, HEARING, TRANSLATIONS):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x"):
            response = gateway.post(path, whole, {"Content-Type": kind})
            assert response.status == 415 and response.error["code"] == "unsupported_media_type"
        assert gateway.get(path).status == 405
    assert not upstream.requests


@pytest.mark.parametrize("kind, body, message", [
    (TYPE, form(("file", b"x", "a", "b/c")), 'has no field "model"'),
    (TYPE, form(("model", "m"), ("model", "n")), "is there twice"),
    (TYPE, form(("model", "")), "is empty"),
    (TYPE, form(("model", "a b")), "holds a space"),
    (TYPE, form(("model", "m"))[:-6], "cannot be read"),
    (TYPE, form(("model", "m")).replace(b"\r\n", b"\n"), "a line begins with the boundary and goes on"),
    (TYPE, b"{}", "no line begins with the boundary"),
    ("multipart/form-data", form(("model", "m")), "names no boundary"),
    (TYPE + "x", form(("model", "m")), "no line begins with the boundary"),
])
def test_forms_that_are_none(simple, upstream, kind, body, message):
    gateway = simple(upstream)
    response = gateway.post(HEARING, body, {"Content-Type": kind})
    assert response.status == 400 and message in response.error["message"], response.error
    assert response.error["source"] == "gateway" and not upstream.requests


def test_an_upload_of_25_mib_passes_and_the_limit_is_the_configured_one(simple, upstream):
    upstream.default = up.answer(200, WORDS)
    data = os.urandom(25 * 1024 * 1024)
    gateway = simple(upstream, config={"limits": {"body": "26MiB"}})
    response = gateway.post(HEARING, form(("model", "m"), ("file", data, "a.wav", "audio/wav")),
                            {"Content-Type": TYPE})
    assert response.status == 200
    assert read(upstream.requests[-1])[1][1] == data
    more = form(("model", "m"), ("file", data + bytes(1024 * 1024), "a.wav", "audio/wav"))
    response = gateway.post(HEARING, more, {"Content-Type": TYPE})
    assert response.status == 413 and response.error["code"] == "request_too_large"
    assert len(upstream.requests) == 1


def test_an_unknown_model_in_a_form(gateways, upstream):
    gateway = gateways({"providers": {"p1": provider(upstream)},
                        "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "x"}]]}]}, env=KEYS)
    response = hear(gateway, model="nobody/x")
    assert response.status == 404 and response.error["code"] == "model_not_found"


def test_a_refusal_of_the_provider_comes_back(simple, upstreams):
    first, second = upstreams(default=up.error(400, "no such voice", kind="invalid_request_error")), upstreams()
    response = simple(first, second).post(SPEECH, SAY)
    assert response.status == 400 and response.error["message"] == "no such voice"
    assert not second.requests


# ---- the rest --------------------------------------------------------------------------------------

def test_a_client_that_goes_ends_the_call(simple, upstream):
    upstream.default = up.stall
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", SPEECH, SAY))
        upstream.wait_requests(1)
        connection.abort()
    eventually(lambda: upstream.connections[0].closed_at, 5, "the call's end")


def test_nothing_is_kept(simple, upstream):
    upstream.default = up.answer(200, IMAGE_ANSWER)
    gateway = simple(upstream, policy={"cache": {"mode": "all"}})
    for count in (1, 2):
        response = gateway.post(IMAGES, {**DRAW, "seed": 1})
        assert response.status == 200 and len(upstream.requests) == count


def test_an_upload_is_not_counted_in_tokens(simple, upstream):
    left = {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "900",
            "x-ratelimit-reset-tokens": "60s"}
    upstream.default = up.answer(200, WORDS, left)
    gateway = simple(upstream)
    for _ in range(3):
        body = form(("model", "m"), ("file", bytes(100000), "a.wav", "audio/wav"))
        response = gateway.post(HEARING, body, {"Content-Type": TYPE})
        assert response.status == 200, response.error


def test_a_large_image_needs_no_room_for_all_of_it(simple, upstream):
    big = {"created": 1, "data": [{"b64_json": "A" * (6 << 20)}]}
    upstream.default = up.answer(200, json.dumps(big))
    gateway = simple(upstream)
    response = gateway.post(IMAGES, DRAW)
    assert response.status == 200 and response.json == big


# ---- the AI SDK's protocol -------------------------------------------------------------------------

def sdk(gateway, kind, body, model="m", version=4, **headers):
    return gateway.post("/v%d/ai/%s-model" % (1 if version == 2 else version, kind), body,
                        {"ai-model-id": model, "ai-%s-model-specification-version" % kind: str(version), **headers})


@pytest.mark.parametrize("version", [2, 3, 4])
def test_an_image_of_the_ai_sdk(simple, upstreams, version):
    broken, good = upstreams(default=up.error(503)), upstreams(default=up.answer(200, IMAGE_ANSWER))
    gateway = simple(broken, good)
    response = sdk(gateway, "image", {"prompt": "a cat", "n": 1, "size": "1024x1024", "seed": 3,
                                      "providerOptions": {"openai": {"quality": "low"}}}, version=version)
    assert response.status == 200, response.error
    answer = response.json
    assert answer["images"] == [PICTURE]
    assert answer["usage"] == {"inputTokens": 5, "outputTokens": 1056, "totalTokens": 1061}
    why = "is not taken by this provider"
    assert answer["warnings"] == ([{"type": "other", "message": "seed: " + why}] if version == 2 else
                                  [{"type": "unsupported", "feature": "seed", "details": why}])
    told = answer["providerMetadata"]["gateway"]
    assert told["routing"]["finalProvider"] == "p2" and told["routing"]["totalProviderAttemptCount"] == 2
    assert good.requests[-1].target == IMAGES
    assert good.requests[-1].json == {"model": "up-model", "prompt": "a cat", "n": 1, "size": "1024x1024",
                                      "response_format": "b64_json", "quality": "low"}
    assert "seed" in response.header("x-proa-warnings")


def test_an_edit_of_the_ai_sdk(simple, upstream):
    upstream.default = up.answer(200, IMAGE_ANSWER)
    gateway = simple(upstream)
    file = {"type": "file", "mediaType": "image/png", "data": base64.b64encode(b"\x89PNG\r\n--").decode()}
    response = sdk(gateway, "image", {"prompt": "Ü", "n": 1, "files": [file, file], "mask": file})
    assert response.status == 200 and response.json["images"] == [PICTURE]
    request = upstream.requests[-1]
    assert request.target == EDITS
    assert read(request) == [("model", b"up-model", None, "text/plain"), ("prompt", "Ü".encode(), None, "text/plain"),
                             ("image[]", b"\x89PNG\r\n--", "image.png", "image/png"),
                             ("image[]", b"\x89PNG\r\n--", "image.png", "image/png"),
                             ("mask", b"\x89PNG\r\n--", "mask.png", "image/png"),
                             ("n", b"1", None, "text/plain"),
                             ("response_format", b"b64_json", None, "text/plain")]
    far = {"prompt": "a", "files": [{"type": "url", "url": "https://images.example/1"}]}
    response = sdk(gateway, "image", far)
    assert response.status == 400 and "image by URL" in response.error["message"]


@pytest.mark.parametrize("version", [3, 4])
def test_speech_of_the_ai_sdk(simple, upstreams, version):
    broken, good = upstreams(default=BAD["page"]), upstreams(default=sound())
    gateway = simple(broken, good)
    response = sdk(gateway, "speech", {"text": "hello", "voice": "nova", "outputFormat": "mp3"}, version=version)
    assert response.status == 200, response.error
    assert base64.b64decode(response.json["audio"]) == SOUND
    assert response.json["warnings"] == []
    assert response.header("content-type") == "application/json"
    assert good.requests[-1].json == {"model": "up-model", "input": "hello", "voice": "nova",
                                      "response_format": "mp3"}
    assert response.header("x-proa-attempts") == "2"


def test_a_transcription_of_the_ai_sdk(simple, upstreams):
    told = {"text": "hello there", "language": "english", "duration": 1.5,
            "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": "hello there"}]}
    broken, good = upstreams(default=up.answer(200, {"segments": []})), upstreams(default=up.answer(200, told))
    gateway = simple(broken, good)
    audio = b"RIFF\r\n--proa-" + SOUND
    response = sdk(gateway, "transcription", {"audio": base64.b64encode(audio).decode(), "mediaType": "audio/wav",
                                              "providerOptions": {"openai": {"language": "en"}}})
    assert response.status == 200, response.error
    answer = response.json
    assert answer.pop("providerMetadata")["gateway"]["routing"]["finalProvider"] == "p2"
    assert answer == {"text": "hello there", "language": "en", "durationInSeconds": 1.5, "warnings": [],
                      "segments": [{"text": "hello there", "startSecond": 0.0, "endSecond": 1.5}]}
    assert read(good.requests[-1]) == [("model", b"up-model", None, "text/plain"),
                                       ("response_format", b"verbose_json", None, "text/plain"),
                                       ("language", b"en", None, "text/plain"),
                                       ("file", audio, "file.wav", "audio/wav")]


def test_a_recording_of_20_mib(simple, upstream):
    upstream.default = up.answer(200, WORDS)
    gateway = simple(upstream)
    audio = os.urandom(20 * 1024 * 1024)
    response = sdk(gateway, "transcription", {"audio": base64.b64encode(audio).decode(), "mediaType": "audio/mpeg"})
    assert response.status == 200, response.error
    assert read(upstream.requests[-1])[-1] == ("file", audio, "file.mp3", "audio/mpeg")


@pytest.mark.parametrize("kind, body, message", [
    ("image", {}, '"prompt" is missing'), ("image", {"prompt": "a", "files": [{"data": "?"}]}, "must be base64"),
    ("speech", {"text": ""}, '"text" is missing'), ("transcription", {"audio": "x"}, "must be base64")])
def test_refusals_of_the_ai_sdks_requests(simple, upstream, kind, body, message):
    gateway = simple(upstream)
    response = sdk(gateway, kind, body)
    assert response.status == 400 and message in response.error["message"], response.error
    assert response.error["type"] == "invalid_request_error" and not upstream.requests


def test_an_image_by_its_address_alone_is_no_answer(simple, upstreams):
    far = upstreams(default=up.answer(200, {"data": [{"url": "https://images.example/1"}]}))
    good = upstreams(default=up.answer(200, IMAGE_ANSWER))
    response = sdk(simple(far, good), "image", {"prompt": "a", "n": 1})
    assert response.status == 200 and response.json["images"] == [PICTURE]


def test_the_ai_sdk_and_who_has_none(gateways, upstream):
    gateway = gateways({"providers": {"claude": provider(upstream, dialect="anthropic")}}, env=KEYS)
    for kind, body in (("image", {"prompt": "a"}), ("speech", {"text": "a"}),
                       ("transcription", {"audio": "UklGRg==", "mediaType": "audio/wav"})):
        response = sdk(gateway, kind, body, model="claude/c")
        assert response.status == 400 and "is not offered by this provider" in response.error["message"]
    assert not upstream.requests


@pytest.mark.parametrize("path", [
    "/v4/ai/video-model", "/v4/ai/video-model/start", "/v4/ai/video-model/status", "/v4/ai/decision-model",
    "/v4/ai/batch/start", "/v4/ai/batch/status", "/v4/ai/batch/results", "/v4/ai/batch/cancel",
    "/v4/ai/realtime-model", "/v3/ai/video-model", "/v1/realtime/client-secrets", "/v1/evaluate",
    "/v1/images/variations", "/v1/videos", "/v1/audio"])
def test_what_is_not_served_is_not_found(simple, upstream, path):
    gateway = simple(upstream)
    for body, kind in (({"model": "m"}, "application/json"), (form(("model", "m")), TYPE)):
        response = gateway.post(path, body, {"Content-Type": kind, "ai-model-id": "m"})
        assert response.status == 404 and response.error["type"] == "not_found"
        assert response.header("content-type") == "application/json"


# ---- models by name --------------------------------------------------------------------------------

def test_known_models_need_no_provider_before_them(gateways, upstreams):
    one, two = upstreams(default=up.answer(200, WORDS)), upstreams(default=up.answer(200, WORDS))
    gateway = gateways({"providers": {"openai": provider(one), "groq": provider(two)}}, env=KEYS)
    for model, asked in (("whisper-1", one), ("openai/gpt-4o-transcribe", one), ("whisper-large-v3", two)):
        assert hear(gateway, model=model).status == 200
        assert dict(field[:2] for field in read(asked.requests[-1]))["model"] == model.split("/")[-1].encode()
    assert sdk(gateway, "transcription", {"audio": "UklGRg==", "mediaType": "audio/wav"},
               model="whisper-large-v3-turbo").status == 200
    one.default = up.answer(200, IMAGE_ANSWER)
    response = gateway.post(IMAGES, {**DRAW, "model": "openai/an-image-model-of-tomorrow"})
    assert response.status == 200 and one.requests[-1].json["model"] == "an-image-model-of-tomorrow"
    types = {model["id"]: model["modelType"] for model in gateway.get("/v4/ai/config").json["models"]}
    assert types["openai/gpt-image-1"] == "image" and types["openai/tts-1"] == "speech"
    assert types["openai/whisper-1"] == "transcription"
    # Groq has no images, whatever they are called.
    response = gateway.post(IMAGES, {**DRAW, "model": "groq/x"})
    assert response.status == 400 and "is not offered by this provider" in response.error["message"]


# ---- the mock --------------------------------------------------------------------------------------

def test_the_mocks_answers(gateways):
    gateway = gateways(None, args=["--mock"])
    image = gateway.post(IMAGES, {"model": "mock/gpt-image-1", "prompt": "a cat", "n": 2})
    assert image.status == 200, image.body
    for item in image.json["data"]:
        assert base64.b64decode(item["b64_json"]).startswith(b"\x89PNG\r\n\x1a\n")
    said = gateway.post(SPEECH, {"model": "mock/tts-1", "input": "hello", "voice": "alloy",
                                 "response_format": "wav"})
    assert said.status == 200 and said.body.startswith(b"RIFF") and said.header("content-type") == "audio/wav"
    heard = gateway.post(HEARING, form(("model", "mock/whisper-1"), ("file", said.body, "a.wav", "audio/wav")),
                         {"Content-Type": TYPE})
    assert heard.status == 200
    assert heard.json["text"] == "The mock has heard %d bytes of audio/wav." % len(said.body)
