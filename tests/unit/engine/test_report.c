/*
 * What each verdict changes, and what it leaves alone: scope, guards against blame in the wrong
 * place, credentials, limits, masks, latency, silence.
 */
#include "state_test.h"

/* ---- scope ----------------------------------------------------------------------------------- */

static void each_class_weighs_where_its_fault_is(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        uint32_t target;
        uint32_t pool;
        uint32_t endpoint;
    } cases[] = {
        {PROA_CLASS_DNS, 2, 0, 2},
        {PROA_CLASS_CONNECT, 2, 0, 2},
        {PROA_CLASS_CONNECT_TIMEOUT, 2, 0, 2},
        {PROA_CLASS_TLS, 2, 0, 2},
        {PROA_CLASS_RESET, 1, 1, 0},
        {PROA_CLASS_EMPTY, 1, 1, 0},
        {PROA_CLASS_MALFORMED, 1, 1, 0},
        {PROA_CLASS_FIRST_BYTE_TIMEOUT, 2, 1, 0},
        {PROA_CLASS_FIRST_CONTENT_TIMEOUT, 2, 1, 0},
        {PROA_CLASS_SERVER, 1, 1, 0},
        {PROA_CLASS_OVERLOADED, 1, 1, 0},
        {PROA_CLASS_STREAM_BROKEN, 1, 1, 0},
        {PROA_CLASS_RATE, 0, 0, 0},
        {PROA_CLASS_QUOTA, 0, 0, 0},
        {PROA_CLASS_TOKEN, 2, 0, 0},
        {PROA_CLASS_AUTH, 0, 0, 0},
        {PROA_CLASS_PERMISSION, 0, 0, 0},
        {PROA_CLASS_NOT_FOUND, 0, 0, 0},
        {PROA_CLASS_CLIENT, 0, 0, 0},
        {PROA_CLASS_CONFLICT, 0, 0, 0},
        {PROA_CLASS_TOTAL_TIMEOUT, 2, 1, 0},
        {PROA_CLASS_LOCAL, 0, 0, 0},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        fails(&t, called_at(&t, 0), row->class);
        const uint32_t got[] = {score_at(&t, 0, TRIP_TARGET), score_at(&t, 0, TRIP_POOL),
                                score_at(&t, 0, TRIP_ENDPOINT)};
        PROA_TEST_CHECK(got[0] == row->target && got[1] == row->pool && got[2] == row->endpoint,
                        "%s: %u %u %u", proa_class_text(row->class), got[0], got[1], got[2]);
        assert_int_equal(score_at(&t, 1, TRIP_TARGET), 0);
        const bool counted = row->target > 0;
        assert_int_equal(seat_of(&t, 0)->target->bearing.failure_ppm, counted ? 200000 : 0);
        state_teardown(&t);
    }
}

static void cancelled_attempts_say_nothing(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    for (int i = 0; i < 50; i++) {
        ends(&t, called(&t), PROA_CLASS_CANCELLED, NULL);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_CLOSED);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 0);
    assert_int_equal(seat_of(&t, 0)->target->inflight, 0);
    state_teardown(&t);
}

/* T-A (3) */
static void t_a_3_refused_reset_dns_and_tls_each_trip(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        int calls;
    } cases[] = {{PROA_CLASS_CONNECT, 3},
                 {PROA_CLASS_RESET, 5},
                 {PROA_CLASS_DNS, 3},
                 {PROA_CLASS_TLS, 3},
                 {PROA_CLASS_FIRST_CONTENT_TIMEOUT, 3},
                 {PROA_CLASS_SERVER, 5},
                 {PROA_CLASS_OVERLOADED, 5}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        fail_n(&t, 0, row->class, row->calls - 1);
        assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_CLOSED);
        fail_n(&t, 0, row->class, 1);
        assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
        assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_CLOSED);
        state_teardown(&t);
    }
}

/* T-A (2) */
static void t_a_2_every_failing_attempt_counts_on_its_own_target(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    struct proa_run *run = call(&t);
    for (size_t i = 0; i < 3; i++) {
        (void)start(&t, run, (struct pick){.candidate = &t.fx.candidates[i]});
        fails(&t, run, PROA_CLASS_SERVER);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(score_at(&t, i, TRIP_TARGET), 1);
    }
    state_teardown(&t);
}

/* ---- guards ---------------------------------------------------------------------------------- */

