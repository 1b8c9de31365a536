"""deploy/systemd: the unit is well formed, tight, and allows what Proa does."""
import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest
from conftest import PROA
from container import must, run
from manifests import ROOT
from testenv.gateway import free_port
from testenv.poll import seconds

SYSTEMD = os.path.join(ROOT, "deploy", "systemd")
EXPOSURE = 2.0


def unit_text():
    with open(os.path.join(SYSTEMD, "proa.service"), encoding="utf-8") as file:
        return file.read()


def values(name):
    """What the unit says for a setting, line by line."""
    return re.findall(r"^%s=(.*)$" % name, unit_text(), re.M)


@pytest.fixture
def unit(tmp_path):
    """unit(text) -> path of a unit whose program is the one of this build: verify looks for it."""
    def write(text):
        path = tmp_path / "proa.service"
        path.write_text(text.replace("/usr/local/bin/proa", PROA))
        return path
    return write


def verify(path):
    done = run("systemd-analyze", "verify", "--man=no", path)
    return done.stdout + done.stderr if done.returncode == 0 else "exit code %d: %s%s" % (
        done.returncode, done.stdout, done.stderr)


def test_verify_is_clean(unit):
    assert verify(unit(unit_text())) == ""


@pytest.mark.parametrize("right, wrong, word", [
    ("DynamicUser=yes", "DynamicUsr=yes", "DynamicUsr"), ("Type=notify", "Type=notified", "notified"),
    ("ExecStart=/usr/local/bin/proa", "ExecStart=/usr/local/bin/prao", "prao")])
def test_verify_would_find_a_mistake(unit, right, wrong, word):
    assert right in unit_text()
    assert word in verify(unit(unit_text().replace(right, wrong)))


def exposure(path):
    """systemd's own estimate, 0 to 10; its exit code compares it with the threshold."""
    done = run("systemd-analyze", "security", "--offline=true",
               "--threshold=%d" % (EXPOSURE * 10), path)
    shown = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout).group(1))
    assert (done.returncode == 0) == (shown <= EXPOSURE), done.stdout
    return shown


def test_exposure_is_low(unit):
    assert exposure(unit(unit_text())) <= EXPOSURE


def test_exposure_without_hardening_would_be_found(unit):
    text = re.sub(r"^(DynamicUser|CapabilityBoundingSet|System\w+|Protect\w+|Private\w+)=.*\n", "",
                  unit_text(), flags=re.M)
    assert exposure(unit(text)) > EXPOSURE


def expand(name):
    """The system calls of a group such as @system-service."""
    calls = set()
    for line in must("systemd-analyze", "syscall-filter", name).splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= expand(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_calls():
    calls = set()
    for value in values("SystemCallFilter"):
        group = set().union(*(expand(word) for word in value.lstrip("~").split()))
        calls = calls - group if value.startswith("~") else calls | group
    return calls


def fetch(url, body=None):
    request = urllib.request.Request(url, data=body and json.dumps(body).encode(),
                                     headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=seconds(10)) as answer:
        assert answer.status == 200
        return answer


def test_the_filters_allow_what_proa_does(tmp_path):
    """From its start through the demo's failover to its end, every system call is one that the unit
    allows, and every socket of a family that it allows."""
    trace = tmp_path / "trace"
    data, ops, admin = (free_port() for _ in range(3))
    env = {"PROA_LISTEN_OPS": "127.0.0.1:%d" % ops, "PROA_LISTEN_ADMIN": "127.0.0.1:%d" % admin,
           "NOTIFY_SOCKET": str(tmp_path / "manager"), "WATCHDOG_USEC": "30000000"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, \
            open(tmp_path / "log", "wb") as log:
        manager.bind(env["NOTIFY_SOCKET"])
        manager.settimeout(seconds(30))
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(trace), PROA, "run", "--mock", "--listen",
             "127.0.0.1:%d" % data], env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            assert manager.recv(200) == b"READY=1"
            fetch("http://127.0.0.1:%d/readyz" % ops)
            fetch("http://127.0.0.1:%d/metrics" % ops)
            answer = fetch("http://127.0.0.1:%d/v1/chat/completions" % data, {
                "model": "demo", "messages": [{"role": "user", "content": "hi"}]})
            assert answer.headers["x-proa-attempts"] == "2"
            assert manager.recv(200) == b"WATCHDOG=1"
            with open("/proc/%d/task/%d/children" % (tracer.pid, tracer.pid), encoding="ascii") as file:
                os.kill(int(file.read()), signal.SIGTERM)
            assert tracer.wait(seconds(30)) == 0
        finally:
            tracer.kill()
            tracer.wait()
    text = trace.read_text()
    calls = set(re.findall(r"^\d+\s+(\w+)\(", text, re.M))
    assert {"execve", "epoll_ctl", "socket", "accept4", "sendto"} <= calls
    assert calls <= allowed_calls(), calls - allowed_calls()
    families = set(re.findall(r"\bsocket\((AF_\w+)", text))
    assert {"AF_INET", "AF_UNIX"} <= families <= set(values("RestrictAddressFamilies")[0].split())


def test_the_sample_configuration_is_accepted(tmp_path):
    """With the keys where LoadCredential= puts the files of /etc/proa/keys."""
    assert values("LoadCredential") == ["keys:/etc/proa/keys"]
    for name in ("openai", "groq"):
        path = tmp_path / ("keys_" + name)
        path.write_text("a-key-of-%s\n" % name)
        path.chmod(0o400)
    done = run(PROA, "validate", os.path.join(SYSTEMD, "proa.yaml"),
               env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr


def test_exit_codes_that_a_restart_cannot_mend_end_it(tmp_path):
    never = set(values("RestartPreventExitStatus")[0].split())
    wrong = tmp_path / "proa.yaml"
    wrong.write_text("rotues: []\n")
    for args in (["run", "--frobnicate"], ["run", "--config", str(wrong)],
                 ["run", "--config", str(tmp_path / "none.yaml")]):
        done = run(PROA, *args, env={})
        assert str(done.returncode) in never, (args, done.returncode)
