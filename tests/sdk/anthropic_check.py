"""An ordinary Anthropic program; the base URL and the key come from the environment alone."""
import asyncio
import sys
import traceback

import anthropic

client = anthropic.Anthropic(max_retries=0)
MESSAGES = [{"role": "user", "content": "hello from the SDK"}]
TOOLS = [{"name": "lookup", "description": "looks a word up", "cache_control": {"type": "ephemeral"},
          "input_schema": {"type": "object", "properties": {"word": {"type": "string"}},
                           "required": ["word"]}}]
THINKING = {"type": "enabled", "budget_tokens": 1024}


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def create(model):
    message = client.messages.create(model=model, max_tokens=200, messages=MESSAGES)
    assert "hello from the SDK" in text_of(message)
    assert message.stop_reason == "end_turn" and message._request_id
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def stream(model):
    with client.messages.stream(model=model, max_tokens=200, messages=MESSAGES) as events:
        seen = "".join(events.text_stream)
        message = events.get_final_message()
    assert seen == text_of(message) and "hello from the SDK" in seen
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def thinking_and_tool(model):
    ask = {"model": model, "max_tokens": 4000, "tools": TOOLS, "thinking": THINKING}
    turns = [{"role": "user", "content": "use the lookup tool for the word canoe"}]
    with client.messages.stream(messages=turns, **ask) as events:
        first = events.get_final_message()
    assert first.stop_reason == "tool_use"
    use = [block for block in first.content if block.type == "tool_use"][0]
    assert use.name == "lookup" and isinstance(use.input["word"], str)
    if model == "claude":
        thought = [block for block in first.content if block.type == "thinking"][0]
        assert thought.thinking and thought.signature
    second = client.messages.create(messages=[
        *turns, {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id,
                                      "content": "a boat"}]}], **ask)
    assert second.stop_reason == "end_turn" and text_of(second)


def count_tokens(model):
    few = client.messages.count_tokens(model=model, messages=MESSAGES).input_tokens
    many = client.messages.count_tokens(model=model, tools=TOOLS, messages=[
        {"role": "user", "content": "word " * 1000}]).input_tokens
    assert few > 0 and many > few + 500


def error_in_the_stream(model):
    seen = []
    try:
        for event in client.messages.create(model=model + "-breaks", max_tokens=200,
                                            messages=MESSAGES, stream=True):
            seen.append(event.type)
    except anthropic.APIError:
        pass
    else:
        raise AssertionError("no error")
    assert "content_block_delta" in seen and "message_stop" not in seen


def async_stream(model):
    async def run():
        async with anthropic.AsyncAnthropic(max_retries=0) as many:
            async def one():
                async with many.messages.stream(model=model, max_tokens=200,
                                                messages=MESSAGES) as events:
                    return text_of(await events.get_final_message())
            return await asyncio.gather(*[one() for _ in range(8)])
    assert all("hello from the SDK" in text for text in asyncio.run(run()))


def models():
    ids = [model.id for model in client.models.list()]
    assert "claude" in ids and "gpt" in ids, ids
    assert all(model.display_name and model.created_at.year == 1970 for model in client.models.list())
    assert client.models.retrieve("claude").id == "claude"


def errors():
    for model, kind, named in (("nowhere/none", anthropic.NotFoundError, "not_found_error"),
                               ("limited", anthropic.RateLimitError, "rate_limit_error"),
                               ("gpt-limited", anthropic.RateLimitError, "rate_limit_error"),
                               ("overloaded", anthropic.InternalServerError, "overloaded_error")):
        try:
            client.messages.create(model=model, max_tokens=9, messages=MESSAGES)
        except kind as error:
            assert error.body["error"]["type"] == named and error.request_id, error.body
        else:
            raise AssertionError("no error of " + model)


CHECKS = {"%s_%s" % (model, check.__name__): (lambda check=check, model=model: check(model))
          for model in ("claude", "gpt")
          for check in (create, stream, thinking_and_tool, count_tokens, error_in_the_stream,
                        async_stream)}
CHECKS.update({"models": models, "errors": errors})
failed = 0
for name, check in CHECKS.items():
    try:
        check()
        print("PASS %s %s" % (sys.argv[1], name))
    except Exception:
        failed += 1
        print("FAIL %s %s: %s" % (sys.argv[1], name, traceback.format_exc()))
sys.exit(1 if failed else 0)
