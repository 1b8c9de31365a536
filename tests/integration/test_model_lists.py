"""The lists of models: what is known of each, single ones, and who offers it and how that goes."""
import json
import os

import pytest
from conftest import KEYS, provider
from testenv.gateway import ROOT
from testenv import upstream as up

with open(os.path.join(ROOT, "policies", "models.json"), encoding="utf-8") as file:
    MODELS = json.load(file)["models"]

GPT = "openai/gpt-oss-120b"


@pytest.fixture
def catalogue(gateways, upstreams):
    """Providers of these names, their upstreams, and routes."""
    def make(*names, routes=(), **options):
        behind = {name: upstreams() for name in names}
        config = {"providers": {name: provider(each) for name, each in behind.items()},
                  "routes": list(routes), **options}
        gateway = gateways(config, env=KEYS)
        return gateway, behind
    return make


def facts(name):
    """What the catalogue's file says of a model, in the list's words."""
    model = MODELS[name]
    features = model.get("capabilities", [])
    known = {"name": model["name"], "type": model["type"], "context_window": model["context"],
             "max_tokens": model["max_output"]}
    if model["type"] == "language":
        known["modalities"] = {"input": ["text"] + ["image"] * ("vision" in features)
                               + ["audio"] * ("audio" in features), "output": ["text"]}
    return {key: value for key, value in known.items() if value is not None}


def test_every_model_of_the_list_says_what_is_known(catalogue):
    gateway, _ = catalogue("openai", "anthropic", "groq", "cohere")
    listing = gateway.get("/v1/models")
    assert listing.status == 200 and listing.header("content-type") == "application/json"
    models = listing.json["data"]
    assert len(models) > 50 and listing.json["object"] == "list"
    for model in models:
        source = MODELS[model["id"]]
        for key, value in facts(model["id"]).items():
            assert model[key] == value, (model["id"], key)
        assert model["object"] == "model" and model["owned_by"] == model["id"].split("/")[0]
        assert model["display_name"] == model["name"]
        assert model["created"] == 0 and model["created_at"] == "1970-01-01T00:00:00.000Z"
        assert "released" not in model and "description" not in model
        for unknown, key in (("context", "context_window"), ("max_output", "max_tokens")):
            assert (key in model) == (source[unknown] is not None)
        assert model["supported_specifications"][-1:] in (["v4"], [])
        offer = next(offer for offer in source["offers"]
                     if offer["provider"] in ("openai", "anthropic", "groq", "cohere"))
        names = {"input": "input", "output": "output", "cache_read": "input_cache_read",
                 "cache_write": "input_cache_write"}
        assert model["pricing"] == {there: offer[here] for here, there in names.items()
                                    if offer.get(here) is not None}
        for tag, capability in (("tool-use", "tools"), ("vision", "vision"), ("reasoning", "reasoning"),
                                ("structured-output", "json_schema")):
            assert (tag in model["tags"]) == (capability in source.get("capabilities", []))
        assert ("supported_parameters" in model) == (model["type"] == "language")


def test_configured_names_tell_of_who_is_asked_first(catalogue):
    gateway, _ = catalogue("groq", "mine", routes=[
        {"model": "chat", "tiers": [[{"provider": "groq", "model": "openai/gpt-oss-120b"}],
                                    [{"provider": "mine", "model": "x"}]]},
        {"model": "own", "tiers": [[{"provider": "mine", "model": "x"}]]}],
        )
    models = {model["id"]: model for model in gateway.get("/v1/models").json["data"]}
    chat, own = models["chat"], models["own"]
    assert chat["owned_by"] == "proa" and chat["name"] == "chat" and chat["type"] == "language"
    assert chat["context_window"] == MODELS[GPT]["context"]
    assert own["pricing"] == {} and "type" not in own and "context_window" not in own
    assert models["mine/x"]["owned_by"] == "mine"
    assert models["groq/openai/gpt-oss-120b"]["type"] == "language"


@pytest.mark.parametrize("path", ["openai/gpt-oss-120b", "openai%2Fgpt-oss-120b", "openai%2fgpt-oss-120b/"])
def test_one_model_is_the_same_as_in_the_list(catalogue, path):
    gateway, _ = catalogue("groq")
    listed = {model["id"]: model for model in gateway.get("/v1/models").json["data"]}
    single = gateway.get("/v1/models/" + path)
    assert single.status == 200 and single.json == listed[GPT]


@pytest.mark.parametrize("path", ["nowhere/none", "nowhere%2Fnone", "nowhere/none/endpoints", "%zz",
                                  "%zz/endpoints"])
def test_an_unknown_model_is_not_found(catalogue, path):
    gateway, _ = catalogue("groq")
    for method in ("GET", "HEAD"):
        response = gateway.request(method, "/v1/models/" + path)
        assert response.status == 404 and response.header("x-request-id")
        if method == "GET":
            assert response.error["code"] == response.error["type"] == "model_not_found"


