"""`proa models`: the catalogue for people and programs, and providers' own lists held against it."""
import json
import os

import pytest
from conftest import KEYS
from testenv import upstream as up
from testenv.gateway import ROOT, cli

with open(os.path.join(ROOT, "policies", "models.json"), encoding="utf-8") as file:
    MODELS = json.load(file)["models"]


def listed(*args, **options):
    done = cli("models", *args, "--json", **options)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return {model["id"]: model for model in json.loads(done.stdout)["models"]}


@pytest.mark.smoke
def test_the_list_is_the_file():
    models = listed()
    assert list(models) == list(MODELS)
    for name, model in models.items():
        source = MODELS[name]
        assert model["name"] == source["name"] and model["type"] == source["type"]
        assert model["context"] == source["context"] and model["max_output"] == source["max_output"]
        assert sorted(model["capabilities"]) == sorted(source.get("capabilities", []))
        assert model["aliases"] == source.get("aliases", [])
        assert [(offer["provider"], offer["id"]) for offer in model["offers"]] == [
            (offer["provider"], offer["id"]) for offer in source["offers"]]
        for have, want in zip(model["offers"], source["offers"]):
            for price in ("input", "output", "cache_read", "cache_write"):
                assert have[price] == want[price]
            assert have["configured"] == []


def test_text_is_a_line_for_each():
    lines = cli("models").stdout.splitlines()
    assert len(lines) == 1 + len(MODELS)
    line = next(line for line in lines if line.startswith("anthropic/claude-haiku-4.5 "))
    assert line.split()[1:4] == ["language", "200000", "64000"]
    assert "anthropic 1/5" in line and "bedrock 1.1/5.5" in line and "vertex ?/?" in line


@pytest.mark.parametrize("args, condition", [
    (["--type", "embedding"], lambda name, model: model["type"] == "embedding"),
    (["--capability", "vision", "--capability", "tools"],
     lambda name, model: {"vision", "tools"} <= set(model.get("capabilities", []))),
    (["--provider", "groq"],
     lambda name, model: any(offer["provider"] == "groq" for offer in model["offers"])),
    (["--provider", "gemini"],
     lambda name, model: any(offer["provider"] == "google" for offer in model["offers"])),
    (["GPT-OSS", "120b"], lambda name, model: name == "openai/gpt-oss-120b"),
    (["llama-3.3-70b-versatile"], lambda name, model: name == "meta/llama-3.3-70b"),
])
def test_filters(args, condition):
    assert list(listed(*args)) == [name for name, model in MODELS.items() if condition(name, model)]


def test_the_filter_narrows_the_offers():
    models = listed("--provider", "bedrock", "haiku")
    assert [offer["provider"] for offer in models["anthropic/claude-haiku-4.5"]["offers"]] == ["bedrock"]


def test_configured_ones_are_marked(tmp_path):
    config = tmp_path / "proa.yaml"
    config.write_text(json.dumps({"providers": {
        "groq": {"keys": [{"env": "K"}]},
        "spare": {"dialect": "openai", "base_url": "https://api.openai.com/v1", "keys": [{"env": "K"}]},
        "openai": {"keys": [{"env": "K"}]}}}))
    models = listed("--configured", "--config", str(config), env={"K": "x"})
    assert all(any(offer["configured"] for offer in model["offers"]) for model in models.values())
    assert models["openai/gpt-4o"]["offers"][0]["configured"] == ["spare", "openai"]
    assert [offer["provider"] for offer in models["openai/gpt-oss-120b"]["offers"]] == ["groq"]
    text = cli("models", "gpt-4o-mini", env={"OPENAI_API_KEY": "x"}).stdout
    assert "openai* 0.15/0.6" in text
    assert list(listed("--provider", "spare", "--config", str(config), env={"K": "x"}))[0].startswith("openai/")


