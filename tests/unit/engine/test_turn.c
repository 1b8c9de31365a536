/*
 * What comes before the rank: probes that are due, turns of degraded targets, those that stand by;
 * and the ramp after a recovery.
 */
#include "state_test.h"

/* ---- probes ---------------------------------------------------------------------------------- */

/* T-A (4) */
static void t_a_4_two_hundred_requests_at_probe_time_make_one_probe(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    uint32_t at_bad = 0;
    for (int i = 0; i < 200; i++) {
        struct proa_run *run = called(&t);
        at_bad += where(&t, run) == 0;
        if (where(&t, run) == 0) {
            assert_int_equal(run->attempts[0].reason, PROA_REASON_PROBE);
        } else {
            succeeds(&t, run);
        }
    }
    assert_int_equal(at_bad, 1);
    state_teardown(&t);
}

/* T-A (4), second half */
static void t_a_4_a_probe_lost_to_an_abort_frees_its_place(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *probe = called(&t);
    assert_int_equal(where(&t, probe), 0);
    assert_int_equal(first_pick(&t).reason, PROA_REASON_STRATEGY);
    ends(&t, probe, PROA_CLASS_CANCELLED, NULL);
    const struct pick next = first_pick(&t);
    assert_int_equal(next.reason, PROA_REASON_PROBE);
    assert_int_equal(fixture_index(&t.fx, next.candidate), 0);
    state_teardown(&t);
}

/* A hedge beside the newest attempt of the run, which has content now: the run half commits to it
 * and cancels the other. */
static void overtake(struct state_test *t, struct proa_run *run, size_t by)
{
    (void)start(t, run, (struct pick){.candidate = &t->fx.candidates[by]});
    t->now += 500 * MS;
    content(t, run);
    run->winner = 1;
    run->attempts[0].class = PROA_CLASS_CANCELLED;
    run->attempts[0].stage = PROA_STAGE_OVER;
    proa_engine_release(run, 0, NULL, t->now);
}

/* Else a provider that hangs would be probed by one request after the other, each served by its
 * hedge. */
static void a_probe_that_is_overtaken_has_failed(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *probe = called(&t);
    assert_int_equal(where(&t, probe), 0);
    t.now += 2 * S;
    overtake(&t, probe, 1);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    assert_int_equal(first_pick(&t).reason, PROA_REASON_STRATEGY);
    assert_int_equal(seat_of(&t, 0)->target->inflight, 0);
    state_teardown(&t);
}

/* The other way round: it was not waited for. */
static void a_probe_that_joined_later_has_not(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *run = called_at(&t, 1);
    t.now += 1 * S;
    const struct pick pick = pick_for(&t, run, PICK_RETRY);
    assert_int_equal(pick.reason, PROA_REASON_PROBE);
    (void)start(&t, run, pick);
    t.now += 500 * MS;
    run->attempts[0].content_ns = t.now;
    proa_engine_report_content(run, 0, t.now);
    run->winner = 0;
    ends(&t, run, PROA_CLASS_CANCELLED, NULL);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_HALF_OPEN);
    assert_int_equal(first_pick(&t).reason, PROA_REASON_PROBE);
    state_teardown(&t);
}

static void a_turn_that_is_overtaken_was_not_good(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    t.fx.policy.degraded.trickle_ppm = PPM;
    degrade(&t, 0);
    for (int i = 0; i < 4; i++) {
        t.now += 20 * S;
        struct proa_run *run = called(&t);
        assert_int_equal(run->attempts[0].reason, PROA_REASON_TRICKLE);
        if (i == 2) {
            t.now += 2 * S;
            overtake(&t, run, 1);
        } else {
            succeeds(&t, run);
        }
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_DEGRADED);
    state_teardown(&t);
}

static void a_lease_runs_out(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    (void)called(&t);
    t.now += 59 * S;
    assert_int_equal(first_pick(&t).reason, PROA_REASON_STRATEGY);
    t.now += 1 * S;
    assert_int_equal(first_pick(&t).reason, PROA_REASON_PROBE);
    state_teardown(&t);
}

static void a_probe_takes_the_place_at_every_level_that_waits(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fail_n(&t, 0, PROA_CLASS_SERVER, 5); /* its pool has one target: both open */
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_ENDPOINT, PROA_BREAKER_CLOSED);
    pass_open(&t, 0);
    const struct pick pick = first_pick(&t);
    assert_int_equal(pick.reason, PROA_REASON_PROBE);
    assert_true(pick.probe_target && pick.probe_pool && !pick.probe_endpoint);
    state_teardown(&t);
}

