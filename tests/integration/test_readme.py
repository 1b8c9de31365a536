"""What the READMEs show is true: every configuration is valid, every command is there, and the
tour's requests are answered."""
import json
import os
import re
import subprocess

import pytest
from testenv.gateway import BINARY, ROOT, cli, environment
from testenv.poll import seconds

READMES = ["README.md", "policies/README.md", "policies/providers.md", "deploy/README.md",
           "src/README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
HEREDOC = re.compile(r"^cat > (\S+\.yaml) <<'END'\n(.*?)^END$", re.M | re.S)
AWS = "[production]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
ACCOUNT = {"type": "service_account", "project_id": "p", "private_key_id": "k",
           "client_email": "robot@p.example", "token_uri": "https://oauth2.googleapis.com/token"}
VARIABLES = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY", "AWS_ACCESS_KEY_ID",
             "AWS_SECRET_ACCESS_KEY", "AWS_REGION"]


def blocks(language):
    """(place, text) of every block in that language."""
    for name in READMES:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        for match in BLOCK.finditer(text):
            if match.group(1) == language:
                yield "%s:%d" % (name, text.count("\n", 0, match.start()) + 1), match.group(2)


def configurations():
    """Those of Proa: kustomizations and pieces of Pods are for others."""
    for place, text in blocks("yaml"):
        if not re.search(r"^(components|volumes):", text, re.M):
            yield pytest.param(text, id=place)
    for place, text in blocks("sh"):
        for match in HEREDOC.finditer(text):
            yield pytest.param(match.group(2), id="%s:%s" % (place, match.group(1)))


# Fits as a key, as the credentials of a proxy and as what sidecars share.
SECRET = "user:password-of-at-least-32-bytes"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"

CONFIGURATIONS = list(configurations())


def test_there_are_configurations():
    assert len(CONFIGURATIONS) >= 8


def furnish(folder, text, private_key):
    """Puts every file that the text names into the folder; returns the text with those names."""
    (folder / ".aws").mkdir()
    (folder / ".aws" / "credentials").write_text(AWS)
    (folder / ".aws" / "credentials").chmod(0o600)
    (folder / "policies").mkdir()
    for name in re.findall(r"^ *- (policies/(\S+)\.yaml)$", text, re.M):
        (folder / name[0]).write_text("apiVersion: proa/v1\nkind: Policy\nname: %s\n" % name[1])

    def put(match):
        path = folder / match.group(2).strip("/").replace("/", "-")
        if match.group(1) == "dir":
            path.mkdir()
            path.chmod(0o700)
            path = path / "one"
        path.write_text({"service_account_file": json.dumps({**ACCOUNT, "private_key": private_key}),
                         "ca_file": CERTIFICATE}.get(match.group(1), SECRET))
        path.chmod(0o600)
        return "%s: %s" % (match.group(1), path.parent if match.group(1) == "dir" else path)

    return re.sub(r"\b(dir|file|\w+_file): (/[^\s,}]+)", put, text)


@pytest.fixture(scope="module")
def private_key():
    done = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                           "rsa_keygen_bits:2048"], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_a_configuration_that_is_shown_is_valid(tmp_path, private_key, text):
    text = furnish(tmp_path, text, private_key)
    variables = [*VARIABLES, *re.findall(r"\benv: (\w+)", text)]
    path = tmp_path / "proa.yaml"
    path.write_text(text)
    done = cli("validate", str(path), cwd=tmp_path,
               env={"HOME": str(tmp_path), **{name: "sixteen-bytes-are-enough" for name in variables}})
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr


def test_commands_that_are_named_are_there():
    named = set()
    for _, text in blocks("sh"):
        named |= set(re.findall(r"(?:build/release/|\./)proa ([a-z]+)", text))
    assert {"run", "validate", "status", "models", "mock"} <= named
    for command in named:
        assert cli(command, "--help").returncode == 0, command


def test_the_requests_of_the_tour_are_answered(gateways):
    """The blocks that ask the demo, run as they are but for the port; an error of curl's or an
    answer of 4xx or 5xx ends the script."""
    gateway = gateways(args=["--mock"])
    scripts = [text for _, text in blocks("sh") if '"model":"demo' in text and "curl" in text]
    assert len(scripts) >= 3
    env = environment({"PROA_LISTEN_ADMIN": "127.0.0.1:%d" % gateway.admin_port})
    output = ""
    for script in scripts:
        script = script.replace("127.0.0.1:4600", "127.0.0.1:%d" % gateway.port)
        script = script.replace("build/release/proa", BINARY).replace("curl -s", "curl -f -s")
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=env, timeout=seconds(60),
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        output += done.stdout
    assert "x-proa-trail: mock-down/k1:503" in output and "x-proa-cache: hit" in output
