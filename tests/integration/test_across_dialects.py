"""One conversation over several dialects: a stream that fails goes on elsewhere as if nothing had
been, and what one provider's tools were asked is understood by the next."""
import json
import random

import pytest
from matrix.faults import FAULTS, LATE
from matrix.table import BY_NAME
from test_providers import LOOK, MODES, NOW, PNG, STREAM, Answer

DIALECTS = sorted(FAULTS)
# And Google's other service, which wants no ids, and those of OpenAI's dialect that are the strictest
# about what they are sent.
SPEAKERS = [*DIALECTS, "vertex", "mistral", "deepseek", "xai", "groq"]


def pairs(names):
    return [(BY_NAME[a], BY_NAME[b]) for a in names for b in names if a != b]


def pair_ids(pair):
    return ["%s-%s" % one for one in pair]


# ---- failing over -------------------------------------------------------------------------------

EARLY = [(a, b, fault) for a, b in pairs(DIALECTS) for fault in FAULTS[a.name] if fault != LATE]


@pytest.mark.parametrize("first, second, fault", EARLY, ids=["%s-%s-%s" % one for one in EARLY])
def test_a_stream_that_fails_before_content(world, first, second, fault):
    world.reset(first, "%s+%s" % (first.model, FAULTS[first.name][fault]))
    response = world.post(first, "/v1/chat/completions", {
        "model": "%s!%s>%s" % (first, fault, second), **STREAM,
        "messages": [{"role": "user", "content": "one two three"}]})
    answer = Answer(second, response, attempts=2)
    assert answer.text == "one two three" and answer.finish == "stop" and answer.usage
    assert b'"error":{' not in response.body  # only in what the gateway tells of the attempts


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_that_fails_after_content(world, name):
    """What has been said stands; then the failure is told as what it is, and not as an end."""
    row = BY_NAME[name]
    world.reset(row, "%s+%s" % (row.model, FAULTS[name][LATE]))
    response = world.post(row, "/v1/chat/completions", {
        "model": "%s!%s" % (row, LATE), "stream": True,
        "messages": [{"role": "user", "content": "one"}]})
    assert response.status == 200 and response.text and "[DONE]" not in response.events
    last = json.loads(response.events[-1])
    assert last["error"]["message"] and last["error"]["code"]
    finishes = [choice.get("finish_reason") for event in response.events[:-1]
                for choice in json.loads(event).get("choices", [])]
    assert not any(finishes)


# ---- tools --------------------------------------------------------------------------------------

CROSSINGS = pairs(SPEAKERS)


@MODES
@pytest.mark.parametrize("first, second", CROSSINGS, ids=pair_ids(CROSSINGS))
def test_tools_of_one_are_taken_by_the_next(world, first, second, mode):
    """The first asks for tools, the second gets the results, the first gets all of it back."""
    tools = {"tools": [LOOK, NOW], **(STREAM if mode == "streamed" else {})}
    history = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one two"}]

    def turn(row, recipe=""):
        response = world.chat(row, recipe=recipe, model=row.thinks, messages=history, **tools)
        # what only its own maker understands of a thought may be left out, and that is told
        return Answer(row, response, warned=None)

    asked = turn(first, "think:calls=2")
    assert [call["function"]["name"] for call in asked.calls] == ["look", "now"]
    history += [asked.message, *({"role": "tool", "tool_call_id": call["id"], "content": "done"}
                                 for call in reversed(asked.calls))]
    again = turn(second, "calls=1")
    assert not again.calls and again.finish == "stop" and again.text
    history += [again.message, {"role": "user", "content": "three"}]
    more = turn(second, "think:calls=2")
    assert len(more.calls) == 2
    history += [more.message, *({"role": "tool", "tool_call_id": call["id"], "content": "done"}
                                for call in more.calls), {"role": "user", "content": "four"}]
    assert turn(first, "think=no").text == "four"


# ---- there and back -----------------------------------------------------------------------------

def text_parts(content):
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or [] if part.get("type", "text") == "text"]


def of_openai(body):
    items = []
    for message in body["messages"]:
        role = {"developer": "system"}.get(message["role"], message["role"])
        if role == "tool":
            items.append(("result", message["tool_call_id"], "".join(text_parts(message["content"]))))
            continue
        items += [(role, text) for text in text_parts(message.get("content"))]
        items += [("call", call["id"], call["function"]["name"],
                   json.loads(call["function"]["arguments"]))
                  for call in message.get("tool_calls") or []]
    tools = [tool["function"]["name"] for tool in body.get("tools", [])]
    return items, tools


