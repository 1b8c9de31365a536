"""Lessons T-K: a new configuration takes effect whole or not at all, and no exchange notices."""
import json
import os
import shutil
import signal
import socket
import ssl
import threading

import pytest
from conftest import KEYS, provider
from testenv import upstream as up
from testenv.client import Connection, request_bytes
from testenv.gateway import cli
from testenv.poll import eventually, seconds

FAST = {"settle": "20ms", "poll": "1h"}
CHAT = "/v1/chat/completions"


def config(upstream, **more):
    return {"providers": {"p1": provider(upstream)}, "reload": FAST,
            "routes": [{"model": "m", "tiers": [["p1/up-model"]]}], **more}


def rewrite(gateway, change):
    """Replaces the configuration as editors do: a new file, renamed over the old one."""
    with open(gateway.config_path, encoding="utf-8") as file:
        whole = json.load(file)
    change(whole)
    new = gateway.config_path + ".new"
    with open(new, "w", encoding="utf-8") as file:
        json.dump(whole, file)
    os.rename(new, gateway.config_path)


def reloads(gateway, result="ok"):
    return gateway.metrics().total("proa_config_reloads_total", result=result)


def wait_reloads(gateway, count, result="ok"):
    eventually(lambda: reloads(gateway, result) >= count, 10, "%d reloads" % count)


def logged(gateway, event):
    """The log is written in batches, so it may come a moment after what it tells of."""
    return eventually(lambda: gateway.log_records(event), 5, event + " being logged")


def to(upstream):
    def change(whole):
        whole["providers"]["p1"]["base_url"] = upstream.url
    return change


@pytest.mark.smoke
def test_k_a_changed_file_takes_effect_by_itself(gateways, upstreams):
    first = upstreams(default=up.chat("first"))
    second = upstreams(default=up.chat("second"))
    gateway = gateways(config(first), env=KEYS)
    assert gateway.chat().text == "first"
    rewrite(gateway, to(second))
    wait_reloads(gateway, 1)
    assert gateway.chat().text == "second"
    [record] = logged(gateway, "config.reloaded")
    info = gateway.metrics().find("proa_config_info")
    assert [labels["revision"] for labels, _ in info] == [record["revision"]]
    assert gateway.metrics().total("proa_config_last_reload_success_timestamp_seconds") > 1.7e9
    rewrite(gateway, to(first))  # the second change is seen like the first
    wait_reloads(gateway, 2)
    assert gateway.chat().text == "first"


def test_k_an_invalid_file_keeps_the_running_one(gateways, upstream):
    gateway = gateways(config(upstream), env=KEYS)

    def break_it(whole):
        whole["routes"][0]["tires"] = []
    rewrite(gateway, break_it)
    wait_reloads(gateway, 1, "error")
    assert gateway.chat().status == 200
    [error] = logged(gateway, "config.error")
    assert "tires" in error["detail"] and "tiers" in error["detail"], "with a suggestion"
    assert error["at"].startswith(gateway.config_path + ":")
    assert cli("validate", gateway.config_path, env=KEYS).returncode != 0
    os.utime(gateway.config_path)  # still wrong: said again, since somebody touched it

    def mend(whole):
        del whole["routes"][0]["tires"]
        whole["routes"][0]["model"] = "n"
    rewrite(gateway, mend)
    wait_reloads(gateway, 1)
    assert gateway.chat(model="n").header("x-proa-model") == "up-model"


def test_k_the_same_content_is_no_change(gateways, upstream):
    gateway = gateways(config(upstream), env=KEYS)
    rewrite(gateway, lambda whole: None)
    wait_reloads(gateway, 1)  # written in another form: other bytes are another revision
    for _ in range(3):
        rewrite(gateway, lambda whole: None)

    def change(whole):
        whole["routes"][0]["model"] = "n"
    rewrite(gateway, change)
    wait_reloads(gateway, 2)
    assert gateway.chat(model="n").header("x-proa-model") == "up-model"
    assert reloads(gateway) == 2


def kubelet_writes(folder, generation, files):
    """As a mounted ConfigMap changes: a new folder, then one rename of the `..data` link."""
    data = os.path.join(folder, "..gen%d" % generation)
    os.mkdir(data)
    for name, text in files.items():
        with open(os.path.join(data, name), "w", encoding="utf-8") as file:
            file.write(text)
    link = os.path.join(folder, "..data")
    os.symlink("..gen%d" % generation, link + "_tmp")
    os.rename(link + "_tmp", link)
    for name in files:
        visible = os.path.join(folder, name)
        if not os.path.lexists(visible):
            os.symlink(os.path.join("..data", name), visible)


