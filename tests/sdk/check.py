"""An ordinary OpenAI program; the base URL and the key come from the environment alone."""
import asyncio
import json
import math
import sys
import traceback
import typing

import openai
import pydantic

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


def tools_stream_helper():
    with client.chat.completions.stream(model="mock/echo", messages=MESSAGES, tools=TOOLS,
                                        tool_choice="required") as events:
        kinds = {event.type for event in events}
        call = events.get_final_completion().choices[0].message.tool_calls[0]
    assert "tool_calls.function.arguments.done" in kinds, kinds
    assert call.function.name == "lookup" and json.loads(call.function.arguments)


class Answer(pydantic.BaseModel):
    city: str
    mood: typing.Literal["good", "bad"]


def parse_schema():
    answer = client.chat.completions.parse(model="mock/echo", messages=MESSAGES, response_format=Answer)
    assert isinstance(answer.choices[0].message.parsed, Answer)


def words_of_the_gateway():
    answer = client.chat.completions.create(model="mock/echo", messages=MESSAGES, extra_body={
        "models": ["mock/echo"], "provider": {"sort": "cost"}, "reasoning": {"effort": "low"},
        "providerOptions": {"gateway": {"order": ["mock"], "only": ["mock"], "user": "u"}}})
    assert "hello from the SDK" in answer.choices[0].message.content


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


MODELS = ("mock/echo", "claude", "served")
LOOKUP = {"type": "function", "strict": False, **TOOLS[0]["function"]}


class Place(pydantic.BaseModel):
    city: str


def responses():
    for model in MODELS:
        answer = client.responses.create(model=model, input="hello from the SDK")
        assert "hello from the SDK" in answer.output_text and answer.status == "completed"
        assert answer.usage.total_tokens > 0
        more = client.responses.create(model=model, input="and then", previous_response_id=answer.id)
        assert "and then" in more.output_text
        other = client.responses.create(model="mock/echo", input="at last",
                                        previous_response_id=more.id)
        assert "at last" in other.output_text


def responses_stream():
    for model in MODELS:
        text = ""
        with client.responses.stream(model=model, input="hello from the SDK") as stream:
            for event in stream:
                text += event.delta if event.type == "response.output_text.delta" else ""
            final = stream.get_final_response()
        assert "hello from the SDK" in text and text in final.output_text
        assert final.status == "completed" and final.usage.total_tokens > 0


def responses_parse():
    for model in MODELS:
        answer = client.responses.parse(model=model, input="json", text_format=Place)
        assert isinstance(answer.output_parsed, Place)
        with client.responses.stream(model=model, input="json", text_format=Place) as stream:
            assert isinstance(stream.get_final_response().output_parsed, Place)


def responses_tools():
    for model in MODELS:
        with client.responses.stream(model=model, input="use a tool", tools=[LOOKUP]) as stream:
            final = stream.get_final_response()
        call, = [item for item in final.output if item.type == "function_call"]
        assert call.name == "lookup"
        json.loads(call.arguments)
        answer = client.responses.create(
            model=model, tools=[LOOKUP], previous_response_id=final.id,
            input=[{"type": "function_call_output", "call_id": call.call_id, "output": "done"}])
        assert answer.output_text


def responses_errors():
    try:
        client.responses.create(model="mock/echo", input="x", previous_response_id="resp_x")
    except openai.BadRequestError as error:
        assert error.code == "previous_response_not_found", error.code
    else:
        raise AssertionError("no error")
    kinds, failure = [], None
    try:
        for event in client.responses.create(model="broken", input="one two three four", stream=True):
            kinds.append(event.type)
            failure = failure or getattr(getattr(event, "response", None), "error", None)
    except openai.APIError as error:
        failure = error
    assert failure and failure.message, kinds
    assert "response.output_text.delta" in kinds and "response.completed" not in kinds


failed = 0
for check in (chat, stream, async_stream, failover, tool_call_stream, tools_stream_helper,
              parse_schema, words_of_the_gateway, embeddings, completions, models, errors, responses,
              responses_stream, responses_parse, responses_tools, responses_errors):
    try:
        check()
        print("PASS %s %s" % (sys.argv[1], check.__name__))
    except Exception:
        failed += 1
        print("FAIL %s %s: %s" % (sys.argv[1], check.__name__, traceback.format_exc()))
sys.exit(1 if failed else 0)
