/*
 * Runs on routes that were made for one request: what they share with the routes they are made of,
 * what they do not, the order that they keep, and the times that the request gives.
 */
#include "proa/engine/operator.h"

#include "../engine_fixture.h"
#include "proa_test.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

static const uint64_t START = 50 * PROA_NS_PER_S;

/* A narrowed route by hand, and one run on it. */
struct narrowed_test {
    struct fixture fx;
    struct proa_arena arena;
    struct proa_route route;
    struct proa_candidate candidates[FIXTURE_TARGETS_MAX];
    struct proa_target own[FIXTURE_TARGETS_MAX];
    struct proa_key own_keys[FIXTURE_TARGETS_MAX];
    struct proa_candidate_wish wishes[FIXTURE_TARGETS_MAX];
    struct proa_run_options options;
    struct proa_run run;
    struct proa_commands out;
    uint64_t now_ns;
};

static void setup(struct narrowed_test *t, uint8_t n)
{
    memset(t, 0, sizeof *t);
    fixture_init(&t->fx, 1);
    fixture_add_apart(&t->fx, n);
    proa_arena_init(&t->arena, NULL);
    t->fx.policy.retry.max_attempts = 10;
    t->now_ns = START;
}

static void teardown(struct narrowed_test *t)
{
    fixture_deinit(&t->fx);
    proa_arena_reset(&t->arena);
}

/* Appends the snapshot's target number `target` in a tier. */
static size_t add(struct narrowed_test *t, size_t target, uint8_t tier)
{
    const size_t n = t->route.n_candidates++;
    t->candidates[n] =
        (struct proa_candidate){.target = &t->fx.targets[target], .weight = 1, .tier = tier};
    t->route.n_tiers = (uint8_t)(tier + 1);
    return n;
}

/* The same with the request's own credential number `byok`. */
static size_t add_own(struct narrowed_test *t, size_t target, uint8_t tier, uint8_t byok)
{
    const size_t n = add(t, target, tier);
    t->own[n] = t->fx.targets[target];
    t->own[n].byok = byok;
    t->own[n].key = &t->own_keys[byok];
    t->candidates[n].target = &t->own[n];
    return n;
}

static void give_time(struct narrowed_test *t, size_t candidate, uint64_t span_ns)
{
    t->wishes[candidate].first_token_ns = span_ns;
    t->candidates[candidate].wish = &t->wishes[candidate];
}

static void feed(struct narrowed_test *t, struct proa_event event)
{
    t->out.n = 0;
    proa_run_feed(&t->run, t->now_ns, &event, &t->out);
    while (proa_engine_next_woken(t->fx.engine)) {
    }
}

static void tell(struct narrowed_test *t, enum proa_ev kind, uint8_t attempt)
{
    feed(t, (struct proa_event){
                .kind = kind, .attempt = attempt, .status = kind == PROA_EV_HEAD ? 200 : 0});
}

static void fails(struct narrowed_test *t, uint8_t attempt, enum proa_class class, uint16_t status)
{
    feed(t, (struct proa_event){
                .kind = PROA_EV_FAILED, .attempt = attempt, .class = class, .status = status});
}

/* Begins a run on the narrowed route, as it is by now. */
static void admit(struct narrowed_test *t)
{
    const struct proa_route *const from[] = {&t->fx.route};
    fixture_bind(&t->fx, t->now_ns);
    t->route.id = t->fx.route.id;
    t->route.name = t->fx.route.name;
    t->route.policy = t->fx.route.policy;
    t->route.candidates = t->candidates;
    t->route.base = &t->fx.route;
    t->options.seat =
        proa_roster_bind_narrowed(t->fx.roster, &t->route, from, 1, &t->arena, t->now_ns);
    proa_run_init(&t->run, t->fx.roster, &t->route, &t->options, t->now_ns);
    tell(t, PROA_EV_ADMITTED, 0);
}