def test_k_a_configmap_swap_is_noticed_every_time(gateways, upstreams, tmp_path):
    servers = [upstreams(default=up.chat("answer %d" % i)) for i in range(3)]
    folder = tmp_path / "mounted"
    folder.mkdir()

    def files(i):
        return {"10-providers.yaml": json.dumps(
                    {"providers": {"p1": provider(servers[i])}, "reload": FAST}),
                "20-routes.yaml": json.dumps(
                    {"routes": [{"model": "m%d" % i, "tiers": [["p1/up-model"]]}]})}
    kubelet_writes(str(folder), 0, files(0))
    gateway = gateways(args=["--config", str(folder)], env=KEYS)
    assert gateway.chat(model="m0").text == "answer 0"
    for i in (1, 2):
        kubelet_writes(str(folder), i, files(i))
        wait_reloads(gateway, i)
        # Both files changed together: never the routes of one with the providers of the other.
        assert gateway.chat(model="m%d" % i).text == "answer %d" % i
        names = {model["id"] for model in gateway.get("/v1/models").json["data"]}
        assert "m%d" % i in names and "m%d" % (i - 1) not in names
    assert reloads(gateway, "error") == 0


def test_k_a_rotated_key_is_used_without_a_restart(gateways, upstream, tmp_path):
    key = tmp_path / "keys" / "openai"
    key.parent.mkdir()

    def write(text):
        new = key.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        new.rename(key)
    write("key-number-one-0001")
    providers = {"p1": {**provider(upstream), "keys": [{"file": str(key)}]}}
    gateway = gateways(config(upstream, providers=providers))
    assert gateway.chat().status == 200
    write("key-number-two-0002")
    wait_reloads(gateway, 1)
    assert gateway.chat().status == 200
    assert [request.header("authorization") for request in upstream.requests] == [
        "Bearer key-number-one-0001", "Bearer key-number-two-0002"]
    assert "key-number" not in gateway.log()


def test_k_a_rotated_certificate_is_shown_to_new_connections(gateways, upstream, certs, tmp_path):
    context = ssl.create_default_context(cafile=certs.ca)
    names = tmp_path / "tls.crt", tmp_path / "tls.key"

    def install(*pair):
        for name, source in zip(names, pair):
            new = name.with_suffix(".new")
            shutil.copyfile(source, new)
            new.chmod(0o600)
            new.rename(name)

    def connect():
        raw = socket.create_connection(gateway.address, seconds(5))
        return context.wrap_socket(raw, server_hostname="localhost")

    def status_over(line):
        line.sendall(request_bytes("GET", "/v1/models"))
        return line.recv(15)
    install(*certs.good)
    gateway = gateways(config(upstream, listen={"tls_cert_file": str(names[0]),
                                                "tls_key_file": str(names[1])}), env=KEYS)
    with connect() as before:
        assert status_over(before) == b"HTTP/1.1 200 OK"
    with connect() as open_line:
        install(*certs.expired)
        wait_reloads(gateway, 1)
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            connect()
        assert status_over(open_line) == b"HTTP/1.1 200 OK"
    install(certs.good[0], certs.expired[1])  # no pair: what is in force stays
    wait_reloads(gateway, 1, "error")
    assert logged(gateway, "listen.certificate")[0]["file"] == str(names[0])
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        connect()
    install(*certs.good)
    wait_reloads(gateway, 2)
    with connect() as after:
        assert status_over(after) == b"HTTP/1.1 200 OK"
    assert "PRIVATE KEY" not in gateway.log()


def test_k_polling_sees_what_is_not_told(gateways, upstreams, tmp_path):
    """A file behind a link into another folder: the folder that is watched does not change."""
    first, second = upstreams(default=up.chat("first")), upstreams(default=up.chat("second"))
    hidden = tmp_path / "elsewhere"
    hidden.mkdir()
    real = hidden / "real.yaml"
    text = {"reload": {"settle": "20ms", "poll": "200ms"},
            "routes": [{"model": "m", "tiers": [["p1/up-model"]]}]}
    real.write_text(json.dumps({**text, "providers": {"p1": provider(first)}}))
    link = tmp_path / "proa.yaml"
    link.symlink_to(real)
    gateway = gateways(args=["--config", str(link)], env=KEYS)
    assert gateway.chat().text == "first"
    real.write_text(json.dumps({**text, "providers": {"p1": provider(second)}}))
    wait_reloads(gateway, 1)
    assert gateway.chat().text == "second"


def test_k_watching_can_be_switched_off(gateways, upstreams):
    first, second = upstreams(default=up.chat("first")), upstreams(default=up.chat("second"))
    gateway = gateways(config(first, reload={"watch": False, "poll": "100ms", "settle": "1ms"}),
                       env=KEYS)
    rewrite(gateway, to(second))
    assert gateway.chat().text == "first"
    gateway.process.send_signal(signal.SIGHUP)
    wait_reloads(gateway, 1)
    assert gateway.chat().text == "second"


def test_k_reload_tells_the_outcome(gateways, upstream):
    gateway = gateways(config(upstream, reload={**FAST, "watch": False}), env=KEYS)
    call = ["reload", "--pid", str(gateway.process.pid), "--ops",
            "127.0.0.1:%d" % gateway.ops_port]
    done = cli(*call)
    assert done.returncode == 0 and "new configuration" in done.stdout
    rewrite(gateway, lambda whole: whole.update(nonsense=1))
    done = cli(*call)
    assert done.returncode == 78 and "validate" in done.stderr
    assert gateway.chat().status == 200


