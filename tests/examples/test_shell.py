"""deploy/examples/curl.sh, and the folder itself."""
import json
import os
import re
import urllib.error
import urllib.request

import pytest
from conftest import EXAMPLES


def sections(text):
    """{title: lines} of what the script prints."""
    parts = re.split(r"^== (.*)\n", text, flags=re.M)[1:]
    return dict(zip((title.split(":")[0] for title in parts[::2]),
                    (part.strip() for part in parts[1::2])))


def test_curl(proa, run):
    said = sections(run(proa, os.path.join(EXAMPLES, "curl.sh")))
    assert len(said) == 5
    assert "demo" in [model["id"] for model in json.loads(said["models"])["data"]]
    headers = dict(line.lower().split(": ", 1) for line in said["failover"].splitlines())
    assert headers["x-proa-attempts"] == "2" and headers["x-proa-provider"] == "mock"
    assert re.fullmatch(r"mock-down/k1:503/\d+ms, mock/k1:200/\d+ms", headers["x-proa-trail"])
    chat = json.loads(said["chat"])
    assert chat["choices"][0]["message"]["content"] == "Name three rivers."
    events = [line[6:] for line in said["stream"].splitlines() if line]
    assert events[-1] == "[DONE]"
    pieces = [json.loads(event)["choices"][0]["delta"].get("content") for event in events[:-1]]
    assert [piece for piece in pieces if piece] == ["Name", " three", " rivers."]
    message = json.loads(said["the same of Anthropic's API"])
    assert message["content"] == [{"type": "text", "text": "Name three rivers."}]


def test_curl_fails_where_nobody_listens(proa, run):
    proa.stop()
    assert run(proa, os.path.join(EXAMPLES, "curl.sh"), ok=False).returncode != 0


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1/models", 200), ("GET", "/v1/chat/completions", 405), ("GET", "/v1/no-such-path", 404)])
def test_answers_to_curl_by_status(proa, method, path, status):
    """What a shell sees besides answers: the list needs no key, a wrong method or path says so."""
    request = urllib.request.Request(proa.url + path, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            assert response.status == status
    except urllib.error.HTTPError as error:
        assert error.code == status
        if status == 404:
            assert json.load(error)["error"]["type"] == "not_found"


def readme():
    with open(os.path.join(EXAMPLES, "README.md"), encoding="utf-8") as file:
        return file.read()


def test_the_index_has_every_example():
    """And the tests have all of them too: each is named there and in a test of this folder."""
    tests = ""
    for name in os.listdir(os.path.dirname(os.path.abspath(__file__))):
        if name.startswith("test_"):
            with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name),
                      encoding="utf-8") as file:
                tests += file.read()
    found = ["curl.sh", "nextjs"]
    for folder, end in (("typescript", ".ts"), ("python", ".py")):
        found += [name for name in os.listdir(os.path.join(EXAMPLES, folder)) if name.endswith(end)]
    assert len(found) == 12
    for name in found:
        assert name in readme(), name
        assert name in tests, name


def test_versions_are_pinned():
    """requirements.txt are the packages one asks for, constraints.txt those and all they need."""
    def lines(name):
        with open(os.path.join(EXAMPLES, "python", name), encoding="utf-8") as file:
            return file.read().split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines("constraints.txt"))
    assert set(lines("requirements.txt")) < set(lines("constraints.txt"))
    for folder in ("typescript", "nextjs"):
        with open(os.path.join(EXAMPLES, folder, "package.json"), encoding="utf-8") as file:
            package = json.load(file)
        for version in (package["dependencies"] | package["devDependencies"]).values():
            assert re.fullmatch(r"[\d.]+", version), version
        with open(os.path.join(EXAMPLES, folder, "package-lock.json"), encoding="utf-8") as file:
            locked = json.load(file)["packages"]
        assert all("integrity" in each and "resolved" not in each
                   for name, each in locked.items() if name), folder
