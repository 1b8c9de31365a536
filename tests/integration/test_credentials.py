"""Credentials that are more than a key in a variable: folders of keys, tokens in exchange for
service accounts, client secrets and projected tokens, and what becomes of requests meanwhile."""
import base64
import json
import os
import subprocess
import threading
import time

import pytest
from testenv import tokens, upstream as up
from testenv.gateway import cli
from testenv.poll import eventually, seconds

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
RELOAD = {"settle": "20ms", "poll": "200ms"}


def write(path, text, mode=0o600):
    """As kubelet and editors do: a new file in the old one's place."""
    other = str(path) + ".new"
    with open(other, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(other, mode)
    os.rename(other, path)


def config(upstream, keys, policy=None, **provider):
    return {"reload": RELOAD,
            "providers": {"p1": {"dialect": "openai", "base_url": upstream.url, "keys": keys,
                                 **provider}},
            "policies": [{"name": "test", **(policy or {})}],
            "routes": [{"model": "m", "policy": "test",
                        "tiers": [[{"provider": "p1", "model": "up-model"}]]}]}


def shown(upstream):
    """The credentials that the provider has seen, in order."""
    return [request.header("authorization") for request in upstream.requests]


@pytest.fixture(scope="session")
def account(tmp_path_factory):
    """account(token_uri) -> text of a service account's key file; `public` its public key file."""
    folder = tmp_path_factory.mktemp("account")
    key, public = folder / "key.pem", folder / "public.pem"
    for args in (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
                 ["pkey", "-in", key, "-pubout", "-out", public]):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    def make(token_uri):
        return json.dumps({"type": "service_account", "project_id": "project-1",
                           "private_key_id": "kid-1", "private_key": key.read_text(),
                           "client_email": "robot@project-1.example", "token_uri": token_uri})
    make.public = str(public)
    make.private = key.read_text()
    return make


# ---- files and folders ---------------------------------------------------------------------------

def test_a_folder_of_keys(gateways, upstreams, tmp_path):
    upstream = upstreams()
    folder = tmp_path / "keys"
    folder.mkdir()
    write(folder / "one", "folder-key-one\n")
    write(folder / "two", "folder-key-two\n")
    write(folder / ".hidden", "not-a-key")
    gateway = gateways(config(upstream, [{"dir": str(folder)}]))
    trails = set()
    for _ in range(8):
        trails.add(gateway.post(CHAT, BODY).header("x-proa-trail").split(":")[0])
    assert trails == {"p1/one", "p1/two"}
    assert set(shown(upstream)) == {"Bearer folder-key-one", "Bearer folder-key-two"}
    # One goes, one comes, one changes.
    write(folder / "three", "folder-key-three")
    write(folder / "two", "folder-key-two-b")
    os.unlink(folder / "one")

    def all_new():
        upstream.requests.clear()
        for _ in range(6):
            assert gateway.post(CHAT, BODY).status == 200
        return set(shown(upstream)) == {"Bearer folder-key-two-b", "Bearer folder-key-three"}
    eventually(all_new, 10, "the folder's change being noticed")


@pytest.mark.parametrize("break_it, words", [
    (lambda folder: [os.unlink(folder / name) for name in os.listdir(folder)], "holds no file"),
    (lambda folder: os.chmod(folder / "one", 0o644), "may be read by others"),
    (lambda folder: write(folder / "a b", "key"), "cannot name a key")])
def test_a_folder_that_is_wrong(tmp_path, break_it, words):
    folder = tmp_path / "keys"
    folder.mkdir()
    write(folder / "one", "folder-key-one")
    break_it(folder)
    path = tmp_path / "proa.yaml"
    path.write_text(json.dumps({"providers": {"p": {
        "dialect": "openai", "base_url": "https://a.example", "keys": [{"dir": str(folder)}]}}}))
    done = cli("validate", str(path))
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


# ---- a service account of Google ------------------------------------------------------------------

@pytest.mark.smoke
def test_service_account(gateways, upstreams, account, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=tokens.oauth("ya29.token-one"))
    write(tmp_path / "account.json", account(endpoint.url[:-3] + "/token"))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}]))
    response = gateway.post(CHAT, BODY)
    assert response.status == 200, response
    assert shown(upstream) == ["Bearer ya29.token-one"]
    request = endpoint.requests[0]
    assert (request.method, request.target) == ("POST", "/token")
    fields = tokens.form(request)
    assert fields["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims, signature = fields["assertion"].split(".")

    def decode(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    assert json.loads(decode(header)) == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
    read = json.loads(decode(claims))
    assert read["iss"] == "robot@project-1.example"
    assert read["aud"] == endpoint.url[:-3] + "/token"
    assert read["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert abs(read["iat"] - time.time()) < 30 and read["exp"] == read["iat"] + 3600
    (tmp_path / "signed").write_text(header + "." + claims)
    (tmp_path / "signature").write_bytes(decode(signature))
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", account.public, "-signature",
                    str(tmp_path / "signature"), str(tmp_path / "signed")], check=True,
                   capture_output=True)


def test_one_request_for_many_who_wait(gateways, upstreams, account, tmp_path):
    gate = threading.Event()

    def slow(exchange):
        gate.wait(seconds(20))
        return tokens.oauth("shared-token-1")(exchange)
    upstream, endpoint = upstreams(), upstreams(default=slow)
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}],
        policy={"timeouts": {"connect": "30s"}}))
    results = []
    threads = [threading.Thread(target=lambda: results.append(gateway.post(CHAT, BODY).status))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    endpoint.wait_requests(1)
    assert gateway.ops("/livez").status == 200, "waiting does not hold the loop up"
    assert upstream.requests == []
    gate.set()
    for thread in threads:
        thread.join()
    assert results == [200] * 8
    assert len(endpoint.requests) == 1
    assert shown(upstream) == ["Bearer shared-token-1"] * 8


def test_waiting_ends_with_the_time_to_connect(gateways, upstreams, account, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=up.stall)
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}],
        policy={"timeouts": {"connect": "300ms"}, "retry": {"max_attempts": 1}}))
    started = time.monotonic()
    response = gateway.post(CHAT, BODY)
    assert response.status >= 500, response
    assert 0.25 < time.monotonic() - started < seconds(3)
    assert "no token came in time" in response.error["message"]
    assert ":token/" in response.header("x-proa-trail")
    assert upstream.requests == []


