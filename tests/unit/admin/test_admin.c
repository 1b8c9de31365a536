/* Which page is where, and what may be asked how. */
#include "admin_test.h"

static void ops_has_no_more_than_health_and_metrics(void **state)
{
    struct admin_test *t = *state;
    static const char *const both[] = {"/livez", "/readyz", "/startupz", "/metrics"};
    static const char *const only[] = {"/admin/state", "/admin/explain", "/admin/eject",
                                       "/admin/restore", "/admin/reset"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(both); i++) {
        for (int kind = PROA_LISTENER_OPS; kind <= PROA_LISTENER_ADMIN; kind++) {
            const enum proa_listener_kind k = (enum proa_listener_kind)kind;
            assert_int_equal(admin_test_ask(t, k, PROA_HTTP_GET, both[i], "", NULL), 200);
            assert_int_equal(admin_test_ask(t, k, PROA_HTTP_HEAD, both[i], "", NULL), 200);
            assert_int_equal(admin_test_ask(t, k, PROA_HTTP_POST, both[i], "", NULL), 405);
            assert_string_equal(t->reply.allow, "GET, HEAD");
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(only); i++) {
        assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, only[i], "", NULL),
                         404);
        assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_POST, only[i], "", NULL),
                         404);
    }
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/x", "", NULL), 404);
}

static void looking_never_changes_anything(void **state)
{
    struct admin_test *t = *state;
    static const char *const actions[] = {"/admin/eject", "/admin/restore", "/admin/reset"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(actions); i++) {
        assert_int_equal(admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, actions[i],
                                        "kind=target&id=p0/k0/m0", NULL),
                         405);
        assert_string_equal(t->reply.allow, "POST");
    }
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_POST, "/admin/state", "", NULL), 405);
}

static void readiness(void **state)
{
    struct admin_test *t = *state;
    t->ready = false;
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/startupz", "", NULL),
                     503);
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/readyz", "", NULL), 503);
    t->ready = true;
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/startupz", "", NULL),
                     200);
    t->ready = false;
    t->leaving = true;
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/readyz", "", NULL), 503);
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/startupz", "", NULL),
                     200);
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/livez", "", NULL), 200);
}

static void before_anything_is_in_force(void **state)
{
    struct admin_test *t = *state;
    proa_admin_show(t->admin, NULL, NULL);
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/state", "", NULL), 503);
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/explain", "model=m", NULL),
        503);
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_POST, "/admin/reset", "", NULL), 403);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ADMIN_TEST(ops_has_no_more_than_health_and_metrics),
        ADMIN_TEST(looking_never_changes_anything),
        ADMIN_TEST(readiness),
        ADMIN_TEST(before_anything_is_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
