"""Odd surroundings: what a shell, a service manager or a careless hand may leave a program with."""
import os
import resource
import socket
import subprocess

import pytest
from conftest import KEYS, provider
from testenv import Connection, upstream as up
from testenv.client import request_bytes
from testenv.gateway import BINARY, cli, environment, free_port
from testenv.poll import eventually, seconds

@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
def test_closed_standard_descriptors_are_nobody_elses(tmp_path, closed):
    """No connection and no file takes the place of one, and the process ends as it should."""
    ports = [free_port() for _ in range(3)]
    names = ("PROA_LISTEN_DATA", "PROA_LISTEN_OPS", "PROA_LISTEN_ADMIN")
    env = environment({name: "127.0.0.1:%d" % port for name, port in zip(names, ports)})
    env["PROA_LIMITS_DRAIN_IDLE"] = "0s"
    log = tmp_path / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["/bin/sh", "-c", "exec %s run --mock %s" % (
                BINARY, " ".join("%s>&-" % fd for fd in closed))],
            env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def answers():
        try:
            with Connection(("127.0.0.1", ports[0])) as connection:
                connection.send(request_bytes("GET", "/v1/models"))
                return connection.response().status == 200
        except OSError:
            return False
    try:
        eventually(answers, 10, "an answer")
        for fd in closed:
            assert os.readlink("/proc/%d/fd/%s" % (process.pid, fd)) == "/dev/null"
    finally:
        process.terminate()
    assert process.wait(seconds(10)) == 0, log.read_text()


def test_too_few_files_are_told_at_once():
    done = subprocess.run(["/bin/sh", "-c", "ulimit -n 16; exec %s run --mock" % BINARY],
                          env=environment(), capture_output=True, text=True,
                          timeout=seconds(20), check=False)
    assert done.returncode == 71
    assert "may open 16 files only" in done.stderr and "ulimit -n" in done.stderr


def test_one_address_is_of_one_listener(tmp_path):
    path = tmp_path / "proa.yaml"
    path.write_text("apiVersion: proa/v1\nlisten: {data: 127.0.0.1:4610, ops: 127.0.0.1:4610}\n")
    for command in ("validate", "run"):
        done = cli(command, "--config", str(path))
        assert done.returncode == 78, "not only when the system refuses it"
        assert "taken by listen.data" in done.stderr


@pytest.mark.parametrize("there, word", [("file", "is no socket"), ("folder", "is no socket"),
                                         (None, "make it first")])
def test_a_place_where_no_socket_can_be(gateways, upstream, tmp_path, there, word):
    path = tmp_path / "place"
    if there == "file":
        path.write_text("dear")
    elif there == "folder":
        path.mkdir()
    else:
        path = tmp_path / "missing" / "place"
    gateway = gateways({"providers": {"p1": provider(upstream)},
                        "listen": {"data": "unix:%s" % path}}, env=KEYS, wait=False)
    gateway.expect_exit = gateway.process.wait(timeout=seconds(10))
    [record] = gateway.log_records("listen.failed")
    assert gateway.expect_exit == 71
    assert word in record["hint"]
    if there == "file":
        assert path.read_text() == "dear"


@pytest.mark.parametrize("body", ['{"a": 1}', "null", "[]", "<html>"])
@pytest.mark.parametrize("command", [["status"], ["explain", "m"], ["cache"]])
def test_what_is_no_proa_is_not_shown_as_one(upstream, command, body):
    upstream.default = up.answer(200, body)
    done = cli(*command, "--admin", "127.0.0.1:%d" % upstream.port)
    assert done.returncode == 76
    assert done.stdout == ""


def test_a_shortage_of_descriptors_is_in_the_log(simple, upstream):
    """Nobody else can tell: the metrics' listener lacks them, too."""
    gateway = simple(upstream)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (gateway.fds() + 4, 4096))
    held = [socket.create_connection(gateway.address) for _ in range(12)]
    try:
        [record] = eventually(lambda: gateway.log_records("accept.failed"), what="a line of the log")
        assert record["level"] == "warn" and record["error"] == "out of file descriptors"
        assert record["address"] == "127.0.0.1:%d" % gateway.port
        assert "LimitNOFILE" in record["hint"]
    finally:
        for sock in held:
            sock.close()
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    assert gateway.chat().status == 200
    assert len(gateway.log_records("accept.failed")) == 1, "not for each try"
