/* Who may act, on what, and that it happens. */
#include "proa/engine/status.h"

#include "admin_test.h"

#define TOKEN "sesame-sesame-sesame"

static uint16_t act(struct admin_test *t, const char *path, const char *query, const char *shown)
{
    return admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_POST, path, query, shown);
}

static void give_token(struct admin_test *t)
{
    assert_ok(proa_secret_create(PROA_SLICE(TOKEN), &t->f.snapshot.admin_token));
}

static enum proa_breaker_state state_of(struct admin_test *t, size_t i)
{
    struct proa_status_target s;
    proa_status_target(t->f.roster, i, proa_loop_now(t->loop), &s);
    return s.breaker.state;
}

static void off_without_a_token(void **state)
{
    struct admin_test *t = *state;
    assert_int_equal(act(t, "/admin/eject", "kind=target&id=p0/k0/m0", "Bearer " TOKEN), 403);
    assert_slice_equal(admin_test_code(t), PROA_SLICE("actions_off"));
    assert_int_equal(state_of(t, 0), PROA_BREAKER_CLOSED);
}

static void only_with_the_token(void **state)
{
    static const char *const wrong[] = {NULL,
                                        "",
                                        "Bearer",
                                        "Bearer ",
                                        TOKEN,
                                        "Basic " TOKEN,
                                        "Bearer " TOKEN "x",
                                        "Bearer sesame-sesame-sesam"};
    struct admin_test *t = *state;
    give_token(t);
    for (size_t i = 0; i < PROA_ARRAY_LEN(wrong); i++) {
        assert_int_equal(act(t, "/admin/eject", "kind=target&id=p0/k0/m0", wrong[i]), 403);
        assert_slice_equal(admin_test_code(t), PROA_SLICE("wrong_token"));
        assert_int_equal(state_of(t, 0), PROA_BREAKER_CLOSED);
    }
    assert_int_equal(act(t, "/admin/eject", "kind=target&id=p0%2Fk0%2Fm0", "bearer  " TOKEN), 200);
    assert_int_equal(state_of(t, 0), PROA_BREAKER_OPEN);
}

static void of_two_tokens_none_counts(void **state)
{
    struct admin_test *t = *state;
    give_token(t);
    struct proa_http_header headers[2];
    for (size_t i = 0; i < 2; i++) {
        headers[i] = (struct proa_http_header){.name = PROA_SLICE("authorization"),
                                               .id = PROA_HTTP_HEADER_AUTHORIZATION,
                                               .value = PROA_SLICE("Bearer " TOKEN)};
    }
    struct proa_http_head head = {.method = PROA_HTTP_POST,
                                  .path = PROA_SLICE("/admin/eject"),
                                  .query = PROA_SLICE("kind=target&id=p0/k0/m0"),
                                  .headers = {.items = headers, .n = 2}};
    admin_test_forget(t);
    proa_admin_handle(t->admin, PROA_LISTENER_ADMIN, &head, &t->reply);
    assert_int_equal(t->reply.status, 403);
    assert_int_equal(state_of(t, 0), PROA_BREAKER_CLOSED);
    head.headers.n = 1;
    admin_test_forget(t);
    proa_admin_handle(t->admin, PROA_LISTENER_ADMIN, &head, &t->reply);
    assert_int_equal(t->reply.status, 200);
}

static void guessing_is_slow(void **state)
{
    struct admin_test *t = *state;
    give_token(t);
    int refused = 0;
    for (int i = 0; i < 50; i++) {
        refused += act(t, "/admin/reset", "", "Bearer wrong") == 403;
    }
    assert_int_equal(refused, 10);
    assert_int_equal(t->reply.status, 429);
    /* Not even the right one, or the answer would tell which it is. */
    assert_int_equal(act(t, "/admin/reset", "kind=route&id=route", "Bearer " TOKEN), 429);
}

