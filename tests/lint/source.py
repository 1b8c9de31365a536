"""What every check shares: where files are, and C text with comments and strings blanked out."""
import functools
import os
import re
import subprocess

# PROA_LINT_ROOT is for the self-test, which checks trees with mistakes in them.
ROOT = os.environ.get("PROA_LINT_ROOT") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@functools.lru_cache(maxsize=None)
def project_files():
    """Paths of all files that belong to the project, relative to its root."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name.decode() for name in listed.stdout.split(b"\0") if name]
        return sorted(name for name in names if os.path.isfile(os.path.join(ROOT, name)))
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders
                      if name not in ("build", ".git", "node_modules", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return sorted(found)


def c_files(*tops):
    tops = tops or ("src", "include", "tests", "bench")
    return [name for name in project_files()
            if name.endswith((".c", ".h")) and name.split("/")[0] in tops]


@functools.lru_cache(maxsize=None)
def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match):
    text = match.group(0)
    kept = re.sub(r"[^\n]", " ", text)
    if text[0] in "\"'":
        return text[0] + kept[1:-1] + text[0]
    return kept


@functools.lru_cache(maxsize=None)
def code(name):
    """The text with comments and the insides of strings turned into blanks; lines stay lines."""
    return _TOKEN.sub(_blank, read(name))


def module_of(name):
    """src/<module>/x.c and include/proa/<module>/x.h belong to <module>; others to None."""
    part = name.split("/")
    if part[0] == "src" and len(part) == 3 and part[1] != "build":
        return part[1]
    if part[:2] == ["include", "proa"] and len(part) == 4:
        return part[2]
    return None


@functools.lru_cache(maxsize=None)
def layers():
    """The rows of src/layers.txt: {module: (rank, set of imports, list of outside libraries)}."""
    rows = {}
    for line in read("src/layers.txt").splitlines():
        if not line[:1].isdigit():
            continue
        rank, module, imports, outside = line.split()
        rows[module] = (int(rank), set() if imports == "-" else set(imports.split(",")),
                        [] if outside == "-" else outside.split(","))
    return rows
