"""Checks on the static libraries of a build (gcc with or without sanitizers, clang without)."""
import glob
import os
import re
import subprocess

from source import ROOT

# Modules whose libraries may hold mutable file-scope objects.
MAY_HOLD_STATE = {"app"}


def _symbols(library):
    """(object file, bind, section name, type, size, name) of each symbol, from readelf."""
    sections = {}
    text = subprocess.run(["readelf", "-W", "-S", "-s", library], capture_output=True, text=True,
                          check=False).stdout
    member = "?"
    for line in text.splitlines():
        match = re.match(r"File: .*\((.*)\)", line)
        if match:
            member, sections = match.group(1), {}
            continue
        match = re.match(r"\s*\[\s*(\d+)\] (\S*)\s+[A-Z_]+\s", line)
        if match:
            sections[match.group(1)] = match.group(2)
            continue
        match = re.match(r"\s*\d+: [0-9a-f]+\s+(\S+) (\S+)\s+(\S+)\s+\S+\s+(\S+) ?(.*)", line)
        if match:
            size, kind, bind, index, name = match.groups()
            yield member, bind, sections.get(index, index), kind, int(size, 0), name.strip()


def _libraries(build):
    found = sorted(glob.glob(os.path.join(ROOT, build, "**", "libproa_*.a"), recursive=True))
    if not found:
        raise SystemExit("no libproa_*.a under %s: build it first" % build)
    return found


def _generated(name):
    # Reserved names are the compiler's instrumentation; ours never start like that.
    return not name or name.startswith((".L", "__", "asan."))


def check_symbols(build):
    """Every global symbol that a library defines starts with proa_."""
    findings = []
    for library in _libraries(build):
        for member, bind, section, kind, _, name in _symbols(library):
            if bind in ("GLOBAL", "WEAK") and section not in ("UND", "0") and not _generated(name) \
                    and kind in ("FUNC", "OBJECT", "NOTYPE", "TLS") and not name.startswith("proa_"):
                findings.append("%s(%s): global symbol %s" % (os.path.basename(library), member, name))
    return findings


def check_mutable(build):
    """No object in a writable section; .data.rel.ro is constant after relocation."""
    findings = []
    for library in _libraries(build):
        module = os.path.basename(library)[len("libproa_"):-2]
        if module in MAY_HOLD_STATE:
            continue
        for member, _, section, kind, size, name in _symbols(library):
            if kind in ("OBJECT", "TLS") and size and not _generated(name) and re.match(
                    r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)|COM", section):
                findings.append("%s(%s): mutable object %s in %s"
                                % (os.path.basename(library), member, name, section))
    return findings