def test_a_client_that_leaves_while_waiting(gateways, upstreams, account, tmp_path):
    gate = threading.Event()

    def slow(exchange):
        gate.wait(seconds(20))
        return tokens.oauth("late-token-1")(exchange)
    upstream, endpoint = upstreams(), upstreams(default=slow)
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}],
        policy={"timeouts": {"connect": "30s"}}))
    from testenv.client import request_bytes
    with gateway.connect() as connection:
        connection.send(request_bytes("POST", CHAT, BODY))
        endpoint.wait_requests(1)
        time.sleep(0.1)
    time.sleep(0.1)
    gate.set()
    assert gateway.post(CHAT, BODY).status == 200
    assert len(upstream.requests) == 1


def test_tokens_are_renewed_ahead_of_their_end(gateways, upstreams, account, tmp_path):
    upstream = upstreams()
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("renewed-%d" % n, 2)))
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}]))
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert gateway.post(CHAT, BODY).status == 200
        time.sleep(0.05)
    used = [int(header.rpartition("-")[2]) for header in shown(upstream)]
    assert used == sorted(used) and used[-1] >= 3
    assert len(endpoint.requests) <= used[-1] + 1, "no more often than needed"


def test_the_old_token_serves_while_the_next_cannot_be_had(gateways, upstreams, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=tokens.oauth("long-lived-1"))
    write(tmp_path / "token", "projected.token.one")
    gateway = gateways(config(upstream, [
        {"azure": {"tenant": "t", "client_id": "c", "token_file": str(tmp_path / "token"),
                   "authority": endpoint.url[:-3]}}]))
    assert gateway.post(CHAT, BODY).status == 200
    endpoint.default = up.error(503)
    write(tmp_path / "token", "projected.token.two")
    eventually(lambda: gateway.log_records("token.failed"), 10, "the next token failing")
    for _ in range(5):
        assert gateway.post(CHAT, BODY).status == 200
    assert set(shown(upstream)) == {"Bearer long-lived-1"}
    assert gateway.log_records("token.failed")[0]["serving"] is True
    endpoint.default = tokens.oauth("long-lived-2")
    eventually(lambda: gateway.post(CHAT, BODY).status == 200 and
               shown(upstream)[-1] == "Bearer long-lived-2", 15, "the next token in use")


