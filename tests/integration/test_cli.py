"""Commands, exit codes, messages a person can act on, first minute."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import KEYS, provider
from testenv import Connection, upstream as up
from testenv.client import request_bytes
from testenv.gateway import BINARY, cli, environment, free_port
from testenv.poll import eventually, seconds

COMMANDS = ["run", "validate", "sim", "mock", "env", "init", "models", "healthcheck", "drain", "schema", "version"]
CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.smoke
def test_version_is_one_line():
    for args in (["version"], ["--version"], ["-V"]):
        done = cli(*args)
        assert done.returncode == 0 and done.stderr == ""
        assert re.fullmatch(r"proa \d+\.\d+\.\d+\S*( .*)?\n", done.stdout), done.stdout


def test_version_verbose_names_the_libraries():
    done = cli("--version", "--verbose")
    assert done.returncode == 0
    assert re.search(r"uv", done.stdout, re.I) and re.search(r"tls", done.stdout, re.I)


def test_help_goes_to_stdout_and_names_every_command():
    for args in (["--help"], ["-h"]):
        done = cli(*args)
        assert done.returncode == 0 and done.stderr == ""
        for command in COMMANDS:
            assert re.search(r"\b%s\b" % command, done.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command):
    done = cli(command, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert command in done.stdout and len(done.stdout) > 60


@pytest.mark.parametrize("args, hint", [
    ([], "help"), (["rnu"], "run"), (["run", "--confg", "x"], "--config"), (["run", "--config"], "--config"),
    (["--frobnicate"], "--frobnicate"), (["version", "extra"], "extra"), (["run", "--log-level", "loud"], "loud"),
    (["run", "--listen", "nonsense"], "nonsense")])
def test_usage_errors_exit_64_and_say_what(args, hint):
    done = cli(*args)
    assert done.returncode == 64, (done.returncode, done.stderr)
    assert hint in done.stderr and done.stdout == ""


# ---- validate ------------------------------------------------------------------------------------

GOOD = """\
apiVersion: proa/v1
providers:
  local:
    dialect: openai
    base_url: "http://127.0.0.1:8000/v1"
    keys: [{env: PROA_TEST_KEY}]
policies:
  - name: calm
    retry: {max_attempts: 2}
    timeouts: {first_content: 20s}
routes:
  - model: assistant
    policy: calm
    tiers:
      - [{model: local/llama}]