static void probes_are_hedged_where_somebody_is_well(void **state)
{
    (void)state;
    for (uint8_t others = 0; others < 2; others++) {
        struct state_test t;
        state_apart(&t, (uint8_t)(1 + others));
        open_target(&t, 0);
        pass_open(&t, 0);
        const struct pick pick = first_pick(&t);
        assert_int_equal(pick.reason, PROA_REASON_PROBE);
        assert_int_equal(pick.hedged, others > 0);
        state_teardown(&t);
    }
}

/* A sibling key of the same pool is no company. */
static void company_is_another_pool(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1});
    open_target(&t, 0);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    pass_open(&t, 0);
    const struct pick pick = first_pick(&t);
    assert_int_equal(pick.reason, PROA_REASON_PROBE);
    assert_false(pick.hedged);
    state_teardown(&t);
}

static void a_probe_overrides_the_rank_of_first_attempts_only(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
    open_target(&t, 1);
    pass_open(&t, 1);
    static const enum pick_use uses[] = {PICK_RETRY, PICK_RESCUE, PICK_HEDGE, PICK_EVACUATE};
    PROA_TEST_ROWS(use, uses)
    {
        assert_int_equal(fixture_index(&t.fx, pick_for(&t, call(&t), *use).candidate), 0);
    }
    assert_int_equal(fixture_index(&t.fx, first_pick(&t).candidate), 1);
    state_teardown(&t);
}

static void a_retry_may_be_the_probe_when_nobody_else_is_there(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *run = call(&t);
    const struct pick_want want = {.use = PICK_RETRY, .out = bit(1)};
    const struct pick pick = proa_engine_pick(run, &want, t.now);
    assert_int_equal(pick.reason, PROA_REASON_PROBE);
    assert_true(pick.probe_target);
    state_teardown(&t);
}

static void another_model_is_not_probed_with_a_users_request(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){
                                 .endpoint = 1, .provider = 1, .tier = 1, .substitute = true});
    open_target(&t, 1);
    pass_open(&t, 1);
    assert_int_equal(fixture_index(&t.fx, first_pick(&t).candidate), 0);
    refuse_key(&t, 0);
    const struct pick pick = first_pick(&t); /* now it is needed anyway */
    assert_int_equal(fixture_index(&t.fx, pick.candidate), 1);
    assert_int_equal(pick.reason, PROA_REASON_PROBE);
    state_teardown(&t);
}

/* ---- trickle and standby --------------------------------------------------------------------- */

static void a_degraded_target_gets_a_turn_now_and_then(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    t.fx.policy.degraded.trickle_ppm = PPM;
    degrade(&t, 0);
    uint32_t turns = 0;
    for (int i = 0; i < 100; i++, t.now += 500 * MS) {
        struct proa_run *run = call(&t);
        const struct pick pick = pick_for(&t, run, PICK_FIRST);
        if (pick.trickle) {
            assert_int_equal(pick.reason, PROA_REASON_TRICKLE);
            assert_int_equal(fixture_index(&t.fx, pick.candidate), 0);
            assert_true(pick.hedged);
            turns++;
        } else {
            assert_int_equal(fixture_index(&t.fx, pick.candidate), 1);
        }
    }
    PROA_TEST_CHECK(turns >= 4 && turns <= 5, "%u turns in 50 s", turns);
    /* A retry is no turn. */
    t.now += 20 * S;
    assert_int_equal(fixture_index(&t.fx, pick_for(&t, call(&t), PICK_RETRY).candidate), 1);
    state_teardown(&t);
}

static void no_turn_where_nobody_is_well(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.fx.policy.degraded.trickle_ppm = PPM;
    degrade(&t, 0);
    t.now += 20 * S;
    const struct pick pick = first_pick(&t);
    assert_int_equal(pick.reason, PROA_REASON_STRATEGY);
    assert_false(pick.trickle);
    state_teardown(&t);
}