def of_anthropic(body):
    items = [("system", text) for text in text_parts(body.get("system"))]
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if block["type"] == "text":
                items.append((message["role"], block["text"]))
            elif block["type"] == "tool_use":
                items.append(("call", block["id"], block["name"], block["input"]))
            else:
                items.append(("result", block["tool_use_id"], "".join(text_parts(block["content"]))))
    return items, [tool["name"] for tool in body.get("tools", [])]


def of_gemini(body):
    items = [("system", part["text"]) for part in body.get("systemInstruction", {"parts": []})["parts"]]
    for content in body["contents"]:
        role = {"model": "assistant"}.get(content["role"], content["role"])
        for part in content["parts"]:
            if "text" in part:
                items.append((role, part["text"]))
            elif "functionCall" in part:
                call = part["functionCall"]
                items.append(("call", call["id"], call["name"], call["args"]))
            else:
                result = part["functionResponse"]
                items.append(("result", result["id"], result["response"]["content"]))
    return items, [one["name"] for tool in body.get("tools", []) for one in tool["functionDeclarations"]]


def of_bedrock(body):
    items = [("system", block["text"]) for block in body.get("system", [])]
    for message in body["messages"]:
        for block in message["content"]:
            if "text" in block:
                items.append((message["role"], block["text"]))
            elif "toolUse" in block:
                use = block["toolUse"]
                items.append(("call", use["toolUseId"], use["name"], use["input"]))
            else:
                result = block["toolResult"]
                items.append(("result", result["toolUseId"],
                              "".join(one["text"] for one in result["content"])))
    return items, [tool["toolSpec"]["name"] for tool in body.get("toolConfig", {"tools": []})["tools"]]


READERS = {"openai": of_openai, "anthropic": of_anthropic, "gemini": of_gemini,
           "bedrock": of_bedrock, "cohere": of_openai}
WORDS = ["oak", "\u2603 snow", "a \"quoted\" one", "line\nbreak", "\\back", "{\"json\": 1}", "\u00e9t\u00e9",
         "tab\there", "<xml/>", "\U0001f6f6"]


def conversation(seed):
    """A random one that any provider must understand."""
    chance = random.Random(seed)

    def words():
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 6)))

    def value(depth=2):
        kinds = [words, lambda: chance.randint(-9, 10**9), lambda: chance.choice([True, False, None])]
        if depth:
            kinds += [lambda: [value(depth - 1) for _ in range(chance.randint(0, 3))],
                      lambda: {"k%d" % i: value(depth - 1) for i in range(chance.randint(0, 3))}]
        return chance.choice(kinds)()

    tools = [{"type": "function", "function": {
        "name": "f_%d" % i, "description": words(),
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}}
        for i in range(chance.randint(1, 4))]
    messages = [{"role": "system", "content": words()}] if chance.random() < 0.7 else []
    for turn in range(chance.randint(1, 4)):
        messages.append({"role": "user", "content": words()})
        if chance.random() < 0.6:
            calls = [{"id": "call_%d_%d" % (turn, i), "type": "function", "function": {
                "name": chance.choice(tools)["function"]["name"],
                "arguments": json.dumps({"x": value()} if chance.random() < 0.8 else {})}}
                for i in range(chance.randint(1, 3))]
            messages.append({"role": "assistant", "tool_calls": calls,
                             "content": words() if chance.random() < 0.5 else None})
            messages += [{"role": "tool", "tool_call_id": call["id"], "content": words()}
                         for call in calls]
        messages.append({"role": "assistant", "content": words()})
    messages.append({"role": "user", "content": words()})
    return {"messages": messages, "tools": tools}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_on_the_way(world, name, seed):
    """The mock says back what it was sent: messages, calls, results, ids and tools are all there, in
    their order."""
    row, asked = BY_NAME[name], conversation(seed)
    response = world.chat(row, recipe="mirror", **asked)
    assert response.status == 200, response
    items, tools = READERS[row.dialect](json.loads(response.text))
    expected, expected_tools = of_openai(asked)
    assert tools == expected_tools
    if name == "cohere":  # beside calls a text is the plan for them
        expected = without_text_beside_calls(asked)
    assert items == expected


def without_text_beside_calls(asked):
    messages = [{**message, "content": None} if message.get("tool_calls") else message
                for message in asked["messages"]]
    return of_openai({"messages": messages})[0]


def test_images_are_kept(world):
    for name in DIALECTS:
        response = world.chat(BY_NAME[name], recipe="mirror", messages=[{"role": "user", "content": [
            {"type": "text", "text": "one"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
            {"type": "text", "text": "two"}]}])
        body = response.text
        assert body.index("one") < body.index(PNG[:40]) < body.rindex("two"), name