static void what_is_named_must_be_there(void **state)
{
    struct admin_test *t = *state;
    give_token(t);
    static const struct {
        const char *path;
        const char *query;
        uint16_t status;
    } rows[] = {
        {"/admin/eject", "", 400},
        {"/admin/eject", "kind=target", 400},
        {"/admin/eject", "id=p0/k0/m0", 400},
        {"/admin/eject", "kind=planet&id=p0/k0/m0", 400},
        {"/admin/eject", "kind=target&id=p9/k0/m0", 404},
        {"/admin/eject", "kind=key&id=p0/k0", 404}, /* keys are not ejected */
        {"/admin/eject", "kind=target&id=p0/k0/m0&seconds=0", 400},
        {"/admin/eject", "kind=target&id=p0/k0/m0&seconds=86401", 400},
        {"/admin/eject", "kind=target&id=p0/k0/m0&seconds=soon", 400},
        {"/admin/eject", "kind=target&id=p0/k0/m0&seconds=60", 200},
        {"/admin/eject", "kind=pool&id=p1/m0", 200},
        {"/admin/eject", "kind=endpoint&id=e2", 200},
        {"/admin/restore", "kind=key&id=p0/k0", 200},
        {"/admin/restore", "kind=group&id=p0/k0", 200},
        {"/admin/reset", "kind=route&id=route", 200},
        {"/admin/reset", "kind=route&id=other", 404},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const uint16_t status = act(t, rows[i].path, rows[i].query, "Bearer " TOKEN);
        PROA_TEST_CHECK(status == rows[i].status, "%s?%s: %u", rows[i].path, rows[i].query,
                        (unsigned)status);
    }
}

static void eject_and_restore(void **state)
{
    struct admin_test *t = *state;
    give_token(t);
    assert_int_equal(act(t, "/admin/eject", "kind=target&id=p1/k0/m0", "Bearer " TOKEN), 200);
    assert_int_equal(state_of(t, 1), PROA_BREAKER_OPEN);
    assert_int_equal(state_of(t, 0), PROA_BREAKER_CLOSED);
    assert_int_equal(act(t, "/admin/restore", "kind=target&id=p1/k0/m0", "Bearer " TOKEN), 200);
    assert_int_equal(state_of(t, 1), PROA_BREAKER_RAMP);
    assert_int_equal(act(t, "/admin/reset", "kind=target&id=p1/k0/m0", "Bearer " TOKEN), 200);
    assert_int_equal(state_of(t, 1), PROA_BREAKER_CLOSED);
}

/* Only with the token, and then all of it. */
static void purge_forgets_all_answers(void **state)
{
    struct admin_test *t = *state;
    struct proa_answers answers;
    const struct proa_hash128 hash = {1, 2};
    const struct proa_answers_life life = {.ttl_ns = PROA_NS_PER_S};
    struct proa_answer *a = proa_answer_make(200, PROA_SLICE_NONE, NULL, 0);
    proa_answers_init(&answers, 1 << 20, 1);
    assert_true(proa_answers_put(&answers, hash, PROA_SLICE("key"), a, &life, 0));
    proa_answer_unref(a);
    give_token(t);
    assert_int_equal(act(t, "/admin/cache/purge", "", "Bearer " TOKEN), 200); /* none to be shown */
    proa_admin_show_answers(t->admin, &answers);
    assert_int_equal(act(t, "/admin/cache/purge", "", "Bearer no"), 403);
    assert_int_equal(proa_answers_n(&answers), 1);
    assert_int_equal(act(t, "/admin/cache/purge", "", "Bearer " TOKEN), 200);
    assert_int_equal(proa_answers_n(&answers), 0);
    assert_slice_lit(proa_buf_slice(&t->reply.body), "{\"done\":\"purge\",\"entries\":1}\n");
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/cache/purge", "", NULL), 405);
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_POST, "/admin/cache/purge", "", NULL), 404);
    proa_answers_deinit(&answers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ADMIN_TEST(off_without_a_token),         ADMIN_TEST(only_with_the_token),
        ADMIN_TEST(of_two_tokens_none_counts),   ADMIN_TEST(guessing_is_slow),
        ADMIN_TEST(what_is_named_must_be_there), ADMIN_TEST(eject_and_restore),
        ADMIN_TEST(purge_forgets_all_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
