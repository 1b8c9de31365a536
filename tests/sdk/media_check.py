"""Images, speech and transcriptions through OpenAI's Python SDK, against Proa's own mock."""
import asyncio
import base64
import io
import sys
import traceback
import wave

import openai

name = sys.argv[1]
client = openai.OpenAI(max_retries=0)
PNG = b"\x89PNG\r\n\x1a\n"


def sound(seconds=0.1):
    """Silence, as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(b"\x80" * round(8000 * seconds))
    return "a.wav", file.getvalue(), "audio/wav"


def images():
    answer = client.images.generate(model="mock/gpt-image-1", prompt="a cat", n=2,
                                    extra_body={"providerOptions": {"gateway": {"tags": ["a"]}}})
    assert [base64.b64decode(image.b64_json)[:8] for image in answer.data] == [PNG, PNG]
    assert answer.usage.output_tokens > 0


def edit():
    answer = client.images.edit(model="mock/gpt-image-1", prompt="a hat", image=("a.png", PNG, "image/png"),
                                mask=("m.png", PNG, "image/png"),
                                extra_body={"providerOptions": {"gateway": {"order": ["mock"]}}})
    assert base64.b64decode(answer.data[0].b64_json).startswith(PNG)


def speech():
    with client.audio.speech.with_streaming_response.create(
            model="mock/tts-1", voice="alloy", input="hello", response_format="wav") as response:
        assert response.headers["content-type"] == "audio/wav"
        assert b"".join(response.iter_bytes()).startswith(b"RIFF")


def transcription():
    said = client.audio.transcriptions.create(model="mock/whisper-1", file=sound())
    assert said.text == "The mock has heard 844 bytes of audio/wav.", said
    verbose = client.audio.transcriptions.create(model="mock/whisper-1", file=sound(), response_format="verbose_json",
                                                 timestamp_granularities=["segment"])
    assert verbose.segments[0].text == said.text
    assert "844 bytes" in client.audio.translations.create(model="mock/whisper-1", file=sound(),
                                                           response_format="text")


def transcription_stream():
    events = list(client.audio.transcriptions.create(model="mock/gpt-4o-transcribe", file=sound(), stream=True))
    assert "".join(event.delta for event in events[:-1]) == events[-1].text


def concurrent():
    async def main():
        async with openai.AsyncOpenAI(max_retries=0) as many:
            answers = await asyncio.gather(*(many.audio.transcriptions.create(model="mock/whisper-1",
                                                                              file=sound(0.1 * n)) for n in (1, 2, 3)))
        assert [answer.text.split()[4] for answer in answers] == ["844", "1644", "2444"]
    asyncio.run(main())


def refused():
    try:
        client.audio.transcriptions.create(model="nobody/x", file=sound())
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"
    else:
        raise AssertionError("an unknown model was found")


failed = 0
for check in (images, edit, speech, transcription, transcription_stream, concurrent, refused):
    try:
        check()
        print("PASS %s media %s" % (name, check.__name__))
    except Exception:  # each check stands for itself
        failed += 1
        print("FAIL %s media %s: %s" % (name, check.__name__, traceback.format_exc()))
sys.exit(1 if failed else 0)
