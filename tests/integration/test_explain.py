"""`proa status` and `proa explain`: asked of the running sidecar, made up from a saved state, and what
they say when that cannot be."""
import json
import re

import pytest
from conftest import KEYS
from testenv import upstream as up
from testenv.client import Connection, request_bytes
from testenv.gateway import cli

TOKEN = "sesame-sesame-sesame"
STICKY = {"retry": {"budget": {"ratio": 1.0, "cap": 1000, "start": 1000}},
          "breaker": {"score": 3, "pool_score": 100, "endpoint_score": 100, "min_samples": 1000,
                      "open_base": "1h", "open_floor": "1h", "open_cap": "1h"}}


@pytest.fixture
def broken(simple, upstreams):
    """A gateway whose first target's breaker has opened."""
    gateway = simple(upstreams(default=up.error(500, "down")), upstreams(default=up.chat("second")),
                     policy=STICKY)
    for number in range(5):
        assert gateway.chat(user="u%d" % number).status == 200
    gateway.admin_address = "127.0.0.1:%d" % gateway.admin_port
    return gateway


def ask(gateway, *args, env=None):
    return cli(*args, "--admin", gateway.admin_address, env=env)


def test_status_shows_what_is_open_and_since_when(broken):
    done = ask(broken, "status")
    assert done.returncode == 0 and done.stderr == ""
    [row] = [line for line in done.stdout.splitlines() if line.startswith("p1/k1/up-model ")]
    assert row.split()[1:3] == ["open", "3/3"] and row.rstrip().endswith("min")
    assert "p1/k1/up-model: closed -> open (score)" in done.stdout
    assert json.loads(ask(broken, "status", "--output", "json").stdout)["targets"]


def test_explain_names_the_pick_and_what_keeps_the_others_out(broken):
    done = ask(broken, "explain", "m")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert "p2/k1/up-model" in lines[1] and "nowhere" not in lines[1]
    [out] = [line for line in lines[2:] if "p1/k1/up-model" in line]
    assert "[breaker." in out and broken.config_path + ":" in out
    assert re.search(r"it is out, for 59 min more: it failed too often in sequence, \d+ m?s ago; "
                     r"last failure http_5xx \(500\), \d+ m?s ago  \[", out), out


def act(gateway, action, what):
    with Connection(("127.0.0.1", gateway.admin_port)) as connection:
        connection.send(request_bytes("POST", "/admin/%s?%s" % (action, what),
                                      headers={"authorization": "Bearer " + TOKEN}))
        assert connection.response("POST").status == 200


def test_explain_tells_who_was_ejected(simple, upstreams):
    gateway = simple(upstreams(), upstreams(), config={"admin": {"token": {"env": "ADMIN_TOKEN"}}},
                     env={"ADMIN_TOKEN": TOKEN})
    gateway.admin_address = "127.0.0.1:%d" % gateway.admin_port
    assert gateway.chat().status == 200
    act(gateway, "eject", "kind=pool&id=p1/up-model&seconds=600")
    [first] = [line for line in ask(gateway, "explain", "m").stdout.splitlines() if "p1/k1/up-model" in line]
    assert re.search(r"its provider is out for this model, for (9|10) min more: an operator has ejected it, "
                     r"\d+ m?s ago  \[", first), first
    [first, second] = json.loads(ask(gateway, "explain", "m", "--output", "json").stdout)["candidates"]
    breaker = first["breaker"]
    assert (breaker["kind"], breaker["id"], breaker["cause"]) == ("pool", "p1/up-model", "operator")
    assert breaker["since_ms"] < 60_000 and "last_failure" not in breaker and "breaker" not in second


def test_explain_tells_who_is_only_coming_back(simple, upstreams):
    gateway = simple(upstreams(default=up.chat("first")), upstreams(default=up.chat("second")),
                     policy={"breaker": {"ramp": "30m"}},
                     config={"admin": {"token": {"env": "ADMIN_TOKEN"}}}, env={"ADMIN_TOKEN": TOKEN})
    gateway.admin_address = "127.0.0.1:%d" % gateway.admin_port
    assert "coming back" not in ask(gateway, "explain", "m").stdout
    for action in ("eject", "restore"):
        act(gateway, action, "kind=target&id=p1/k1/up-model")
    lines = ask(gateway, "explain", "m").stdout.splitlines()
    [first] = [line for line in lines[2:] if "p1/k1/up-model" in line]
    [second] = [line for line in lines[2:] if "p2/k1/up-model" in line]
    assert first.endswith("coming back: gets 10 % of its share")
    assert "coming back" not in second


