"""Checks of Kubernetes manifests without a cluster.

The types of npm's kubernetes-models catch what the API server would refuse or silently drop: the
compiler sees unknown fields and wrong types in an object literal, the schemas see missing fields.
Not seen: admission, scheduling, and what the kubelet does with it.
"""
import json
import os
import platform
import re
import shutil
import subprocess

import yaml
from testenv.poll import seconds

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHECKS = os.path.join(ROOT, "build", "deploy-checks")
KUBERNETES = os.path.join(ROOT, "deploy", "kubernetes")
KUBECTL = os.path.join(CHECKS, "kubectl") if platform.machine() == "x86_64" else "kubectl"
NODE = shutil.which("node") or shutil.which("nodejs")


def load(text):
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def read(name):
    with open(os.path.join(KUBERNETES, name), encoding="utf-8") as file:
        return load(file)


def kustomize(folder):
    """The rendered manifests; kubectl's kustomize needs no cluster."""
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True,
                          check=False, timeout=seconds(60))
    assert done.returncode == 0, done.stderr
    return load(done.stdout)


def compile_types(manifests, folder):
    """For each manifest what the TypeScript compiler, strict, says of it: a list of messages."""
    lines = []
    for number, manifest in enumerate(manifests):
        kind, module = manifest["kind"], "%s/%s" % (manifest["apiVersion"], manifest["kind"])
        lines.append('export const m%d: import("kubernetes-models/%s").I%s = %s;'
                     % (number, module, kind, json.dumps(manifest)))
    source = os.path.join(CHECKS, folder + ".ts")
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    done = subprocess.run(
        [NODE, "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck",
         "--target", "es2022", "--module", "nodenext", "--pretty", "false", source],
        cwd=CHECKS, capture_output=True, text=True, check=False, timeout=seconds(120))
    messages = [[] for _ in manifests]
    last = None
    for line in done.stdout.splitlines():
        match = re.match(r"\S+\.ts\((\d+),\d+\): (error .*)", line)
        if match:
            last = messages[int(match.group(1)) - 1]
            last.append(match.group(2))
        elif last and line.startswith(" "):
            last[-1] += " " + line.strip()
        else:
            raise AssertionError("tsc: %s%s" % (done.stdout, done.stderr))
    assert done.returncode == 0 or any(messages), done.stdout + done.stderr
    return messages


def validate(manifests):
    """For each manifest the message of its schema, or None."""
    shutil.copy(os.path.join(HERE, "validate.mjs"), CHECKS)  # it finds modules beside itself
    done = subprocess.run([NODE, "validate.mjs"], cwd=CHECKS, input=json.dumps(manifests),
                          capture_output=True, text=True, check=False, timeout=seconds(60))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