static void those_behind_get_their_share_to_stay_known(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    t.fx.policy.balance.standby_ppm = 20000;
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 2, .provider = 2, .tier = 2});
    (void)fixture_add(&t.fx, (struct fixture_target){
                                 .endpoint = 3, .provider = 3, .tier = 3, .substitute = true});
    const struct shares shares = shares_of(&t, 10000);
    PROA_TEST_CHECK(shares.by[PROA_REASON_STANDBY] > 140 && shares.by[PROA_REASON_STANDBY] < 260,
                    "%u", shares.by[PROA_REASON_STANDBY]);
    assert_true(shares.at[1] > 50 && shares.at[2] > 50);
    assert_int_equal(shares.at[3], 0);
    for (int i = 0; i < 500; i++) {
        struct proa_run *run = call(&t);
        assert_int_equal(fixture_index(&t.fx, pick_for(&t, run, PICK_RETRY).candidate), 0);
        proa_free(t.runs[--t.n_runs]);
    }
    state_teardown(&t);
}

/* ---- ramp ------------------------------------------------------------------------------------ */

static void ramp_up(struct state_test *t, size_t i)
{
    (void)proa_operator_eject(t->fx.roster, PROA_STATUS_TARGET, t->fx.targets[i].identity, 100 * S,
                              t->now);
    assert_true(
        proa_operator_restore(t->fx.roster, PROA_STATUS_TARGET, t->fx.targets[i].identity, t->now));
    assert_breaker(t, i, TRIP_TARGET, PROA_BREAKER_RAMP);
}

/* T-A (7): within a tier by weight, across tiers by what the ramping tier leaves. */
static void t_a_7_traffic_ramps_after_recovery(void **state)
{
    (void)state;
    static const struct {
        uint64_t after_ns;
        uint32_t least; /* of 2000 */
        uint32_t most;
        uint32_t tiered_least;
        uint32_t tiered_most;
    } cases[] = {
        {0, 150, 210, 140, 260},     /* a tenth */
        {9 * S, 420, 500, 530, 670}, /* three tenths */
        {18 * S, 720, 780, 1120, 1280},
        {30 * S, 1000, 1000, 2000, 2000},
    };
    for (uint8_t tier = 0; tier < 2; tier++) {
        PROA_TEST_ROWS(row, cases)
        {
            struct state_test t;
            state_setup(&t);
            (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
            (void)fixture_add(&t.fx,
                              (struct fixture_target){.endpoint = 1, .provider = 1, .tier = tier});
            fixture_bind(&t.fx, t.now);
            ramp_up(&t, 0);
            t.now += row->after_ns;
            const uint32_t n = shares_of(&t, 2000).at[0];
            const uint32_t least = tier == 0 ? row->least : row->tiered_least;
            const uint32_t most = tier == 0 ? row->most : row->tiered_most;
            PROA_TEST_CHECK(n >= least && n <= most, "tier %u after %llu s: %u", tier,
                            (unsigned long long)(row->after_ns / S), n);
            state_teardown(&t);
        }
    }
}

static void a_ramp_does_not_spill_into_another_model(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){
                                 .endpoint = 1, .provider = 1, .tier = 1, .substitute = true});
    fixture_bind(&t.fx, t.now);
    ramp_up(&t, 0);
    assert_int_equal(shares_of(&t, 200).at[0], 200);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_a_4_two_hundred_requests_at_probe_time_make_one_probe),
        cmocka_unit_test(t_a_4_a_probe_lost_to_an_abort_frees_its_place),
        cmocka_unit_test(a_probe_that_is_overtaken_has_failed),
        cmocka_unit_test(a_probe_that_joined_later_has_not),
        cmocka_unit_test(a_turn_that_is_overtaken_was_not_good),
        cmocka_unit_test(a_lease_runs_out),
        cmocka_unit_test(a_probe_takes_the_place_at_every_level_that_waits),
        cmocka_unit_test(probes_are_hedged_where_somebody_is_well),
        cmocka_unit_test(company_is_another_pool),
        cmocka_unit_test(a_probe_overrides_the_rank_of_first_attempts_only),
        cmocka_unit_test(a_retry_may_be_the_probe_when_nobody_else_is_there),
        cmocka_unit_test(another_model_is_not_probed_with_a_users_request),
        cmocka_unit_test(a_degraded_target_gets_a_turn_now_and_then),
        cmocka_unit_test(no_turn_where_nobody_is_well),
        cmocka_unit_test(those_behind_get_their_share_to_stay_known),
        cmocka_unit_test(t_a_7_traffic_ramps_after_recovery),
        cmocka_unit_test(a_ramp_does_not_spill_into_another_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
