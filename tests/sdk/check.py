"""An ordinary OpenAI program; the base URL and the key come from the environment alone."""
import asyncio
import json
import math
import sys
import traceback

import openai

client = openai.OpenAI(max_retries=0)
MESSAGES = [{"role": "user", "content": "hello from the SDK"}]
TOOLS = [{"type": "function", "function": {
    "name": "lookup", "description": "looks a word up",
    "parameters": {"type": "object", "properties": {"word": {"type": "string"}},
                   "required": ["word"]}}}]


def chat():
    answer = client.chat.completions.create(model="mock/echo", messages=MESSAGES)
    assert "hello from the SDK" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > 0


def stream():
    text, finish, usage = "", None, None
    for chunk in client.chat.completions.create(model="mock/echo", messages=MESSAGES, stream=True,
                                                stream_options={"include_usage": True}):
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
            finish = chunk.choices[0].finish_reason or finish
        usage = chunk.usage or usage
    assert "hello from the SDK" in text and finish == "stop" and usage.total_tokens > 0


def async_stream():
    async def run():
        async with openai.AsyncOpenAI(max_retries=0) as many:
            async def one():
                text = ""
                async for chunk in await many.chat.completions.create(
                        model="mock/echo", messages=MESSAGES, stream=True):
                    text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
                return text
            return await asyncio.gather(*[one() for _ in range(8)])
    assert all("hello from the SDK" in text for text in asyncio.run(run()))


def failover():
    raw = client.chat.completions.with_raw_response.create(model="demo", messages=MESSAGES)
    assert raw.parse().choices[0].message.content
    assert raw.headers["x-proa-attempts"] == "2"
    assert ":503/" in raw.headers["x-proa-trail"] and ":200/" in raw.headers["x-proa-trail"]


def tool_call_stream():
    name, arguments, identity, finish = "", "", "", None
    for chunk in client.chat.completions.create(model="mock/echo", messages=MESSAGES, tools=TOOLS,
                                                tool_choice="required", stream=True):
        if not chunk.choices:
            continue
        for part in chunk.choices[0].delta.tool_calls or []:
            assert part.index == 0
            identity = identity or part.id or ""
            name += part.function.name or ""
            arguments += part.function.arguments or ""
        finish = chunk.choices[0].finish_reason or finish
    assert name == "lookup" and identity and finish == "tool_calls"
    json.loads(arguments)


def embeddings():
    coded = client.embeddings.create(model="mock/echo", input=["one", "two"])
    plain = client.embeddings.create(model="mock/echo", input=["one", "two"], encoding_format="float")
    for a, b in zip(coded.data, plain.data):
        assert len(a.embedding) == len(b.embedding) > 0
        assert all(math.isclose(x, y, abs_tol=1e-5) for x, y in zip(a.embedding, b.embedding))


def completions():
    answer = client.completions.create(model="mock/echo", prompt="hello from the SDK")
    assert answer.choices[0].text
    text = "".join(chunk.choices[0].text for chunk in client.completions.create(
        model="mock/echo", prompt="hello from the SDK", stream=True) if chunk.choices)
    assert text


def models():
    ids = [model.id for model in client.models.list()]
    assert "demo" in ids, ids
    for one in ids:
        assert client.models.retrieve(one).id == one


def errors():
    for call in (lambda: client.chat.completions.create(model="nowhere/no-such-model", messages=MESSAGES),
                 lambda: client.models.retrieve("nowhere/no-such-model")):
        try:
            call()
        except openai.NotFoundError as error:
            assert error.code == "model_not_found", error.code
        else:
            raise AssertionError("no error")


failed = 0
for check in (chat, stream, async_stream, failover, tool_call_stream, embeddings, completions, models,
              errors):
    try:
        check()
        print("PASS %s %s" % (sys.argv[1], check.__name__))
    except Exception:
        failed += 1
        print("FAIL %s %s: %s" % (sys.argv[1], check.__name__, traceback.format_exc()))
sys.exit(1 if failed else 0)
