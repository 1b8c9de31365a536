"""deploy/kubernetes: the manifests mean what they should, and a mistake in them would be found."""
import copy
import os
import re
import shutil
import subprocess

import pytest
import yaml
from conftest import PROA
from manifests import KUBERNETES, compile_types, kustomize, load, read, validate
from testenv.poll import seconds

SHIPPED = ["pod.yaml", "policy.yaml", "networkpolicy.yaml"]
DROPPED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@pytest.fixture(scope="module")
def example():
    return {manifest["kind"]: manifest for manifest in kustomize(os.path.join(KUBERNETES, "example"))}


def named(items, name):
    return next(item for item in items if item["name"] == name)


# ---- form ----------------------------------------------------------------------------------------

def yamllint(*paths):
    config = os.path.join(os.path.dirname(os.path.abspath(__file__)), "yamllint.yaml")
    return subprocess.run(["yamllint", "--strict", "-c", config, *map(str, paths)],
                          capture_output=True, text=True, check=False)


def test_yamllint():
    done = yamllint(KUBERNETES)
    assert done.returncode == 0, done.stdout


def test_yamllint_would_refuse_a_duplicate_key(tmp_path):
    path = tmp_path / "pod.yaml"
    with open(os.path.join(KUBERNETES, "pod.yaml"), encoding="utf-8") as file:
        path.write_text(file.read() + "kind: Pod\n")
    done = yamllint(path)
    assert done.returncode != 0 and "kind" in done.stdout


# ---- types ---------------------------------------------------------------------------------------

def rename(manifest, path, name):
    """A copy in which the last key of the path has another name."""
    changed = copy.deepcopy(manifest)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[name] = at.pop(path[-1])
    return changed


def put(manifest, path, value):
    changed = copy.deepcopy(manifest)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


SIDECAR = ("spec", "initContainers", 0)

# What is wrong -> (file, how, words of the compiler's message).
MISTYPED = {
    "unknown_probe": ("pod.yaml", lambda m: rename(m, (*SIDECAR, "startupProbe"), "startupProb"),
                      "startupProb"),
    "unknown_security": ("pod.yaml", lambda m: rename(
        m, (*SIDECAR, "securityContext", "readOnlyRootFilesystem"), "readOnlyRootFileSystem"),
        "readOnlyRootFileSystem"),
    "unknown_in_volume": ("pod.yaml", lambda m: rename(
        m, ("spec", "volumes", 1, "secret", "secretName"), "name"), "'\"name\"' does not exist"),
    "text_for_number": ("pod.yaml", lambda m: put(m, (*SIDECAR, "startupProbe", "periodSeconds"), "1"),
                        "'string' is not assignable to type 'number'"),
    "unknown_rule": ("networkpolicy.yaml", lambda m: rename(m, ("spec", "egress"), "egres"), "egres"),
    "number_for_text": ("policy.yaml", lambda m: put(m, ("data", "proa.yaml"), 1),
                        "'number' is not assignable to type 'string'"),
}
INVALID = {
    "no_containers": ("pod.yaml", lambda m: rename(m, ("spec", "containers"), "xcontainers")),
    "no_name": ("pod.yaml", lambda m: rename(m, (*SIDECAR, "name"), "xname")),
    "no_policy_spec": ("networkpolicy.yaml", lambda m: put(m, ("spec", "podSelector"), "app")),
}


def test_types_know_every_field_and_refuse_others(example):
    """One run of the compiler, which takes most of its time to start: the good and the wrong."""
    good = [manifest for name in SHIPPED for manifest in read(name)] + list(example.values())
    wrong = [change(read(name)[0]) for name, change, _ in MISTYPED.values()]
    messages = compile_types(good + wrong, "manifests")
    assert not any(messages[:len(good)]), messages[:len(good)]
    for (name, (_, _, words)), found in zip(MISTYPED.items(), messages[len(good):]):
        assert any(words in text for text in found), (name, found)


