"""What the tests of deploy/examples share: a Proa with its mock, and programs run against it."""
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "integration"))  # for testenv

from outside import Outside  # noqa: E402
from testenv import Gateway, Upstream  # noqa: E402
from testenv.gateway import BINARY, ROOT  # noqa: E402
from testenv.poll import seconds  # noqa: E402

EXAMPLES = os.path.join(ROOT, "deploy", "examples")
BUILD = os.path.join(ROOT, "build", "examples")
NODE = os.path.realpath(os.path.join(BUILD, "node"))
VENV = os.path.join(BUILD, "python", "env", "bin", "python")


def pytest_collection_modifyitems():
    for path, maker in ((BINARY, "tests/run"), (VENV, "tests/examples/install")):
        if not os.path.exists(path):
            raise pytest.UsageError("%s is not there; %s makes it" % (path, maker))


@pytest.fixture(scope="session")
def outside():
    """Stands where the internet would be, and nobody may come."""
    with Outside() as made:
        yield made


@pytest.fixture
def gateways(tmp_path):
    """gateways(config, args=...) -> Gateway, stopped at the end, and nothing wrong in its log."""
    made = []

    def make(config=None, env=None, **options):
        made.append(Gateway(tmp_path / ("gateway%d" % len(made)), config,
                            env={"PROA_LIMITS_DRAIN_IDLE": "20ms", **(env or {})}, **options))
        made[-1].url = "http://127.0.0.1:%d" % made[-1].port
        return made[-1]

    yield make
    for gateway in made:
        gateway.stop()


@pytest.fixture
def proa(gateways):
    """`proa run --mock`, as the README of the examples has it."""
    return gateways(args=["--mock"])


@pytest.fixture
def upstream():
    made = Upstream()
    yield made
    made.stop()
    assert not made.errors, made.errors


@pytest.fixture
def surroundings(outside, tmp_path):
    """Variables of a program: where Proa is, and that everything else goes through `outside`."""
    def make(url, **more):
        return {"PATH": os.path.dirname(NODE) + os.pathsep + os.environ["PATH"],
                "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PROA_URL": url,
                "NEXT_TELEMETRY_DISABLED": "1", **outside.variables, **more}
    return make


@pytest.fixture
def run(surroundings, outside, tmp_path):
    """run(gateway, command...) -> what it prints; it must succeed, complain of nothing, and reach for
    nothing but Proa. ok=False -> the process as it ended."""
    def call(gateway, *command, ok=True, **env):
        done = subprocess.run(command, env=surroundings(gateway.url, **env), cwd=str(tmp_path),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds(120), check=False)
        assert not outside.asked, "%s reaches for %s" % (command, outside.asked)
        if not ok:
            return done
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout
    return call