def test_explain_from_a_saved_state_says_what_the_running_one_said(broken, tmp_path):
    state = tmp_path / "state.json"
    state.write_text(ask(broken, "status", "--output", "json").stdout)
    here = cli("explain", "m", "--config", broken.config_path, "--state", str(state), "--output",
               "json", env=KEYS)
    there = ask(broken, "explain", "m", "--output", "json")
    assert here.returncode == there.returncode == 0

    def gist(text):
        whole = json.loads(text)
        return [whole["pick"], whole["reason"], whole["setting"], whole.get("written_at"),
                [[c[key] for key in ("target", "tier", "eligible", "condition")] + [
                    {**c.get("breaker", {}), "since_ms": 0, "last_failure": 0},
                    c.get("breaker", {}).get("last_failure", {}).get("status")]
                 for c in whole["candidates"]]]
    assert gist(here.stdout) == gist(there.stdout)
    assert gist(here.stdout)[0] == "p2/k1/up-model"


@pytest.mark.parametrize("state, code, says", [
    (None, 66, "not found"), ("", 65, "is no saved state"), ("[]", 65, "is no saved state"),
    ('{"targets": 5}', 0, "has nothing of the targets"),
    ('{"targets": [1, null, {"id": 7}, {"id": "p1/k1/up-model", "state": [], "share": -1, '
     '"score": 1e300, "transitions": [{"ago_ms": -1}, 3]}], "limits": [{}], "keys": "x"}', 0, "")])
def test_states_that_are_none(broken, tmp_path, state, code, says):
    path = tmp_path / "state.json"
    if state is not None:
        path.write_text(state)
    done = cli("explain", "m", "--config", broken.config_path, "--state", str(path), env=KEYS)
    assert done.returncode == code, done
    assert says in done.stderr and (says == "") == (done.stderr == "")


def test_a_wrong_configuration_is_told_by_its_first_error(tmp_path):
    config = tmp_path / "proa.yaml"
    config.write_text('apiVersion: proa/v1\nproviders:\n'
                      '  p1: {dialect: openai, base_url: "http://127.0.0.1:9/v1", keys: []}\n'
                      'routes:\n'
                      '  - {model: one, tiers: [[{provider: p1, model: up}]]}\n'  # a warning
                      '  - {model: two, tiers: [[{provider: p9, model: up}]]}\n')
    done = cli("explain", "one", "--config", str(config), "--state", "/dev/null")
    assert done.returncode == 78 and ":6:" in done.stderr and "p9" in done.stderr, done
    missing = str(tmp_path / "missing.yaml")
    done = cli("explain", "one", "--config", missing, "--state", "/dev/null")
    assert done.returncode == 66 and done.stderr == "proa: %s: the file does not exist\n" % missing


@pytest.mark.parametrize("model, code, says", [
    ("nowhere", 1, "leads nowhere"), ("m" * 5000, 64, "too long"), ("m" * 1000, 1, "too long"),
    ("\x1b[31m", 1, "control character"), ("é" * 669, 1, "too long"), ("", 1, "?model=NAME")])
def test_models_that_nobody_has(broken, model, code, says):
    done = ask(broken, "explain", model)
    assert done.returncode == code and says in done.stderr, done
    assert "\x1b" not in done.stdout + done.stderr


def test_other_listeners_are_no_admin_listener(broken):
    for command in (["status"], ["explain", "m"]):
        for port in (broken.port, broken.ops_port):
            done = cli(*command, "--admin", "127.0.0.1:%d" % port)
            assert done.returncode == 1 and "answers 404" in done.stderr and done.stdout == ""
        done = cli(*command, "--admin", "127.0.0.1:1")
        assert done.returncode == 1 and "is proa running there?" in done.stderr
        assert cli(*command, "--admin", "nowhere").returncode == 64
