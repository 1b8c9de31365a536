/*
 * The parts of an exchange that only compute: the trail of attempts, and the byte budget that all
 * bodies and held answers share.
 */
#include "exchange_priv.h"

#include "proa_test.h"

struct trail_test {
    struct proa_exchange_host host;
    struct proa_exchange x;
    struct proa_run run;
    struct proa_target targets[2];
    struct proa_candidate candidates[2];
    struct proa_buf out;
};

static struct trail_test *setup(void)
{
    struct trail_test *t = proa_alloc_zero(1, sizeof(*t));
    t->host.loop = proa_loop_create();
    t->x.host = &t->host;
    t->x.run = &t->run;
    t->targets[0].label = PROA_SLICE("openai/k1");
    t->targets[1].label = PROA_SLICE("anthropic/k2");
    t->candidates[0].target = &t->targets[0];
    t->candidates[1].target = &t->targets[1];
    proa_buf_init(&t->out, 4096);
    return t;
}

static void teardown(struct trail_test *t)
{
    proa_buf_deinit(&t->out);
    proa_loop_destroy(t->host.loop);
    proa_free(t);
}

static void add_attempt(struct trail_test *t, size_t candidate, enum proa_class class,
                        uint16_t status, uint64_t took_ns)
{
    const uint64_t started_ns = 7 * PROA_NS_PER_S;
    t->run.attempts[t->run.n_attempts++] = (struct proa_attempt_record){
        .candidate = &t->candidates[candidate],
        .stage = PROA_STAGE_OVER,
        .class = class,
        .status = status,
        .started_ns = started_ns,
        .ended_ns = started_ns + took_ns,
    };
}

static void a_trail_names_each_attempt_in_order(void **state)
{
    (void)state;
    struct trail_test *t = setup();
    add_attempt(t, 0, PROA_CLASS_RATE, 429, 12 * PROA_NS_PER_MS);
    add_attempt(t, 0, PROA_CLASS_CONNECT_TIMEOUT, 0, 5000 * PROA_NS_PER_MS);
    add_attempt(t, 1, PROA_CLASS_OK, 200, 431 * PROA_NS_PER_MS);
    proa_reply_trail(&t->x, &t->out);
    assert_slice_lit(proa_buf_slice(&t->out), "openai/k1:429/12ms, "
                                              "openai/k1:timeout_connect/5000ms, "
                                              "anthropic/k2:200/431ms");
    teardown(t);
}

static void an_attempt_under_way_is_as_long_as_until_now(void **state)
{
    (void)state;
    struct trail_test *t = setup();
    const uint64_t now_ns = proa_loop_now(t->host.loop);
    add_attempt(t, 1, PROA_CLASS_NONE, 200, 0);
    struct proa_attempt_record *a = &t->run.attempts[0];
    a->stage = PROA_STAGE_CONTENT;
    /* Where the clock has just begun, the attempt began with it. */
    const uint64_t age_ns = now_ns > 250 * PROA_NS_PER_MS ? 250 * PROA_NS_PER_MS : 0;
    a->started_ns = now_ns - age_ns;
    proa_reply_trail(&t->x, &t->out);
    assert_slice_str(proa_buf_slice(&t->out),
                     age_ns > 0 ? "anthropic/k2:200/250ms" : "anthropic/k2:200/0ms");
    teardown(t);
}

static void no_trail_before_the_engine_runs(void **state)
{
    (void)state;
    struct trail_test *t = setup();
    proa_reply_trail(&t->x, &t->out);
    assert_int_equal(t->out.len, 0);
    t->x.run = NULL;
    proa_reply_trail(&t->x, &t->out);
    assert_int_equal(t->out.len, 0);
    teardown(t);
}

static void the_budget_is_never_exceeded(void **state)
{
    (void)state;
    struct proa_exchange_host host = {.buffered_max = 1000, .metrics = proa_metric_reg_create(100)};
    host.m_shed_memory = proa_metric_series1(host.metrics, PROA_METRIC_SHED, PROA_SLICE("memory"));
    host.m_buffered = proa_metric_series0(host.metrics, PROA_METRIC_BUFFERED);
    assert_true(proa_exchange_take_budget(&host, 0));
    assert_true(proa_exchange_take_budget(&host, 600));
    assert_false(proa_exchange_take_budget(&host, 401));
    assert_false(proa_exchange_take_budget(&host, UINT64_MAX));
    assert_int_equal(host.buffered, 600);
    assert_int_equal(host.m_shed_memory->value, 2);
    assert_true(proa_exchange_take_budget(&host, 400));
    assert_int_equal(host.m_buffered->value, 1000);
    assert_false(proa_exchange_take_budget(&host, 1));
    proa_exchange_give_budget(&host, 1000);
    assert_int_equal(host.buffered, 0);
    assert_int_equal(host.m_buffered->value, 0);
    assert_true(proa_exchange_take_budget(&host, 1000));
    proa_metric_reg_destroy(host.metrics);
}

static void give_too_much(void *ctx)
{
    proa_exchange_give_budget(ctx, 1);
}

static void more_is_never_given_back_than_was_taken(void **state)
{
    (void)state;
    struct proa_exchange_host host = {.buffered_max = 1000};
    assert_true(proa_test_aborts(give_too_much, &host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trail_names_each_attempt_in_order),
        cmocka_unit_test(an_attempt_under_way_is_as_long_as_until_now),
        cmocka_unit_test(no_trail_before_the_engine_runs),
        cmocka_unit_test(the_budget_is_never_exceeded),
        cmocka_unit_test(more_is_never_given_back_than_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
