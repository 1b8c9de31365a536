"""What tests of a dialect have in common: a gateway, the provider that speaks the dialect behind it
with two keys, and one of the OpenAI dialect that takes over."""
import json

from . import upstream as up
from .gateway import TOLERANT

CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "hi"}]
KEYS = {"PROA_TEST_KEY": "test-key-1", "PROA_TEST_KEY2": "test-key-2"}
PNG = "iVBORw0KGgo="


class World:
    """models: the client's name for a model -> the provider's. `base` is what stands behind the
    host in its base URL, `key_header` where it wants its key."""

    def __init__(self, gateways, upstreams, vendor, base, models, default, key_header, **policy):
        self.vendor, self.models, self.key_header = vendor, models, key_header
        self.provider = upstreams(default=default)
        self.other = upstreams(default=up.chat("from the other"))
        keys = [{"env": name, "quota_group": name} for name in KEYS]
        self.gateway = gateways(
            {"providers": {vendor: {"base_url": self.provider.url.rsplit("/", 1)[0] + base, "keys": keys},
                           "other": {"dialect": "openai", "base_url": self.other.url,
                                     "keys": [{"env": "PROA_TEST_KEY"}]}},
             "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT, **policy}],
             "routes": [{"model": name, "policy": "test",
                         "tiers": [[{"provider": vendor, "model": model}],
                                   [{"provider": "other", "model": "o"}]]}
                        for name, model in models.items()]},
            env=KEYS)

    def chat(self, messages=None, model="m", headers=(), **more):
        return self.gateway.post(CHAT, {"model": model, "messages": messages or HI, **more},
                                 headers=headers)

    def sent(self, target):
        """The body of the only request, whose head is checked."""
        assert len(self.provider.requests) == 1, self.provider.requests
        request = self.provider.requests.pop()
        assert (request.method, request.target) == ("POST", target)
        assert request.header("content-type") == "application/json"
        prefix = "Bearer " if self.key_header == "authorization" else ""
        assert request.header(self.key_header) in [prefix + key for key in KEYS.values()]
        self.head = request
        return request.json

    def check_reaction(self, reaction, response):
        """X: the client is told; K: the other key answered; F: the other provider did."""
        if response.status != 200:
            assert "X" in reaction, response
            assert len(self.provider.requests) == 1 and self.other.requests == []
            assert response.error["message"] and response.error["source"] == "provider"
            return
        assert response.header("x-proa-attempts") == "2", response
        if response.header("x-proa-provider") == "other":
            assert "F" in reaction, response
        else:
            keys = {request.header(self.key_header) for request in self.provider.requests}
            assert "K" in reaction and len(keys) == 2, response


def chunks(response):
    """The events of a whole stream of the OpenAI surface, its end mark apart."""
    assert response.status == 200 and response.complete, response
    assert response.header("content-type").startswith("text/event-stream")
    assert response.events[-1] == "[DONE]"
    events = [json.loads(event) for event in response.events[:-1]]
    assert len({event["id"] for event in events}) == 1
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    return events


def calls_of(events):
    """The tool calls of a stream, put together."""
    calls = {}
    for event in events:
        for choice in event["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                call = calls.setdefault(piece["index"], {"function": {"arguments": ""}})
                function = piece.get("function") or {}
                for name in ("id", "type"):
                    call[name] = piece.get(name) or call.get(name)
                call["function"]["name"] = function.get("name") or call["function"].get("name")
                call["function"]["arguments"] += function.get("arguments") or ""
    return [calls[index] for index in sorted(calls)]


def finish_of(events):
    reasons = [choice["finish_reason"] for event in events for choice in event["choices"]]
    assert [reason for reason in reasons if reason] == [reasons[-1]]
    return reasons[-1]


def warned(response):
    return " ".join(value for name, value in response.headers if name.lower() == "x-proa-warnings")
