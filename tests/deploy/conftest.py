"""What the checks of deploy/ share."""
import os
import pathlib
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "integration"))  # for testenv

from container import Container, must, unpack  # noqa: E402
from manifests import CHECKS, ROOT  # noqa: E402

PROA = os.environ.get("PROA_BIN", os.path.join(ROOT, "build/release/proa"))


def pytest_collection_modifyitems():
    for path, maker in ((PROA, "tests/run"), (CHECKS, "tests/deploy/install")):
        if not os.path.exists(path):
            raise pytest.UsageError("%s is not there; %s makes it" % (path, maker))


def pack(path):
    must(os.path.join(ROOT, "deploy/image"), "--no-install", "--no-build", "--output", path)
    return path


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """The image: $PROA_IMAGE, or what deploy/image makes of the release build."""
    given = os.environ.get("PROA_IMAGE")
    return pathlib.Path(given) if given else pack(tmp_path_factory.mktemp("image") / "proa.tar")


@pytest.fixture(scope="session")
def bundle(archive, tmp_path_factory):
    return unpack(archive, tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def containers(bundle, tmp_path):
    """A maker of containers, removed at the end."""
    made = []

    def make(**options):
        made.append(Container(bundle, tmp_path, **options))
        return made[-1]

    yield make
    for container in made:
        container.remove()