/* A whole good answer. */
static void answer(struct narrowed_test *t, uint8_t attempt)
{
    tell(t, PROA_EV_CONNECTED, attempt);
    tell(t, PROA_EV_HEAD, attempt);
    tell(t, PROA_EV_ENDED, attempt);
    assert_true(t->run.finished);
}

/* Until nothing is left of it. */
static void give_up(struct narrowed_test *t)
{
    if (!t->run.finished) {
        tell(t, PROA_EV_CLIENT_GONE, 0);
    }
    assert_true(t->run.finished);
}

static const struct proa_candidate *tried(const struct narrowed_test *t, uint8_t attempt)
{
    assert_true(attempt < t->run.n_attempts);
    return t->run.attempts[attempt].candidate;
}

/* ---- what is shared -------------------------------------------------------------------------- */

static void the_queue_is_the_routes_own(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_status_route status;
    setup(&t, 2);
    (void)add(&t, 1, 0);
    admit(&t);
    proa_status_route(t.fx.roster, 0, t.now_ns, &status);
    assert_int_equal(status.active, 1);
    assert_int_equal(proa_status_n(t.fx.roster, PROA_STATUS_ROUTE), 1);
    answer(&t, 0);
    proa_status_route(t.fx.roster, 0, t.now_ns, &status);
    assert_int_equal(status.active, 0);
    teardown(&t);
}

static void failures_count_at_the_target(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_status_target status;
    setup(&t, 2);
    (void)add(&t, 1, 0);
    for (int i = 0; i < 5; i++) {
        admit(&t);
        fails(&t, 0, PROA_CLASS_SERVER, 500);
        give_up(&t);
    }
    proa_status_target(t.fx.roster, 1, t.now_ns, &status);
    assert_int_equal(status.breaker.state, PROA_BREAKER_OPEN);
    assert_int_equal(status.inflight, 0);
    teardown(&t);
}

static void retries_are_paid_by_the_route(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 3);
    t.fx.policy.retry.budget.start = 1;
    t.fx.policy.retry.budget.cap = 1;
    for (uint8_t i = 0; i < 3; i++) {
        (void)add(&t, i, i);
    }
    admit(&t);
    fails(&t, 0, PROA_CLASS_SERVER, 500);
    fails(&t, 1, PROA_CLASS_SERVER, 500);
    assert_int_equal(t.run.n_attempts, 2);
    assert_true(t.run.finished);
    admit(&t);
    fails(&t, 0, PROA_CLASS_SERVER, 500);
    assert_int_equal(t.run.n_attempts, 1);
    give_up(&t);
    teardown(&t);
}

/* ---- the order ------------------------------------------------------------------------------- */

static void tiers_may_be_as_many_as_candidates(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, FIXTURE_PARTS);
    t.fx.policy.retry.per_pool = 9;
    for (uint8_t i = 0; i < PROA_NARROWED_TIERS_MAX; i++) {
        t.candidates[i] = (struct proa_candidate){
            .target = &t.fx.targets[(FIXTURE_PARTS - 1 - i % FIXTURE_PARTS)],
            .weight = 1,
            .tier = i};
    }
    t.route.n_candidates = PROA_NARROWED_TIERS_MAX;
    t.route.n_tiers = PROA_NARROWED_TIERS_MAX;
    admit(&t);
    for (uint8_t i = 0; i < FIXTURE_PARTS; i++) {
        assert_ptr_equal(tried(&t, i), &t.candidates[i]);
        fails(&t, i, PROA_CLASS_RESET, 0);
    }
    give_up(&t);
    teardown(&t);
}

/* All that is tried beside the order: standbys and probes. */
static void a_strict_order_is_kept(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        struct narrowed_test t;
        size_t second = 0;
        setup(&t, 2);
        t.fx.policy.balance.standby_ppm = 1000000;
        (void)add(&t, 0, 0);
        (void)add(&t, 1, 1);
        t.route.strict = strict != 0;
        for (int i = 0; i < 20; i++) {
            admit(&t);
            second += tried(&t, 0) == &t.candidates[1];
            answer(&t, 0);
        }
        assert_int_equal(second, strict ? 0 : 20);
        teardown(&t);
    }
}