static void a_poisonous_prompt_opens_nothing(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    for (int arrival = 0; arrival < 9; arrival++) { /* and its client's own retries */
        for (size_t i = 0; i < 3; i++) {
            fails_with(&t, called_at(&t, i),
                       (struct proa_event){.class = PROA_CLASS_SERVER,
                                           .status = 500,
                                           .fingerprint = UINT64_C(0x1234567800000001)});
        }
        t.now += 1 * S;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_breaker(&t, i, TRIP_TARGET, PROA_BREAKER_CLOSED);
        assert_int_equal(score_at(&t, i, TRIP_TARGET), 1);
    }
    /* Different prompts do. */
    for (uint64_t i = 1; i <= 5; i++) {
        fails_with(
            &t, called_at(&t, 0),
            (struct proa_event){.class = PROA_CLASS_SERVER, .status = 500, .fingerprint = i << 32});
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    state_teardown(&t);
}

/* An application that always asks the same: where one is answered, the other is at fault. */
static void a_request_that_is_answered_elsewhere_is_no_poison(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){0});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
    for (int i = 0; i < 5; i++) {
        struct proa_run *run = called(&t);
        assert_int_equal(where(&t, run), 0);
        fails_with(
            &t, run,
            (struct proa_event){.class = PROA_CLASS_SERVER, .status = 500, .fingerprint = 7});
        assert_int_equal(score_at(&t, 0, TRIP_TARGET), i + 1);
        assert_int_equal(score_at(&t, 0, TRIP_POOL), i + 1);
        (void)start(&t, run, pick_for(&t, run, PICK_RETRY));
        assert_int_equal(where(&t, run), 1);
        succeeds(&t, run);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    state_teardown(&t);
}

static void a_prompt_cannot_break_the_way_there(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    for (int i = 0; i < 3; i++) {
        fails_with(&t, called_at(&t, 0),
                   (struct proa_event){.class = PROA_CLASS_CONNECT, .fingerprint = 7});
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_ENDPOINT, PROA_BREAKER_OPEN);
    state_teardown(&t);
}

/* ---- credentials, limits, masks -------------------------------------------------------------- */

/* Two keys of two organisations, and a second model. */
static void two_orgs(struct state_test *t)
{
    state_setup(t);
    (void)fixture_add(&t->fx, (struct fixture_target){.key = 0, .group = "a"});
    (void)fixture_add(&t->fx, (struct fixture_target){.key = 1, .group = "a"});
    (void)fixture_add(&t->fx, (struct fixture_target){.key = 2, .group = "b"});
    (void)fixture_add(&t->fx, (struct fixture_target){.key = 0, .group = "a", .model = 1});
}

static void each_fault_puts_out_its_own_object(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        uint64_t left; /* after a failure of candidate 0 */
        uint64_t back_ns;
    } cases[] = {
        {PROA_CLASS_AUTH, 0x6, 300 * S},       /* the key, whatever the model */
        {PROA_CLASS_QUOTA, 0x4, 600 * S},      /* the organisation */
        {PROA_CLASS_PERMISSION, 0xe, 600 * S}, /* this key for this model */
        {PROA_CLASS_NOT_FOUND, 0x8, 600 * S},  /* this model */
        {PROA_CLASS_CLIENT, 0xf, 0},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        two_orgs(&t);
        fails(&t, called_at(&t, 0), row->class);
        const uint64_t left = picked_of(&t);
        PROA_TEST_CHECK(left == row->left, "%s: %llx", proa_class_text(row->class),
                        (unsigned long long)left);
        t.now += row->back_ns;
        assert_int_equal(picked_of(&t), 0xf);
        state_teardown(&t);
    }
}

/* A 429 is the organisation's for this model. */
static void a_limit_is_per_organisation_and_model(void **state)
{
    (void)state;
    struct state_test t;
    two_orgs(&t);
    fails_with(
        &t, called_at(&t, 0),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 4 * S});
    assert_int_equal(picked_of(&t), 0xc);
    t.now += 6 * S;
    assert_true((picked_of(&t) & 0x3) != 0); /* one at a time: it is paced */
    state_teardown(&t);
}