"""


def validate(tmp_path, text, *args):
    path = tmp_path / "proa.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return cli("validate", str(path), *args, env=KEYS)


@pytest.mark.smoke
def test_validate_accepts(tmp_path):
    done = validate(tmp_path, GOOD)
    assert done.returncode == 0, done.stderr


# name -> (what is replaced, by what, line of the mistake or None, words of the message)
WRONG = {
    "unknown_key": ("    dialect:", "    dialekt:", 4, ["dialekt", "dialect"]),
    "unknown_top_key": ("routes:", "rotues:", 11, ["rotues", "routes"]),
    "unknown_retry_key": ("max_attempts", "max_atempts", 9, ["max_atempts", "max_attempts"]),
    "too_many_attempts": ("max_attempts: 2", "max_attempts: 99", 9, ["max_attempts", "99", "10"]),
    "not_a_number": ("max_attempts: 2", "max_attempts: two", 9, ["max_attempts"]),
    "negative": ("max_attempts: 2", "max_attempts: -1", 9, ["max_attempts"]),
    "not_a_duration": ("20s", "20 parsecs", 10, ["first_content", "20 parsecs"]),
    "duration_without_unit": ("20s", "20", 10, ["first_content"]),
    "duplicate_key": ("    dialect: openai", "    dialect: openai\n    dialect: openai", 5, ["dialect"]),
    "unknown_policy": ("policy: calm", "policy: clam", 13, ["clam", "calm"]),
    "unknown_provider": ("local/llama", "lokal/llama", 15, ["lokal", "local"]),
    "unknown_dialect": ("dialect: openai", "dialect: openia", 4, ["openia", "openai"]),
    "bad_url": ("http://127.0.0.1:8000/v1", "127.0.0.1:8000", 5, ["base_url"]),
    "ftp_url": ("http://127.0.0.1:8000/v1", "ftp://127.0.0.1/v1", 5, ["base_url"]),
    "url_with_password": ("http://127.0.0.1:8000/v1", "http://u:p@127.0.0.1:8000/v1", 5, ["base_url"]),
    "api_version": ("proa/v1", "proa/v9", 1, ["apiVersion", "proa/v1"]),
    "tab": ("  local:", "\tlocal:", 3, []),
    "map_for_list": ("routes:\n  - model: assistant\n    policy", "routes:\n    model: assistant\n    policy", None, ["routes"]),
    "unset_variable": ("PROA_TEST_KEY", "PROA_NO_SUCH_VARIABLE", 6, ["PROA_NO_SUCH_VARIABLE"]),
    "model_missing": ("  - model: assistant\n    policy: calm", "  - policy: calm", None, ["model"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_validate_refuses_with_place_and_reason(tmp_path, name):
    old, new, line, words = WRONG[name]
    assert old in GOOD
    done = validate(tmp_path, GOOD.replace(old, new))
    assert done.returncode in (65, 78), (done.returncode, done.stdout, done.stderr)
    shown = done.stdout + done.stderr
    if line:
        assert re.search(r"proa\.yaml:%d:\d+: " % line, shown), shown
    else:
        assert re.search(r"proa\.yaml:\d+:\d+: ", shown), shown
    for word in words:
        assert word in shown, shown


def test_validate_warns_of_a_file_that_says_nothing(tmp_path):
    """It would start, and answer every request with what is missing."""
    done = validate(tmp_path, b"")
    assert done.returncode == 0 and "warning: " in done.stderr and "OPENAI_API_KEY" in done.stderr


def test_validate_warns_of_a_model_that_nobody_knows(tmp_path):
    """It may be new, so it is no mistake; and whose server it is may call its models as they like."""
    text = GOOD.replace("  local:", "  openai: {keys: [{env: PROA_TEST_KEY}]}\n  local:").replace(
        "- [{model: local/llama}]", "- [{model: openai/gpt-4o-mni}]\n      - [{model: local/llama}]")
    done = validate(tmp_path, text)
    [line] = done.stderr.splitlines()
    assert done.returncode == 0 and ":16:" in line and "warning" in line, done
    assert '"gpt-4o-mni"' in line and 'did you mean "gpt-4o-mini"?' in line
    assert validate(tmp_path, text.replace("mni", "mini")).stderr == ""


def test_validate_checks_policy_files_alone(tmp_path):
    good = "apiVersion: proa/v1\nkind: Policy\nname: calm\nretry: {max_attempts: 2}\n"
    for path in (tmp_path / "one.yaml", tmp_path / "two.yaml"):
        path.write_text(good.replace("calm", path.name.split(".")[0]))
    assert cli("validate", str(tmp_path)).returncode == 0
    assert cli("validate", str(tmp_path / "one.yaml")).returncode == 0
    (tmp_path / "two.yaml").write_text(good.replace("max_attempts", "max_atempts"))
    done = cli("validate", str(tmp_path))
    assert done.returncode == 78
    assert re.search(r"two\.yaml:4:\d+: error: .*max_atempts.*max_attempts", done.stderr), done.stderr
    found = json.loads(cli("validate", "--output", "json", str(tmp_path)).stdout)
    assert found["messages"][0]["line"] == 4 and found["messages"][0]["file"].endswith("two.yaml")


@pytest.mark.parametrize("text", [
    b"\x00\x01\x02", b"[1, 2]", b"just text", b"a: [", b"a: &a [*a]", b"\xff\xfe", b"{" * 5000,
    b"- " * 5000, b"apiVersion: proa/v1\n---\napiVersion: proa/v1\n", b"a: !!python/object:os.system x",
    b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"])
def test_validate_survives_anything(tmp_path, text):
    done = validate(tmp_path, text)
    assert done.returncode in (65, 78) and (done.stderr or done.stdout)


def test_validate_reports_all_mistakes_at_once(tmp_path):
    done = validate(tmp_path, GOOD.replace("dialect:", "dialekt:").replace("max_attempts", "max_atempts"))
    shown = done.stdout + done.stderr
    assert "dialekt" in shown and "max_atempts" in shown


def test_validate_json_output(tmp_path):
    done = validate(tmp_path, GOOD.replace("dialect:", "dialekt:"), "--output=json")
    assert done.returncode in (65, 78)
    found = json.loads(done.stdout)
    text = json.dumps(found)
    assert "dialekt" in text and '"line": 4' in text


def test_a_missing_file_is_named(tmp_path):
    for args in (["validate", str(tmp_path / "nope.yaml")], ["run", "--config", str(tmp_path / "nope.yaml")]):
        done = cli(*args)
        assert done.returncode in (66, 78) and "nope.yaml" in done.stderr


def test_run_refuses_a_bad_file_with_78(tmp_path):
    path = tmp_path / "proa.yaml"
    path.write_text(GOOD.replace("dialect:", "dialekt:"))
    done = cli("run", "--config", str(path), env=KEYS)
    assert done.returncode == 78 and "proa.yaml:4:" in done.stderr


def test_run_names_a_taken_port_and_exits_71(gateways, upstream):
    first = gateways({"providers": {"p1": provider(upstream)}}, env=KEYS)
    done = cli("run", "--config", first.config_path, env=KEYS)
    assert done.returncode == 71
    assert re.search(r"127\.0\.0\.1:(%d|%d|%d)" % (first.port, first.ops_port, first.admin_port),
                     done.stderr), done.stderr


# ---- the other commands --------------------------------------------------------------------------

SCENARIO = """
apiVersion: proa/v1
kind: Scenario
duration: 60s
seeds: 1
providers: {a: {}, b: {}}
arrivals: {chat: {rate: 2}}
faults: {outage: {on: a, kind: error, from: 10s, to: 50s}}
bounds: {success: {min: %s}}
"""


def test_sim_plays_a_scenario(tmp_path):
    path = tmp_path / "outage.yaml"
    path.write_text(SCENARIO % "0.9")
    done = cli("sim", str(path))
    assert done.returncode == 0 and done.stdout.startswith("outage: proa, ")
    assert done.stdout == cli("sim", str(path)).stdout
    assert "PASS outage success: " in done.stdout
    (played,) = json.loads(cli("sim", str(path), "--json", "--seed", "7").stdout)
    assert played["seed"] == 7 and played["measures"]["success"] > 0.9
    table = cli("sim", str(path), "--compare").stdout
    for name in ("interactive", "patient", "round_robin", "cooldown", "ejection"):
        assert re.search(r"^ +%s +\d" % name, table, re.M)
    svg = tmp_path / "outage.svg"
    assert cli("sim", str(path), "--policy", "patient", "--svg", str(svg)).returncode == 0
    assert svg.read_text().startswith("<svg ") and svg.read_text().endswith("</svg>\n")


def test_sim_explains_its_language():
    assert re.search(r"^  share\.PROVIDER +\S", cli("sim", "--help").stdout, re.M)
    reference = cli("schema", "--scenario", "--reference")
    assert reference.returncode == 0 and "faults.<name>" in reference.stdout
    assert cli("schema", "--scenario").returncode == 64


def test_sim_check_says_no_with_1(tmp_path):
    (tmp_path / "good.yaml").write_text(SCENARIO % "0.9")
    done = cli("sim", "--check", str(tmp_path))
    assert done.returncode == 0 and "1 scenarios, 0 pending, 0 bounds not met" in done.stdout
    (tmp_path / "strict.yaml").write_text((SCENARIO % "0.1").replace("success", "opens_per_minute")
                                          .replace("min: 0.1", "max: 0"))
    (tmp_path / "later.yaml").write_text(SCENARIO % "1" + "pending: not yet\n")
    done = cli("sim", "--check", str(tmp_path))
    assert done.returncode == 1 and "FAIL strict opens_per_minute" in done.stdout
    assert "PENDING later: not yet" in done.stdout


@pytest.mark.parametrize("text, args, code, hint", [
    ("duration: 5\n", [], 65, "outage.yaml:1:"), (SCENARIO % "0.9", ["--case", "nope"], 66, "no such"),
    (SCENARIO % "0.9", ["--policy", "nope"], 78, "nope"), (SCENARIO % "0.9", ["--seed", "x"], 64, "--seed"),
    (SCENARIO % "0.9", ["--check", ".", "--compare"], 64, "exclude")])
def test_sim_mistakes(tmp_path, text, args, code, hint):
    path = tmp_path / "outage.yaml"
    path.write_text(text)
    done = cli("sim", str(path), *args, cwd=tmp_path)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert hint in done.stderr
    assert cli("sim", str(tmp_path / "absent.yaml")).returncode == 66


def test_schema_is_json_schema_of_the_options():
    done = cli("schema")
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    assert "$schema" in schema and schema["type"] == "object"
    for key in ("providers", "routes", "policies", "listen", "limits"):
        assert key in schema["properties"]


def test_env_prints_variables_for_each_shell():
    done = cli("env")
    assert done.returncode == 0
    assert "OPENAI_BASE_URL" in done.stdout and "http://127.0.0.1:4600/v1" in done.stdout
    sourced = subprocess.run(["bash", "-c", done.stdout + '\nprintf %s "$OPENAI_BASE_URL"'],
                             capture_output=True, text=True, check=False)
    assert sourced.stdout == "http://127.0.0.1:4600/v1"
    assert cli("env", "--shell", "fish").stdout.startswith("set -")
    dotenv = cli("env", "--shell", "dotenv").stdout
    assert "OPENAI_BASE_URL=" in dotenv and "export" not in dotenv
    # its SDKs add the /v1 themselves
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:4600\n" in dotenv
    assert "name: OPENAI_BASE_URL" in cli("env", "--shell", "k8s").stdout
    assert cli("env", "--shell", "cmd.exe").returncode == 64


def test_init_writes_a_file_that_validates_and_overwrites_nothing(tmp_path):
    done = cli("init", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = [name for name in os.listdir(tmp_path) if name.endswith(".yaml")]
    assert len(made) == 1
    path = tmp_path / made[0]
    assert "#" in path.read_text()
    assert cli("validate", str(path), env={"OPENAI_API_KEY": "x"}, cwd=tmp_path).returncode == 0
    before = path.read_text()
    again = cli("init", cwd=tmp_path)
    assert again.returncode != 0 and made[0] in again.stderr
    assert path.read_text() == before


@pytest.mark.parametrize("vendor, variable", [
    ("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY"), ("gemini", "GEMINI_API_KEY"),
    ("cohere", "COHERE_API_KEY"), ("xai", "XAI_API_KEY"), ("mistral", "MISTRAL_API_KEY"),
    ("deepseek", "DEEPSEEK_API_KEY"), ("groq", "GROQ_API_KEY"), ("openrouter", "OPENROUTER_API_KEY"),
    ("together", "TOGETHER_API_KEY"), ("fireworks", "FIREWORKS_API_KEY"),
    ("perplexity", "PERPLEXITY_API_KEY"), ("cerebras", "CEREBRAS_API_KEY")])
def test_init_knows_models_of_whoever_has_a_key(tmp_path, vendor, variable):
    """Two models of it that the catalogue has; OpenRouter has everybody's, under their names."""
    env = {variable: "x"}
    assert cli("init", cwd=tmp_path, env=env).returncode == 0
    text = (tmp_path / "proa.yaml").read_text()
    done = cli("validate", "proa.yaml", cwd=tmp_path, env=env)
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr
    named = re.findall(r"^      - \[\{model: %s/([^,}]+)" % vendor, text, re.M)
    known = json.loads(cli("models", "--json", cwd=tmp_path, env=env,
                           *(["--provider", vendor] if vendor != "openrouter" else [])).stdout)
    ids = {name for model in known["models"] for offer in model["offers"]
           for name in (model["id"], offer["id"], *offer.get("also", []), *model["aliases"])}
    # sonar is one that the catalogue has no facts of
    assert len(set(named)) == 2 and set(named) - {"sonar"} <= ids, (named, text)