@pytest.mark.slow
def test_k_a_hundred_reloads_under_five_hundred_streams(gateways, upstreams):
    """No stream is cut, and each goes on under the configuration that it began with."""
    streams, rounds = 500, 100
    gate = threading.Event()
    old = upstreams(default=up.stream(gate=gate), backlog=512)
    new = upstreams(default=up.chat("new"))
    many = {"connections": 2000, "connections_per_peer": 2000}
    gateway = gateways(config(old, limits=many, reload={"watch": False}, policies=[
        {"name": "default", "timeouts": {"idle": "60s", "idle_bytes": "60s"},
         "concurrency": {"target": 1000, "route": 1000}}],
        providers={"p1": provider(old, max_connections=1000)}), env=KEYS)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    open_streams = []
    for _ in range(streams):
        connection = gateway.connect(timeout=seconds(60))
        connection.send(request_bytes("POST", CHAT, body))
        open_streams.append(connection)
    old.wait_requests(streams, 30)
    for number in range(rounds):
        def change(whole, number=number):
            whole["providers"]["p1"]["base_url"] = new.url
            whole["policies"][0]["timeouts"]["idle"] = "%dms" % (10 + number)
        rewrite(gateway, change)
        gateway.process.send_signal(signal.SIGHUP)
        wait_reloads(gateway, number + 1)
    assert gateway.chat().text == "new"
    gate.set()
    for connection in open_streams:
        response = connection.response()
        assert response.status == 200 and response.text == "Hello there"
        assert response.events[-1] == "[DONE]"
        connection.close()
    assert gateway.metrics().total("proa_inflight_requests") == 0


def test_k_sigterm_lets_streams_finish(gateways, upstreams):
    gate = threading.Event()
    upstream = upstreams(default=up.stream(gate=gate))
    gateway = gateways(config(upstream, limits={"drain": "20s", "drain_idle": "10ms"}), env=KEYS)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, body))
        upstream.wait_requests(1)
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: gateway.ops("/readyz").status == 503, 5, "readiness going off")
        gate.set()
        response = connection.response()
    assert response.text == "Hello there" and response.events[-1] == "[DONE]"
    assert gateway.process.wait(seconds(10)) == 0


def test_k_a_stream_at_the_end_of_the_grace_is_told(gateways, upstreams):
    never = threading.Event()
    upstream = upstreams(default=up.stream(gate=never))
    gateway = gateways(config(upstream, limits={"drain": "300ms", "drain_idle": "10ms"}), env=KEYS)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, body))
        # The role alone is held back: the gate is before the first content.
        upstream.wait_requests(1)
        gateway.process.send_signal(signal.SIGTERM)
        response = connection.response()
    assert response.status == 503 and response.error["code"], "an answer that its SDK understands"
    assert gateway.process.wait(seconds(10)) == 0
    never.set()


def test_k_old_streams_keep_their_keys_secret(gateways, upstreams, tmp_path):
    """However many reloads ago it began: what its provider says of its key is blackened."""
    gate = threading.Event()
    upstream = upstreams(default=up.stream([
        up.sse(up.delta("Hel")), up.sse({"error": {"message": "bad key: canary-key-0-0000"}})],
        gate=gate))
    key = tmp_path / "key"

    def write(number):
        new = key.with_suffix(".new")
        new.write_text("canary-key-%d-0000" % number)
        new.chmod(0o600)
        new.rename(key)
    write(0)
    gateway = gateways(config(upstream, providers={
        "p1": {**provider(upstream), "keys": [{"file": str(key)}]}}))
    with gateway.connect(timeout=30) as connection:
        connection.send(request_bytes("POST", CHAT, {
            "model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}))
        connection.read_until(b"Hel")
        for number in (1, 2, 3):
            write(number)
            wait_reloads(gateway, number)
        gate.set()
        rest = connection.read_until(b"upstream_stream_interrupted")
    assert b"bad key: [redacted]" in rest and b"canary-key" not in rest
    gateway.access()
    assert "canary-key" not in gateway.log()


def test_k_the_admin_token_may_be_another_one(gateways, upstream, tmp_path):
    token = tmp_path / "token"

    def write(text):
        new = token.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        new.rename(token)

    def reset(shown):
        with Connection(("127.0.0.1", gateway.admin_port)) as connection:
            connection.send(request_bytes("POST", "/admin/reset?kind=target&id=p1/k1/up-model",
                                          headers={"authorization": "Bearer " + shown}))
            return connection.response("POST").status

    write("canary-token-number-one")
    gateway = gateways(config(upstream, admin={"token": {"file": str(token)}}), env=KEYS)
    assert reset("canary-token-number-one") == 200
    write("canary-token-number-two")
    wait_reloads(gateway, 1)
    assert reset("canary-token-number-one") == 403
    assert reset("canary-token-number-two") == 200

    def switch_off(whole):
        del whole["admin"]
    rewrite(gateway, switch_off)
    wait_reloads(gateway, 2)
    assert reset("canary-token-number-two") == 403
    assert "canary-token" not in gateway.log()