static void a_probe_behind_the_order_waits(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        struct narrowed_test t;
        setup(&t, 2);
        (void)add(&t, 0, 0);
        (void)add(&t, 1, 1);
        t.route.strict = strict != 0;
        fixture_bind(&t.fx, t.now_ns);
        struct proa_status_target status;
        proa_status_target(t.fx.roster, 1, t.now_ns, &status);
        assert_true(
            proa_operator_eject(t.fx.roster, PROA_STATUS_TARGET, status.identity, 5 * S, t.now_ns));
        t.now_ns += 6 * S;
        admit(&t);
        assert_ptr_equal(tried(&t, 0), &t.candidates[strict ? 0 : 1]);
        give_up(&t);
        teardown(&t);
    }
}

static void who_is_out_is_passed_over(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 2);
    (void)add(&t, 0, 0);
    (void)add(&t, 1, 1);
    t.route.strict = true;
    fixture_bind(&t.fx, t.now_ns);
    assert_true(
        proa_operator_eject(t.fx.roster, PROA_STATUS_POOL, PROA_SLICE("p0/m0"), 60 * S, t.now_ns));
    admit(&t);
    assert_ptr_equal(tried(&t, 0), &t.candidates[1]);
    give_up(&t);
    teardown(&t);
}

/* ---- models of one open target --------------------------------------------------------------- */

static void models_of_one_provider_fail_apart(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 1);
    t.fx.targets[0].model = PROA_SLICE_NONE;
    for (uint8_t i = 0; i < 3; i++) {
        (void)add(&t, 0, i);
    }
    t.wishes[1].model = PROA_SLICE("b");
    t.wishes[2].model = PROA_SLICE("c");
    t.candidates[1].wish = &t.wishes[1];
    t.candidates[2].wish = &t.wishes[2];
    admit(&t);
    fails(&t, 0, PROA_CLASS_NOT_FOUND, 404);
    assert_ptr_equal(tried(&t, 1), &t.candidates[1]);
    fails(&t, 1, PROA_CLASS_NOT_FOUND, 404);
    assert_ptr_equal(tried(&t, 2), &t.candidates[2]);
    answer(&t, 2);
    teardown(&t);
}

/* ---- the request's own credentials ----------------------------------------------------------- */

static enum proa_credential_state key_state(const struct narrowed_test *t)
{
    struct proa_status_access status;
    proa_status_access_of(t->fx.roster, &t->fx.candidates[0], PROA_STATUS_KEY, t->now_ns, &status);
    return status.state;
}

static void a_refused_one_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        uint16_t status;
    } rows[] = {{PROA_CLASS_AUTH, 401},
                {PROA_CLASS_PERMISSION, 403},
                {PROA_CLASS_QUOTA, 429},
                {PROA_CLASS_NOT_FOUND, 404},
                {PROA_CLASS_RATE, 429}};
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowed_test t;
        struct proa_status_target target;
        struct proa_status_pool pool;
        struct proa_status_limit limit;
        setup(&t, 1);
        (void)add_own(&t, 0, 0, 1);
        (void)add(&t, 0, 1);
        for (int i = 0; i < 10; i++) {
            admit(&t);
            assert_ptr_equal(tried(&t, 0), &t.candidates[0]);
            fails(&t, 0, row->class, row->status);
            assert_ptr_equal(tried(&t, 1), &t.candidates[1]);
            answer(&t, 1);
        }
        assert_int_equal(key_state(&t), PROA_CREDENTIAL_ACTIVE);
        proa_status_target(t.fx.roster, 0, t.now_ns, &target);
        assert_int_equal(target.breaker.state, PROA_BREAKER_CLOSED);
        assert_int_equal(target.denied_ns, 0);
        assert_int_equal(target.inflight, 0);
        proa_status_pool(t.fx.roster, 0, t.now_ns, &pool);
        assert_int_equal(pool.missing_ns, 0);
        assert_int_equal(pool.breaker.state, PROA_BREAKER_CLOSED);
        proa_status_limit(t.fx.roster, 0, t.now_ns, &limit);
        assert_int_equal(limit.blocked_ns, 0);
        teardown(&t);
    }
}

