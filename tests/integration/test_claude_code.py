"""What Claude Code and its like send over the Messages API: a long loop of tools, with cache control
that moves along, the tokens counted before every turn, thinking that comes back, all streamed. The
providers are the mock's, which refuses what the real ones would.
"""
import copy
import json

import pytest
from test_mock_dialects import PNG, Mock
from test_surface_anthropic import data_of, gathered
from testenv import Gateway, upstream as up

PATH = "/v1/messages?beta=true"
COUNT = "/v1/messages/count_tokens?beta=true"
EPHEMERAL = {"type": "ephemeral"}
TURNS = 32
CACHED = 40
HEADERS = {
    "authorization": "Bearer sk-client", "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,"
                      "fine-grained-tool-streaming-2025-05-14",
    "user-agent": "claude-cli/2.0.14 (external, cli)", "x-app": "cli",
    "x-stainless-lang": "js", "x-stainless-retry-count": "0", "x-stainless-timeout": "600",
    "anthropic-dangerous-direct-browser-access": "true",
}


def tool(name, **properties):
    return {"name": name, "description": name + " does what its name says.\n" * 20,
            "input_schema": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                             "properties": properties, "required": sorted(properties)[:1],
                             "additionalProperties": False}}


TOOLS = [
    tool("Bash", command={"type": "string", "description": "what to run"},
         timeout={"type": "number"}, run_in_background={"type": "boolean"}),
    tool("Read", file_path={"type": "string"}, limit={"type": "number"}),
    tool("Edit", file_path={"type": "string"}, old_string={"type": "string"},
         new_string={"type": "string"}, replace_all={"type": "boolean", "default": False}),
    tool("Glob", pattern={"type": "string"}),
    tool("TodoWrite", todos={"type": "array", "items": {
        "type": "object", "additionalProperties": False, "required": ["content", "status"],
        "properties": {"content": {"type": "string", "minLength": 1},
                       "status": {"type": "string", "enum": ["pending", "done"]}}}}),
    tool("WebFetch", url={"type": "string", "format": "uri"}),
]
SYSTEM = [{"type": "text", "text": "You write programs.", "cache_control": EPHEMERAL},
          {"type": "text", "text": "Work step by step.\n" * 200, "cache_control": EPHEMERAL}]
REMINDER = {"type": "text", "text": "<system-reminder>\nGo on with Bash and Read.\n</system-reminder>"}