def test_help_of_a_command_is_the_same_either_way():
    for command in COMMANDS:
        assert cli("help", command).stdout == cli(command, "--help").stdout


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BINARY, "schema"], env=environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74 and "No space" in done.stderr


def test_colour_only_where_it_is_wanted():
    assert "\x1b" not in cli("--help").stdout
    assert "\x1b" in cli("--color", "always", "--help").stdout
    assert "\x1b" not in cli("--color=never", "--help").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_that_shell(shell):
    script = cli("completion", shell)
    assert script.returncode == 0 and "healthcheck" in script.stdout
    if shell == "bash":
        query = script.stdout + ("\nCOMP_WORDS=(proa run --log-level wa) COMP_CWORD=3; _proa; "
                                 "printf '%s' \"${COMPREPLY[*]}\"")
        done = subprocess.run(["bash", "-c", query], capture_output=True, text=True, check=False)
        assert done.stdout == "warn" and done.stderr == ""


def test_manual_pages_are_roff():
    assert cli("help", "--man").stdout.startswith(".TH PROA 1 ")
    assert cli("schema", "--man").stdout.startswith(".TH ")


def test_drain_and_reload_find_the_process(simple, upstream):
    gateway = simple(upstream)
    pid = str(gateway.process.pid)
    assert cli("drain", "--pid", str(os.getpid())).returncode == 69
    env = {"PROA_LISTEN_OPS": "127.0.0.1:%d" % gateway.ops_port}  # where another one may be else
    assert cli("reload", "--pid", pid, env=env).returncode == 0
    eventually(lambda: "config.reloaded" in gateway.log(), 5, "the reload being logged")
    done = cli("drain", "--pid", pid, "--wait", "0s")
    assert done.returncode == 0 and pid in done.stdout
    assert gateway.process.wait(seconds(10)) == 0
    assert cli("drain", "--pid", pid).returncode == 69


