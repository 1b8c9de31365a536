"""A loopback port is not a security boundary."""
import os
import stat

import pytest
from conftest import KEYS, provider
from testenv import Connection, Gateway, Upstream, eventually
from testenv.client import request_bytes
from testenv.gateway import cli, free_port

PATH = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    upstream = Upstream()
    config = {"providers": {"p1": provider(upstream)},
              "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]}],
              "listen": {"hosts": ["proa.internal"], "origins": ["https://app.example"]}}
    with Gateway(tmp_path_factory.mktemp("host"), config, env=KEYS, unix=True) as gateway:
        yield gateway, upstream
    upstream.stop()


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "[::1]", "localhost:{port}",
                                  "127.0.0.1:{port}", "[::1]:{port}", "proa.internal",
                                  "proa.internal:{port}", "PROA.internal"])
def test_allowed_hosts(world, host):
    gateway, _ = world
    assert gateway.get("/v1/models", host=host.format(port=gateway.port)).status == 200


FOREIGN = ["evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example",
           "127.1", "0.0.0.0", "127.0.0.2", "xlocalhost", "localhostx", "proa.internal.evil.example",
           "sub.proa.internal", "[::2]", "2130706433"]


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_hosts_get_421_before_routing(world, host):
    gateway, upstream = world
    before = len(upstream.requests)
    for method, path in (("GET", "/v1/models"), ("GET", "/v1/nowhere"), ("POST", PATH)):
        response = gateway.request(method, path, BODY if method == "POST" else b"", host=host)
        assert response.status == 421, response
        assert response.error["code"] == "host_not_allowed"
    assert len(upstream.requests) == before


def test_the_authority_of_an_absolute_target_is_checked_too(world):
    gateway, _ = world
    assert gateway.get("http://evil.example/v1/models").status == 421
    assert gateway.get("http://localhost/v1/models").status == 200


@pytest.mark.parametrize("host, status", [("10.1.2.3:4601", 200), ("192.168.7.7", 200),
                                          ("[fd00::1]:4601", 200), ("localhost", 200),
                                          ("evil.example", 421), ("10.1.2.3.evil.example", 421)])
def test_ops_takes_any_literal_address_and_no_foreign_name(world, host, status):
    gateway, _ = world
    with Connection(("127.0.0.1", gateway.ops_port)) as connection:
        connection.send(request_bytes("GET", "/livez", host=host))
        assert connection.response().status == status


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost.evil.example"},
    {"Origin": "https://app.example.evil.example"}, {"Origin": "http://app.example"},
    {"Sec-Fetch-Site": "cross-site"}, {"Origin": ""}])
def test_foreign_origins_get_403(world, headers):
    gateway, upstream = world
    before = len(upstream.requests)
    response = gateway.post(PATH, BODY, headers)
    assert response.status == 403, response
    assert response.error["code"] == "forbidden_origin"
    assert len(upstream.requests) == before


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://app.example"},
                                     {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
def test_own_origins_are_served(world, headers):
    gateway, _ = world
    assert gateway.post(PATH, BODY, headers).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", "application/jsonx",
                                  "text/json", "application/json, text/plain", "", None])
def test_only_json_bodies(world, kind):
    """What a browser may send without asking first is refused."""
    gateway, upstream = world
    before = len(upstream.requests)
    response = gateway.post(PATH, BODY, [("Content-Type", kind)])
    assert response.status == 415, response
    assert response.error["code"] == "unsupported_media_type"
    assert len(upstream.requests) == before


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8",
                                  "Application/JSON;charset=UTF-8"])
def test_json_with_parameters_is_fine(world, kind):
    gateway, _ = world
    assert gateway.post(PATH, BODY, [("Content-Type", kind)]).status == 200


def test_encoded_bodies_get_415(world):
    gateway, _ = world
    assert gateway.post(PATH, BODY, [("Content-Encoding", "gzip")]).status == 415


def test_no_cors_header_ever(world):
    gateway, _ = world
    answers = [gateway.post(PATH, BODY, {"Origin": "https://evil.example"}),
               gateway.post(PATH, BODY), gateway.get("/v1/nowhere"),
               gateway.request("OPTIONS", PATH, headers={
                   "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
                   "Access-Control-Request-Private-Network": "true"})]
    assert answers[-1].status in (204, 403)
    for response in answers:
        assert not [name for name, _ in response.headers
                    if name.lower().startswith("access-control-")]


def test_the_unix_socket_serves_and_only_its_owner_may_open_it(world):
    gateway, _ = world
    assert stat.S_IMODE(os.stat(gateway.unix).st_mode) == 0o600
    with Connection(gateway.unix) as connection:
        connection.send(request_bytes("POST", PATH, BODY))
        assert connection.response().status == 200
        connection.send(request_bytes("GET", "/v1/models", host="evil.example"))
        assert connection.response().status == 421


def test_a_stale_socket_file_is_replaced_and_a_live_one_is_not(gateways, upstream, tmp_path):
    config = {"providers": {"p1": provider(upstream)}}
    one = gateways(config, env=KEYS, unix=True)
    path = one.unix
    one.process.kill()
    one.process.wait()
    one.process = None
    assert os.path.exists(path)
    two = gateways({**config, "listen": {"data": ["127.0.0.1:%d" % free_port(), "unix:" + path]}},
                   env=KEYS)
    with Connection(path) as connection:
        connection.send(request_bytes("GET", "/v1/models"))
        assert connection.response().status == 200
    three = gateways({**config, "listen": {"data": "unix:" + path}}, env=KEYS, wait=False)
    eventually(lambda: three.process.poll() is not None, what="the second owner giving up")
    assert three.process.returncode == 71
    three.expect_exit = 71
    assert path in three.log()
    assert two.process.poll() is None


def test_a_data_listener_beyond_loopback_refuses_to_start(tmp_path, upstream):
    path = tmp_path / "proa.yaml"
    path.write_text('{"apiVersion": "proa/v1", "listen": {"data": "0.0.0.0:%d", "ops": "127.0.0.1:%d",'
                    ' "admin": "127.0.0.1:%d"}, "providers": {"p1": {"dialect": "openai", '
                    '"base_url": "%s", "keys": []}}}'
                    % (free_port(), free_port(), free_port(), upstream.url))
    done = cli("run", "--config", str(path))
    assert done.returncode == 78
    assert "0.0.0.0" in done.stderr