/* T-A (1) */
static void t_a_1_a_later_deadline_is_never_replaced_by_an_earlier_one(void **state)
{
    (void)state;
    struct state_test t;
    two_orgs(&t);
    struct proa_run *first = called_at(&t, 0);
    struct proa_run *second = called_at(&t, 0);
    fails_with(
        &t, first,
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 60 * S});
    fails_with(
        &t, second,
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 1 * S});
    t.now += 59 * S;
    assert_int_equal(picked_of(&t), 0xc);
    state_teardown(&t);

    state_apart(&t, 2);
    struct proa_run *early = called_at(&t, 0);
    open_target(&t, 0);
    const uint64_t until = breaker_at(&t, 0, TRIP_TARGET)->until_ns;
    fails_with(&t, early,
               (struct proa_event){
                   .class = PROA_CLASS_OVERLOADED, .status = 503, .retry_after_ns = 100 * S});
    assert_true(breaker_at(&t, 0, TRIP_TARGET)->until_ns >= t.now + 100 * S);
    assert_true(breaker_at(&t, 0, TRIP_TARGET)->until_ns > until);
    state_teardown(&t);
}

/* T-A (6): it is no success; the next probe waits as long as was asked for. */
static void t_a_6_a_probe_that_is_limited_waits(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *probe = called(&t);
    assert_int_equal(probe->attempts[0].reason, PROA_REASON_PROBE);
    const uint8_t exponent = breaker_at(&t, 0, TRIP_TARGET)->exponent;
    fails_with(
        &t, probe,
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 20 * S});
    assert_int_equal(breaker_at(&t, 0, TRIP_TARGET)->successes, 0);
    assert_int_equal(breaker_at(&t, 0, TRIP_TARGET)->exponent, exponent);
    assert_true(proa_breaker_eta(breaker_at(&t, 0, TRIP_TARGET), &t.fx.policy.breaker, t.now) >=
                20 * S);
    t.now += 19 * S;
    assert_int_equal(picked_of(&t), 0x2);
    t.now += 10 * S;
    assert_int_equal(where(&t, called(&t)), 0);
    state_teardown(&t);
}

/* One call at a time finds out whether it works again. */
static void what_was_out_comes_back_by_one_attempt(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        uint64_t out_ns;
    } cases[] = {{PROA_CLASS_AUTH, 300 * S},
                 {PROA_CLASS_QUOTA, 600 * S},
                 {PROA_CLASS_PERMISSION, 600 * S},
                 {PROA_CLASS_NOT_FOUND, 600 * S}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        fails(&t, called_at(&t, 0), row->class);
        t.now += row->out_ns;
        struct proa_run *trial = called(&t);
        while (where(&t, trial) != 0) {
            trial = called(&t);
        }
        for (int i = 0; i < 10; i++) {
            assert_int_equal(where(&t, called(&t)), 1);
        }
        /* Lost: the next one tries. */
        ends(&t, trial, PROA_CLASS_CANCELLED, NULL);
        assert_int_equal(picked_of(&t), 0x3);
        /* Refused again: out again. */
        trial = called_at(&t, 0);
        fails(&t, trial, row->class);
        assert_int_equal(picked_of(&t), 0x2);
        /* Taken: all may. */
        t.now += 2 * row->out_ns;
        succeed_n(&t, 0, 1);
        struct proa_run *a = called_at(&t, 0);
        assert_int_equal(picked_of(&t), 0x3);
        ends(&t, a, PROA_CLASS_CANCELLED, NULL);
        state_teardown(&t);
    }
}

/* One that tries for longer than it may does not undo what another has found out meanwhile. */
static void a_trial_that_ran_out_frees_nothing(void **state)
{
    (void)state;
    static const enum proa_class classes[] = {PROA_CLASS_PERMISSION, PROA_CLASS_NOT_FOUND};
    for (size_t i = 0; i < PROA_ARRAY_LEN(classes); i++) {
        struct state_test t;
        state_apart(&t, 2);
        fails(&t, called_at(&t, 0), classes[i]);
        t.now += 600 * S;
        struct proa_run *slow = called_at(&t, 0);
        t.now += 60 * S;
        struct proa_run *second = called_at(&t, 0);
        fails(&t, second, classes[i]);
        ends(&t, slow, PROA_CLASS_CANCELLED, NULL);
        assert_int_equal(picked_of(&t), 0x2);
        state_teardown(&t);
    }
}

static void a_quota_says_when_it_is_back(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fails_with(
        &t, called_at(&t, 0),
        (struct proa_event){.class = PROA_CLASS_QUOTA, .status = 429, .quota_reset_ns = 5000 * S});
    t.now += 4999 * S;
    assert_int_equal(picked_of(&t), 0x2);
    t.now += 1 * S;
    assert_int_equal(picked_of(&t), 0x3);
    state_teardown(&t);
}

