"""deploy/examples/python, with the packages of constraints.txt; and what else these packages ask."""
import gzip
import os
import re

import pytest
from conftest import EXAMPLES, HERE, VENV
from testenv import upstream as up

RIVERS = "Name three rivers."
STREAMED = r"\|?Name\| three\| rivers\.\|+"


@pytest.fixture
def example(proa, run):
    return lambda name, **env: run(proa, VENV, os.path.join(EXAMPLES, "python", name),
                                   **env).splitlines()


def test_openai(example):
    said = example("openai_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(r"trail: mock-down/k1:503/\d+ms, mock/k1:200/\d+ms", said[1])
    assert re.fullmatch(STREAMED, said[2])
    assert re.fullmatch(r"2 vectors of \d+ numbers", said[3])
    assert said[4].startswith("models: demo, ") and len(said) == 5


def test_anthropic(example):
    said = example("anthropic_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(r"stop: end_turn, tokens: \d+", said[1])
    assert re.fullmatch(STREAMED, said[2])
    assert re.fullmatch(r"the question has \d+ tokens", said[3]) and len(said) == 4


def test_litellm(proa, example):
    said = example("litellm_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(STREAMED, said[1])
    assert re.fullmatch(r"2 vectors of \d+ numbers", said[2])
    assert said[3].startswith("models: demo, ")
    assert said[4] == RIVERS and len(said) == 5
    paths = [record["url.path"] for record in proa.access(5)]
    assert paths.count("/v1/embeddings") == 1 and paths.count("/v1/models") == 1


def test_langchain(example):
    said = example("langchain_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(STREAMED, said[1])
    assert said[2] == "calls weather" and said[3].startswith("20 degrees in ")


def test_llamaindex(example):
    said = example("llamaindex_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(STREAMED, said[1]) and len(said) == 2


def test_langfuse_without_langfuse(example):
    said = example("langfuse_chat.py")
    assert said[0] == RIVERS
    assert re.fullmatch(STREAMED, said[1]) and len(said) == 2


def test_langfuse_is_told(example, upstream):
    """A server in Langfuse's place gets both calls, with the model that answered and what was said."""
    upstream.default = up.answer(200, b"", content_type="application/x-protobuf")
    said = example("langfuse_chat.py", LANGFUSE_BASE_URL="http://127.0.0.1:%d" % upstream.port, LANGFUSE_PUBLIC_KEY="pk-lf-1",
                   LANGFUSE_SECRET_KEY="sk-lf-1")
    assert said[0] == RIVERS
    told = b""
    for request in upstream.requests:
        if request.target.endswith("/v1/traces"):
            assert request.header("authorization").startswith("Basic ")
            told += (gzip.decompress(request.body) if request.header("content-encoding") == "gzip"
                     else request.body)
    for word in (b"rivers", b"rivers, streamed", b"echo", RIVERS.encode(), b"usage"):
        assert word in told, word


@pytest.mark.parametrize("package", ["litellm", "langchain", "llamaindex", "langfuse"])
def test_package(proa, run, package):
    """clients.py has more of each package than an example should."""
    done = run(proa, VENV, os.path.join(HERE, "clients.py"), package, ok=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all of %s" % package
