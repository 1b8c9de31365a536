/* Changes of breakers are told once each, and counted. */
#include "exchange_priv.h"

#include "proa/engine/operator.h"
#include "proa/obs/expose.h"

#include "engine_fixture.h"
#include "proa_test.h"

struct news_test {
    struct fixture f;
    struct proa_exchange_host host;
    struct proa_live live;
    struct proa_logger log;
    struct proa_buf lines;
};

static void sink(void *ctx, struct proa_slice line, bool is_access)
{
    struct proa_buf *lines = ctx;
    assert_false(is_access);
    assert_ok(proa_buf_append(lines, line));
}

static int setup(void **state)
{
    struct news_test *t = test_calloc(1, sizeof(*t));
    fixture_init(&t->f, 7);
    fixture_add_apart(&t->f, 2);
    proa_buf_init(&t->lines, SIZE_MAX);
    proa_logger_init(&t->log, PROA_LOG_LOGFMT, PROA_LOG_INFO, sink, &t->lines);
    t->host.loop = proa_loop_create();
    t->host.engine = t->f.engine;
    t->host.metrics = proa_metric_reg_create(0);
    t->host.log = &t->log;
    fixture_bind(&t->f, proa_loop_now(t->host.loop));
    t->live = (struct proa_live){
        .snapshot = &t->f.snapshot, .roster = t->f.roster, .metrics = t->host.metrics};
    t->host.live = &t->live;
    proa_cached_host_init(&t->host);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct news_test *t = *state;
    fixture_deinit(&t->f);
    proa_cached_host_deinit(&t->host);
    proa_metric_reg_destroy(t->host.metrics);
    proa_loop_destroy(t->host.loop);
    proa_logger_deinit(&t->log);
    proa_buf_deinit(&t->lines);
    test_free(t);
    return 0;
}

static void eject(struct news_test *t, const char *id)
{
    assert_true(proa_operator_eject(t->f.roster, PROA_STATUS_TARGET, proa_slice_cstr(id),
                                    10 * PROA_NS_PER_S, proa_loop_now(t->host.loop)));
}

static void restore(struct news_test *t, const char *id)
{
    assert_true(proa_operator_restore(t->f.roster, PROA_STATUS_TARGET, proa_slice_cstr(id),
                                      proa_loop_now(t->host.loop)));
}

static size_t n_lines(const struct news_test *t, const char *part)
{
    struct proa_slice rest = proa_buf_slice(&t->lines);
    size_t n = 0;
    while (rest.len > 0) {
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        n += proa_slice_search(line, proa_slice_cstr(part)) < line.len;
    }
    return n;
}

static void each_change_is_told_once(void **state)
{
    struct news_test *t = *state;
    proa_exchange_host_tell_news(&t->host);
    assert_int_equal(t->lines.len, 0);
    eject(t, "p0/k0/m0");
    proa_exchange_host_tell_news(&t->host);
    proa_exchange_host_tell_news(&t->host);
    assert_int_equal(n_lines(t, "level="), 1);
    assert_int_equal(n_lines(t, "kind=target id=p0/k0/m0 from=closed to=open cause=operator"), 1);
    assert_int_equal(n_lines(t, "breaker.changed"), 1);
    assert_int_equal(n_lines(t, "level=warn"), 1);
    restore(t, "p0/k0/m0");
    eject(t, "p1/k0/m0");
    proa_exchange_host_tell_news(&t->host);
    assert_int_equal(n_lines(t, "level="), 3);
    assert_int_equal(n_lines(t, "id=p0/k0/m0 from=open"), 1);
    assert_int_equal(n_lines(t, "id=p1/k0/m0 from=closed to=open"), 1);
    assert_int_equal(n_lines(t, "level=info"), 1);
}

static void without_a_log_they_are_taken_all_the_same(void **state)
{
    struct news_test *t = *state;
    t->host.log = NULL;
    eject(t, "p0/k0/m0");
    proa_exchange_host_tell_news(&t->host);
    t->host.log = &t->log;
    proa_exchange_host_tell_news(&t->host);
    assert_int_equal(t->lines.len, 0);
}

static bool shows(struct news_test *t, const char *sample)
{
    struct proa_buf text;
    proa_buf_init(&text, SIZE_MAX);
    proa_exchange_host_sample(&t->host);
    assert_ok(proa_expose_write(t->host.metrics, PROA_EXPOSE_PROMETHEUS, &text));
    const bool found = proa_slice_search(proa_buf_slice(&text), proa_slice_cstr(sample)) < text.len;
    proa_buf_deinit(&text);
    return found;
}

