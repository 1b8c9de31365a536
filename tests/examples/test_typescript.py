"""deploy/examples/typescript: run by Node, which takes the types away, and checked by the compiler."""
import os
import re
import shutil

import pytest
from conftest import BUILD, EXAMPLES, NODE
from testenv import upstream as up

FOLDER = os.path.join(BUILD, "typescript")


@pytest.fixture(scope="module", autouse=True)
def files():
    """The examples as they stand, beside their packages."""
    for name in os.listdir(os.path.join(EXAMPLES, "typescript")):
        if os.path.isfile(os.path.join(EXAMPLES, "typescript", name)):
            shutil.copy(os.path.join(EXAMPLES, "typescript", name), FOLDER)


@pytest.fixture
def example(run):
    return lambda gateway, name, **more: run(gateway, NODE, os.path.join(FOLDER, name), **more)


def test_types(proa, run):
    run(proa, NODE, os.path.join(FOLDER, "node_modules/typescript/bin/tsc"), "-p", FOLDER)


def test_generate_text(proa, example):
    said = example(proa, "generate-text.ts")
    assert said.startswith("Name three rivers.\n")
    assert re.search(r"^\d+ tokens in, \d+ out$", said, re.M)
    assert '"finalProvider": "mock"' in said and '"totalProviderAttemptCount": 2' in said


def test_stream_text(proa, example):
    said = example(proa, "stream-text.ts").splitlines()
    assert said[0] == "Say| it| word| by| word.|"
    assert re.fullmatch(r"finish: stop, \d+ tokens", said[1])


def test_stream_text_that_breaks_off(gateways, upstream, example):
    """The words that came are printed, the error is told, the exit code is 1."""
    events = b"".join(up.chunk(up.sse(up.delta(word))) for word in ("one", " two"))
    upstream.default = up.raw(up.STREAM_HEAD + events)
    proa = gateways({"providers": {"p": {"dialect": "openai", "base_url": upstream.url, "keys": []}},
                     "routes": [{"model": "demo", "tiers": [["p/m"]]}]})
    done = example(proa, "stream-text.ts", ok=False)
    assert done.returncode == 1
    assert done.stdout == "one| two|\n"
    assert "failed:" in done.stderr and "finish" not in done.stdout


def test_embed_many(proa, example):
    said = example(proa, "embed-many.ts").splitlines()
    assert re.fullmatch(r"3 vectors of \d+ numbers, \d+ tokens", said[0])
    assert said[1] == "same: 1.000"
    assert abs(float(said[2].split()[1])) < 0.9


def test_failover_order(proa, example):
    assert example(proa, "failover-order.ts").splitlines() == [
        "order mock-down, mock: mock-down (503), then mock (200)", "mock says: Still there?",
        "order mock, mock-down: mock (200)", "mock says: Still there?"]
