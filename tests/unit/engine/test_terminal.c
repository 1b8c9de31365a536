/*
 * What the client is told when no attempt has answered: the most useful failure, whether and when
 * to come back.
 */
#include "engine_test.h"

#define S PROA_NS_PER_S
/* What the policy waits for where nobody names a time. */
#define THROTTLE_BASE (1 * S)
/* As the limits have it, which is some part of that. */
#define A_WHILE PROA_NEVER

struct failure {
    enum proa_class class;
    uint16_t status;
    uint64_t retry_after_ns;
};

struct terminal_case {
    const char *name;
    struct failure failures[3]; /* one per target; class NONE = no such target */
    enum proa_fail fail;
    uint8_t attempt;
    bool should_retry;
    uint64_t retry_after_ns;
};

static const struct terminal_case CASES[] = {
    {"only transport: the last",
     {{PROA_CLASS_DNS, 0, 0}, {PROA_CLASS_RESET, 0, 0}, {PROA_CLASS_EMPTY, 0, 0}},
     PROA_FAIL_ALL_FAILED,
     2,
     false,
     0},
    {"what was given up says least",
     {{PROA_CLASS_RESET, 0, 0}, {PROA_CLASS_CANCELLED, 0, 0}},
     PROA_FAIL_ALL_FAILED,
     0,
     false,
     0},
    {"a client's fault beats all",
     {{PROA_CLASS_SERVER, 503, 0}, {PROA_CLASS_RATE, 429, 5 * S}, {PROA_CLASS_CLIENT, 400, 0}},
     PROA_FAIL_UPSTREAM,
     2,
     false,
     0},
    {"a client's fault without a status",
     {{PROA_CLASS_SERVER, 503, 0}, {PROA_CLASS_CLIENT, 0, 0}},
     PROA_FAIL_UPSTREAM,
     1,
     false,
     0},
    {"nobody can do it",
     {{PROA_CLASS_UNFIT, 0, 0}, {PROA_CLASS_UNFIT, 0, 0}},
     PROA_FAIL_UNFIT,
     1,
     false,
     0},
    {"one could have done it",
     {{PROA_CLASS_UNFIT, 0, 0}, {PROA_CLASS_RESET, 0, 0}},
     PROA_FAIL_ALL_FAILED,
     1,
     false,
     0},
    {"nobody can do it, and one said so itself",
     {{PROA_CLASS_UNFIT, 501, 0}, {PROA_CLASS_UNFIT, 0, 0}},
     PROA_FAIL_UPSTREAM,
     0,
     false,
     0},
    {"the last 5xx",
     {{PROA_CLASS_SERVER, 500, 0}, {PROA_CLASS_SERVER, 502, 0}, {PROA_CLASS_AUTH, 401, 0}},
     PROA_FAIL_UPSTREAM,
     1,
     false,
     0},
    {"529 is a 5xx",
     {{PROA_CLASS_OVERLOADED, 529, 0}, {PROA_CLASS_RATE, 429, 0}, {PROA_CLASS_CONNECT, 0, 0}},
     PROA_FAIL_UPSTREAM,
     0,
     false,
     0},
    {"a 4xx beats transport",
     {{PROA_CLASS_RESET, 0, 0}, {PROA_CLASS_AUTH, 403, 0}, {PROA_CLASS_RESET, 0, 0}},
     PROA_FAIL_UPSTREAM,
     1,
     false,
     0},
    {"the last 4xx",
     {{PROA_CLASS_NOT_FOUND, 404, 0}, {PROA_CLASS_RATE, 429, 0}, {PROA_CLASS_CONFLICT, 409, 0}},
     PROA_FAIL_UPSTREAM,
     2,
     false,
     0},
    {"an error inside a 200 is no status",
     {{PROA_CLASS_AUTH, 401, 0}, {PROA_CLASS_SERVER, 200, 0}},
     PROA_FAIL_UPSTREAM,
     0,
     false,
     0},
    {"nothing but errors inside 200",
     {{PROA_CLASS_SERVER, 200, 0}, {PROA_CLASS_EMPTY, 200, 0}},
     PROA_FAIL_ALL_FAILED,
     1,
     false,
     0},
    {"redirects are not followed nor shown",
     {{PROA_CLASS_REDIRECT, 302, 0}},
     PROA_FAIL_ALL_FAILED,
     0,
     false,
     0},
    {"all limited",
     {{PROA_CLASS_RATE, 429, 9 * S}, {PROA_CLASS_RATE, 429, 4 * S}, {PROA_CLASS_RATE, 429, 6 * S}},
     PROA_FAIL_UPSTREAM,
     2,
     true,
     4 * S},
    {"all limited, one says when",
     {{PROA_CLASS_RATE, 429, 0}, {PROA_CLASS_RATE, 429, 4 * S}},
     PROA_FAIL_UPSTREAM,
     1,
     true,
     A_WHILE},
    {"all limited, none says when",
     {{PROA_CLASS_RATE, 429, 0}, {PROA_CLASS_RATE, 429, 0}},
     PROA_FAIL_UPSTREAM,
     1,
     true,
     A_WHILE},
    {"all limited, never",
     {{PROA_CLASS_RATE, 429, PROA_NEVER}},
     PROA_FAIL_UPSTREAM,
     0,
     true,
     THROTTLE_BASE},
    {"not all limited",
     {{PROA_CLASS_RATE, 429, 9 * S}, {PROA_CLASS_SERVER, 500, 0}},
     PROA_FAIL_UPSTREAM,
     1,
     false,
     0},
    {"a spent quota is not a limit",
     {{PROA_CLASS_QUOTA, 429, 9 * S}},
     PROA_FAIL_UPSTREAM,
     0,
     false,
     0},
    {"overloaded, and says when",
     {{PROA_CLASS_OVERLOADED, 503, 3 * S}},
     PROA_FAIL_UPSTREAM,
     0,
     false,
     3 * S},
    {"overloaded last, another sooner",
     {{PROA_CLASS_OVERLOADED, 503, 2 * S}, {PROA_CLASS_OVERLOADED, 503, 3 * S}},
     PROA_FAIL_UPSTREAM,
     1,
     false,
     2 * S},
};

