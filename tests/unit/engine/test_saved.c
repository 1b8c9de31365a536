/* A state that goes out through status and comes in here is the same to whoever asks. */
#include "proa/engine/saved.h"

#include "state_test.h"

/* One of each trouble. */
static void trouble(struct state_test *t)
{
    state_apart(t, 6);
    for (int i = 0; i < 12; i++) {
        succeed_n(t, 0, 2);
        fail_n(t, 0, PROA_CLASS_SERVER, i % 3 == 0);
    }
    open_target(t, 1);
    fail_n(t, 2, PROA_CLASS_CONNECT, 3);
    fails(t, called_at(t, 3), PROA_CLASS_AUTH);
    fails(t, called_at(t, 4), PROA_CLASS_QUOTA);
    fails(t, called_at(t, 4), PROA_CLASS_NOT_FOUND);
    fails(t, called_at(t, 5), PROA_CLASS_PERMISSION);
    fails_with(
        t, called_at(t, 0),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 60 * S});
    (void)called_at(t, 0);
    t->now += 2 * S;
}

/* Everything that `from` knows, told to `to`, whose clock is another one. */
static void move(struct state_test *from, struct state_test *to)
{
    const struct proa_roster *roster = from->fx.roster;
    for (size_t i = 0; i < 6; i++) {
        struct proa_status_endpoint endpoint;
        struct proa_status_pool pool;
        struct proa_status_target target;
        struct proa_status_access key;
        struct proa_status_access group;
        struct proa_status_limit limit;
        proa_status_endpoint(roster, i, from->now, &endpoint);
        proa_status_pool(roster, i, from->now, &pool);
        proa_status_target(roster, i, from->now, &target);
        proa_status_key(roster, i, from->now, &key);
        proa_status_group(roster, i, from->now, &group);
        proa_status_limit(roster, i, from->now, &limit);
        assert_true(proa_saved_endpoint(to->fx.roster, &endpoint, to->now));
        assert_true(proa_saved_pool(to->fx.roster, &pool, to->now));
        assert_true(proa_saved_target(to->fx.roster, &target, to->now));
        assert_true(proa_saved_access(to->fx.roster, PROA_STATUS_KEY, &key, to->now));
        assert_true(proa_saved_access(to->fx.roster, PROA_STATUS_GROUP, &group, to->now));
        assert_true(proa_saved_limit(to->fx.roster, &limit, to->now));
    }
}

static void same_breaker(const struct proa_status_breaker *a, const struct proa_status_breaker *b)
{
    assert_string_equal(proa_breaker_state_text(a->state), proa_breaker_state_text(b->state));
    assert_int_equal(a->score, b->score);
    assert_int_equal(a->exponent, b->exponent);
    assert_int_equal(a->share_ppm, b->share_ppm);
    assert_int_equal(a->eta_ns, b->eta_ns);
    assert_int_equal(a->probing, b->probing);
    assert_memory_equal(&a->slow, &b->slow, sizeof(a->slow));
    assert_memory_equal(&a->fast, &b->fast, sizeof(a->fast));
    assert_int_equal(a->failed.class, b->failed.class);
    assert_int_equal(a->failed.status, b->failed.status);
    assert_int_equal(a->failed.at_ns, b->failed.at_ns);
    assert_int_equal(a->n_past, b->n_past);
    for (size_t i = 0; i < a->n_past; i++) {
        assert_int_equal(a->past[i].at_ns, b->past[i].at_ns);
        assert_int_equal(a->past[i].to, b->past[i].to);
        assert_int_equal(a->past[i].cause, b->past[i].cause);
    }
}

static void what_goes_out_comes_in(void **state)
{
    (void)state;
    struct state_test from;
    struct state_test to;
    trouble(&from);
    state_apart(&to, 6);
    to.now = 77777 * S;
    fixture_bind(&to.fx, to.now);
    move(&from, &to);
    for (size_t i = 0; i < 6; i++) {
        struct proa_status_target t[2];
        proa_status_target(from.fx.roster, i, from.now, &t[0]);
        proa_status_target(to.fx.roster, i, to.now, &t[1]);
        same_breaker(&t[0].breaker, &t[1].breaker);
        assert_int_equal(t[0].latency_ppm, t[1].latency_ppm);
        assert_int_equal(t[0].failure_ppm, t[1].failure_ppm);
        assert_int_equal(t[0].inflight, t[1].inflight);
        assert_int_equal(t[0].cap, t[1].cap);
        assert_int_equal(t[0].denied_ns, t[1].denied_ns);
        struct proa_status_pool p[2];
        proa_status_pool(from.fx.roster, i, from.now, &p[0]);
        proa_status_pool(to.fx.roster, i, to.now, &p[1]);
        same_breaker(&p[0].breaker, &p[1].breaker);
        assert_int_equal(p[0].missing_ns, p[1].missing_ns);
        struct proa_status_endpoint e[2];
        proa_status_endpoint(from.fx.roster, i, from.now, &e[0]);
        proa_status_endpoint(to.fx.roster, i, to.now, &e[1]);
        same_breaker(&e[0].breaker, &e[1].breaker);
        struct proa_status_access a[2];
        proa_status_key(from.fx.roster, i, from.now, &a[0]);
        proa_status_key(to.fx.roster, i, to.now, &a[1]);
        assert_int_equal(a[0].state, a[1].state);
        assert_int_equal(a[0].out_ns, a[1].out_ns);
        assert_int_equal(a[0].times, a[1].times);
        struct proa_status_limit l[2];
        proa_status_limit(from.fx.roster, i, from.now, &l[0]);
        proa_status_limit(to.fx.roster, i, to.now, &l[1]);
        assert_int_equal(l[0].blocked_ns, l[1].blocked_ns);
        assert_int_equal(l[0].headroom_ppm, l[1].headroom_ppm);
        assert_int_equal(l[0].pace_milli, l[1].pace_milli);
    }
    state_teardown(&from);
    state_teardown(&to);
}

