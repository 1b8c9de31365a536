"""A container from the image's archive, run by runc as a container engine would run it.

What the image says (user, entry point, arguments) is taken from the archive; what a Pod adds comes
as arguments. Always: no capability, a read-only root, no new privileges, the system-call filter of
the engines, and pid, mount, ipc, uts and network namespaces of its own, with nothing but loopback.
"""
import json
import os
import platform
import shutil
import subprocess
import uuid

from testenv.poll import eventually, seconds

SECCOMP = "/usr/share/containers/seccomp.json"  # comes with buildah
NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]
ARCHES = {"x86_64": ("SCMP_ARCH_X86_64", "amd64"), "aarch64": ("SCMP_ARCH_AARCH64", "arm64")}


def run(*command, timeout=60, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=seconds(timeout), stdin=subprocess.DEVNULL, **options)


def must(*command, **options):
    done = run(*command, **options)
    assert done.returncode == 0, "%s: exit code %d\n%s%s" % (
        " ".join(map(str, command)), done.returncode, done.stdout, done.stderr)
    return done.stdout


def unpack(archive, folder):
    """The archive as a bundle: rootfs/ and the config.json that its image config stands for."""
    layout = folder / "layout"
    layout.mkdir()
    must("tar", "-xf", archive, "-C", layout)
    tag = must("umoci", "list", "--layout", layout).strip()
    rootless = ["--rootless"] if os.geteuid() != 0 else []
    must("umoci", "unpack", *rootless, "--image", "%s:%s" % (layout, tag), folder / "bundle")
    return folder / "bundle"


def seccomp():
    """The engines' default filter for a container without capabilities, as runc reads it."""
    with open(SECCOMP, encoding="utf-8") as file:
        profile = json.load(file)
    arch, short = ARCHES[platform.machine()]
    rules = [{key: row[key] for key in ("names", "action", "args", "errnoRet") if row.get(key)}
             for row in profile["syscalls"]
             if "caps" not in row["includes"] and short in row["includes"].get("arches", [short])]
    return {"defaultAction": profile["defaultAction"],
            "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": [arch], "syscalls": rules}


def id_mappings(outside, name):
    """For a user: root is the user, everyone else a subordinate id."""
    with open(name, encoding="utf-8") as file:
        rows = [line.split(":") for line in file]
    user = must("id", "-un").strip()
    start, count = next((int(row[1]), int(row[2])) for row in rows if row[0] == user)
    return [{"containerID": 0, "hostID": outside, "size": 1},
            {"containerID": 1, "hostID": start, "size": count}]


class Container:
    """`mounts` are (host folder, place), read-only; `memory` is the limit in bytes, which takes root
    to set; `hide` names files that are to be empty."""

    def __init__(self, bundle, folder, args=None, env=None, mounts=(), memory=None, hide=()):
        self.name = "proa-test-" + uuid.uuid4().hex[:12]
        self.bundle = folder / self.name
        self.state = ["runc", "--root", str(folder / "state")]
        self.bundle.mkdir(parents=True)
        self.log_path = folder / (self.name + ".log")
        with open(bundle / "config.json", encoding="utf-8") as file:
            config = json.load(file)
        process = config["process"]
        process["terminal"] = False
        if args is not None:
            process["args"] = process["args"][:1] + args
        process["env"] += ["%s=%s" % item for item in (env or {}).items()]
        process["noNewPrivileges"] = True
        process["capabilities"] = {name: [] for name in process["capabilities"]}
        self.process = process
        config["root"] = {"path": str(bundle / "rootfs"), "readonly": True}
        config["hostname"] = "pod"
        config["mounts"] += [{"destination": place, "source": str(source), "type": "bind",
                              "options": ["rbind", "ro", "nosuid", "nodev", "noexec"]}
                             for source, place in mounts]
        config["mounts"] += [{"destination": "/" + str(path.relative_to(bundle / "rootfs")),
                              "source": "/dev/null", "type": "bind", "options": ["bind", "ro"]}
                             for name in hide for path in (bundle / "rootfs").rglob(name)]
        config["linux"]["seccomp"] = seccomp()
        user = [] if os.geteuid() == 0 else ["user"]
        config["linux"]["namespaces"] = [{"type": kind} for kind in user + NAMESPACES]
        if os.geteuid() == 0:
            config["linux"]["cgroupsPath"] = "/" + self.name
            if memory:
                config["linux"]["resources"]["memory"] = {"limit": memory, "swap": memory}
        else:  # a user has identities of its own to give away, and no control groups
            config["linux"]["uidMappings"] = id_mappings(os.geteuid(), "/etc/subuid")
            config["linux"]["gidMappings"] = id_mappings(os.getegid(), "/etc/subgid")
        (self.bundle / "config.json").write_text(json.dumps(config))
        with open(self.log_path, "wb") as log:
            self.runner = subprocess.Popen(
                [*self.state, "run", "--bundle", str(self.bundle), self.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def exec(self, *command):
        """As `kubectl exec` and exec probes do it."""
        return run(*self.state, "exec", self.name, *command)

    def wait_until(self, *command):
        """As a probe: until the command succeeds."""
        def succeeds():
            assert self.runner.poll() is None, "it has ended:\n" + self.log()
            return self.exec(*command).returncode == 0
        eventually(succeeds, 15, " ".join(command))

    def pid(self):
        return json.loads(must(*self.state, "state", self.name))["pid"]

    def beside(self, *command):
        """Runs a program of this machine in the container's network: the application of the Pod."""
        user = ["--user", "--preserve-credentials"] if os.geteuid() != 0 else []
        return run("nsenter", "--target", self.pid(), "--net", *user, "--", *command)

    def signal(self, name):
        must(*self.state, "kill", self.name, name)

    def end(self, timeout=30):
        """Waits for the end; the exit code."""
        return self.runner.wait(seconds(timeout))

    def remove(self):
        run(*self.state, "delete", "--force", self.name)
        self.runner.wait(seconds(30))
        shutil.rmtree(self.bundle)
