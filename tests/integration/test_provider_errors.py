"""The matrix of providers, its other half: every error that a provider is known to answer with, as
the mock has it on record. What must become of each stands in matrix/errors.py."""
import pytest
from matrix.errors import COMMON, ERRORS, OF_TOKENS
from matrix.table import ROWS
from testenv.gateway import cli

PAIRS = [(row, name) for row in ROWS for name in ERRORS[row.profile]]
EVERY = pytest.mark.parametrize("row, name", PAIRS, ids=["%s-%s" % pair for pair in PAIRS])
# The setting that decides how long the target is left alone; None: it is not.
SETTINGS = {"client": None, "key": "credential.disabled", "quota": "credential.exhausted",
            "permission": "credential.unknown_model", "model": "credential.unknown_model",
            "rate": "limiter.enabled", "spent": "limiter.enabled", "busy": None, "server": None,
            "unlucky": None}
HURTS = ("busy", "server", "spent")
# Where limits are known, a tenth of a minute's is kept for requests that are more urgent.
REFILL_S = 6


class Scene:
    """One provider that answers with one error, and what is thought of it."""

    def __init__(self, world, row, name):
        self.world, self.row, self.name = world, row, name
        self.error = ERRORS[row.profile].get(name)
        self.route = "%s:%s" % (row, name)
        self.reset()

    def reset(self):
        recipe = "error=" + self.name if self.error else self.name
        self.world.reset(self.row, "%s+%s" % (self.row.model, recipe))

    def ask(self, moves=False, **more):
        body = {"model": self.route + (":moves" if moves else ""),
                "messages": [{"role": "user", "content": "one two"}], **more}
        return self.world.post(self.row, "/v1/chat/completions", body)

    def thought_of(self):
        """The target as `proa explain` has it."""
        return self.world.admin(self.row, "/admin/explain", model=self.route)["candidates"][0]


@pytest.fixture
def scene(world, row, name):
    made = Scene(world, row, name)
    yield made
    made.reset()


@pytest.mark.errors
@EVERY
def test_alone(scene):
    """Nobody else is there: the client is told in its own envelope, whose words it is and whether
    it makes sense to ask again; and the right thing is left alone for the right time."""
    error = scene.error
    response = scene.ask()
    assert response.status == error.status, response
    assert response.header("x-proa-attempts") == "1"
    assert response.error["message"]
    if error.reaction == "client":
        assert response.header("x-should-retry") == "false"
    if error.reaction == "rate":
        assert response.header("x-should-retry") == "true"
    if error.wait and error.reaction == "rate":
        assert error.wait <= int(response.header("retry-after")) <= error.wait * 1.25 + 1
    check_thoughts(scene.thought_of(), error)


def check_thoughts(thought, error):
    setting = SETTINGS[error.reaction]
    assert thought["eligible"] == (setting is None), thought
    assert (thought["failures"] > 0) == (error.reaction in HURTS), thought
    if setting:
        assert thought["setting"] == setting, thought
    if error.wait:
        wait_ms = min(error.wait, 300 if error.reaction == "rate" else 3600) * 1000
        assert wait_ms - 500 <= thought["eta_ms"] <= max(wait_ms * 1.26, REFILL_S * 1100), thought


@pytest.mark.errors
@EVERY
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_beside_another(scene, stream):
    """Another provider is there: it is asked, unless it would say the same; and the one that is to
    be left alone is, at once."""
    error = scene.error
    response = scene.ask(moves=True, stream=stream)
    if error.reaction == "client":
        assert response.status == error.status and response.header("x-proa-attempts") == "1"
        return
    assert response.status == 200 and response.text == "one two", response
    assert response.header("x-proa-provider") == "backup"
    assert response.header("x-proa-attempts") == "2"
    trail = response.header("x-proa-trail")
    assert trail.startswith("%s/k1:%d/" % (scene.row.vendor, error.status)), trail
    again = scene.ask(moves=True, stream=stream)
    assert again.status == 200
    assert again.header("x-proa-attempts") == ("1" if SETTINGS[error.reaction] else "2")


@pytest.mark.errors
@pytest.mark.parametrize("row, name", [pair for pair in PAIRS if
                                       ERRORS[pair[0].profile][pair[1]].reaction == "client"],
                         ids=lambda value: str(value))
def test_clients_faults_hurt_nobody(scene):
    """However often they come."""
    for number in range(12):
        assert scene.ask(user="u%d" % number).status == scene.error.status
    thought = scene.thought_of()
    assert thought["eligible"] and thought["failures"] == 0 and thought["share"] == 1


@pytest.mark.parametrize("row", ROWS, ids=repr)
@pytest.mark.parametrize("name", COMMON)
def test_what_can_happen_to_any(scene, name):
    """An answer that breaks off, is none, or comes from a machine in between: another one is asked,
    and it is held against the provider only where it is its own failure."""
    response = scene.ask(moves=True)
    assert response.status == 200 and response.text == "one two", response
    assert response.header("x-proa-provider") == "backup"
    assert response.header("x-proa-attempts") == "2"
    thought = scene.thought_of()
    assert thought["eligible"] == (SETTINGS[COMMON[name]] is None), thought
    assert (thought["failures"] > 0) == (COMMON[name] in HURTS), thought


def recorded():
    """Profile -> the names that `proa mock --help` lists as recorded errors."""
    text = cli("mock", "--help").stdout
    block = text.split("\nRecorded errors\n")[1].split("\n\n")[0]
    found, profile = {}, None
    for line in block.splitlines():
        words = line.replace(",", " ").split()
        if not line.startswith("   "):
            profile, words = words[0], words[1:]
        found.setdefault(profile, set()).update(words)
    return found


def test_every_recorded_error_is_here():
    for profile, names in recorded().items():
        names = names - OF_TOKENS.get(profile, set())
        assert names <= set(ERRORS.get(profile, ())), profile
