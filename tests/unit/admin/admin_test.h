/*
 * An admin over a route of three targets, asked without a connection.
 */
#ifndef PROA_ADMIN_TEST_H
#define PROA_ADMIN_TEST_H

#include "proa/admin/admin.h"
#include "proa/auth/secret.h"
#include "proa/json/tree.h"

#include "engine_fixture.h"
#include "proa_test.h"

struct admin_test {
    struct fixture f;
    struct proa_loop *loop;
    struct proa_metric_reg *metrics;
    struct proa_admin *admin;
    struct proa_admin_reply reply;
    struct proa_json_tree *tree; /* of the reply, when it is JSON */
    bool ready;
    bool leaving;
};

static inline int admin_test_setup(void **state)
{
    struct admin_test *t = test_calloc(1, sizeof(*t));
    fixture_init(&t->f, 7);
    fixture_add_apart(&t->f, 3);
    t->loop = proa_loop_create();
    t->metrics = proa_metric_reg_create(0);
    t->ready = true;
    const struct proa_admin_cfg cfg = {
        .loop = t->loop, .metrics = t->metrics, .ready = &t->ready, .leaving = &t->leaving};
    t->admin = proa_admin_create(&cfg);
    fixture_bind(&t->f, proa_loop_now(t->loop));
    proa_admin_show(t->admin, &t->f.snapshot, t->f.roster);
    *state = t;
    return 0;
}

static inline void admin_test_forget(struct admin_test *t)
{
    proa_json_tree_destroy(t->tree);
    t->tree = NULL;
    proa_buf_deinit(&t->reply.body);
}

static inline int admin_test_teardown(void **state)
{
    struct admin_test *t = *state;
    admin_test_forget(t);
    proa_secret_unref(t->f.snapshot.admin_token);
    proa_admin_destroy(t->admin);
    fixture_deinit(&t->f);
    proa_metric_reg_destroy(t->metrics);
    proa_loop_destroy(t->loop);
    test_free(t);
    return 0;
}

/* Asks; `authorization` may be NULL. Returns the status. */
static inline uint16_t admin_test_ask(struct admin_test *t, enum proa_listener_kind kind,
                                      enum proa_http_method method, const char *path,
                                      const char *query, const char *authorization)
{
    struct proa_http_header header = {.name = PROA_SLICE("authorization"),
                                      .id = PROA_HTTP_HEADER_AUTHORIZATION};
    struct proa_http_head head = {
        .method = method, .path = proa_slice_cstr(path), .query = proa_slice_cstr(query)};
    if (authorization) {
        header.value = proa_slice_cstr(authorization);
        head.headers.items = &header;
        head.headers.n = 1;
    }
    admin_test_forget(t);
    proa_admin_handle(t->admin, kind, &head, &t->reply);
    if (strcmp(t->reply.content_type, "application/json") == 0) {
        assert_ok(proa_json_tree_parse(proa_buf_slice(&t->reply.body), NULL, &t->tree, NULL));
    }
    return t->reply.status;
}

/* "error.code" of the reply. */
static inline struct proa_slice admin_test_code(const struct admin_test *t)
{
    struct proa_slice code = PROA_SLICE_NONE;
    const struct proa_json_node *error =
        proa_json_node_get(proa_json_tree_root(t->tree), PROA_SLICE("error"));
    (void)!proa_json_node_string(proa_json_node_get(error, PROA_SLICE("code")), &code);
    return code;
}

/* Makes target `i` fail so often that it is open. */
static inline void admin_test_break(struct admin_test *t, size_t i, uint64_t now_ns)
{
    for (int n = 0; n < 30; n++) {
        struct proa_run run;
        struct proa_commands out = {.n = 0};
        const struct proa_run_options options = {.stream = true, .no_fallback = true};
        const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
        proa_run_init(&run, t->f.roster, &t->f.route, &options, now_ns);
        proa_run_feed(&run, now_ns, &admitted, &out);
        assert_true(out.n > 0 && out.items[0].kind == PROA_CMD_START);
        const bool mine = out.items[0].candidate == &t->f.candidates[i];
        struct proa_event event = {.kind = PROA_EV_CONNECTED};
        out.n = 0;
        proa_run_feed(&run, now_ns, &event, &out);
        event.kind = mine ? PROA_EV_FAILED : PROA_EV_ENDED;
        event.class = PROA_CLASS_SERVER;
        event.status = mine ? 500 : 200;
        out.n = 0;
        proa_run_feed(&run, now_ns, &event, &out);
        assert_true(run.finished);
        while (proa_engine_next_woken(t->f.engine)) {
        }
    }
}

#define ADMIN_TEST(fn) cmocka_unit_test_setup_teardown(fn, admin_test_setup, admin_test_teardown)

#endif