static void opens_are_counted_told_or_not(void **state)
{
    struct news_test *t = *state;
    assert_false(shows(t, "proa_upstream_breaker_opens_total{"));
    for (int i = 0; i < 100; i++) { /* more than the engine keeps for the log */
        eject(t, "p0/k0/m0");
        restore(t, "p0/k0/m0");
    }
    assert_true(
        shows(t, "proa_upstream_breaker_opens_total{kind=\"target\",cause=\"operator\"} 100\n"));
    assert_true(shows(t, "proa_upstream_breaker_state{target=\"p0/k0/m0\",state=\"open\"} 0\n"));
    eject(t, "p1/k0/m0");
    assert_true(
        shows(t, "proa_upstream_breaker_opens_total{kind=\"target\",cause=\"operator\"} 101\n"));
    assert_true(shows(t, "proa_upstream_breaker_state{target=\"p1/k0/m0\",state=\"open\"} 1\n"));
}

static void the_way_out_is_told_once_per_change(void **state)
{
    struct news_test *t = *state;
    const uint64_t now = proa_loop_now(t->host.loop);
    assert_true(shows(t, "proa_uplink_down 0\n"));
    fixture_lose_uplink(&t->f, now);
    assert_true(shows(t, "proa_uplink_down 1\n"));
    for (int i = 0; i < 2; i++) {
        proa_exchange_host_tell_news(&t->host);
        assert_int_equal(n_lines(t, "level=warn"), 1);
        assert_int_equal(n_lines(t, "uplink.lost"), 1);
    }
    struct proa_run run;
    fixture_call(&t->f, &run, (struct proa_event){.kind = PROA_EV_ENDED, .status = 200},
                 now + 5 * PROA_NS_PER_S);
    assert_true(shows(t, "proa_uplink_down 0\n"));
    for (int i = 0; i < 2; i++) {
        proa_exchange_host_tell_news(&t->host);
        assert_int_equal(n_lines(t, "uplink.lost"), 1);
        assert_int_equal(n_lines(t, "uplink.back"), 1);
    }
}

static void who_is_refused_is_told_each_time(void **state)
{
    struct news_test *t = *state;
    static const struct {
        enum proa_class class;
        uint16_t status;
        const char *says; /* NULL: nothing */
    } rows[] = {
        {PROA_CLASS_AUTH, 401, "message=key.refused provider=p0 key=k0 status=401 out_ms="},
        {PROA_CLASS_QUOTA, 402,
         "message=quota.spent provider=p1 key=k0 group=p1/k0 status=402 out_ms="},
        {PROA_CLASS_SERVER, 500, NULL},
        {PROA_CLASS_RATE, 429, NULL},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const uint64_t now = proa_loop_now(t->host.loop);
        struct proa_run run = {.roster = t->f.roster, .route = &t->f.route, .n_attempts = 1};
        const struct proa_attempt_record a = {
            .candidate = &t->f.candidates[i % 2], .class = rows[i].class, .status = rows[i].status};
        t->lines.len = 0;
        proa_exchange_tell_refusal(&t->host, &run, &a, now);
        assert_int_equal(n_lines(t, "level=warn"), rows[i].says != NULL);
        if (rows[i].says) {
            PROA_TEST_CHECK(n_lines(t, rows[i].says) == 1, "%.*s", (int)t->lines.len, t->lines.ptr);
        }
    }
}

/* The engine was told before: the span is the one that is kept. */
static void it_is_told_for_how_long_a_key_is_left_alone(void **state)
{
    struct news_test *t = *state;
    const uint64_t now = proa_loop_now(t->host.loop);
    t->f.policy.credential.disabled_ns = 300 * PROA_NS_PER_S;
    struct proa_run run;
    fixture_call(
        &t->f, &run,
        (struct proa_event){.kind = PROA_EV_FAILED, .class = PROA_CLASS_AUTH, .status = 401}, now);
    proa_exchange_tell_refusal(&t->host, &run, &run.attempts[0], now);
    PROA_TEST_CHECK(n_lines(t, "out_ms=300000") == 1, "%.*s", (int)t->lines.len, t->lines.ptr);
    t->host.log = NULL;
    proa_exchange_tell_refusal(&t->host, &run, &run.attempts[0], now);
    assert_int_equal(n_lines(t, "key.refused"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_change_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_log_they_are_taken_all_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(the_way_out_is_told_once_per_change, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_refused_is_told_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_told_for_how_long_a_key_is_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(opens_are_counted_told_or_not, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