# Provider -> what is configured of it at the mock, and the model that is asked there.
TARGETS = {
    "anthropic": ({"dialect": "anthropic", "path": "/anthropic/v1"}, "claude-sonnet-4-5"),
    "openai": ({"dialect": "openai", "path": "/openai/v1"}, "gpt-5.5"),
    "gemini": ({"dialect": "gemini", "path": "/gemini/v1beta"}, "gemini-3.6-flash"),
    "bedrock": ({"dialect": "bedrock", "path": "/bedrock", "region": "us-east-1", "keys": [
        {"aws": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": {"env": "AWS_SECRET"}}}]},
                "us.anthropic.claude-sonnet-5"),
    "mistral": ({"dialect": "openai", "path": "/mistral/v1"}, "mistral-large-latest"),
}
PASSED = {"anthropic"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    mock = Mock()
    providers = {}
    for name, (config, _) in TARGETS.items():
        config = dict(config)
        path = config.pop("path")
        providers[name] = {"keys": [{"env": "AGENT_KEY"}], **config,
                           "base_url": "http://127.0.0.1:%d%s" % (mock.port, path)}
    gateway = Gateway(tmp_path_factory.mktemp("claude-code"), {
        "providers": providers,
        "policies": [{"name": "once", "balance": {"standby": 0}, "retry": {"max_attempts": 1}}],
        "routes": [{"model": name, "policy": "once", "tiers": [[
            {"provider": name, "model": "%s+calls=2,cached=%d" % (model, CACHED)}]]}
                   for name, (_, model) in TARGETS.items()],
    }, env={"AGENT_KEY": "agent-key-1", "AWS_SECRET": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})
    yield gateway
    gateway.stop()
    mock.stop()


def result_of(use, turn):
    """Results of every kind that tools give."""
    kinds = [
        {"content": "total %d\n-rw-r--r-- 1 a a 7 \u2603.txt\n" % turn},
        {"content": [{"type": "text", "text": "line %d\t\"quoted\" \\ \u00e4" % turn}]},
        {"content": "command not found", "is_error": True},
        {"content": ""},
        {},
        {"content": [{"type": "text", "text": "a picture"},
                     {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                                  "data": PNG}}]},
    ]
    return {"type": "tool_result", "tool_use_id": use["id"], **kinds[turn % len(kinds)]}


def with_cache(messages):
    """The same with the last blocks of the last two messages of the user marked, as agents do."""
    marked = copy.deepcopy(messages)
    for message in [each for each in marked if each["role"] == "user"][-2:]:
        message["content"][-1]["cache_control"] = EPHEMERAL
    return marked


def total_input(usage):
    return (usage["input_tokens"] + usage["cache_read_input_tokens"]
            + usage["cache_creation_input_tokens"])


@pytest.mark.parametrize("name", TARGETS)
def test_long_loop(world, name):
    messages = [{"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>\nToday is a day.\n</system-reminder>"},
        {"type": "text", "text": "Use Bash and Read until it works."}]}]
    counted = []
    for turn in range(TURNS):
        last = turn == TURNS - 1
        body = {"model": name, "max_tokens": 32000, "stream": True, "system": SYSTEM, "tools": TOOLS,
                "messages": with_cache(messages),
                "metadata": {"user_id": "user_0123_account__session_4567"},
                "thinking": {"type": "enabled", "budget_tokens": 4096}}
        asked = {key: value for key, value in body.items()
                 if key not in ("max_tokens", "stream", "metadata")}
        count = world.post(COUNT, asked, HEADERS)
        assert count.status == 200, (turn, count.body)
        estimated = "estimated" in (count.header("x-proa-warnings") or "")
        assert estimated == (name not in PASSED)
        counted.append(count.json["input_tokens"])
        answer = world.post(PATH, body, HEADERS)
        assert answer.status == 200, (turn, answer.body)
        begin, made = data_of(answer)[0]["message"], gathered(answer)
        assert begin["id"].startswith("msg_") and begin["content"] == []
        # what is accounted at the beginning is what was counted before
        assert total_input(begin["usage"]) == counted[-1] > 0
        assert made["usage"]["output_tokens"] > 0
        assert total_input({**begin["usage"], **made["usage"]}) > 0
        assert made["usage"]["cache_read_input_tokens"] == CACHED
        if last:
            assert made["stop_reason"] == "end_turn"
            assert any(block["type"] == "text" for block in made["content"])
            break
        uses = [block for block in made["content"] if block["type"] == "tool_use"]
        assert made["stop_reason"] == "tool_use"
        assert [use["name"] for use in uses] == ["Bash", "Read"]
        assert all(isinstance(use["input"], dict) and use["id"] for use in uses)
        # after results alone the mock has done; what is said behind them makes it go on
        more = [REMINDER] if turn < TURNS - 2 else []
        messages += [{"role": "assistant", "content": made["content"]},
                     {"role": "user", "content": [*(result_of(use, turn + i)
                                                    for i, use in enumerate(uses)), *more]}]
    assert counted == sorted(counted) and counted[-1] > counted[0] + 10 * TURNS
    ids = [block["id"] for message in messages for block in message["content"]
           if block["type"] == "tool_use"]
    assert len(set(ids)) == len(ids) == 2 * (TURNS - 1)


def test_the_history_goes_on_as_it_came(gateways, upstreams):
    """To who speaks the dialect: every byte but the model, so that its cache is met."""
    claude = upstreams(default=up.answer(200, {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": "done"}],
        "usage": {"input_tokens": 7, "output_tokens": 3}}))
    gateway = gateways({
        "providers": {"claude": {"dialect": "anthropic", "base_url": claude.url,
                                 "keys": [{"env": "PROA_TEST_KEY"}]}},
        "routes": [{"model": "m", "tiers": [[{"provider": "claude", "model": "claude-sonnet-4-5"}]]}],
    }, env={"PROA_TEST_KEY": "test-key-1"})
    messages = [{"role": "user", "content": [{"type": "text", "text": "go"}]}]
    for turn in range(TURNS):
        use = {"type": "tool_use", "id": "toolu_%02d" % turn, "name": "Bash",
               "input": {"command": "ls \u2603 \"%d\"" % turn}}
        messages += [{"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm %d" % turn, "signature": "c2ln"}, use]},
                     {"role": "user", "content": [result_of(use, turn), REMINDER]}]
    body = {"model": "m", "max_tokens": 32000, "system": SYSTEM, "tools": TOOLS,
            "messages": with_cache(messages), "container": None,
            "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}
    for indent in (None, 1):
        text = json.dumps(body, indent=indent, ensure_ascii=indent is None)
        assert gateway.post(PATH, text.encode(), HEADERS).status == 200
        sent = claude.requests[-1]
        assert sent.body == text.replace('"model": "m"', '"model": "claude-sonnet-4-5"').encode()
        assert sent.header("anthropic-beta") == HEADERS["anthropic-beta"]
        assert sent.header("x-api-key") == "test-key-1" and sent.header("authorization") is None
