"""clang-tidy over src, two files at a time. A file found clean is remembered by a digest of its
text, of the project headers it reaches, of .clang-tidy and of the tool, and not looked at again
until one of them changes."""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess

from source import ROOT, read


def _reach(name, seen):
    if name in seen:
        return
    seen.add(name)
    for path in re.findall(r'^\s*#\s*include\s*"([^"]+)"', read(name), re.M):
        for candidate in (os.path.join("include", path), os.path.join(os.path.dirname(name), path)):
            if os.path.exists(os.path.join(ROOT, candidate)):
                _reach(candidate, seen)


def _digest(name, base):
    seen = set()
    _reach(name, seen)
    total = hashlib.sha256(base)
    for path in sorted(seen):
        total.update(path.encode() + b"\0" + read(path).encode() + b"\0")
    return total.hexdigest()


def check(build):
    tool = os.environ.get("PROA_CLANG_TIDY", "clang-tidy-14")
    database = os.path.join(ROOT, build, "compile_commands.json")
    try:
        version = subprocess.run([tool, "--version"], capture_output=True, check=False).stdout
        with open(database, encoding="utf-8") as file:
            entries = json.load(file)
    except OSError as error:
        return [str(error)]
    if b"version 14." not in version:
        print("tidy: %s is not version 14; its findings are shown but do not count" % tool)
    base = version + read(".clang-tidy").encode()
    files = sorted({os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
                    for entry in entries})
    files = [name for name in files
             if name.startswith("src/") and os.path.exists(os.path.join(ROOT, name))]
    files.sort(key=lambda name: -len(read(name)))  # so that none of the long ones is left to the end
    cache = os.path.join(ROOT, "build", "tidy-cache")
    os.makedirs(cache, exist_ok=True)

    def one(name):
        mark = os.path.join(cache, _digest(name, base))
        if os.path.exists(mark):
            return None
        done = subprocess.run([tool, "-p", os.path.join(ROOT, build), "--quiet", name], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            with open(mark, "w", encoding="utf-8") as file:
                file.write(name)
            return []
        found = re.findall(r"^(?:%s/)?(\S+:\d+:\d+: (?:error|warning): .*)$" % re.escape(ROOT),
                           done.stdout, re.M)
        return found or [name + ": " + (done.stderr.strip() or "clang-tidy failed")]

    findings = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        results = list(pool.map(one, files))
    for result in results:
        findings += result or []
    print("tidy: %d files, %d looked at" % (len(files), sum(r is not None for r in results)))
    if b"version 14." not in version:
        print("\n".join(findings))
        return []
    return sorted(set(findings))