/* Of a route to any model, one unknown name must not take the provider away from all. */
static void an_unknown_name_hides_no_other(void **state)
{
    (void)state;
    static const enum proa_class classes[] = {PROA_CLASS_NOT_FOUND, PROA_CLASS_PERMISSION};
    PROA_TEST_ROWS(class, classes)
    {
        struct state_test t;
        state_apart(&t, 1);
        t.fx.targets[0].model = PROA_SLICE_NONE;
        fails(&t, called_at(&t, 0), *class);
        assert_int_equal(picked_of(&t), 0x1);
        state_teardown(&t);
    }
}

static void explicit_congestion_takes_places_away(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        uint32_t left;
    } cases[] = {{PROA_CLASS_OVERLOADED, 44},
                 {PROA_CLASS_FIRST_CONTENT_TIMEOUT, 44},
                 {PROA_CLASS_FIRST_BYTE_TIMEOUT, 44},
                 {PROA_CLASS_SERVER, 64},
                 {PROA_CLASS_RATE, 64}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        fail_n(&t, 0, row->class, 3); /* one burst */
        assert_int_equal(
            proa_concurrency_limit(&seat_of(&t, 0)->target->concurrency, &t.fx.policy.concurrency),
            row->left);
        state_teardown(&t);
    }
}

/* ---- latency --------------------------------------------------------------------------------- */

static void answers_at(struct state_test *t, size_t i, uint64_t span_ns, int n)
{
    for (; n > 0; n--) {
        struct proa_run *run = called_at(t, i);
        t->now += span_ns;
        succeeds(t, run);
        proa_free(t->runs[--t->n_runs]);
    }
}

static void a_slow_pool_stands_out_against_the_others(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    for (int i = 0; i < 15; i++) {
        answers_at(&t, 0, 500 * MS, 1);
        answers_at(&t, 1, 500 * MS, 1);
        answers_at(&t, 2, 2500 * MS, 1);
    }
    /* Slow ever since: measured by its own past it would look well. */
    const uint32_t ratio =
        proa_bearing_latency_ppm(&seat_of(&t, 2)->target->bearing, 30 * S, t.now);
    PROA_TEST_CHECK(ratio > 2500000, "%u", ratio);
    const uint32_t other =
        proa_bearing_latency_ppm(&seat_of(&t, 0)->target->bearing, 30 * S, t.now);
    PROA_TEST_CHECK(other > 900000 && other < 1100000, "%u", other);
    state_teardown(&t);
}

static void history_is_kept_only_while_all_is_well(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    answers_at(&t, 0, 500 * MS, 20);
    const struct proa_latency *latency = &seat_of(&t, 0)->pool->latency;
    const uint32_t before = proa_latency_samples(latency, PROA_LATENCY_1K);
    open_target(&t, 0);
    answers_at(&t, 0, 5 * S, 1);
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_1K), before);
    assert_true(seat_of(&t, 0)->target->bearing.first_ppm > 1500000); /* the bearing learns */
    state_teardown(&t);
}

/* Marked slow, n of them in a row among good ones. */
static void slow_answers(struct state_test *t, size_t i, int n)
{
    for (; n > 0; n--) {
        struct proa_run *run = called_at(t, i);
        t->now += 2 * S;
        proa_engine_report_slow(run, 0, t->now);
        succeeds(t, run);
    }
}

static void slow_answers_in_numbers_are_not_the_usual(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    const struct proa_latency *latency = &seat_of(&t, 0)->pool->latency;
    answers_at(&t, 0, 100 * MS, 40);
    slow_answers(&t, 0, 1); /* one is chance */
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_1K), 41);
    t.now += 10 * S;
    answers_at(&t, 0, 100 * MS, 2);
    slow_answers(&t, 0, 4);
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_1K), 43);
    state_teardown(&t);
}

static void a_degraded_sibling_freezes_the_common_history(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    const struct proa_latency *latency = &seat_of(&t, 0)->pool->latency;
    answers_at(&t, 1, 500 * MS, 12);
    degrade(&t, 0);
    const uint32_t before = proa_latency_samples(latency, PROA_LATENCY_1K);
    answers_at(&t, 1, 5 * S, 3);
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_1K), before);
    state_teardown(&t);
}

static void plain_answers_are_a_row_of_their_own(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.options.stream = false;
    t.options.input_tokens = 50000;
    answers_at(&t, 0, 8 * S, 12);
    const struct proa_latency *latency = &seat_of(&t, 0)->pool->latency;
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_PLAIN), 12);
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_64K), 0);
    t.options.stream = true;
    answers_at(&t, 0, 1 * S, 3);
    assert_int_equal(proa_latency_samples(latency, PROA_LATENCY_64K), 3);
    state_teardown(&t);
}

