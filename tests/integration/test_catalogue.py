"""The catalogue at work: models without a route, costs of answers, and what cannot be resolved."""
import json
import os

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.gateway import ROOT, cli
from testenv.poll import eventually

with open(os.path.join(ROOT, "policies", "models.json"), encoding="utf-8") as file:
    MODELS = json.load(file)["models"]

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
         "prompt_tokens_details": {"cached_tokens": 400}}
# gpt-4o: 2.5 dollars for a million tokens in, 1.25 for cached ones, 10 for those out.
GPT_4O = "0.003"


@pytest.fixture
def catalogue(gateways):
    """catalogue({"openai": upstream, ...}) -> a gateway with these vendors as its providers."""
    def make(vendors, **config):
        return gateways({"providers": {name: provider(upstream) for name, upstream in vendors.items()},
                         **config}, env=KEYS)
    return make


@pytest.mark.smoke
def test_a_model_needs_no_route(catalogue, upstreams):
    openai, azure = upstreams(), upstreams()
    gateway = catalogue({"openai": openai, "azure": azure})
    for model in ("openai/gpt-5.5", "gpt-5.5"):
        response = gateway.chat(model)
        assert response.status == 200
        assert response.header("x-proa-provider") in ("openai", "azure")
        assert response.header("x-proa-model") == "gpt-5.5"
    sent = openai.requests + azure.requests
    assert [request.json["model"] for request in sent] == ["gpt-5.5", "gpt-5.5"]


def test_the_next_offer_takes_over(catalogue, upstreams):
    groq, cerebras = upstreams(default=up.error(503)), upstreams()
    gateway = catalogue({"groq": groq, "cerebras": cerebras})
    for _ in range(4):
        response = gateway.chat("meta/llama-3.3-70b")
        assert response.status == 200 and response.header("x-proa-provider") == "cerebras"
    assert {request.json["model"] for request in groq.requests} <= {"llama-3.3-70b-versatile"}
    assert {request.json["model"] for request in cerebras.requests} == {"llama-3.3-70b"}


def test_ids_of_the_provider_pass_as_they_are(catalogue, upstreams):
    openai, groq = upstreams(), upstreams()
    gateway = catalogue({"openai": openai, "groq": groq})
    for asked, upstream, sent in (("openai/gpt-4o-2024-08-06", openai, "gpt-4o-2024-08-06"),
                                  ("openai/ft:gpt-4o:me", openai, "ft:gpt-4o:me"),
                                  ("groq/openai/gpt-oss-120b", groq, "openai/gpt-oss-120b"),
                                  ("openai/gpt-oss-120b", groq, "openai/gpt-oss-120b")):
        assert gateway.chat(asked).status == 200, asked
        assert upstream.requests[-1].json["model"] == sent


@pytest.mark.parametrize("asked", ["openai/gpt-4o", "openai/gpt-4o-2024-08-06"])
def test_what_an_answer_costs(catalogue, upstreams, asked):
    gateway = catalogue({"openai": upstreams(default=up.chat(usage=USAGE)),
                         "groq": upstreams()})
    response = gateway.chat(asked)
    assert response.header("x-proa-cost-usd") == GPT_4O
    line = gateway.access()[0]
    assert line["cost_usd"] == float(GPT_4O)
    metrics = gateway.metrics()
    assert abs(metrics.total("proa_cost_usd_total", provider="openai") - float(GPT_4O)) < 1e-12
    assert metrics.types["proa_cost_usd_total"] == "counter"


def test_what_a_stream_costs_is_logged_and_counted(catalogue, upstreams):
    events = up.stream_events(usage=False, done=False)
    last = up.delta()
    last["choices"], last["usage"] = [], USAGE
    events += [up.sse(last), up.sse("[DONE]")]
    gateway = catalogue({"openai": upstreams(default=up.stream(events))})
    response = gateway.chat("gpt-4o", stream=True)
    assert response.status == 200 and response.header("x-proa-cost-usd") is None
    assert gateway.access()[0]["cost_usd"] == float(GPT_4O)
    assert gateway.metrics().total("proa_cost_usd_total", model="gpt-4o") == float(GPT_4O)


def test_a_cost_that_is_not_known_is_not_told(catalogue, upstreams):
    """No price, or no usage: nothing is said rather than zero."""
    silent = up.chat_body()
    del silent["usage"]
    gateway = catalogue({"openai": upstreams(default=up.answer(200, silent)),
                         "p1": upstreams(default=up.chat(usage=USAGE))})
    for model in ("gpt-4o", "p1/gpt-4o", "openai/unheard-of"):
        response = gateway.chat(model)
        assert response.status == 200 and response.header("x-proa-cost-usd") is None
    assert all("cost_usd" not in line for line in gateway.access(3))
    assert gateway.metrics().total("proa_cost_usd_total") == 0


def test_the_cheapest_offer_is_chosen_by_price(catalogue, upstreams):
    """gpt-oss-120b: 0.15 and 0.6 dollars at groq, 0.35 and 0.75 at cerebras."""
    groq, cerebras = upstreams(), upstreams()
    gateway = catalogue({"cerebras": cerebras, "groq": groq}, routes=[
        {"model": "cheap", "policy": "low-cost", "tiers": [["openai/gpt-oss-120b"]]}])
    for _ in range(10):
        assert gateway.chat("cheap").header("x-proa-provider") == "groq"
    assert not cerebras.requests