@pytest.mark.smoke
def test_healthcheck_follows_the_process(gateways, upstream):
    gateway = gateways({"providers": {"p1": provider(upstream)}}, env=KEYS)
    env = {"PROA_LISTEN_OPS": "127.0.0.1:%d" % gateway.ops_port}
    assert cli("healthcheck", env=env).returncode == 0
    gateway.stop()
    done = cli("healthcheck", env=env)
    assert done.returncode == 1 and done.stderr


# ---- first minute --------------------------------------------------------------------------------

@pytest.mark.smoke
def test_run_mock_needs_nothing(gateways):
    gateway = gateways(args=["--mock"])
    response = gateway.chat(model="mock/echo")
    assert response.status == 200 and response.text
    response = gateway.chat(model="mock/echo", stream=True)
    assert response.status == 200 and response.events[-1] == "[DONE]"
    response = gateway.chat(model="demo")
    assert response.status == 200
    assert re.fullmatch(r"mock-down/k1:503/[\d.]+ms, mock/k1:200/[\d.]+ms", response.header("x-proa-trail"))
    assert response.header("x-proa-attempts") == "2"


def test_run_mock_prints_what_to_do_next(gateways):
    gateway = gateways(args=["--mock"])
    log = gateway.log()
    assert "http://127.0.0.1:%d/v1" % gateway.port in log and "curl" in log