def test_a_new_credential_overtakes_the_request_with_the_old_one(gateways, upstreams, tmp_path):
    """What is asked in the name of a credential that was replaced is of no use to who waits."""
    gate = threading.Event()

    def answer(exchange):
        if "one" in tokens.form(exchange.request)["client_assertion"]:
            gate.wait(seconds(20))
            return tokens.refused()(exchange)
        return tokens.oauth("token-of-two")(exchange)
    upstream, endpoint = upstreams(), upstreams(default=answer)
    write(tmp_path / "token", "projected.token.one")
    gateway = gateways(config(upstream, [
        {"azure": {"tenant": "t", "client_id": "c", "token_file": str(tmp_path / "token"),
                   "authority": endpoint.url[:-3]}}], policy={"timeouts": {"connect": "30s"}}))
    endpoint.wait_requests(1)
    results = []
    thread = threading.Thread(target=lambda: results.append(gateway.post(CHAT, BODY).status))
    thread.start()
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 1, what="one that waits")
    write(tmp_path / "token", "projected.token.two")
    try:
        thread.join(seconds(10))
        assert results == [200]
        assert shown(upstream) == ["Bearer token-of-two"]
    finally:
        gate.set()
        thread.join()
    assert gateway.log_records("token.failed") == []


def test_the_program_ends_while_a_token_is_asked_for(gateways, upstreams, account, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=up.stall)
    write(tmp_path / "account.json", account(endpoint.url))
    whole = config(upstream, [{"google": {"service_account_file": str(tmp_path / "account.json")}}],
                   policy={"timeouts": {"connect": "30s"}})
    gateway = gateways({**whole, "limits": {"drain": "300ms"}})
    results = []
    thread = threading.Thread(target=lambda: results.append(gateway.post(CHAT, BODY)))
    thread.start()
    eventually(lambda: gateway.metrics().total("proa_inflight_requests") == 1, what="one that waits")
    gateway.stop()
    thread.join()
    assert results[0].error["code"] == "gateway_draining"


def revocable(good):
    """A provider that takes these tokens and no others."""
    def answer(exchange):
        if exchange.request.header("authorization")[7:] not in good:
            return up.error(401, "the token was revoked")(exchange)
        if exchange.request.json.get("stream"):
            return up.stream()(exchange)
        return up.chat()(exchange)
    return answer


def azure(endpoint):
    return [{"azure": {"tenant": "t", "client_id": "c", "authority": endpoint.url[:-3],
                       "client_secret": {"env": "SECRET"}}}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_a_token_that_is_revoked_is_replaced_at_once(gateways, upstreams, dialect, stream):
    """The provider turns it down before its time: no request fails for it, and the key stays."""
    from test_translation import sends, streamed, whole
    good = {"token-1"}
    answers = revocable(good)

    def answer(exchange):
        if dialect == "openai" or exchange.request.header("authorization")[7:] not in good:
            return answers(exchange)
        return (sends(streamed("Hello there")) if stream else whole("hello"))(exchange)
    upstream = upstreams(default=answer)
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("token-%d" % n)))
    gateway = gateways(config(upstream, azure(endpoint), dialect=dialect), env={"SECRET": "s-e-c-r-e-t"})
    assert gateway.post(CHAT, {**BODY, "stream": stream}).status == 200
    good.clear()
    good.add("token-2")
    time.sleep(1.1)  # one that is younger is not at fault
    for _ in range(3):
        response = gateway.post(CHAT, {**BODY, "stream": stream})
        assert response.status == 200 and response.header("x-proa-attempts") == "1", response
    assert shown(upstream) == ["Bearer token-1"] * 2 + ["Bearer token-2"] * 3
    assert len(endpoint.requests) == 2
    assert len(gateway.log_records("token.rejected")) == 1
    assert gateway.log_records("key.refused") == []


