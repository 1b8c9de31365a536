#!/usr/bin/python3
"""Writes the matrix of providers into tests/README.md, from the tests that there are.

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
BEGIN, END = "<!-- matrix of providers: written by integration/matrix/readme.py -->\n", "<!-- end of it -->\n"
MODULES = ("test_providers.py", "test_provider_errors.py", "test_across_dialects.py")


class Collected:
    """Which cells have tests: (row, feature) -> how it is filled; errors by row; all in all."""

    def __init__(self):
        self.cells = {}
        self.errors = collections.defaultdict(set)
        self.n_tests = 0
        self.n_across = 0

    def pytest_collection_finish(self, session):
        self.n_tests = len(session.items)
        for item in session.items:
            params = getattr(item, "callspec", None) and item.callspec.params or {}
            self.n_across += item.path.name == "test_across_dialects.py"
            for mark in item.iter_markers("cell"):
                for feature in mark.args:
                    self.cells[params["row"].name, feature] = "yes"
            for mark in item.iter_markers("gap"):
                self.cells[params["row"].name, params["feature"]] = mark.args[0]
            for _ in item.iter_markers("errors"):
                self.errors[params["row"].name].add(params["name"])


def collect():
    found = Collected()
    with redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", INTEGRATION,
                            *(os.path.join(INTEGRATION, name) for name in MODULES)], plugins=[found])
    assert code == 0, said.getvalue()
    return found


def empty_cells(found, rows, features):
    """What a provider supports and no test covers, and what it does not and no test asserts."""
    return ["%s: nothing tests %s" % (row.name, feature) for row in rows for feature in features
            if (row.name, feature) not in found.cells and row.gaps.get(feature, "?") is not None]


def table(found, rows, features):
    lines = ["| provider | " + " | ".join(features) + " | errors |",
             "|---" * (len(features) + 2) + "|"]
    for row in rows:
        cells = [found.cells.get((row.name, feature), "") for feature in features]
        lines.append("| %s | %s | %d |" % (row.name, " | ".join(cells), len(found.errors[row.name])))
    return "\n".join(lines) + "\n"


def text(found, rows, features):
    n_cells = len(found.cells) + sum(map(len, found.errors.values()))
    return "%s\n%s%s\n%s" % (BEGIN.rstrip("\n"), (
        "%d providers, %d cells, %d tests, of which %d across dialects. *yes*: it works; *refused*: with 400, "
        "before\nanything is sent; *told*: by the provider, and the client is; *dropped*: with a warning; "
        "empty: there is no\nsuch thing. Errors: how many the provider is known to answer with, each alone and "
        "beside another provider.\n\n") % (
            len(rows), n_cells, found.n_tests, found.n_across),
        table(found, rows, features), END)


def main():
    sys.path.insert(0, INTEGRATION)
    found = collect()
    from matrix.table import FEATURES, ROWS  # the same module that the tests have read
    faults = empty_cells(found, ROWS, FEATURES)
    with open(README, encoding="utf-8") as file:
        before = file.read()
    assert BEGIN in before and END in before, "the marks are gone from tests/README.md"
    head, _, rest = before.partition(BEGIN)
    after = head + text(found, ROWS, FEATURES) + rest.partition(END)[2]
    if "--check" not in sys.argv:
        with open(README, "w", encoding="utf-8") as file:
            file.write(after)
    elif after != before:
        faults.append("tests/README.md is stale; run tests/integration/matrix/readme.py")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