@pytest.mark.parametrize("args, code, hint", [
    (["--type", "poem"], 64, "poem"), (["--capability", "flying"], 64, "json_schema"),
    (["--provider", "nobody"], 64, "nobody"), (["nothing-is-called-so"], 1, "no model"),
    (["--config", "/nonexistent.yaml"], 66, "nonexistent"), (["--refresh"], 78, "no provider")])
def test_what_is_wrong_is_said(args, code, hint):
    done = cli("models", *args)
    assert done.returncode == code, done.stderr
    assert hint in done.stderr and done.stdout == ""


def test_a_wrong_environment_does_not_hide_the_list():
    done = cli("models", "gpt-4o", env={"PROA_CONFIG": "/nonexistent.yaml"})
    assert done.returncode == 0 and "openai/gpt-4o" in done.stdout and "nonexistent" in done.stderr


# ---- --refresh --------------------------------------------------------------------------------

def refresh(tmp_path, providers, *args):
    config = tmp_path / "refresh.yaml"
    config.write_text(json.dumps({"providers": providers}))
    done = cli("models", "--refresh", "--config", str(config), *args, env=KEYS)
    return done


def openai_list(*ids):
    return up.answer(200, {"object": "list", "data": [
        {"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in ids]})


def of_vendor(upstream, **more):
    return {"base_url": upstream.url, "keys": [{"env": "PROA_TEST_KEY"}], **more}


def test_refresh_tells_new_gone_and_unpriced(tmp_path, upstreams):
    known = {offer["id"] for model in MODELS.values() for offer in model["offers"]
             if offer["provider"] == "openai"}
    unpriced = sorted(offer["id"] for model in MODELS.values() for offer in model["offers"]
                      if offer["provider"] == "openai" and offer["input"] is None)
    openai = upstreams(default=openai_list(*sorted(known - {"gpt-4-0314", "gpt-4o"}),
                                           "gpt-4o-2024-08-06", "gpt-9", "whisper-9"))
    done = refresh(tmp_path, {"openai": of_vendor(openai)}, "--json")
    assert done.returncode == 0 and done.stderr == ""
    result = json.loads(done.stdout)["providers"]
    assert result == [{"provider": "openai", "listed": len(known) + 1, "new": ["gpt-9", "whisper-9"],
                       "gone": ["gpt-4-0314"],  # gpt-4o is there, by its date
                       "unpriced": unpriced}]
    request = openai.requests[0]
    assert (request.method, request.target) == ("GET", "/v1/models")
    assert request.header("authorization") == "Bearer test-key-1" and request.body == b""
    text = refresh(tmp_path, {"openai": of_vendor(openai)}).stdout
    assert "2 new, 1 gone, %d without a price" % len(unpriced) in text
    assert "  new       gpt-9\n" in text and "  gone      gpt-4-0314\n" in text


def test_refresh_asks_all_and_tells_who_is_silent(tmp_path, upstreams):
    groq, broken, bad = upstreams(default=openai_list("new-one")), upstreams(
        default=up.error(401, message="Incorrect API key")), upstreams(default=up.answer(200, "<html>"))
    done = refresh(tmp_path, {"groq": of_vendor(groq), "xai": of_vendor(broken),
                              "mine": of_vendor(bad, dialect="openai")}, "--json")
    assert done.returncode == 69
    groq_list, xai, mine = json.loads(done.stdout)["providers"]
    assert groq_list["new"] == ["new-one"] and len(groq_list["gone"]) >= 10
    assert "answers 401" in xai["error"] and "Incorrect API key" in xai["error"]
    assert "no list of models" in mine["error"]
    assert "test-key-1" not in done.stdout + done.stderr
    only = refresh(tmp_path, {"groq": of_vendor(groq), "xai": of_vendor(broken)}, "--provider", "groq")
    assert only.returncode == 0 and "xai" not in only.stdout


def test_refresh_with_keys_that_are_no_plain_ones(tmp_path, upstreams):
    """Tokens are not asked for here; a provider that wants one is told apart, and not asked in vain."""
    open_one, closed, mixed = (upstreams(default=openai_list("new-one")) for _ in range(3))
    azure = {"azure": {"tenant": "t", "client_id": "c", "client_secret": {"env": "PROA_TEST_KEY"},
                       "authority": "http://127.0.0.1:1"}}
    plain = {"env": "PROA_TEST_KEY"}
    done = refresh(tmp_path, {"open": of_vendor(open_one, dialect="openai", keys=[]),
                              "closed": of_vendor(closed, dialect="openai", keys=[azure]),
                              "mixed": of_vendor(mixed, dialect="openai", keys=[azure, plain])}, "--json")
    assert done.returncode == 0, done
    lists = {each["provider"]: each for each in json.loads(done.stdout)["providers"]}
    assert lists["open"]["listed"] == lists["mixed"]["listed"] == 1
    assert "no key that can be shown" in lists["closed"]["skipped"]
    assert open_one.requests[0].header("authorization") is None and closed.requests == []
    assert mixed.requests[0].header("authorization") == "Bearer test-key-1"


def test_refresh_of_nobody_there(tmp_path, upstreams):
    gone = upstreams()
    gone.refuse()
    done = refresh(tmp_path, {"groq": of_vendor(gone)})
    assert done.returncode == 69 and "does not answer" in done.stdout


def test_refresh_of_a_bare_array_and_an_unknown_vendor(tmp_path, upstreams):
    bare = upstreams(default=up.answer(200, [{"id": "meta/a"}, {"id": "b"}]))
    done = refresh(tmp_path, {"mine": of_vendor(bare, dialect="openai")}, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["providers"] == [
        {"provider": "mine", "listed": 2, "new": ["meta/a", "b"], "gone": [], "unpriced": []}]


def test_refresh_over_tls(tmp_path, upstreams, certs):
    secure = upstreams(tls=certs.good, default=openai_list("gpt-4o"))
    config = of_vendor(secure, ca_file=certs.ca)
    done = refresh(tmp_path, {"openai": config}, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["providers"][0]["listed"] == 1
    untrusted = refresh(tmp_path, {"openai": of_vendor(secure)})
    assert untrusted.returncode == 69 and "does not answer" in untrusted.stdout


@pytest.mark.parametrize("vendor, dialect, pages, paths, header", [
    ("anthropic", "anthropic",
     [{"data": [{"type": "model", "id": "claude-opus-5"}], "has_more": True, "last_id": "claude-opus-5"},
      {"data": [{"type": "model", "id": "claude-next"}], "has_more": False, "last_id": "claude-next"}],
     ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=claude-opus-5"], "x-api-key"),
    ("gemini", "gemini",
     [{"models": [{"name": "models/gemini-2.5-pro"}], "nextPageToken": "a/b"},
      {"models": [{"name": "models/gemini-next"}]}],
     ["/v1/models?pageSize=1000", "/v1/models?pageSize=1000&pageToken=a%2Fb"], "x-goog-api-key"),
    ("cohere", "cohere",
     [{"models": [{"name": "command-r"}], "next_page_token": "2"}, {"models": [{"name": "command-next"}]}],
     ["/v1/v1/models?page_size=1000", "/v1/v1/models?page_size=1000&page_token=2"], "authorization"),
])
def test_refresh_goes_through_all_pages(tmp_path, upstreams, vendor, dialect, pages, paths, header):
    paged = upstreams()
    paged.script = [up.answer(200, page) for page in pages]
    done = refresh(tmp_path, {vendor: of_vendor(paged)}, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)["providers"][0]
    assert result["listed"] == 2 and len(result["new"]) == 1 and result["new"][0].endswith("-next")
    assert [request.target for request in paged.requests] == paths
    assert all("test-key-1" in request.header(header) for request in paged.requests)