def test_many_meet_a_revoked_token_at_once(gateways, upstreams):
    good = {"token-1"}
    upstream = upstreams(default=revocable(good))
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("token-%d" % n)))
    gateway = gateways(config(upstream, azure(endpoint)), env={"SECRET": "s-e-c-r-e-t"})
    assert gateway.post(CHAT, BODY).status == 200
    good.clear()
    good.add("token-2")
    time.sleep(1.1)
    results = []
    threads = [threading.Thread(target=lambda: results.append(gateway.post(CHAT, BODY).status))
               for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 10
    assert len(endpoint.requests) == 2, "one new token for all"


def test_a_provider_that_takes_no_token_ends_it(gateways, upstreams):
    """The next token does no better: then it is the key that is refused, and it is left alone."""
    upstream = upstreams(default=up.chat())
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("token-%d" % n)))
    gateway = gateways(config(upstream, azure(endpoint)), env={"SECRET": "s-e-c-r-e-t"})
    assert gateway.post(CHAT, BODY).status == 200
    upstream.default = revocable(set())
    time.sleep(1.1)
    assert gateway.post(CHAT, BODY).status == 401
    assert shown(upstream) == ["Bearer token-1"] * 2 + ["Bearer token-2"]
    for _ in range(3):
        assert gateway.post(CHAT, BODY).status >= 400
    assert len(upstream.requests) == 3 and len(endpoint.requests) == 2
    assert len(gateway.log_records("key.refused")) == 1


def test_a_revoked_token_and_an_endpoint_that_is_away(gateways, upstreams):
    good = {"token-1"}
    upstream, other = upstreams(default=revocable(good)), upstreams(default=up.chat("other"))
    endpoint = upstreams(default=tokens.oauth("token-1"))
    whole = config(upstream, azure(endpoint), policy={"timeouts": {"connect": "500ms"}})
    whole["providers"]["p2"] = {"dialect": "openai", "base_url": other.url, "keys": []}
    whole["routes"][0]["tiers"].append([{"provider": "p2", "model": "x"}])
    gateway = gateways(whole, env={"SECRET": "s-e-c-r-e-t"})
    assert gateway.post(CHAT, BODY).text != "other"
    good.clear()
    endpoint.default = up.stall
    time.sleep(1.1)
    response = gateway.post(CHAT, BODY)
    assert response.text == "other" and response.header("x-proa-trail").startswith("p1/k1:token/")


def test_refused_credentials_are_told_and_left_alone(gateways, upstreams, account, tmp_path):
    upstream = upstreams()
    endpoint = upstreams(default=tokens.refused(description="Invalid JWT Signature."))
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}]))
    response = gateway.post(CHAT, BODY)
    assert response.status >= 400
    assert ":auth/" in response.header("x-proa-trail")
    for _ in range(5):
        gateway.post(CHAT, BODY)
    assert len(endpoint.requests) <= 2, "a wrong credential is not asked with again and again"
    record = gateway.log_records("token.failed")[0]
    assert record["key"] == "p1/k1"
    assert "invalid_grant: Invalid JWT Signature." in record["detail"]
    assert upstream.requests == []
    assert gateway.metrics().total("proa_token_requests_total", key="p1/k1", result="failed") >= 1


def test_another_provider_takes_over(gateways, upstreams, account, tmp_path):
    upstream, other = upstreams(), upstreams()
    endpoint = upstreams(default=up.error(500))
    write(tmp_path / "account.json", account(endpoint.url))
    whole = config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}])
    whole["providers"]["p2"] = {"dialect": "openai", "base_url": other.url, "keys": []}
    whole["routes"][0]["tiers"].append([{"provider": "p2", "model": "x"}])
    gateway = gateways(whole)
    response = gateway.post(CHAT, BODY)
    assert response.status == 200
    assert ":token/" in response.header("x-proa-trail")
    assert len(other.requests) == 1


def test_secrets_stay_out_of_sight(gateways, upstreams, account, tmp_path):
    upstream = upstreams(default=up.error(400, "you sent visible-token-77 to us"))
    endpoint = upstreams(default=tokens.oauth("visible-token-77"))
    write(tmp_path / "account.json", account(endpoint.url))
    gateway = gateways(config(upstream, [
        {"google": {"service_account_file": str(tmp_path / "account.json")}}]))
    response = gateway.post(CHAT, BODY)
    assert b"visible-token-77" not in response.body
    assert b"[redacted]" in response.body
    eventually(lambda: gateway.access(1), 5, "the access line")
    assert "visible-token-77" not in gateway.log()
    assert account.private[40:80] not in gateway.log()


# ---- Entra ----------------------------------------------------------------------------------------

def test_azure_client_secret(gateways, upstreams):
    upstream, endpoint = upstreams(), upstreams(default=tokens.oauth("entra-token-1"))
    gateway = gateways(config(upstream, [
        {"azure": {"tenant": "tenant-1", "client_id": "client-1", "authority": endpoint.url[:-3],
                   "client_secret": {"env": "CLIENT_SECRET"}}}]),
        env={"CLIENT_SECRET": "s~cr&t-of-azure"})
    assert gateway.post(CHAT, BODY).status == 200
    assert shown(upstream) == ["Bearer entra-token-1"]
    request = endpoint.requests[0]
    assert request.target == "/tenant-1/oauth2/v2.0/token"
    assert tokens.form(request) == {
        "grant_type": "client_credentials", "client_id": "client-1",
        "scope": "https://cognitiveservices.azure.com/.default",
        "client_secret": "s~cr&t-of-azure"}


