/*
 * Rate limits on a clock that moves on command, and durations as Go prints them.
 */
#include "quota_priv.h"

#include "proa_test.h"

struct limited {
    struct mock_quota quota;
    struct mock_limits limits;
    struct proa_test_clock clock;
    struct mock_standing at;
};

static void charge(struct limited *l, uint64_t id, uint64_t tokens)
{
    proa_mock_quota_charge(proa_mock_quota_counter(&l->quota, id), &l->limits, tokens,
                           l->clock.now_ns, &l->at);
}

static void test_requests(void **state)
{
    (void)state;
    struct limited l = {.limits = {.requests = 4}, .clock = {.now_ns = PROA_NS_PER_S}};
    proa_mock_quota_init(&l.quota, 1);
    for (uint64_t i = 1; i <= 4; i++) {
        charge(&l, 7, 10);
        assert_false(l.at.refused);
        assert_int_equal(l.at.limit_requests, 4);
        assert_int_equal(l.at.left_requests, 4 - i);
        assert_int_equal(l.at.reset_requests_ns, i * 15 * PROA_NS_PER_S);
    }
    charge(&l, 7, 10);
    assert_true(l.at.refused);
    assert_int_equal(l.at.wait_ns, 15 * PROA_NS_PER_S);
    assert_int_equal(l.at.left_requests, 0);
    charge(&l, 8, 10); /* another key */
    assert_false(l.at.refused);
    (void)proa_test_clock_s(&l.clock, 15);
    charge(&l, 7, 10);
    assert_false(l.at.refused);
    assert_int_equal(l.at.left_requests, 0);
    (void)proa_test_clock_s(&l.clock, 3600);
    charge(&l, 7, 10);
    assert_int_equal(l.at.left_requests, 3);
    l.clock.now_ns -= 60 * PROA_NS_PER_S; /* a clock that goes backward refills nothing */
    charge(&l, 7, 10);
    assert_int_equal(l.at.left_requests, 2);
    proa_mock_quota_deinit(&l.quota);
}

static void test_tokens(void **state)
{
    (void)state;
    struct limited l = {.limits = {.tokens = 600}};
    proa_mock_quota_init(&l.quota, 1);
    charge(&l, 1, 400);
    assert_int_equal(l.at.left_tokens, 200);
    assert_int_equal(l.at.reset_tokens_ns, 40 * PROA_NS_PER_S);
    charge(&l, 1, 300);
    assert_true(l.at.refused);
    assert_int_equal(l.at.wait_ns, 10 * PROA_NS_PER_S);
    assert_int_equal(l.at.left_tokens, 200);
    assert_int_equal(l.at.left_requests, l.at.limit_requests - 1);
    (void)proa_test_clock_s(&l.clock, 10);
    charge(&l, 1, 300);
    assert_false(l.at.refused);
    charge(&l, 2, UINT64_MAX); /* more than a minute's worth: all of it */
    assert_false(l.at.refused);
    assert_int_equal(l.at.left_tokens, 0);
    proa_mock_quota_deinit(&l.quota);
}

static void test_without_limits(void **state)
{
    (void)state;
    struct limited l = {.limits = {0}};
    proa_mock_quota_init(&l.quota, 1);
    for (int i = 0; i < 100000; i++) {
        charge(&l, 1, 100000);
        assert_false(l.at.refused);
    }
    assert_int_equal(l.at.left_requests, l.at.limit_requests / 2);
    assert_int_equal(l.at.left_tokens, l.at.limit_tokens / 2);
    proa_mock_quota_deinit(&l.quota);
}

static void test_counters_are_bounded(void **state)
{
    (void)state;
    struct mock_quota q;
    proa_mock_quota_init(&q, 1);
    for (uint64_t id = 0; id < UINT64_C(3) * MOCK_QUOTA_MAX_COUNTERS; id++) {
        struct mock_counter *c = proa_mock_quota_counter(&q, id);
        assert_int_equal(c->n_failures, 0);
        c->n_failures = id;
        assert_ptr_equal(proa_mock_quota_counter(&q, id), c);
        assert_true(q.counters.len <= MOCK_QUOTA_MAX_COUNTERS);
    }
    proa_mock_quota_deinit(&q);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {1, "1ms"},
        {PROA_NS_PER_MS, "1ms"},
        {120 * PROA_NS_PER_MS, "120ms"},
        {999 * PROA_NS_PER_MS, "999ms"},
        {999 * PROA_NS_PER_MS + 1, "1s"},
        {PROA_NS_PER_S, "1s"},
        {1500 * PROA_NS_PER_MS, "1.5s"},
        {7660 * PROA_NS_PER_MS, "7.66s"},
        {59999 * PROA_NS_PER_MS, "59.999s"},
        {60 * PROA_NS_PER_S, "1m0s"},
        {360 * PROA_NS_PER_S, "6m0s"},
        {179560 * PROA_NS_PER_MS, "2m59.56s"},
        {3600 * PROA_NS_PER_S, "1h0m0s"},
        {3723500 * PROA_NS_PER_MS, "1h2m3.5s"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf b;
        proa_buf_init(&b, 64);
        proa_mock_quota_append_duration(&b, row->ns);
        assert_slice_str(proa_buf_slice(&b), row->text);
        proa_buf_deinit(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),       cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_without_limits), cmocka_unit_test(test_counters_are_bounded),
        cmocka_unit_test(test_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
