"""The image of deploy/Dockerfile: what is in it, and that it serves where little is allowed."""
import json
import os
import subprocess
import tarfile
import time

import pytest
from conftest import pack
from manifests import ROOT, read
from testenv.poll import eventually

MEGABYTE = 1000 * 1000
DEMO = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
SECRETS = {"openai": "sk-first-of-the-pod", "groq": "gsk-second-of-the-pod"}


def chat(container, body):
    """A request of the application beside it: status, headers, body."""
    done = container.beside("curl", "-si", "--max-time", "20",
                            "http://127.0.0.1:4600/v1/chat/completions",
                            "-H", "content-type: application/json", "-d", json.dumps(body))
    assert done.returncode == 0, done.stderr
    head, _, text = done.stdout.partition("\n\n")
    first, *lines = head.splitlines()
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), text


def status_of(container):
    """/proc/PID/status of its first process, as words."""
    with open("/proc/%d/status" % container.pid(), encoding="utf-8") as file:
        return {name: value.split() for name, _, value in (line.partition(":") for line in file)}


def inside(container, outside, which):
    """A user or group as the container knows it: a user who runs this lends it other numbers."""
    with open("/proc/%d/%s_map" % (container.pid(), which), encoding="ascii") as file:
        rows = [list(map(int, line.split())) for line in file]
    return next(first + int(outside) - start for first, start, count in rows
                if start <= int(outside) < start + count)


# ---- what is in it -------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def image(bundle):
    with open(bundle / "config.json", encoding="utf-8") as file:
        return json.load(file)


def test_size(archive, bundle):
    proa = os.stat(bundle / "rootfs" / "proa").st_size
    print("image %d bytes, of these /proa %d" % (archive.stat().st_size, proa))
    assert archive.stat().st_size <= 12 * MEGABYTE and proa <= 3 * MEGABYTE


def test_it_starts_proa_as_nobody_in_particular(image):
    assert image["process"]["user"] == {"uid": 65532, "gid": 65532}
    assert image["process"]["args"] == ["/proa", "run"]
    notes = image["annotations"]
    assert notes["org.opencontainers.image.stopSignal"] == "SIGTERM"
    assert notes["org.opencontainers.image.licenses"] == "Apache-2.0"
    for name in ("title", "description", "version", "revision", "created"):
        assert notes["org.opencontainers.image." + name] not in ("", "unknown"), name


def test_it_holds_what_proa_needs_and_nothing_to_run_or_change(archive):
    """Owned by root and writable by nobody else; one program, no shell."""
    with tarfile.open(archive) as layout:
        index = json.load(layout.extractfile("index.json"))

        def blob(digest):
            return layout.extractfile("blobs/" + digest.replace(":", "/"))
        manifest = json.load(blob(index["manifests"][0]["digest"]))
        assert len(manifest["layers"]) == 1
        with tarfile.open(fileobj=blob(manifest["layers"][0]["digest"])) as layer:
            entries = {"/" + entry.name.strip("./"): entry for entry in layer}
    for path, entry in entries.items():
        assert entry.uid == 0 and entry.gid == 0 and not entry.mode & 0o6022, path
    files = {path for path, entry in entries.items() if not entry.isdir()}
    programs = {path for path in files if entries[path].mode & 0o111 and "/lib" not in path}
    assert programs == {"/proa"}
    assert {"/etc/ssl/certs/ca-certificates.crt", "/etc/nsswitch.conf"} <= files
    assert any(path.endswith("/libuv.so.1") for path in files)
    # Every library's package is known to scanners, with its licence.
    packages = {os.path.basename(path) for path in files if "/status.d/" in path}
    assert {"libcjson1", "libc6", "ca-certificates"} <= packages
    for package in packages | {"proa"}:
        assert "/usr/share/doc/%s/copyright" % package in files


# ---- that it runs --------------------------------------------------------------------------------