@pytest.mark.parametrize("path", ["", "/openai%2Fgpt-oss-120b", "/openai/gpt-oss-120b/endpoints"])
def test_head_is_get_without_a_body(catalogue, path):
    gateway, _ = catalogue("groq")
    whole = gateway.get("/v1/models" + path)
    head = gateway.request("HEAD", "/v1/models" + path)
    assert head.status == 200 and head.body == b""
    assert head.header("content-length") == str(len(whole.body))
    for method in ("POST", "DELETE"):
        refused = gateway.request(method, "/v1/models" + path)
        assert refused.status == 405 and refused.header("allow") == "GET, HEAD"


def test_nothing_configured_is_an_empty_list(gateways):
    gateway = gateways()
    listing = gateway.get("/v1/models").json
    assert listing == {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}
    assert gateway.get("/v1/models/x").status == 503


# ---- who offers it -------------------------------------------------------------------------------

def offers(gateway, name=GPT):
    response = gateway.get(f"/v1/models/{name}/endpoints")
    assert response.status == 200, response
    return response.json["data"]


def test_offers_without_calls_have_no_figures(catalogue):
    gateway, _ = catalogue("groq", "cerebras")
    data = offers(gateway)
    assert data["id"] == GPT and data["name"] == MODELS[GPT]["name"] and data["created"] == 0
    assert data["architecture"]["modality"] == "text->text"
    assert {each["provider_name"] for each in data["endpoints"]} == {"groq", "cerebras"}
    for each in data["endpoints"]:
        source = next(offer for offer in MODELS[GPT]["offers"] if offer["provider"] == each["provider_name"])
        assert each["name"] == f"{each['provider_name']} | {source['id']}"
        assert each["model_name"] == source["id"] and each["status"] == 0
        assert each["pricing"]["prompt"] == source["input"]
        assert each["pricing"]["completion"] == source["output"]
        assert each["uptime_last_15m"] is None and each["latency_last_1h"] is None
        assert each["throughput_last_1h"] is None and each["uptime_last_1d"] is None


def test_offers_have_figures_of_what_happened(catalogue):
    gateway, behind = catalogue("groq", "cerebras", policies=[{"name": "default", "balance": {
        "standby": 0}}], routes=[
        {"model": "m", "policy": "default", "tiers": [[{"provider": "groq", "model": "openai/gpt-oss-120b"}],
                                [{"provider": "cerebras", "model": "gpt-oss-120b"}]]}])
    for _ in range(12):
        assert gateway.chat("m").status == 200
    by = {each["provider_name"]: each for each in offers(gateway, "m")["endpoints"]}
    assert by["groq"]["uptime_last_15m"] == 100 and by["groq"]["status"] == 0
    assert 0 < by["groq"]["latency_last_1h"]["p50"] <= by["groq"]["latency_last_1h"]["p95"]
    assert by["groq"]["throughput_last_1h"] is None  # nothing was streamed
    assert by["cerebras"]["uptime_last_15m"] is None
    behind["groq"].default = up.error(500)
    for _ in range(60):
        if by["groq"]["status"] < 0:
            break
        assert gateway.chat("m").status == 200
        by = {each["provider_name"]: each for each in offers(gateway, "m")["endpoints"]}
    assert by["groq"]["status"] in (-1, -2) and by["groq"]["uptime_last_15m"] < 100
    assert by["cerebras"]["status"] == 0 and by["cerebras"]["uptime_last_15m"] == 100


def test_keys_of_a_provider_are_one_offer(gateways, upstream):
    gateway = gateways({"providers": {"groq": provider(upstream, keys=[
        {"env": "PROA_TEST_KEY"}, {"env": "PROA_TEST_KEY_2"}])}},
        env={**KEYS, "PROA_TEST_KEY_2": "second"})
    assert [each["provider_name"] for each in offers(gateway)["endpoints"]] == ["groq"]
    assert gateway.chat(GPT).status == 200
    assert offers(gateway)["endpoints"][0]["uptime_last_15m"] == 100


# ---- many ----------------------------------------------------------------------------------------

def test_a_long_list_is_whole(gateways, upstream):
    n = 1000
    gateway = gateways({"providers": {"p": provider(upstream)}, "routes": [
        {"model": "route-%d" % i, "tiers": [[{"provider": "p", "model": "m-%d" % (i % 700)}]]}
        for i in range(n)]}, env=KEYS)
    ids = [model["id"] for model in gateway.get("/v1/models").json["data"]]
    assert len(ids) == len(set(ids)) == n + 700
    assert {"route-0", "route-999", "p/m-0", "p/m-699"} <= set(ids)