/* The same explanation, candidate by candidate. */
static void both_explain_alike(void **state)
{
    (void)state;
    static struct proa_explain a;
    static struct proa_explain b;
    struct state_test from;
    struct state_test to;
    trouble(&from);
    state_apart(&to, 6);
    fixture_bind(&to.fx, to.now);
    move(&from, &to);
    proa_explain(from.fx.roster, &from.fx.route, &from.options, from.now, &a);
    proa_explain(to.fx.roster, &to.fx.route, &to.options, to.now, &b);
    assert_int_equal(a.reason, b.reason);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(proa_explain_text(a.candidates[i].filter),
                            proa_explain_text(b.candidates[i].filter));
        assert_int_equal(a.candidates[i].rank, b.candidates[i].rank);
        assert_int_equal(a.candidates[i].eta_ns, b.candidates[i].eta_ns);
        assert_int_equal(a.candidates[i].cost, b.candidates[i].cost);
    }
    state_teardown(&from);
    state_teardown(&to);
}

static void every_state_of_a_breaker_comes_back(void **state)
{
    (void)state;
    static const struct proa_status_breaker cases[] = {
        {.state = PROA_BREAKER_CLOSED, .score = 3, .share_ppm = PPM},
        {.state = PROA_BREAKER_RAMP, .exponent = 2, .share_ppm = 500000},
        {.state = PROA_BREAKER_DEGRADED, .share_ppm = PPM},
        {.state = PROA_BREAKER_OPEN, .exponent = 4, .share_ppm = PPM, .eta_ns = 17 * S},
        {.state = PROA_BREAKER_HALF_OPEN, .share_ppm = PPM},
        {.state = PROA_BREAKER_HALF_OPEN, .share_ppm = PPM, .probing = true, .eta_ns = 60 * S},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        fixture_bind(&t.fx, t.now);
        const struct proa_status_target saved = {
            .identity = PROA_SLICE("p0/k0/m0"), .breaker = *row, .latency_ppm = PPM, .cap = 64};
        assert_true(proa_saved_target(t.fx.roster, &saved, t.now));
        struct proa_status_target shown;
        proa_status_target(t.fx.roster, 0, t.now, &shown);
        same_breaker(&shown.breaker, row);
        state_teardown(&t);
    }
}

static void strangers_are_refused(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fixture_bind(&t.fx, t.now);
    const struct proa_slice nobody = PROA_SLICE("nobody");
    assert_false(proa_saved_endpoint(t.fx.roster,
                                     &(struct proa_status_endpoint){.identity = nobody}, t.now));
    assert_false(
        proa_saved_pool(t.fx.roster, &(struct proa_status_pool){.identity = nobody}, t.now));
    assert_false(
        proa_saved_target(t.fx.roster, &(struct proa_status_target){.identity = nobody}, t.now));
    assert_false(
        proa_saved_limit(t.fx.roster, &(struct proa_status_limit){.identity = nobody}, t.now));
    const struct proa_status_access access = {.identity = PROA_SLICE("p0/k0")};
    assert_true(proa_saved_access(t.fx.roster, PROA_STATUS_KEY, &access, t.now));
    assert_false(proa_saved_access(t.fx.roster, PROA_STATUS_ROUTE, &access, t.now));
    state_teardown(&t);
}

/* A file may hold anything. */
static void nonsense_is_bounded(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.now = 5; /* before any span that is told */
    fixture_bind(&t.fx, t.now);
    struct proa_status_target saved;
    memset(&saved, 0xff, sizeof(saved));
    saved.identity = PROA_SLICE("p0/k0/m0");
    saved.breaker.probing = true;
    assert_true(proa_saved_target(t.fx.roster, &saved, t.now));
    struct proa_status_target shown;
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_true(shown.breaker.state < PROA_BREAKER_STATES);
    assert_true(shown.failure_ppm <= PPM);
    assert_int_equal(shown.breaker.n_past, PROA_STATUS_TRANSITIONS);
    static struct proa_explain out;
    proa_explain(t.fx.roster, &t.fx.route, &t.options, t.now, &out);
    assert_int_equal(out.n, 1);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_out_comes_in),
        cmocka_unit_test(both_explain_alike),
        cmocka_unit_test(every_state_of_a_breaker_comes_back),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(nonsense_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
