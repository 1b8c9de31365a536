"""Fixtures: what a test starts is stopped and checked when the test ends."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from testenv import Certs, Gateway, Upstream  # noqa: E402
from testenv.gateway import BINARY  # noqa: E402


def pytest_configure(config):
    for mark in ("smoke: the shortest end-to-end tests, run in the inner loop",
                 "soak: hours of mixed faults; only with tests/run --long",
                 "slow: takes more than two seconds by its nature",
                 "cell(feature, ...): of the matrix of providers: each row has these features",
                 "gap(fate): of the matrix of providers: what a row does not have",
                 "errors: of the matrix of providers: each row's errors"):
        config.addinivalue_line("markers", mark)


def pytest_collection_modifyitems(config, items):
    if not os.path.exists(BINARY):
        raise pytest.UsageError("%s is not built; tests/run does that" % BINARY)
    if "soak" not in (config.getoption("-m") or ""):
        items[:] = [item for item in items if "soak" not in item.keywords]


@pytest.fixture
def upstreams():
    """A maker of upstreams: upstreams(tls=..., default=...) -> Upstream."""
    made = []

    def make(**options):
        made.append(Upstream(**options))
        return made[-1]

    yield make
    for upstream in made:
        upstream.stop()
    broken = [error for upstream in made for error in upstream.errors]
    assert not broken, "a script broke: %s" % broken


@pytest.fixture
def upstream(upstreams):
    return upstreams()


@pytest.fixture
def gateways(tmp_path):
    """A maker of gateways: gateways(config, args=..., env=...) -> Gateway, stopped at the end."""
    made = []

    def make(config=None, **options):
        made.append(Gateway(tmp_path / ("gateway%d" % len(made)), config, **options))
        return made[-1]

    yield make
    for gateway in made:
        gateway.stop()


KEYS = {"PROA_TEST_KEY": "test-key-1"}


def provider(upstream, **more):
    """The configuration of one provider that talks to the upstream."""
    return {"dialect": "openai", "base_url": upstream.url,
            "keys": [{"env": "PROA_TEST_KEY"}], **more}


@pytest.fixture
def simple(gateways):
    """simple(upstream, ...) -> a gateway with providers p1, p2, ... and a route "m" that tries them
    in that order, one tier each; none is tried out of turn to see whether it lives. Keyword `policy`
    gives the settings of its policy."""
    def make(*upstreams, policy=None, config=None, names=("p1", "p2", "p3"), env=None, **options):
        whole = {
            "providers": {name: provider(up) for name, up in zip(names, upstreams)},
            "policies": [{"name": "test", "balance": {"standby": 0}, **(policy or {})}],
            "routes": [{"model": "m", "policy": "test", "tiers": [
                [{"provider": name, "model": "up-model"}]
                for name, _ in zip(names, upstreams)]}],
        }
        for key, value in (config or {}).items():
            whole[key] = value
        return gateways(whole, env={**KEYS, **(env or {})}, **options)
    return make


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Every provider at once: matrix/world.py."""
    from matrix.world import World  # noqa: E402  (only who asks for it pays for it)
    made = World(tmp_path_factory.mktemp("matrix"))
    yield made
    made.stop()