static void it_is_used_while_the_configured_key_is_out(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_run run;
    setup(&t, 1);
    fixture_bind(&t.fx, t.now_ns);
    fixture_call(
        &t.fx, &run,
        (struct proa_event){.kind = PROA_EV_FAILED, .class = PROA_CLASS_AUTH, .status = 401},
        t.now_ns);
    assert_int_equal(key_state(&t), PROA_CREDENTIAL_DISABLED);
    (void)add_own(&t, 0, 0, 1);
    (void)add(&t, 0, 1);
    admit(&t);
    assert_ptr_equal(tried(&t, 0), &t.candidates[0]);
    answer(&t, 0);
    assert_int_equal(key_state(&t), PROA_CREDENTIAL_DISABLED);
    teardown(&t);
}

static void what_its_pool_does_counts(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_status_pool pool;
    struct proa_status_news news;
    size_t n_news = 0;
    setup(&t, 2);
    (void)add_own(&t, 0, 0, 1);
    (void)add(&t, 1, 1);
    for (int i = 0; i < 5; i++) {
        admit(&t);
        assert_ptr_equal(tried(&t, 0), &t.candidates[0]);
        fails(&t, 0, PROA_CLASS_SERVER, 500);
        answer(&t, 1);
        proa_arena_reset(&t.arena); /* nothing of the run may be looked at any more */
    }
    proa_status_pool(t.fx.roster, 0, t.now_ns, &pool);
    assert_int_equal(pool.breaker.state, PROA_BREAKER_OPEN);
    while (proa_status_next_news(t.fx.engine, &news)) {
        assert_int_equal(news.kind, PROA_STATUS_POOL);
        n_news++;
    }
    assert_int_equal(n_news, 1);
    admit(&t);
    assert_ptr_equal(tried(&t, 0), &t.candidates[1]);
    give_up(&t);
    teardown(&t);
}

/* Many failures in one run open its breaker, of which nobody may hear. */
static void its_own_breaker_is_no_news(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_status_news news;
    setup(&t, 1);
    t.fx.policy.breaker.score = 2;
    t.fx.policy.breaker.pool_score = 1000;
    t.fx.policy.retry.per_pool = 10;
    t.fx.policy.retry.same_target = 9;
    t.fx.policy.retry.backoff_base_ns = 1 * MS;
    t.fx.policy.retry.backoff_cap_ns = 1 * MS;
    (void)add_own(&t, 0, 0, 1);
    admit(&t);
    for (uint8_t i = 0; i < 10 && !t.run.finished; i++) {
        fails(&t, (uint8_t)(t.run.n_attempts - 1), PROA_CLASS_SERVER, 500);
        t.now_ns += 1 * S;
        tell(&t, PROA_EV_DEADLINE, 0);
    }
    give_up(&t);
    assert_true(t.run.n_attempts >= 2);
    proa_arena_reset(&t.arena);
    assert_false(proa_status_next_news(t.fx.engine, &news));
    teardown(&t);
}