def test_azure_workload_identity_and_rotation(gateways, upstreams, tmp_path):
    upstream = upstreams()
    endpoint = upstreams(default=tokens.serial(lambda n: tokens.oauth("entra-token-%d" % n)))
    write(tmp_path / "token", "projected.token.one\n")
    gateway = gateways(config(upstream, [{"azure": {}}]), env={
        "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "AZURE_AUTHORITY_HOST": endpoint.url[:-2]})
    assert gateway.post(CHAT, BODY).status == 200
    assert tokens.form(endpoint.requests[0])["client_assertion"] == "projected.token.one"
    # The kubelet puts another one there.
    write(tmp_path / "token", "projected.token.two\n")
    eventually(lambda: len(endpoint.requests) > 1, 10, "the next token being asked for")
    assert tokens.form(endpoint.requests[1])["client_assertion"] == "projected.token.two"
    eventually(lambda: gateway.post(CHAT, BODY).status == 200 and
               shown(upstream)[-1] == "Bearer entra-token-2", 10, "the next token in use")


# ---- projected tokens -----------------------------------------------------------------------------

def test_openai_exchange(gateways, upstreams, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=tokens.oauth("openai-token-1"))
    write(tmp_path / "token", "projected.token.one")
    gateway = gateways(config(upstream, [
        {"exchange": {"with": "openai", "token_file": str(tmp_path / "token"),
                      "identity_provider": "idp-1", "service_account": "sa-1",
                      "url": endpoint.url[:-3] + "/oauth/token"}}]))
    assert gateway.post(CHAT, BODY).status == 200
    assert shown(upstream) == ["Bearer openai-token-1"]
    assert endpoint.requests[0].target == "/oauth/token"
    assert tokens.as_json(endpoint.requests[0]) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "projected.token.one",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "identity_provider_id": "idp-1", "service_account_id": "sa-1"}


def test_anthropic_exchange(gateways, upstreams, tmp_path):
    upstream, endpoint = upstreams(), upstreams(default=tokens.oauth("anthropic-token-1"))
    write(tmp_path / "token", "projected.token.one")
    gateway = gateways(config(upstream, [
        {"exchange": {"with": "anthropic", "token_file": str(tmp_path / "token"),
                      "federation_rule": "rule-1", "organization": "org-1",
                      "url": endpoint.url[:-3] + "/v1/oauth/token"}}]))
    assert gateway.post(CHAT, BODY).status == 200
    request = endpoint.requests[0]
    assert request.header("anthropic-beta") == "oauth-2025-04-20,oidc-federation-2026-04-01"
    assert tokens.as_json(request) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": "projected.token.one", "federation_rule_id": "rule-1",
        "organization_id": "org-1"}
    assert shown(upstream) == ["Bearer anthropic-token-1"]
    assert upstream.requests[0].header("anthropic-beta") == "oauth-2025-04-20"


def test_rotation_keeps_exchanges_alive(gateways, upstreams, tmp_path):
    gate = threading.Event()
    upstream = upstreams(default=up.stream(gate=gate))
    write(tmp_path / "key", "file-key-one")
    gateway = gateways(config(upstream, [{"file": str(tmp_path / "key")}]))
    results = []
    thread = threading.Thread(target=lambda: results.append(
        gateway.post(CHAT, {**BODY, "stream": True}).text))
    thread.start()
    upstream.wait_requests(1)
    write(tmp_path / "key", "file-key-two")
    eventually(lambda: gateway.log_records("config.reloaded"), 10, "the change being noticed")
    gate.set()
    thread.join()
    assert results == ["Hello there"]
    upstream.default = up.chat()
    assert gateway.post(CHAT, BODY).status == 200
    assert shown(upstream) == ["Bearer file-key-one", "Bearer file-key-two"]

# ---- AWS ------------------------------------------------------------------------------------------

def aws_config(upstream, aws):
    return config(upstream, [{"aws": aws}], region="eu-central-1")