def test_schemas_are_met_and_refuse_what_is_missing(example):
    good = [manifest for name in SHIPPED for manifest in read(name)] + list(example.values())
    wrong = [change(read(name)[0]) for name, change in INVALID.values()]
    messages = validate(good + wrong)
    assert messages[:len(good)] == [None] * len(good)
    for name, message in zip(INVALID, messages[len(good):]):
        assert message, name


# ---- meaning -------------------------------------------------------------------------------------

def pod_specs(example):
    return {"pod.yaml": read("pod.yaml")[0]["spec"],
            "example": example["Deployment"]["spec"]["template"]["spec"]}


def test_pods_meet_the_restricted_standard(example):
    for name, spec in pod_specs(example).items():
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"configMap", "secret", "emptyDir", "projected", "downwardAPI"}
        for container in spec["initContainers"] + spec["containers"]:
            context = {**spec["securityContext"], **container["securityContext"]}
            assert DROPPED.items() <= context.items(), (name, container["name"])
            assert context["runAsUser"] >= 1000


def test_the_sidecar_comes_first_and_alone_has_the_keys(example):
    for name, spec in pod_specs(example).items():
        first, *others = spec["initContainers"]
        assert first["name"] == "proa" and first["restartPolicy"] == "Always", name
        assert "startupProbe" in first
        assert {mount["name"] for mount in first["volumeMounts"]} == {
            volume["name"] for volume in spec["volumes"]}
        assert all(mount["readOnly"] for mount in first["volumeMounts"])
        ports = {port["name"]: port["containerPort"] for port in first["ports"]}
        for probe in ("readinessProbe", "livenessProbe"):
            assert first[probe]["httpGet"]["port"] in ports
        for container in others + spec["containers"]:
            assert "volumeMounts" not in container


def test_the_grace_period_covers_the_drain():
    """limits.drain, the longest that answers may take to finish, with time to spare."""
    reference = subprocess.run([PROA, "schema", "--reference"], capture_output=True, text=True,
                               check=True).stdout
    drain = int(re.search(r"^\| `drain` \| duration \| `(\d+)s`", reference, re.M).group(1))
    assert drain + 5 <= read("pod.yaml")[0]["spec"]["terminationGracePeriodSeconds"]


def test_component_and_reference_pod_are_the_same_sidecar():
    pod = read("pod.yaml")[0]["spec"]
    patch = read("component/sidecar.yaml")[0]["spec"]["template"]["spec"]
    assert patch["initContainers"] == pod["initContainers"]
    assert patch["volumes"] == pod["volumes"]
    assert patch["terminationGracePeriodSeconds"] == pod["terminationGracePeriodSeconds"]
    with open(os.path.join(KUBERNETES, "component", "proa.yaml"), encoding="utf-8") as file:
        assert read("policy.yaml")[0]["data"]["proa.yaml"] == file.read()


def test_the_network_policy_selects_the_pods(example):
    policy = read("networkpolicy.yaml")[0]["spec"]
    wanted = policy["podSelector"]["matchLabels"].items()
    assert wanted <= read("pod.yaml")[0]["metadata"]["labels"].items()
    assert wanted <= example["Deployment"]["spec"]["template"]["metadata"]["labels"].items()


# ---- the component -------------------------------------------------------------------------------

def test_two_lines_add_the_sidecar(example):
    with open(os.path.join(KUBERNETES, "example", "kustomization.yaml"), encoding="utf-8") as file:
        text = file.read()
    assert "components:\n  - ../component\n" in text
    spec = example["Deployment"]["spec"]["template"]["spec"]
    assert [container["name"] for container in spec["initContainers"]] == ["proa", "migrate"]
    assert spec["initContainers"][0]["image"] == "images.example.org/proa:0.1.0"
    assert named(spec["containers"][0]["env"], "OPENAI_BASE_URL")["value"] == "http://127.0.0.1:4600/v1"
    assert example["ConfigMap"]["metadata"]["name"] == "proa-policy"
    assert "patient" in example["ConfigMap"]["data"]["proa.yaml"]
    assert set(example) == {"Deployment", "ConfigMap"}