static void each_has_its_tries(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 1);
    t.fx.policy.retry.per_pool = 1;
    (void)add_own(&t, 0, 0, 1);
    (void)add_own(&t, 0, 1, 2);
    (void)add(&t, 0, 2);
    admit(&t);
    for (uint8_t i = 0; i < 3; i++) {
        assert_ptr_equal(tried(&t, i), &t.candidates[i]);
        fails(&t, i, PROA_CLASS_AUTH, 401);
    }
    assert_true(t.run.finished);
    assert_int_equal(t.run.n_attempts, 3);
    teardown(&t);
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Until the deadline has come after which another one is asked. */
static void run_to_next_attempt(struct narrowed_test *t)
{
    const uint8_t n = t->run.n_attempts;
    while (t->run.n_attempts == n) {
        assert_true(t->run.armed_ns != PROA_NEVER);
        t->now_ns = t->run.armed_ns;
        tell(t, PROA_EV_DEADLINE, 0);
    }
}

static void after_its_time_the_next_one_is_asked(void **state)
{
    (void)state;
    static const enum proa_ev until[] = {PROA_EV_ADMITTED, PROA_EV_CONNECTED, PROA_EV_HEAD};
    for (int stream = 0; stream < 2; stream++) {
        for (size_t stage = 0; stage < PROA_ARRAY_LEN(until); stage++) {
            struct narrowed_test t;
            struct proa_status_target status;
            const bool begun = !stream && until[stage] == PROA_EV_HEAD;
            setup(&t, 2);
            t.fx.policy.stall.enabled = false;
            t.options.stream = stream != 0;
            give_time(&t, add(&t, 0, 0), 1500 * MS);
            (void)add(&t, 1, 1);
            admit(&t);
            for (size_t i = 1; i <= stage; i++) {
                tell(&t, until[i], 0);
            }
            t.now_ns = START + 1500 * MS - 1;
            tell(&t, PROA_EV_DEADLINE, 0);
            assert_int_equal(t.run.n_attempts, 1);
            t.now_ns = START + 1500 * MS;
            tell(&t, PROA_EV_DEADLINE, 0);
            assert_int_equal(t.run.n_attempts, begun ? 1 : 2);
            if (!begun) {
                const struct proa_attempt_record *a = &t.run.attempts[0];
                assert_int_equal(a->class, PROA_CLASS_FIRST_CONTENT_TIMEOUT);
                assert_true(a->asked_deadline && a->hurried);
                assert_ptr_equal(tried(&t, 1), &t.candidates[1]);
                proa_status_target(t.fx.roster, 0, t.now_ns, &status);
                assert_int_equal(status.breaker.score, 0);
                answer(&t, 1);
            }
            give_up(&t);
            teardown(&t);
        }
    }
}

static void its_time_ends_with_the_first_content(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 2);
    t.options.stream = true;
    give_time(&t, add(&t, 0, 0), 1500 * MS);
    (void)add(&t, 1, 1);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    t.now_ns = START + 5 * S;
    tell(&t, PROA_EV_DEADLINE, 0);
    assert_false(t.run.finished);
    assert_int_equal(t.run.n_attempts, 1);
    answer(&t, 0);
    teardown(&t);
}

/* So long that the policy would nearly have given it up. */
static void a_long_time_says_something_of_the_target(void **state)
{
    (void)state;
    struct narrowed_test t;
    struct proa_status_target status;
    setup(&t, 2);
    t.options.stream = true;
    t.fx.policy.stall.enabled = false;
    give_time(&t, add(&t, 0, 0), 15 * S);
    (void)add(&t, 1, 1);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    run_to_next_attempt(&t);
    assert_true(t.now_ns == START + 15 * S);
    assert_true(t.run.attempts[0].asked_deadline && !t.run.attempts[0].hurried);
    proa_status_target(t.fx.roster, 0, t.now_ns, &status);
    assert_true(status.breaker.score > 0);
    give_up(&t);
    teardown(&t);
}

static void the_policys_time_may_be_shorter(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 2);
    t.options.stream = true;
    t.fx.policy.stall.enabled = false;
    give_time(&t, add(&t, 0, 0), 300 * S);
    (void)add(&t, 1, 1);
    admit(&t);
    run_to_next_attempt(&t);
    assert_int_equal(t.run.attempts[0].class, PROA_CLASS_CONNECT_TIMEOUT);
    assert_false(t.run.attempts[0].asked_deadline);
    give_up(&t);
    teardown(&t);
}

