"""The shape of the repository: top level, READMEs, links, and words that do not belong in it."""
import os
import re

from source import ROOT, project_files, read

TOP = set("CMakeLists.txt CMakePresets.json src include policies bench tests deploy README.md "
          "LICENSE".split())
FOLDERS = "src include policies bench tests deploy".split()

# Written in pieces, so that this file passes its own check.
HOSTS = [".".join(host) for host in (
    ("deb", "debian", "org"), ("security", "debian", "org"), ("snapshot", "debian", "org"),
    ("registry", "npmjs", "org"), ("pypi", "org"), ("pythonhosted", "org"), ("crates", "io"))]
PATHS = ["/" + "work/", "/tmp/" + "bash_jobs", "/" + "root/", "/home/" + "runner"]


def check_top_level():
    return ["%s: not a name for the top level" % name
            for name in sorted({name.split("/")[0] for name in project_files()})
            if name not in TOP and not name.startswith(".")]


def check_readmes():
    files = set(project_files())
    wanted = ["README.md", "LICENSE"] + [folder + "/README.md" for folder in FOLDERS]
    return ["%s: missing" % name for name in wanted if name not in files]


def _anchor(heading):
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _documents_named_in_code(name):
    """Comments that send the reader to a document that is not here."""
    text = read(name)
    return ["%s:%d: no such document: %s" % (name, text.count("\n", 0, match.start()) + 1,
                                             match.group(0))
            for match in re.finditer(r"[\w./-]*\w\.md\b", text)
            if not any(os.path.exists(os.path.join(ROOT, folder, match.group(0).lstrip("/")))
                       for folder in ("", os.path.dirname(name)))]


def check_links():
    findings = []
    for name in project_files():
        if name.endswith((".c", ".h")):
            findings += _documents_named_in_code(name)
        if not name.endswith(".md"):
            continue
        text = re.sub(r"```.*?```", lambda m: re.sub(r"[^\n]", " ", m.group(0)), read(name), flags=re.S)
        for match in re.finditer(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            where = "%s:%d" % (name, text.count("\n", 0, match.start()) + 1)
            path, _, anchor = target.partition("#")
            full = os.path.normpath(os.path.join(ROOT, os.path.dirname(name), path)) if path \
                else os.path.join(ROOT, name)
            if not os.path.exists(full):
                findings.append("%s: no such file: %s" % (where, target))
            elif anchor and full.endswith(".md"):
                with open(full, encoding="utf-8") as file:
                    headings = re.findall(r"^#+\s+(.*)$", file.read(), re.M)
                if anchor not in {_anchor(heading) for heading in headings}:
                    findings.append("%s: no such heading: %s" % (where, target))
    return findings


def check_words():
    findings = []
    for name in project_files():
        if os.path.getsize(os.path.join(ROOT, name)) > 4 << 20 or "/corpus/" in name \
                or "/regress/" in name:
            continue
        text = read(name)
        for word in HOSTS + PATHS:
            start = text.find(word)
            if start >= 0:
                findings.append("%s:%d: '%s' does not belong here"
                                % (name, text.count("\n", 0, start) + 1, word))
    return findings
