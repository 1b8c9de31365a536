/* Identical requests in the simulation: who is called for, who waits, who is told what. */
#include "proa/sim/decider.h"
#include "proa/sim/sim.h"

#include "proa_test.h"
#include "sim_fixture.h"

struct played {
    size_t requests;
    size_t calls;
    size_t answered;
    size_t cancelled;
    size_t failed;
    uint64_t violations;
};

static struct played play(const char *policy, const char *arrivals, const char *faults)
{
    struct sim_fixture f;
    struct proa_record r;
    struct played out = {0};
    char yaml[1024];
    (void)snprintf(yaml, sizeof yaml,
                   SIM_HEAD
                   "duration: 60s\npolicy: {%s}\nproviders: {a: {sigma: 0.01, "
                   "first_content: 600ms, generation: 10ms}}\narrivals: {same: {rate: 100, "
                   "process: constant, stream: false, identical: true, %s}}\n%s",
                   policy, arrivals, faults);
    sim_fixture_read(&f, yaml);
    PROA_TEST_CHECK(f.err == PROA_OK, "%s", sim_fixture_message(&f));
    struct proa_sim *sim = sim_fixture_create(&f, 0);
    assert_non_null(sim);
    proa_sim_play(sim, PROA_DECIDER_ENGINE, 1, &r);
    out.requests = r.requests.n;
    out.calls = r.calls.n;
    out.violations = r.violations;
    for (size_t i = 0; i < r.requests.n; i++) {
        const struct proa_sim_request *q = proa_record_request(&r, i);
        assert_true(q->ended_ns > 0);
        out.answered += q->outcome == PROA_OUTCOME_OK || q->outcome == PROA_OUTCOME_DEGRADED;
        out.cancelled += q->outcome == PROA_OUTCOME_CANCELLED;
        out.failed += q->outcome == PROA_OUTCOME_ERROR;
    }
    proa_record_deinit(&r);
    proa_sim_destroy(sim);
    sim_fixture_deinit(&f);
    return out;
}

#define ALL "cache: {mode: all}"

/* T-G: a hundred identical requests are one call. */
static void test_g_one_call(void **state)
{
    (void)state;
    const struct played p = play(ALL, "to: 1005ms", "");
    assert_int_equal(p.requests, 100);
    assert_int_equal(p.calls, 1);
    assert_int_equal(p.answered, 100);
    assert_int_equal(p.violations, 0);
}

/* T-G: the first client leaves, the call goes on. */
static void test_g_the_leader_leaves(void **state)
{
    (void)state;
    const struct played p = play(ALL, "to: 1005ms, first_leaves: 300ms", "");
    assert_int_equal(p.calls, 1);
    assert_true(p.answered >= 99); /* how the leader counts is its own affair */
}

static void test_alone_it_is_cancelled(void **state)
{
    (void)state;
    const struct played p = play(ALL, "to: 15ms, first_leaves: 300ms", "");
    assert_int_equal(p.requests, 1);
    assert_int_equal(p.cancelled, 1);
}

static void test_without_it_each_calls(void **state)
{
    (void)state;
    assert_int_equal(play("cache: {mode: \"off\"}", "to: 1005ms", "").calls, 100);
    const struct played p = play("cache: {mode: all, coalesce: false}", "to: 1005ms", "");
    assert_true(p.calls > 50 && p.calls < 70); /* until the first answer is there */
    assert_int_equal(p.answered, 100);
}

static void test_an_answer_grows_old(void **state)
{
    (void)state;
    const struct played p = play("cache: {mode: all, ttl: 10s}", "to: 50s", "");
    assert_true(p.calls >= 4 && p.calls <= 6);
    assert_int_equal(p.answered, p.requests);
}

/* All who wait are told of the failure; their own time may be over before. */
static void test_failures_are_shared(void **state)
{
    (void)state;
    static const char down[] = "faults: {f: {kind: error, to: 1s}}\n";
    struct played p = play(ALL ", retry: {max_attempts: 1}", "to: 1005ms", down);
    assert_true(p.failed > 20 && p.calls < 10);
    p = play(ALL, "to: 1005ms, timeout: 2s", "faults: {f: {kind: hang}}\n");
    assert_int_equal(p.failed, 100);
    assert_int_equal(p.violations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_one_call),
        cmocka_unit_test(test_g_the_leader_leaves),
        cmocka_unit_test(test_alone_it_is_cancelled),
        cmocka_unit_test(test_without_it_each_calls),
        cmocka_unit_test(test_an_answer_grows_old),
        cmocka_unit_test(test_failures_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