/* n targets that share nothing, each of which is tried once. */
static void setup_once_each(struct engine_test *t, uint8_t n)
{
    setup(t, n);
    t->fx.policy.retry.per_pool = 1;
}

static void the_most_useful_failure(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CASES)
    {
        struct engine_test t;
        uint8_t n = 0;
        while (n < PROA_ARRAY_LEN(row->failures) && row->failures[n].class != PROA_CLASS_NONE) {
            n++;
        }
        setup_once_each(&t, n);
        admit(&t);
        for (uint8_t i = 0; i < n; i++) {
            const struct failure *f = &row->failures[i];
            feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                         .attempt = i,
                                         .class = f->class,
                                         .status = f->status,
                                         .retry_after_ns = f->retry_after_ns});
        }
        expect(&t, "error disarm finish");
        const struct proa_terminal *got = &t.w.terminal;
        PROA_TEST_CHECK(got->fail == row->fail, "%s: fail %d", row->name, got->fail);
        PROA_TEST_CHECK(got->attempt == row->attempt, "%s: attempt %u", row->name, got->attempt);
        PROA_TEST_CHECK(got->class == row->failures[row->attempt].class, "%s", row->name);
        PROA_TEST_CHECK(got->should_retry == row->should_retry, "%s", row->name);
        const bool fits = row->retry_after_ns == A_WHILE
                              ? got->retry_after_ns > 0 && got->retry_after_ns <= THROTTLE_BASE
                              : got->retry_after_ns == row->retry_after_ns;
        PROA_TEST_CHECK(fits, "%s: %u ms", row->name,
                        (unsigned)(got->retry_after_ns / PROA_NS_PER_MS));
        teardown(&t);
    }
}

