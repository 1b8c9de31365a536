#!/usr/bin/python3
"""Writes the matrices of providers and surfaces into tests/README.md, from the tests that there are.

  readme.py           writes it
  readme.py --check   says what is stale or empty, and fails then
"""
import collections
import io
import os
import sys
from contextlib import redirect_stdout

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
INTEGRATION = os.path.dirname(HERE)
README = os.path.join(os.path.dirname(INTEGRATION), "README.md")
BEGIN, END = "<!-- matrix of %s: written by integration/matrix/readme.py -->\n", "<!-- end of it -->\n"
PROVIDERS = ("test_providers.py", "test_provider_errors.py", "test_across_dialects.py")
SURFACES = ("test_surfaces.py",)


class Collected:
    """Which cells have tests: (row, feature) -> how it is filled; errors by row; all in all. A row is a
    provider, or a surface before one."""

    def __init__(self):
        self.cells = {}
        self.errors = collections.defaultdict(set)
        self.n_tests = 0
        self.n_across = 0

    def pytest_collection_finish(self, session):
        self.n_tests = len(session.items)
        for item in session.items:
            params = getattr(item, "callspec", None) and item.callspec.params or {}
            name = " | ".join(params[key].name for key in ("surface", "row") if key in params)
            self.n_across += item.path.name == "test_across_dialects.py"
            for mark in item.iter_markers("cell"):
                for feature in mark.args:
                    self.cells[name, feature] = "yes"
            for mark in item.iter_markers("gap"):
                self.cells[name, params["feature"]] = mark.args[0]
            for _ in item.iter_markers("errors"):
                self.errors[name].add(params.get("name") or params["kind"])


def collect(modules):
    found = Collected()
    with redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", INTEGRATION,
                            *(os.path.join(INTEGRATION, name) for name in modules)], plugins=[found])
    assert code == 0, said.getvalue()
    return found


def empty_cells(found, rows, features):
    """What a provider supports and no test covers, and what it does not and no test asserts."""
    return ["%s: nothing tests %s" % (row.name, feature) for row in rows for feature in features
            if (row.name, feature) not in found.cells and row.gaps.get(feature, "?") is not None]


def table(found, heads, names, features):
    lines = ["| %s | %s | errors |" % (heads, " | ".join(features)),
             "|---" * (len(features) + heads.count("|") + 2) + "|"]
    for name in names:
        cells = [found.cells.get((name, feature), "") for feature in features]
        lines.append("| %s | %s | %d |" % (name, " | ".join(cells), len(found.errors[name])))
    return "\n".join(lines) + "\n"


def providers(found, rows, features):
    n_cells = len(found.cells) + sum(map(len, found.errors.values()))
    return (
        "%d providers, %d cells, %d tests, of which %d across dialects. *yes*: it works; *refused*: with 400, "
        "before\nanything is sent; *told*: by the provider, and the client is; *dropped*: with a warning; "
        "empty: there is no\nsuch thing. Errors: how many the provider is known to answer with, each alone and "
        "beside another provider.\n\n") % (
            len(rows), n_cells, found.n_tests, found.n_across) + table(
                found, "provider", [row.name for row in rows], features)


def surfaces(found, names, dialects, features):
    return (
        "%d surfaces, %d cells, %d tests. One provider of each dialect is shown; the tests ask all %d.\n"
        "Errors: a key refused, a model not known, a limit reached, a server's failure, a context too long and "
        "a\nmalformed answer, each alone and beside another provider, whole and streamed.\n\n") % (
            len(names), len(found.cells) + sum(map(len, found.errors.values())), found.n_tests,
            len({name.split(" | ")[1] for name, _ in found.cells})) + table(
                found, "surface | dialect", ["%s | %s" % (name, dialect) for name in names
                                             for dialect in dialects], features)


def put(readme, what, text):
    """The README with the text between its marks."""
    begin = BEGIN % what
    assert begin in readme, "the marks are gone from tests/README.md"
    head, _, rest = readme.partition(begin)
    return head + begin + text + "\n" + END + rest.partition(END)[2]


def main():
    sys.path.insert(0, INTEGRATION)
    of_providers, of_surfaces = collect(PROVIDERS), collect(SURFACES)
    from matrix.faults import FAULTS  # the same modules that the tests have read
    from matrix.surfaces import SURFACES as FACES
    from matrix.table import FEATURES, ROWS
    names, dialects = [surface.name for surface in FACES], sorted(FAULTS)
    features = list(FACES[0].can)
    faults = empty_cells(of_providers, ROWS, FEATURES)
    faults += ["%s before %s: nothing tests %s" % (surface.name, dialect, feature)
               for surface in FACES for dialect in dialects for feature in surface.can
               if ("%s | %s" % (surface.name, dialect), feature) not in of_surfaces.cells]
    with open(README, encoding="utf-8") as file:
        before = file.read()
    after = put(before, "providers", providers(of_providers, ROWS, FEATURES))
    after = put(after, "surfaces", surfaces(of_surfaces, names, dialects, features))
    if "--check" not in sys.argv:
        with open(README, "w", encoding="utf-8") as file:
            file.write(after)
    elif after != before:
        faults.append("tests/README.md is stale; run tests/integration/matrix/readme.py")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