def signed_with(request):
    """The key id of a signature, and that it covers what it must."""
    header = request.header("authorization")
    assert header.startswith("AWS4-HMAC-SHA256 Credential="), header
    scope = header.split("Credential=")[1].split(",")[0].split("/")
    assert scope[2:] == ["eu-central-1", "bedrock", "aws4_request"], scope
    assert request.header("x-amz-date").startswith(scope[1])
    return scope[0]


def assert_secret_stays(upstream, secret):
    """Of a pair of AWS keys the secret half signs and is never sent."""
    for request in upstream.requests:
        assert secret not in request.raw.decode("latin-1")


def test_web_identity(gateways, upstreams, tmp_path):
    upstream = upstreams()
    endpoint = upstreams(default=tokens.sts("ASIAWEB", "web&amp;secret", "web-session-token"))
    write(tmp_path / "token", "projected.token.one\n")
    gateway = gateways(aws_config(upstream, {}), env={
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/app",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ENDPOINT_URL_STS": endpoint.url[:-3]})
    assert gateway.post(CHAT, BODY).status == 200
    request = endpoint.requests[0]
    assert (request.method, request.target) == ("POST", "/")
    assert tokens.form(request) == {
        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::123456789012:role/app", "RoleSessionName": "proa",
        "WebIdentityToken": "projected.token.one"}
    assert signed_with(upstream.requests[0]) == "ASIAWEB"
    assert upstream.requests[0].header("x-amz-security-token") == "web-session-token"
    assert_secret_stays(upstream, "web&secret")
    assert "web-session-token" not in gateway.log()


def test_container_endpoint(gateways, upstreams, tmp_path):
    upstream = upstreams()
    endpoint = upstreams(default=tokens.aws("ASIATASK", "task-secret", "task-session"))
    write(tmp_path / "token", "pod-identity-token\n")
    gateway = gateways(aws_config(upstream, {}), env={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url[:-3] + "/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")})
    assert gateway.post(CHAT, BODY).status == 200
    request = endpoint.requests[0]
    assert (request.method, request.target) == ("GET", "/v1/credentials")
    assert request.header("authorization") == "pod-identity-token"
    assert signed_with(upstream.requests[0]) == "ASIATASK"
    assert_secret_stays(upstream, "task-secret")


def test_shared_files_are_read_again(gateways, upstreams, tmp_path):
    upstream = upstreams()
    folder = tmp_path / ".aws"
    folder.mkdir()
    text = "[default]\naws_access_key_id = %s\naws_secret_access_key = file-secret-1\n"
    write(folder / "credentials", text % "AKIAONE")
    gateway = gateways(aws_config(upstream, {}), env={"HOME": str(tmp_path)})
    assert gateway.post(CHAT, BODY).status == 200
    assert signed_with(upstream.requests[0]) == "AKIAONE"
    assert upstream.requests[0].header("x-amz-security-token") is None
    write(folder / "credentials", text % "AKIATWO")
    eventually(lambda: gateway.post(CHAT, BODY).status == 200 and
               signed_with(upstream.requests[-1]) == "AKIATWO", 10, "the change being noticed")
    assert_secret_stays(upstream, "file-secret-1")


# ---- what is written wrong ------------------------------------------------------------------------

@pytest.mark.parametrize("key, words", [
    ({"env": "A", "dir": "/x"}, "is written in more than one form"),
    ({"env": "A", "google": {}}, "is written in more than one form"),
    ({"google": {}}, "names no credential"),
    ({"google": {"service_account_file": "/nonexistent"}}, "does not exist"),
    ({"azure": {}}, "has no tenant"),
    ({"azure": {"tenant": "t", "client_id": "c"}}, "has no client_secret and no token_file"),
    ({"exchange": {}}, "is not known for this provider"),
    ({"exchange": {"with": "openai"}}, "has no identity_provider"),
    ({"exchange": {"with": "anthropic"}}, "has no federation_rule"),
    ({"aws": {}}, "needs the region of the provider"),
    ({"dir": "/nonexistent"}, "does not exist")])
def test_mistakes_are_explained(tmp_path, key, words):
    path = tmp_path / "proa.yaml"
    path.write_text(json.dumps({"providers": {"p": {
        "dialect": "openai", "base_url": "https://a.example", "keys": [key]}}}))
    done = cli("validate", str(path), env={"A": "x"})
    assert done.returncode != 0
    assert words in done.stdout + done.stderr, done.stdout + done.stderr