static void waits_count_from_each_failure(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    admit(&t);
    feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                 .class = PROA_CLASS_RATE,
                                 .status = 429,
                                 .retry_after_ns = 10 * S});
    feed_at(&t, t.start_ns + 4 * S,
            (struct proa_event){.kind = PROA_EV_FAILED,
                                .attempt = 1,
                                .class = PROA_CLASS_RATE,
                                .status = 429,
                                .retry_after_ns = 9 * S});
    assert_int_equal(t.w.terminal.retry_after_ns, 6 * S);
    teardown(&t);
}

static void a_wait_that_is_over_is_a_short_one(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    admit(&t);
    feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                 .class = PROA_CLASS_RATE,
                                 .status = 429,
                                 .retry_after_ns = 1 * S});
    feed_at(&t, t.start_ns + 4 * S,
            (struct proa_event){.kind = PROA_EV_FAILED,
                                .attempt = 1,
                                .class = PROA_CLASS_RATE,
                                .status = 429,
                                .retry_after_ns = 9 * S});
    assert_true(t.w.terminal.should_retry);
    assert_int_equal(t.w.terminal.retry_after_ns, THROTTLE_BASE);
    teardown(&t);
}

/* The wait that was asked for is over, and the answer behind it names none. */
static void a_limit_that_was_waited_out_in_vain_says_when(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    admit(&t);
    feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                 .class = PROA_CLASS_RATE,
                                 .status = 429,
                                 .retry_after_ns = 1 * S});
    run_to_start(&t);
    feed(&t, (struct proa_event){
                 .kind = PROA_EV_FAILED, .attempt = 1, .class = PROA_CLASS_RATE, .status = 429});
    assert_int_equal(t.w.run.n_attempts, 2);
    assert_true(t.w.terminal.should_retry);
    assert_true(t.w.terminal.retry_after_ns > 0);
    teardown(&t);
}

static void a_timeout_after_a_good_head_is_no_answer(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    t.options.stream = true;
    admit(&t);
    fails(&t, 0, PROA_CLASS_RATE, 429);
    tell(&t, PROA_EV_CONNECTED, 1);
    tell(&t, PROA_EV_HEAD, 1);
    sim_run_out(&t.w);
    assert_int_equal(t.w.run.attempts[1].status, 200);
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_UPSTREAM);
    assert_int_equal(t.w.terminal.attempt, 0);
    teardown(&t);
}

static void a_timeout_after_an_error_head_keeps_its_status(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 1);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    feed(&t, (struct proa_event){.kind = PROA_EV_HEAD, .status = 503});
    sim_run_out(&t.w);
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_UPSTREAM);
    assert_int_equal(t.w.terminal.class, PROA_CLASS_IDLE_TIMEOUT);
    teardown(&t);
}

static void nothing_could_be_tried(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 0);
    admit(&t);
    expect(&t, "error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_NO_TARGET);
    assert_int_equal(t.w.terminal.class, PROA_CLASS_NONE);
    assert_false(t.w.terminal.should_retry);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_ERROR);
    teardown(&t);
}

static void the_outcome_says_whose_fault(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        struct engine_test t;
        setup_once_each(&t, 1);
        admit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        const bool clients = class == PROA_CLASS_CLIENT || class == PROA_CLASS_UNFIT;
        assert_int_equal(t.w.outcome, clients ? PROA_OUTCOME_CLIENT_ERROR : PROA_OUTCOME_ERROR);
        teardown(&t);
    }
}

static void no_advice_to_retry_what_took_too_long(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    t.options.timeout_ns = 1 * S;
    admit(&t);
    sim_run_out(&t.w);
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
    assert_false(t.w.terminal.should_retry);
    assert_int_equal(t.w.terminal.retry_after_ns, 0);
    teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_useful_failure),
        cmocka_unit_test(waits_count_from_each_failure),
        cmocka_unit_test(a_wait_that_is_over_is_a_short_one),
        cmocka_unit_test(a_limit_that_was_waited_out_in_vain_says_when),
        cmocka_unit_test(a_timeout_after_a_good_head_is_no_answer),
        cmocka_unit_test(a_timeout_after_an_error_head_keeps_its_status),
        cmocka_unit_test(nothing_could_be_tried),
        cmocka_unit_test(the_outcome_says_whose_fault),
        cmocka_unit_test(no_advice_to_retry_what_took_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
