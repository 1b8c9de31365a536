/* The state as JSON, and back. */
#include "proa/admin/state.h"
#include "proa/engine/operator.h"
#include "proa/engine/status.h"

#include "admin_test.h"

static const struct proa_json_node *section(const struct proa_json_node *root, const char *name)
{
    const struct proa_json_node *list = proa_json_node_get(root, proa_slice_cstr(name));
    assert_int_equal(proa_json_node_kind(list), PROA_JSON_ARRAY);
    return list;
}

static struct proa_slice text(const struct proa_json_node *node, const char *key)
{
    struct proa_slice value;
    assert_ok(proa_json_node_string(proa_json_node_get(node, proa_slice_cstr(key)), &value));
    return value;
}

/* The item of that id. */
static const struct proa_json_node *item(const struct proa_json_node *list, const char *id)
{
    for (const struct proa_json_node *i = proa_json_node_first(list); i;
         i = proa_json_node_next(i)) {
        if (proa_slice_eq(text(i, "id"), proa_slice_cstr(id))) {
            return i;
        }
    }
    fail_msg("no %s", id);
    return NULL;
}

static void everything_is_there(void **state)
{
    struct admin_test *t = *state;
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 200);
    const struct proa_json_node *root = proa_json_tree_root(t->tree);
    assert_int_equal(proa_json_node_count(section(root, "targets")), 3);
    assert_int_equal(proa_json_node_count(section(root, "routes")), 1);
    (void)item(section(root, "targets"), "p2/k0/m0");
    (void)item(section(root, "pools"), "p1/m0");
    (void)item(section(root, "endpoints"), "e0");
    (void)item(section(root, "keys"), "p0/k0");
    (void)item(section(root, "groups"), "p0/k0");
    (void)section(root, "limits");
    const struct proa_json_node *target = item(section(root, "targets"), "p0/k0/m0");
    assert_slice_equal(text(target, "state"), PROA_SLICE("closed"));
    assert_slice_equal(text(target, "label"), PROA_SLICE("p0/k0"));
}

static void a_lost_uplink_shows(void **state)
{
    struct admin_test *t = *state;
    for (int lost = 0; lost < 2; lost++) {
        bool down = !lost;
        assert_int_equal(
            admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 200);
        assert_ok(proa_json_node_bool(
            proa_json_node_get(proa_json_tree_root(t->tree), PROA_SLICE("uplink_down")), &down));
        assert_int_equal(down, lost);
        fixture_lose_uplink(&t->f, proa_loop_now(t->loop));
    }
}

static void a_broken_target_shows_when_and_why(void **state)
{
    struct admin_test *t = *state;
    admin_test_break(t, 1, proa_loop_now(t->loop));
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 200);
    const struct proa_json_node *root = proa_json_tree_root(t->tree);
    const struct proa_json_node *pool = item(section(root, "pools"), "p1/m0");
    const struct proa_json_node *target = item(section(root, "targets"), "p1/k0/m0");
    struct proa_status_target s;
    proa_status_target(t->f.roster, 1, proa_loop_now(t->loop), &s);
    assert_slice_equal(text(target, "state"),
                       proa_slice_cstr(proa_breaker_state_text(s.breaker.state)));
    const struct proa_json_node *past =
        proa_json_node_first(proa_json_node_get(pool, PROA_SLICE("transitions")));
    assert_non_null(past);
    assert_slice_equal(text(past, "from"), PROA_SLICE("closed"));
    int64_t ago_ms = -1;
    assert_ok(proa_json_node_i64(proa_json_node_get(past, PROA_SLICE("ago_ms")), &ago_ms));
    assert_in_range(ago_ms, 0, 60 * 1000);
    int64_t fail = 0;
    assert_ok(proa_json_node_i64(
        proa_json_node_get(proa_json_node_get(target, PROA_SLICE("window")), PROA_SLICE("fail")),
        &fail));
    assert_true(fail > 0);
}