OTHERS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec: {template: {spec: {containers: [{name: one, image: x, env: [{name: OPENAI_BASE_URL, value: old}, {name: A, value: a}]}, {name: two, image: y}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: x}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: without, labels: {proa.example.org/inject: "false"}}
spec: {template: {spec: {containers: [{name: app, image: x}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: store}
spec: {ports: [{port: 80}]}
"""


@pytest.fixture
def overlay(tmp_path):
    """A kustomization of somebody else's, with the component beside it."""
    shutil.copytree(os.path.join(KUBERNETES, "component"), tmp_path / "component")
    folder = tmp_path / "overlay"
    folder.mkdir()
    (folder / "others.yaml").write_text(OTHERS)
    (folder / "kustomization.yaml").write_text(
        "resources: [others.yaml]\ncomponents: [../component]\n")
    return folder


def test_the_component_takes_every_kind_but_those_that_opt_out(overlay):
    found = {manifest["kind"]: manifest for manifest in kustomize(overlay)}
    untouched = {manifest["kind"]: manifest for manifest in load(OTHERS)}
    for kind in ("DaemonSet", "Service"):
        assert found[kind] == untouched[kind]
    for kind in ("StatefulSet", "Job"):
        spec = found[kind]["spec"]["template"]["spec"]
        assert [container["name"] for container in spec["initContainers"]] == ["proa"]
        assert named(spec["containers"][0]["env"], "OPENAI_BASE_URL")["value"].startswith("http://127.")
    one, two = found["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    assert [variable["name"] for variable in one["env"]] == ["OPENAI_BASE_URL", "A"]
    assert two == {"name": "two", "image": "y"}
    assert set(found) == {"StatefulSet", "Job", "DaemonSet", "Service", "ConfigMap"}


def test_a_mistake_in_a_kustomization_would_be_found(overlay):
    path = overlay.parent / "component" / "kustomization.yaml"
    path.write_text(path.read_text().replace("replacements:", "replacments:"))
    with pytest.raises(AssertionError, match="replacments"):
        kustomize(overlay)


# ---- the configuration ---------------------------------------------------------------------------

def check(text, folder):
    """`proa validate`, with the keys where this machine may have them."""
    keys = folder / "keys"
    keys.mkdir()
    for name in ("openai", "groq"):
        (keys / name).write_text("a-key-of-%s\n" % name)
        (keys / name).chmod(0o600)
    assert "/run/proa/keys/" in text
    path = folder / "proa.yaml"
    path.write_text(text.replace("/run/proa/keys/", "%s/" % keys))
    return subprocess.run([PROA, "validate", path], capture_output=True, text=True, check=False,
                          env={}, timeout=seconds(30))


def test_proa_accepts_the_configuration(tmp_path, example):
    for number, manifest in enumerate((read("policy.yaml")[0], example["ConfigMap"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = check(manifest["data"]["proa.yaml"], folder)
        assert done.returncode == 0 and "warning" not in done.stderr, done.stderr


def test_proa_would_refuse_a_mistake_in_it(tmp_path):
    text = read("policy.yaml")[0]["data"]["proa.yaml"]
    done = check(text.replace("policy: interactive", "policy: interactiv"), tmp_path)
    assert done.returncode == 78 and "interactiv" in done.stderr


def test_yaml_of_the_manifests_is_read_alike_everywhere():
    """kubectl reads YAML 1.1: no bare yes, no, on, off, y, n, and no octal number may be in there."""
    for name in SHIPPED + ["component/sidecar.yaml", "component/kustomization.yaml"]:
        with open(os.path.join(KUBERNETES, name), encoding="utf-8") as file:
            for token in yaml.scan(file.read()):
                if isinstance(token, yaml.ScalarToken) and token.plain:
                    assert not re.fullmatch(r"(?i:y|n|yes|no|on|off)|0[0-7]+", token.value), name