static void pace_is_learned_from_what_was_used(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t tokens;
        enum proa_class class;
        bool stream;
        uint32_t samples;
    } cases[] = {
        {"a long answer", 200, PROA_CLASS_OK, true, 1},
        {"a short one", 15, PROA_CLASS_OK, true, 0},
        {"a broken one", 200, PROA_CLASS_STREAM_BROKEN, true, 0},
        {"a plain one", 200, PROA_CLASS_OK, false, 0},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        t.options.stream = row->stream;
        struct proa_run *run = called(&t);
        t.now += 500 * MS;
        content(&t, run);
        t.now += 4 * S;
        struct proa_usage usage = {0};
        proa_usage_set(&usage, PROA_USAGE_OUTPUT, row->tokens);
        ends(&t, run, row->class, &usage);
        PROA_TEST_CHECK(proa_latency_samples(&seat_of(&t, 0)->pool->latency, PROA_LATENCY_PACE) ==
                            row->samples,
                        "%s", row->what);
        state_teardown(&t);
    }
}

/* ---- silence --------------------------------------------------------------------------------- */

static void a_stall_counts_at_target_and_pool_once(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *run = called_at(&t, 0);
    t.now += 10 * S;
    proa_engine_report_stall(run, 0, t.now);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 1);
    assert_int_equal(score_at(&t, 0, TRIP_POOL), 1);
    assert_int_equal(score_at(&t, 0, TRIP_ENDPOINT), 0);
    /* What it has scored is taken off its failure: 2 and 1 in all. */
    fails(&t, run, PROA_CLASS_FIRST_CONTENT_TIMEOUT);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 2);
    assert_int_equal(score_at(&t, 0, TRIP_POOL), 1);
    state_teardown(&t);
}

static void silence_beside_answers_is_the_requests_own(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *run = called_at(&t, 0);
    t.now += 5 * S;
    succeed_n(&t, 0, 1);
    t.now += 5 * S;
    proa_engine_report_stall(run, 0, t.now);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 0);
    fails(&t, run, PROA_CLASS_FIRST_CONTENT_TIMEOUT);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 2); /* nothing was taken in advance */
    state_teardown(&t);
}

static void slow_marks_put_a_target_behind(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    answers_at(&t, 1, 500 * MS, 12);
    for (int i = 0; i < 6; i++) {
        struct proa_run *run = called_at(&t, 0);
        t.now += 2 * S;
        proa_engine_report_slow(run, 0, t.now);
        assert_true(run->attempts[0].marked_slow);
        succeeds(&t, run);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_DEGRADED);
    assert_true(seat_of(&t, 0)->target->bearing.first_ppm > 2 * PPM);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_weighs_where_its_fault_is),
        cmocka_unit_test(cancelled_attempts_say_nothing),
        cmocka_unit_test(t_a_3_refused_reset_dns_and_tls_each_trip),
        cmocka_unit_test(t_a_2_every_failing_attempt_counts_on_its_own_target),
        cmocka_unit_test(a_poisonous_prompt_opens_nothing),
        cmocka_unit_test(a_request_that_is_answered_elsewhere_is_no_poison),
        cmocka_unit_test(a_prompt_cannot_break_the_way_there),
        cmocka_unit_test(each_fault_puts_out_its_own_object),
        cmocka_unit_test(a_limit_is_per_organisation_and_model),
        cmocka_unit_test(t_a_1_a_later_deadline_is_never_replaced_by_an_earlier_one),
        cmocka_unit_test(t_a_6_a_probe_that_is_limited_waits),
        cmocka_unit_test(what_was_out_comes_back_by_one_attempt),
        cmocka_unit_test(a_trial_that_ran_out_frees_nothing),
        cmocka_unit_test(a_quota_says_when_it_is_back),
        cmocka_unit_test(an_unknown_name_hides_no_other),
        cmocka_unit_test(explicit_congestion_takes_places_away),
        cmocka_unit_test(a_slow_pool_stands_out_against_the_others),
        cmocka_unit_test(history_is_kept_only_while_all_is_well),
        cmocka_unit_test(slow_answers_in_numbers_are_not_the_usual),
        cmocka_unit_test(a_degraded_sibling_freezes_the_common_history),
        cmocka_unit_test(plain_answers_are_a_row_of_their_own),
        cmocka_unit_test(pace_is_learned_from_what_was_used),
        cmocka_unit_test(a_stall_counts_at_target_and_pool_once),
        cmocka_unit_test(silence_beside_answers_is_the_requests_own),
        cmocka_unit_test(slow_marks_put_a_target_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