/* Written, read into another engine and written again, it says the same of health. */
static void there_and_back(void **state)
{
    struct admin_test *t = *state;
    const uint64_t now = proa_loop_now(t->loop);
    admin_test_break(t, 1, now);
    assert_true(proa_operator_eject(t->f.roster, PROA_STATUS_TARGET, PROA_SLICE("p2/k0/m0"),
                                    30 * PROA_NS_PER_S, now));
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 200);
    struct proa_engine *other = proa_engine_create(1);
    struct proa_roster *roster = proa_roster_create(other, &t->f.snapshot, now);
    size_t n = 0;
    assert_ok(proa_admin_load_state(roster, proa_json_tree_root(t->tree), now, &n));
    assert_true(n >= 3 * 5);
    for (size_t i = 0; i < 3; i++) {
        struct proa_status_target a;
        struct proa_status_target b;
        proa_status_target(t->f.roster, i, now, &a);
        proa_status_target(roster, i, now, &b);
        assert_int_equal(a.breaker.state, b.breaker.state);
        assert_int_equal(a.breaker.score, b.breaker.score);
        assert_int_equal(a.breaker.exponent, b.breaker.exponent);
        assert_int_equal(a.breaker.n_past, b.breaker.n_past);
        assert_memory_equal(&a.breaker.slow, &b.breaker.slow, sizeof(a.breaker.slow));
        assert_in_range(b.failure_ppm, a.failure_ppm - a.failure_ppm / 100,
                        a.failure_ppm + a.failure_ppm / 100 + 1);
        /* Spans travel as milliseconds. */
        assert_true(a.breaker.eta_ns - b.breaker.eta_ns < 2 * PROA_NS_PER_MS);
    }
    proa_roster_destroy(roster);
    proa_engine_destroy(other);
}

static void what_is_no_state_is_refused(void **state)
{
    static const char *const texts[] = {"{}", "[]", "1", "{\"pools\":[]}"};
    struct admin_test *t = *state;
    size_t n = 99;
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        struct proa_json_tree *tree = NULL;
        assert_ok(proa_json_tree_parse(proa_slice_cstr(texts[i]), NULL, &tree, NULL));
        assert_err(proa_admin_load_state(t->f.roster, proa_json_tree_root(tree), 0, &n),
                   PROA_ERR_SYNTAX);
        assert_int_equal(n, 99);
        proa_json_tree_destroy(tree);
    }
}

/* Strange values where a state has others: nothing of it may do harm. */
static void strange_values_do_no_harm(void **state)
{
    static const char text_of_it[] =
        "{\"targets\":[{\"id\":\"p0/k0/m0\",\"state\":\"melted\",\"score\":-1,\"exponent\":1e15,"
        "\"share\":-7,\"probe_in_ms\":9007199254740991,\"window\":{\"ok\":1e9,\"fail\":\"x\"},"
        "\"transitions\":[{},{\"ago_ms\":1e15,\"from\":5}],\"latency\":8e9,\"inflight\":4e9},"
        "{\"id\":7},{},3,null],\"limits\":[{\"id\":\"p0/k0/m0\",\"requests\":{\"limit\":-1}}],"
        "\"keys\":{\"id\":\"p0/k0\"},\"groups\":[{\"id\":\"p0/k0\",\"state\":\"exhausted\"}]}";
    struct admin_test *t = *state;
    struct proa_json_tree *tree = NULL;
    size_t n = 0;
    assert_ok(proa_json_tree_parse(proa_slice_cstr(text_of_it), NULL, &tree, NULL));
    const uint64_t now = proa_loop_now(t->loop);
    assert_ok(proa_admin_load_state(t->f.roster, proa_json_tree_root(tree), now, &n));
    proa_json_tree_destroy(tree);
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 200);
    admin_test_break(t, 1, now);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ADMIN_TEST(everything_is_there),
        ADMIN_TEST(a_lost_uplink_shows),
        ADMIN_TEST(a_broken_target_shows_when_and_why),
        ADMIN_TEST(there_and_back),
        ADMIN_TEST(what_is_no_state_is_refused),
        ADMIN_TEST(strange_values_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
