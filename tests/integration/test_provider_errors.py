"""The matrix of providers, its other half: every error that a provider is known to answer with, as
the mock has it on record. What must become of each stands in matrix/errors.py."""
import json

import pytest
from matrix.errors import COMMON, ERRORS, IN_BAND, OF_TOKENS, UNTOLD
from matrix.table import BY_NAME, ROWS
from matrix.world import POLICY, bad_keys
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


HIDDEN = [(row, how + name) for row, name in PAIRS if row.name in IN_BAND
          for how in ("200-error:error=", "error-first:error=")]


@pytest.mark.parametrize("row, name", HIDDEN, ids=["%s-%s" % pair for pair in HIDDEN])
def test_in_an_answer_that_began_well(scene, row, name):
    """With status 200, or as the first event of a stream: what it says is taken for what it is."""
    error = name.rpartition("=")[2]
    reaction = UNTOLD.get((row.name, error)) or ERRORS[row.profile][error].reaction
    response = scene.ask(moves=True, stream=name.startswith("error-first"))
    if reaction == "client":
        assert response.status >= 400 and response.header("x-proa-attempts") == "1", response
        assert response.error["message"]
    else:
        assert response.status == 200 and response.text == "one two", response
        assert response.header("x-proa-provider") == "backup"
        assert response.header("x-proa-attempts") == "2"
    thought = scene.thought_of()
    if reaction == "client":
        assert thought["eligible"] and thought["failures"] == 0, thought
    elif thought["eligible"]:
        assert thought["failures"] > 0 or reaction not in HURTS, thought


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


# ---- other keys of the same provider --------------------------------------------------------------

REACHED_BY_KEY = [row for row in ROWS if row.key == "keys" and not row.twin]


@pytest.mark.parametrize("row", REACHED_BY_KEY, ids=repr)
def test_another_key_takes_over(world, row):
    """Three keys of the provider are refused, out of money and over their limit; the fourth works.
    Nobody sees more than that, the provider stays, and soon only the good one is asked."""
    asked = []
    for number in range(24):
        response = world.keys.post("/v1/chat/completions", {
            "model": row.named(), "messages": [{"role": "user", "content": "one"}],
            "user": "u%d" % number})
        assert response.status == 200 and response.text == "one", response
        assert response.header("x-proa-provider") == row.vendor
        assert response.header("x-proa-trail").rpartition(", ")[2].startswith(row.vendor + "/good:200/")
        asked.append(int(response.header("x-proa-attempts")))
    assert sum(asked) - len(asked) == len(bad_keys(row)), "each of the others is tried once"


# ---- a larger window ------------------------------------------------------------------------------

# From small to large, as the catalogue has them.
WINDOWS = [("groq", "openai/gpt-oss-120b"), ("cohere", "command-a-03-2025"),
           ("anthropic", "claude-sonnet-5")]
TOO_LONG = [(a, b) for a in range(3) for b in range(3) if a != b]


@pytest.mark.parametrize("first, second", TOO_LONG,
                         ids=["%s-%s" % (WINDOWS[a][0], WINDOWS[b][0]) for a, b in TOO_LONG])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_is_too_long_goes_to_a_larger_window(gateways, world, first, second, stream):
    """And to no other, which would say the same."""
    providers, tiers = {}, []
    for at, key in ((first, "NARROW"), (second, "WIDE")):
        vendor, model = WINDOWS[at]
        providers[vendor] = {"base_url": world.root + BY_NAME[vendor].path, "keys": [{"env": key}]}
        tiers.append([{"provider": vendor, "model": model}])
    gateway = gateways({"providers": providers, "policies": [POLICY], "limits": {"drain_idle": "0s"},
                        "routes": [{"model": "m", "tiers": tiers}]},
                       env={"NARROW": "matrix-narrow+error=context", "WIDE": "matrix-wide-key"})
    response = gateway.chat(stream=stream)
    if second > first:
        assert response.status == 200 and response.text == "hi", response
        assert response.header("x-proa-provider") == WINDOWS[second][0]
        assert response.header("x-proa-attempts") == "2"
    else:
        assert response.status == 400 and response.header("x-proa-attempts") == "1", response
        assert response.header("x-should-retry") == "false"
        assert response.error["code"] in ("context_length_exceeded", "invalid_request")


def test_windows_are_in_that_order():
    sizes = []
    for vendor, model in WINDOWS:
        listed = json.loads(cli("models", "--json", "--provider", vendor, model.split("/")[-1]).stdout)
        offers = [offer for one in listed["models"] for offer in one["offers"]
                  if offer["id"] == model and offer["provider"] == vendor]
        sizes.append(offers[0]["context"])
    assert sizes == sorted(set(sizes)), sizes
