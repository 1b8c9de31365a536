"""One mock with every provider behind it, and the gateways before it: two, because a provider's
vendor goes by its name, and two vendors are here in two forms."""
import json
import os
import subprocess
import urllib.parse

from test_mock_dialects import Mock
from testenv import Connection, Gateway
from testenv.client import request_bytes
from testenv.poll import eventually

from .errors import COMMON, ERRORS, IN_BAND
from .faults import FAULTS
from .table import ROWS

TOKEN = "matrix-matrix-matrix"
POLICY = {
    "name": "default",
    # one attempt at each target: what comes back is what it said
    "retry": {"per_pool": 1, "max_attempts": 6, "move_jitter": "0s",
              "budget": {"ratio": 1.0, "cap": 1000, "start": 1000}},
    "balance": {"standby": 0, "explore": 0, "affinity": "off"},
    "degraded": {"enabled": False},
    "concurrency": {"queue_wait": "0s"},
}
BACKUP = "backup"


def keys_of(row, account):
    return {"keys": [{"env": "MATRIX_KEY"}],
            "google": [{"google": {"service_account_file": account}}],
            "aws": [{"aws": {"access_key_id": "AKIDEXAMPLE",
                             "secret_access_key": {"env": "MATRIX_AWS_SECRET"}}}]}[row.key]


def own_routes(row):
    """Its models at this provider alone, whoever else offers them."""
    for model in {row.model, row.thinks, row.embeds, row.reranks} - {None}:
        yield {"model": "%s/%s" % (row.vendor, model),
               "tiers": [[{"provider": row.vendor, "model": model}]]}


def error_routes(row):
    """For each of its errors, one route to the provider alone, one with another behind it."""
    recipes = {**{name: "error=" + name for name in ERRORS[row.profile]},
               **{recipe: recipe for recipe in COMMON}}
    for name in ERRORS[row.profile] if row.name in IN_BAND else ():
        recipes.update({how + name: how + name for how in ("200-error:error=", "error-first:error=")})
    for name, recipe in recipes.items():
        target = row.named(recipe)
        yield {"model": "%s:%s" % (row.name, name), "tiers": [[target]]}
        yield {"model": "%s:%s:moves" % (row.name, name), "tiers": [[target], [BACKUP + "/echo"]]}


def fault_routes(row, rows):
    """For each of its dialect's faults, one route with each other dialect behind it, one alone."""
    for fault, recipe in FAULTS.get(row.name, {}).items():
        target = row.named(recipe)
        yield {"model": "%s!%s" % (row.name, fault), "tiers": [[target]]}
        for other in rows:
            if other.name in FAULTS and other is not row:
                yield {"model": "%s!%s>%s" % (row.name, fault, other.name), "tiers": [
                    [target], [{"provider": other.vendor, "model": other.model}]]}


def bad_keys(row):
    """Label -> the first error on record of each kind that is a key's alone."""
    errors = ERRORS[row.profile]
    return {reaction: next(name for name in errors if errors[name].reaction == reaction)
            for reaction in ("key", "quota", "rate")
            if any(error.reaction == reaction for error in errors.values())}


def keys_config(root, rows):
    """Every provider with keys that each get another error, by the mock's recipe in the key, and a
    good one; and the variables that hold them."""
    providers, env = {}, {"GOOD_KEY": "matrix-key-1"}
    for row in rows:
        keys = [{"env": "GOOD_KEY", "label": "good"}]
        for label, error in bad_keys(row).items():
            variable = ("%s_%s" % (row.vendor, label)).upper()
            env[variable] = "matrix-%s+error=%s" % (label, error)
            keys.append({"env": variable, "label": label})
        providers[row.vendor] = {"dialect": row.dialect, "base_url": root + row.path, "keys": keys,
                                 **row.config}
    policy = {**POLICY, "retry": {**POLICY["retry"], "per_pool": 6}}
    return {"providers": providers, "policies": [policy],
            "routes": [route for row in rows for route in own_routes(row)]}, env


class World:
    def __init__(self, folder):
        key, public = make_key(folder)
        self.mock = Mock("--jwt-key", public)
        self.root = "http://127.0.0.1:%d" % self.mock.port
        account = folder / "account.json"
        account.write_text(json.dumps({
            "type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": key,
            "token_uri": self.root + "/google/token", "client_email": "robot@p.iam.example"}))
        os.chmod(account, 0o600)
        self.gateways = [Gateway(folder / ("gateway%d" % twin), self.config(twin, str(account)),
                                 env={"MATRIX_KEY": "matrix-key-1", "MATRIX_TOKEN": TOKEN,
                                      "MATRIX_AWS_SECRET": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})
                         for twin in (False, True)]
        config, env = keys_config(self.root, [row for row in ROWS
                                              if row.key == "keys" and not row.twin])
        self.keys = Gateway(folder / "keys", config, env=env)

    def config(self, twin, account):
        rows = [row for row in ROWS if row.twin == twin]
        providers = {row.vendor: {"dialect": row.dialect, "base_url": self.root + row.path,
                                  "keys": keys_of(row, account), **row.config} for row in rows}
        providers[BACKUP] = {"dialect": "openai", "base_url": self.root + "/v1", "keys": []}
        return {"providers": providers, "policies": [POLICY],
                "admin": {"token": {"env": "MATRIX_TOKEN"}},
                "routes": [route for row in rows for route in own_routes(row)] +
                          [route for row in rows for route in error_routes(row)] +
                          [route for row in rows for route in fault_routes(row, rows)]}

    def gateway(self, row):
        return self.gateways[row.twin]

    def post(self, row, path, body, headers=()):
        return self.gateway(row).post(path, body, headers)

    def chat(self, row, text="one two", recipe="", model=None, messages=None, **more):
        body = {"model": row.named(recipe, model),
                "messages": messages or [{"role": "user", "content": text}], **more}
        return self.post(row, "/v1/chat/completions", body)

    def record(self, row, response):
        """The access line of an answer."""
        def find():
            return [record for record in self.gateway(row).log_records("request")
                    if record["request_id"] == response.header("x-request-id")]
        return eventually(find, 5, "the access line")[0]

    def admin(self, row, path, method="GET", **query):
        with Connection(("127.0.0.1", self.gateway(row).admin_port)) as connection:
            connection.send(request_bytes(method, path + "?" + urllib.parse.urlencode(query),
                                          headers={"authorization": "Bearer " + TOKEN}))
            return json.loads(connection.response(method).body)

    def reset(self, row, model):
        """Forgets what is known of the provider's key and of its model."""
        key = row.vendor + "/k1"
        for kind, name in (("key", key), ("group", key), ("target", key + "/" + model),
                           ("limit", key + "/" + model), ("pool", row.vendor + "/" + model)):
            done = self.admin(row, "/admin/reset", "POST", kind=kind, id=name)
            assert done.get("done") or kind not in ("key", "group"), done

    def stop(self):
        for gateway in (*self.gateways, self.keys):
            gateway.stop()
        self.mock.stop()


def make_key(folder):
    """A service account's key as text, and the file with its public half."""
    key, public = folder / "key.pem", folder / "public.pem"
    for args in (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
                 ["pkey", "-in", key, "-pubout", "-out", public]):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)
    return key.read_text(), str(public)