def test_listen_flag_beats_the_environment(gateways):
    port = free_port()
    gateway = gateways(args=["--mock", "--listen", "127.0.0.1:%d" % port])
    with Connection(("127.0.0.1", port)) as connection:
        connection.send(request_bytes("GET", "/v1/models"))
        assert connection.response().status == 200
    gateway.stop()


@pytest.mark.parametrize("kind, hint", [("data", "--listen or listen.data"),
                                        ("ops", "PROA_LISTEN_OPS or listen.ops"),
                                        ("admin", "PROA_LISTEN_ADMIN or listen.admin")])
def test_a_taken_address_says_how_that_listener_is_moved(gateways, upstream, kind, hint):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = {"providers": {"p1": provider(upstream)},
                  "listen": {kind: "127.0.0.1:%d" % taken.getsockname()[1]}}
        gateway = gateways(config, env=KEYS, wait=False)
        gateway.expect_exit = gateway.process.wait(timeout=seconds(10))
        [record] = gateway.log_records("listen.failed")
        assert gateway.expect_exit != 0
        assert record["hint"].endswith("choose another address with " + hint)


def test_zero_config_from_well_known_variables(gateways, upstream):
    env = {"OPENAI_API_KEY": "zero-config-key", "OPENAI_BASE_URL": upstream.url}
    gateway = gateways(env=env)
    response = gateway.chat(model="gpt-anything")
    assert response.status == 200, "there is but one provider whose it could be"
    assert upstream.requests[-1].header("authorization") == "Bearer zero-config-key"
    several = gateways(env={**env, "ANTHROPIC_API_KEY": "other-key"})
    assert several.chat(model="gpt-anything").status == 404, "it could be either's"
    assert several.chat(model="openai/gpt-anything").status == 200
    log = gateway.log() + several.log()
    assert "other-key" not in log and "zero-config-key" not in log