def test_the_demo_fails_over_as_65532_on_a_read_only_root(containers):
    container = containers(args=["run", "--mock"])
    container.wait_until("/proa", "healthcheck", "--startup")
    status, headers, text = chat(container, DEMO)
    assert status == 200 and json.loads(text)["choices"][0]["message"]["content"] == "hello"
    assert headers["x-proa-attempts"] == "2" and headers["x-proa-provider"] == "mock"
    assert headers["x-proa-trail"].startswith("mock-down/k1:503/")
    # It is what the name of this test says.
    facts = status_of(container)
    for which in ("uid", "gid"):
        assert {inside(container, number, which) for number in facts[which.title()]} == {65532}
    assert {facts["Cap" + name][0].strip("0") for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
    assert facts["NoNewPrivs"] == ["1"] and facts["Seccomp"] == ["2"]
    with open("/proc/%d/mountinfo" % container.pid(), encoding="utf-8") as file:
        roots = [line.split()[5].split(",") for line in file if line.split()[4] == "/"]
    assert roots and all("ro" in options for options in roots)
    container.signal("TERM")
    assert container.end() == 0


def test_without_arguments_it_says_what_is_missing(containers):
    container = containers()
    container.wait_until("/proa", "healthcheck")
    status, _, text = chat(container, DEMO)
    assert status == 503 and "OPENAI_API_KEY" in text, text
    container.signal("TERM")
    assert container.end() == 0


def test_an_image_without_its_libraries_would_be_found(containers):
    """The check of the check: a root file system that lacks one library does not start."""
    container = containers(args=["version"], hide=["libuv.so.1"])
    assert container.end() != 0
    assert "libuv.so.1" in container.log()


# ---- the reference Pod's sidecar, as the kubelet would run it ------------------------------------

def write_volume(folder, files, mode):
    """As the kubelet does it: a new folder, and ..data renamed to point to it."""
    data = folder / ("..%d" % time.monotonic_ns())
    data.mkdir()
    for file, text in files.items():
        (data / file).write_text(text)
        (data / file).chmod(mode)
    (folder / "..data_tmp").symlink_to(data.name)
    (folder / "..data_tmp").rename(folder / "..data")


@pytest.fixture
def mounts(tmp_path):
    """ConfigMap and Secret as the kubelet lays them out: files are links through ..data."""
    policy = read("policy.yaml")[0]
    folders = {"proa-policy": (policy["data"], 0o644), "proa-keys": (SECRETS, 0o444)}
    for name, (files, mode) in folders.items():
        (tmp_path / name).mkdir()
        write_volume(tmp_path / name, files, mode)
        for file in files:
            (tmp_path / name / file).symlink_to("..data/" + file)
    return {name: tmp_path / name for name in folders}


def test_the_reference_pod_starts_and_ends(containers, mounts):
    """Arguments, environment, mounts, memory limit, probes and preStop are those of pod.yaml."""
    pod = read("pod.yaml")[0]["spec"]
    sidecar = pod["initContainers"][0]
    memory = sidecar["resources"]["limits"]["memory"]
    container = containers(
        args=sidecar["args"], env={row["name"]: row["value"] for row in sidecar["env"]},
        mounts=[(mounts[row["name"]], row["mountPath"]) for row in sidecar["volumeMounts"]],
        memory=int(memory.removesuffix("Mi")) << 20)
    container.wait_until(*sidecar["startupProbe"]["exec"]["command"])
    # The kubelet comes to the Pod's address, where only the ops listener is.
    assert container.beside("ip", "address", "add", "10.20.30.40/32", "dev", "lo").returncode == 0
    port = sidecar["ports"][0]["containerPort"]

    def probe(name, expected="200"):
        done = container.beside(
            "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5",
            "http://10.20.30.40:%d%s" % (port, sidecar[name]["httpGet"]["path"]))
        assert done.stdout == expected, (name, done.stdout, container.log())
    probe("readinessProbe")
    probe("livenessProbe")
    assert container.beside("curl", "-s", "--max-time", "5", "http://10.20.30.40:4600/").returncode == 7
    done = container.exec("/proa", "validate", "/etc/proa/proa.yaml")
    assert done.returncode == 0, done.stderr
    # Another ConfigMap takes effect by itself, and a wrong one does not.
    policy = read("policy.yaml")[0]["data"]["proa.yaml"]
    write_volume(mounts["proa-policy"], {"proa.yaml": policy.replace("assistant", "helper")}, 0o644)
    eventually(lambda: "config.reloaded" in container.log(), 10, "the change")
    write_volume(mounts["proa-policy"], {"proa.yaml": policy.replace("routes", "rotues")}, 0o644)
    eventually(lambda: "config.kept" in container.log(), 10, "the mistake being reported")
    models = json.loads(container.beside("curl", "-s", "http://127.0.0.1:4600/v1/models").stdout)
    assert "helper" in [model["id"] for model in models["data"]]
    # preStop comes first, and SIGTERM once the application has ended.
    done = container.exec(*sidecar["lifecycle"]["preStop"]["exec"]["command"])
    assert done.returncode == 0, done.stderr
    probe("readinessProbe", "503")
    probe("livenessProbe")
    status, _, _ = chat(container, {**DEMO, "model": "no-such-route"})
    assert status == 404
    container.signal("TERM")
    assert container.end() == 0
    log = container.log()
    assert "drained" in log and not [key for key in SECRETS.values() if key in log]


# ---- deploy/image --------------------------------------------------------------------------------

def test_the_same_sources_make_the_same_image(tmp_path):
    def digest(path):
        with tarfile.open(path) as layout:
            return json.load(layout.extractfile("index.json"))["manifests"][0]["digest"]
    assert digest(pack(tmp_path / "one.tar")) == digest(pack(tmp_path / "two.tar"))


@pytest.mark.parametrize("args", [["--frobnicate"], ["--output"]])
def test_image_refuses_what_it_does_not_know(args):
    done = subprocess.run([os.path.join(ROOT, "deploy/image"), *args], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 64 and args[0] in done.stderr
