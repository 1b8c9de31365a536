"""Formatting: clang-format 14 on C (other versions break lines differently), syntax of scripts."""
import os
import re
import subprocess

from source import ROOT, c_files, project_files, read


def check_format():
    tool = os.environ.get("PROA_CLANG_FORMAT", "clang-format-14")
    try:
        version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ["%s is not installed" % tool]
    if not re.search(r"version 14\.", version.stdout):
        print("format: %s is not version 14, not checked" % tool)
        return []
    files = c_files()
    findings = []
    for start in range(0, len(files), 50):
        done = subprocess.run([tool, "--dry-run", "-Werror", *files[start:start + 50]], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            bad = sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: error", done.stderr, re.M)))
            findings += ["%s: not formatted (clang-format-14 -i)" % name for name in bad] or [
                done.stderr.strip()]
    return findings


def _scripts(word):
    for name in project_files():
        if name.endswith((".c", ".h", ".md", ".json", ".yaml", ".txt")):
            continue
        try:
            first = read(name).split("\n", 1)[0]
        except OSError:
            continue
        if name.endswith("." + word[:2]) or re.match(r"(#!.*|# shellcheck shell=)\b%s" % word, first):
            yield name


def check_shell():
    findings = []
    for name in _scripts("bash"):
        done = subprocess.run(["bash", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            findings.append(done.stderr.strip())
        if read(name).startswith("#!") and "/lib/" not in name and "set -" not in read(name):
            findings.append("%s: no 'set -...' line" % name)
    return findings


def check_python():
    findings = []
    for name in _scripts("python"):
        try:
            compile(read(name), name, "exec")
        except SyntaxError as error:
            findings.append("%s:%s: %s" % (name, error.lineno, error.msg))
    return findings