def test_nothing_configured_says_what_to_do(gateways):
    """No file, no key: it starts, and each call says what is missing, or it refuses with a hint."""
    gateway = gateways(wait=False)

    def settled():
        return gateway.process.poll() is not None or ready(gateway)
    eventually(settled, 10)
    if gateway.process.poll() is not None:
        gateway.expect_exit = gateway.process.returncode
        assert gateway.process.returncode == 78 and "OPENAI_API_KEY" in gateway.log()
        return
    response = gateway.chat(model="gpt-anything")
    assert response.status == 503 and response.error["code"] == "no_provider_configured"


def ready(gateway):
    try:
        return gateway.ops("/readyz").status == 200
    except OSError:
        return False


def test_stand_alone_mock_is_an_upstream(gateways, tmp_path):
    port = free_port()
    process = subprocess.Popen([BINARY, "mock", "--listen", "127.0.0.1:%d" % port], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        def up_now():
            try:
                Connection(("127.0.0.1", port)).close()
                return True
            except OSError:
                return False
        eventually(up_now, 10, "the mock listening")
        gateway = gateways({"providers": {"p1": {
            "dialect": "openai", "base_url": "http://127.0.0.1:%d/v1" % port,
            "keys": [{"env": "PROA_TEST_KEY"}]}}}, env=KEYS)
        assert gateway.chat(model="p1/echo").status == 200
        assert gateway.chat(model="p1/echo", stream=True).events[-1] == "[DONE]"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(seconds(10)) == 0


# ---- signals -------------------------------------------------------------------------------------

@pytest.mark.smoke
def test_sigterm_drains(simple, upstream):
    """Readiness goes at once, the stream that runs ends well, then exit code 0."""
    gate = threading.Event()
    upstream.default = up.stream(gate=gate)
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, {**BODY, "stream": True}))
        upstream.wait_requests(1)
        gateway.process.send_signal(signal.SIGTERM)

        def not_ready():
            try:
                return gateway.ops("/readyz").status == 503
            except OSError:
                return False
        eventually(not_ready, 5, "readiness going")
        gate.set()
        response = connection.response()
        assert response.text == "Hello there" and response.events[-1] == "[DONE]"
    assert gateway.process.wait(seconds(10)) == 0