def test_a_target_may_be_a_model(catalogue, upstreams):
    groq, cerebras, openai = upstreams(), upstreams(default=up.error(500)), upstreams()
    gateway = catalogue({"groq": groq, "cerebras": cerebras, "openai": openai}, routes=[
        {"model": "m", "tiers": [["openai/gpt-4o"],
                                 [{"model": "meta/llama-3.3-70b", "substitute": True}]]}])
    assert gateway.chat("m").header("x-proa-provider") == "openai"
    openai.refuse()
    assert gateway.chat("m").header("x-proa-provider") == "groq"


@pytest.mark.parametrize("asked, words", [
    ("anthropic/claude-sonnet-5", ["is known", "anthropic, bedrock"]),
    ("claude-sonnet-4-5", ["is known", "anthropic"]),
    ("gpt-5.55", ["openai/gpt-5.5"]),
    ("opneai/gpt-4o", ["openai/gpt-4o"]),
])
def test_what_leads_nowhere_is_explained(catalogue, upstreams, asked, words):
    gateway = catalogue({"openai": upstreams(), "groq": upstreams()})
    response = gateway.chat(asked)
    assert response.status == 404 and response.error["code"] == "model_not_found"
    for word in words:
        assert word in response.error["message"], response.error["message"]


def test_the_list_has_what_is_configured(catalogue, upstreams):
    gateway = catalogue({"groq": upstreams(), "deepseek": upstreams()}, routes=[
        {"model": "m", "tiers": [[{"provider": "groq", "model": "x"}]]},
        {"model": "meta/llama-3.3-70b", "tiers": [[{"provider": "groq", "model": "y"}]]}])
    listed = gateway.get("/v1/models").json["data"]
    ids = [model["id"] for model in listed]
    offered = {name for name, model in MODELS.items()
               if any(offer["provider"] in ("groq", "deepseek") for offer in model["offers"])}
    assert len(ids) == len(set(ids))
    assert set(ids) == offered | {"m", "groq/x", "groq/y"}
    owners = {model["id"]: model["owned_by"] for model in listed}
    assert owners["deepseek/deepseek-chat"] == "deepseek"
    assert owners["openai/gpt-oss-120b"] == "openai"
    assert owners["meta/llama-3.3-70b"] == "proa"
    assert gateway.get("/v1/models/openai%2Fgpt-oss-120b").json["owned_by"] == "openai"
    assert gateway.get("/v1/models/openai%2Fgpt-4o").status == 404


def test_state_of_models_is_made_by_their_use(catalogue, upstreams):
    gateway = catalogue({"openai": upstreams(), "groq": upstreams()})
    before = gateway.metrics()
    assert {labels["route"] for labels, _ in before.find("proa_inflight_requests")} == {
        "openai/*", "groq/*", "none"}
    assert gateway.chat("gpt-4o").status == 200
    after = gateway.metrics()
    assert after.total("proa_requests_total", route="openai/gpt-4o", outcome="ok") == 1
    assert {labels["target"] for labels, _ in after.find("proa_upstream_breaker_state")} == {
        "openai/k1/", "groq/k1/", "openai/k1/gpt-4o"}


def test_what_is_known_of_a_model_survives_a_reload(catalogue, upstreams):
    openai, azure = upstreams(default=up.error(401, code="invalid_api_key")), upstreams()
    gateway = catalogue({"openai": openai, "azure": azure})
    while not openai.requests:
        assert gateway.chat("openai/gpt-4o").status == 200
    told = len(openai.requests)
    with open(gateway.config_path, encoding="utf-8") as config:
        changed = json.load(config)
    changed["log"]["level"] = "debug"
    with open(gateway.config_path, "w", encoding="utf-8") as config:
        json.dump(changed, config)

    def reloaded():
        return gateway.metrics().total("proa_config_reloads_total", result="ok") == 1

    eventually(reloaded, 10, "the reload")
    for _ in range(6):
        assert gateway.chat("openai/gpt-4o").header("x-proa-provider") == "azure"
    assert len(openai.requests) == told


def test_a_saved_state_explains_a_model_without_a_route(catalogue, upstreams, tmp_path):
    openai, azure = upstreams(default=up.error(401, code="invalid_api_key")), upstreams()
    gateway = catalogue({"openai": openai, "azure": azure})
    while not openai.requests:
        assert gateway.chat("gpt-4o").status == 200
    admin = "--admin=127.0.0.1:%d" % gateway.admin_port
    told = json.loads(cli("explain", "gpt-4o", "--output", "json", admin).stdout)
    saved = tmp_path / "state.json"
    saved.write_text(cli("status", "--output", "json", admin).stdout)
    here = json.loads(cli("explain", "openai/gpt-4o", "--output", "json", "--state", str(saved),
                          "--config", gateway.config_path, env=KEYS).stdout)
    for explanation in (told, here):
        assert explanation["route"] == "openai/gpt-4o" and explanation["policy"] == "default"
        assert {c["target"]: c["eligible"] for c in explanation["candidates"]} == {
            "openai/k1/gpt-4o": False, "azure/k1/gpt-4o": True}