/* ---- measures -------------------------------------------------------------------------------- */

static void stream_once(struct narrowed_test *t, uint64_t first_ns, uint64_t tokens)
{
    const struct proa_usage usage = {.count = {[PROA_USAGE_OUTPUT] = tokens},
                                     .known = 1U << PROA_USAGE_OUTPUT};
    admit(t);
    tell(t, PROA_EV_CONNECTED, 0);
    tell(t, PROA_EV_HEAD, 0);
    t->now_ns += first_ns;
    tell(t, PROA_EV_FIRST_CONTENT, 0);
    t->now_ns += 1 * S;
    feed(t, (struct proa_event){.kind = PROA_EV_ENDED, .attempt = 0, .usage = &usage});
    assert_true(t->run.finished);
}

static void what_is_measured_can_be_ranked_by(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 2);
    t.options.stream = true;
    t.fx.policy.stall.enabled = false;
    (void)add(&t, 0, 0);
    fixture_bind(&t.fx, t.now_ns);
    const struct proa_target *target = &t.fx.targets[0];
    assert_true(proa_roster_first_content_ns(t.fx.roster, target, 10) == PROA_NEVER);
    assert_true(proa_roster_pace_ns(t.fx.roster, target) == PROA_NEVER);
    for (int i = 0; i < 12; i++) {
        stream_once(&t, 200 * MS, 64);
    }
    const uint64_t first = proa_roster_first_content_ns(t.fx.roster, target, 10);
    assert_true(first > 150 * MS && first < 250 * MS);
    /* Of other sizes nothing is known: better than nothing at all. */
    assert_true(proa_roster_first_content_ns(t.fx.roster, target, 1000000) == first);
    const uint64_t pace = proa_roster_pace_ns(t.fx.roster, target);
    assert_true(pace > 750 * MS && pace < 1250 * MS);
    assert_true(proa_roster_pace_ns(t.fx.roster, &t.fx.targets[1]) == PROA_NEVER);
    teardown(&t);
}

static void whole_answers_are_measured_too(void **state)
{
    (void)state;
    struct narrowed_test t;
    setup(&t, 1);
    t.fx.policy.stall.enabled = false;
    (void)add(&t, 0, 0);
    for (int i = 0; i < 12; i++) {
        admit(&t);
        t.now_ns += 3 * S;
        answer(&t, 0);
    }
    const uint64_t whole = proa_roster_first_content_ns(t.fx.roster, &t.fx.targets[0], 10);
    assert_true(whole > 2 * S && whole < 4 * S);
    teardown(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_is_the_routes_own),
        cmocka_unit_test(failures_count_at_the_target),
        cmocka_unit_test(retries_are_paid_by_the_route),
        cmocka_unit_test(tiers_may_be_as_many_as_candidates),
        cmocka_unit_test(a_strict_order_is_kept),
        cmocka_unit_test(a_probe_behind_the_order_waits),
        cmocka_unit_test(who_is_out_is_passed_over),
        cmocka_unit_test(models_of_one_provider_fail_apart),
        cmocka_unit_test(a_refused_one_changes_nothing),
        cmocka_unit_test(it_is_used_while_the_configured_key_is_out),
        cmocka_unit_test(what_its_pool_does_counts),
        cmocka_unit_test(its_own_breaker_is_no_news),
        cmocka_unit_test(each_has_its_tries),
        cmocka_unit_test(after_its_time_the_next_one_is_asked),
        cmocka_unit_test(its_time_ends_with_the_first_content),
        cmocka_unit_test(a_long_time_says_something_of_the_target),
        cmocka_unit_test(the_policys_time_may_be_shorter),
        cmocka_unit_test(what_is_measured_can_be_ranked_by),
        cmocka_unit_test(whole_answers_are_measured_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