def test_a_second_sigterm_ends_at_once(simple, upstream):
    upstream.default = up.stall
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, BODY))
        upstream.wait_requests(1)
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: "drain" in gateway.log().lower(), 5, "the drain being logged")
        gateway.process.send_signal(signal.SIGTERM)
        code = gateway.process.wait(seconds(5))
    gateway.expect_exit = code


def test_the_grace_period_ends_in_band(simple, upstream):
    upstream.default = up.raw(up.STREAM_HEAD + up.chunk(up.sse(up.delta("word"))), then="stall")
    gateway = simple(upstream, config={"limits": {"drain": "500ms"}})
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, {**BODY, "stream": True}))
        response = connection.head()
        gateway.process.send_signal(signal.SIGTERM)
        connection.body(response)
    assert '"error"' in response.events[-1] and "[DONE]" not in response.events
    assert gateway.process.wait(seconds(10)) == 0


def test_idle_keep_alive_connections_do_not_hold_the_drain(simple, upstream):
    gateway = simple(upstream)
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, BODY))
        assert connection.response().status == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert connection.closed(8)
    assert gateway.process.wait(seconds(10)) == 0


def test_the_notice_of_the_end_takes_readiness_and_nothing_else(simple, upstream):
    """What a preStop hook sends: a sidecar's SIGTERM comes only once the application has ended."""
    gateway = simple(upstream)
    pid = str(gateway.process.pid)
    assert cli("drain", "--notify", "--wait", "1s", "--pid", pid).returncode == 64
    assert gateway.ops("/readyz").status == 200
    done = cli("drain", "--notify", "--pid", pid)
    assert done.returncode == 0 and pid in done.stdout
    eventually(lambda: gateway.ops("/readyz").status == 503, 5, "readiness going")
    assert gateway.ops("/livez").status == 200 and gateway.ops("/startupz").status == 200
    with gateway.connect() as connection:
        for _ in range(2):
            connection.send(request_bytes("POST", CHAT, BODY))
            assert connection.response().status == 200
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(seconds(10)) == 0


def test_the_service_manager_is_told(simple, upstream):
    """sd_notify: ready once it serves, alive while the loop turns, stopping for as long as it may."""
    name = "proa-test-%d-%d" % (os.getpid(), time.monotonic_ns())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(seconds(10))
        gateway = simple(upstream, env={"NOTIFY_SOCKET": "@" + name, "WATCHDOG_USEC": "30000000"},
                         config={"limits": {"drain": "7s"}})
        assert manager.recv(200) == b"READY=1"
        assert gateway.ops("/readyz").status == 200
        assert manager.recv(200) == b"WATCHDOG=1"
        gateway.process.send_signal(signal.SIGTERM)
        told = manager.recv(200)
        while told == b"WATCHDOG=1":
            told = manager.recv(200)
        assert told == b"STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000"
        assert gateway.process.wait(seconds(10)) == 0


# ---- ops -----------------------------------------------------------------------------------------

@pytest.mark.smoke
def test_ops_endpoints(simple, upstream):
    gateway = simple(upstream)
    for path in ("/livez", "/readyz", "/startupz", "/metrics"):
        assert gateway.ops(path).status == 200
        assert gateway.ops(path, "HEAD").body == b""
    assert gateway.ops("/nowhere").status == 404
    assert gateway.ops("/readyz", "POST").status == 405
    assert gateway.metrics().total("proa_build_info") == 1


def test_readiness_is_not_the_providers_health(simple):
    port = up.RefusingPort()
    try:
        gateway = simple(port)
        for _ in range(5):
            assert gateway.chat().status in (502, 503)  # tried, or known to be down
        assert gateway.ops("/readyz").status == 200
    finally:
        port.stop()
