"""Lessons T-A (8) and (9): what the log, the metrics, the admin pages and routing say of a breaker is
one thing, and a change of it is told once."""
import json
import time

from testenv import upstream as up
from testenv.client import Connection, request_bytes
from testenv.poll import eventually, seconds

POLICY = {"retry": {"budget": {"ratio": 1.0, "cap": 1000, "start": 1000}},
          "balance": {"standby": 0},
          "breaker": {"score": 3, "pool_score": 100, "endpoint_score": 100, "open_base": "1h",
                      "open_floor": "1h", "open_cap": "1h", "min_samples": 1000}}
TOKEN = "sesame-sesame-sesame"


def admin(gateway, path, method="GET", headers=()):
    with Connection(("127.0.0.1", gateway.admin_port)) as connection:
        connection.send(request_bytes(method, path, headers=headers))
        response = connection.response(method)
    return response.status, json.loads(response.body)


def is_of(identity, provider):
    return identity.startswith(provider + "/") and identity.endswith("/up-model")


def state_of(gateway, name):
    """What each place that shows the state of the target says of it."""
    _, state = admin(gateway, "/admin/state")
    [target] = [t for t in state["targets"] if is_of(t["id"], name)]
    gauge = [labels["state"] for labels, value in
             gateway.metrics().find("proa_upstream_breaker_state", target=target["id"]) if value == 1]
    _, explained = admin(gateway, "/admin/explain?model=m")
    [candidate] = [c for c in explained["candidates"] if c["target"] == target["id"]]
    return target["state"], gauge, candidate["eligible"]


def changes(gateway):
    return [(r["kind"], r["id"].split("/")[0], r["from"], r["to"], r["cause"])
            for r in gateway.log_records("breaker.changed")]


def test_a_log_metrics_admin_and_routing_tell_the_same(simple, upstreams):
    first, second = upstreams(default=up.error(500, "down")), upstreams(default=up.chat("second"))
    gateway = simple(first, second, policy=POLICY)
    assert state_of(gateway, "p1") == ("closed", ["closed"], True)
    for number in range(5):  # other requests each: what one alone brings about counts once
        assert gateway.chat(user="u%d" % number).text == "second"
    assert len(first.requests) == 3, "as many as its score"
    assert state_of(gateway, "p1") == ("open", ["open"], False)
    assert state_of(gateway, "p2") == ("closed", ["closed"], True)
    eventually(lambda: changes(gateway) == [("target", "p1", "closed", "open", "score")])
    assert gateway.metrics().total("proa_upstream_breaker_opens_total") == 1
    assert gateway.metrics().total("proa_upstream_breaker_opens_total", kind="target",
                                   cause="score") == 1
    for number in range(5):
        assert gateway.chat(user="v%d" % number).text == "second"
    assert gateway.metrics().total("proa_upstream_breaker_opens_total") == 1
    assert len(changes(gateway)) == 1 and len(first.requests) == 3


def test_a_what_operators_do_is_told_without_traffic(simple, upstream):
    gateway = simple(upstream, config={"admin": {"token": {"env": "ADMIN_TOKEN"}}},
                     env={"ADMIN_TOKEN": TOKEN})
    [identity] = [t["id"] for t in admin(gateway, "/admin/state")[1]["targets"]
                  if is_of(t["id"], "p1")]
    status, _ = admin(gateway, "/admin/eject?kind=target&id=" + identity, "POST",
                      {"authorization": "Bearer " + TOKEN})
    assert status == 200
    eventually(lambda: changes(gateway) == [("target", "p1", "closed", "open", "operator")])
    assert gateway.metrics().total("proa_upstream_breaker_opens_total", cause="operator") == 1


def test_a_a_total_outage_is_answered_at_once(simple):
    """All refuse, which shows that the way there is open: they are down, each by itself."""
    ports = [up.RefusingPort(), up.RefusingPort()]
    try:
        gateway = simple(*ports, policy={**POLICY, "panic": {"enabled": False}})
        for number in range(8):  # other requests each: what one alone brings about counts once
            assert gateway.chat(user="u%d" % number).status in (502, 503)
        _, state = admin(gateway, "/admin/state")
        assert [t["state"] for t in state["targets"] if t["id"].endswith("/up-model")] == ["open", "open"]
        assert state["uplink_down"] is False
        assert gateway.metrics().total("proa_uplink_down") == 0
        took = []
        for number in range(3):
            started = time.monotonic()
            response = gateway.chat(user="v%d" % number)
            took.append(time.monotonic() - started)
            assert response.status == 503 and int(response.header("retry-after")) >= 1
        assert min(took) < seconds(0.05), "no network, no waiting: %s" % took
        assert not gateway.log_records("uplink.lost")
    finally:
        for port in ports:
            port.stop()


def test_a_keys_that_are_out_are_told_with_their_label_only(simple, upstreams):
    gateway = simple(upstreams(default=up.error(401, "bad key")),
                     upstreams(default=up.chat("second")), policy=POLICY)
    for number in range(3):
        assert gateway.chat(user="u%d" % number).text == "second"
    eventually(lambda: len(gateway.log_records("key.refused")) == 1)
    [record] = gateway.log_records("key.refused")
    assert (record["level"], record["provider"], record["key"], record["status"]) == \
        ("warn", "p1", "k1", 401)
    assert record["out_ms"] > 0
