/*
 * Who is tried: what keeps a candidate out, rank and tiers, affinity, attempts
 * beside others, the last resort, and what a pick says when it picks nobody.
 */
#include "proa/catalogue/catalogue.h"

#include "state_test.h"

static void deny_model(struct state_test *t, size_t i)
{
    fails(t, called_at(t, i), PROA_CLASS_PERMISSION);
}

static void miss_model(struct state_test *t, size_t i)
{
    fails(t, called_at(t, i), PROA_CLASS_NOT_FOUND);
}

static void cut_off(struct state_test *t, size_t i)
{
    fail_n(t, i, PROA_CLASS_CONNECT, 3);
}

static void fill_up(struct state_test *t, size_t i)
{
    for (uint32_t n = 0; n < t->fx.policy.concurrency.target; n++) {
        (void)called_at(t, i);
    }
}

static void each_filter_keeps_its_candidate_out(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*put_out)(struct state_test *t, size_t i);
        uint64_t back_ns; /* from then; PROA_NEVER = not by time */
    } cases[] = {
        {"key", refuse_key, 300 * S},   {"quota", spend_quota, 600 * S},
        {"model", deny_model, 600 * S}, {"missing", miss_model, 600 * S},
        {"rate", limit_rate, 13 * S},   {"breakers", open_target, 5 * S},
        {"endpoint", cut_off, 5 * S},   {"places", fill_up, PROA_NEVER},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 3);
        row->put_out(&t, 1);
        for (int i = 0; i < 6; i++) {
            const struct pick pick = first_pick(&t);
            PROA_TEST_CHECK(pick.candidate && fixture_index(&t.fx, pick.candidate) != 1, "%s",
                            row->name);
        }
        if (row->back_ns != PROA_NEVER) {
            t.now += row->back_ns;
            bool back = false;
            for (int i = 0; i < 6 && !back; i++) {
                back = fixture_index(&t.fx, first_pick(&t).candidate) == 1;
            }
            PROA_TEST_CHECK(back, "%s", row->name);
        }
        state_teardown(&t);
    }
}

static void weight_zero_is_never_picked(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.off = true});
    const struct pick pick = first_pick(&t);
    assert_null(pick.candidate);
    assert_int_equal(pick.reason, PROA_REASON_NO_TARGET);
    assert_true(pick.eta_ns == PROA_NEVER);
    state_teardown(&t);
}

static void excluded_ones_are_not_picked(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    struct proa_run *run = call(&t);
    const struct pick_want want = {.use = PICK_RETRY, .out = bit(0) | bit(2)};
    assert_int_equal(fixture_index(&t.fx, proa_engine_pick(run, &want, t.now).candidate), 1);
    const struct pick_want all = {.use = PICK_RETRY, .out = UINT64_MAX};
    assert_null(proa_engine_pick(run, &all, t.now).candidate);
    state_teardown(&t);
}

static void avoided_ones_come_last(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    for (uint8_t i = 0; i < 3; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = i, .provider = i, .tier = i});
    }
    struct proa_run *run = call(&t);
    const struct pick_want most = {.use = PICK_RETRY, .avoid = bit(0) | bit(1)};
    assert_int_equal(fixture_index(&t.fx, proa_engine_pick(run, &most, t.now).candidate), 2);
    const struct pick_want all = {.use = PICK_RETRY, .avoid = UINT64_MAX, .out = bit(0)};
    assert_int_equal(fixture_index(&t.fx, proa_engine_pick(run, &all, t.now).candidate), 1);
    state_teardown(&t);
}

/* Tier, substitute and state of up to four candidates; who is picked. */
static void rank_is_tier_then_health_but_never_crosses_for_being_degraded(void **state)
{
    (void)state;
    enum { OUT = -1, WELL = 0, BAD = 1 };
    static const struct {
        const char *what;
        size_t n;
        struct {
            uint8_t tier;
            bool substitute;
            int health;
        } at[4];
        size_t picked;
    } cases[] = {
        {"lowest tier", 2, {{0, false, WELL}, {1, false, WELL}}, 0},
        {"next when out", 2, {{0, false, OUT}, {1, false, WELL}}, 1},
        {"degraded after a lower tier", 2, {{0, false, BAD}, {1, false, WELL}}, 1},
        {"degraded before another model", 2, {{0, false, BAD}, {1, true, WELL}}, 0},
        {"out crosses", 2, {{0, false, OUT}, {1, true, WELL}}, 1},
        {"healthy same model behind a substitute",
         3,
         {{0, false, BAD}, {1, true, WELL}, {2, false, WELL}},
         2},
        {"a substitute before the degraded one stays where it was put",
         2,
         {{0, true, WELL}, {1, false, BAD}},
         0},
        {"degraded same model, then healthy substitute",
         3,
         {{0, false, OUT}, {1, true, WELL}, {2, false, BAD}},
         1},
        {"all degraded: lowest tier", 2, {{0, false, BAD}, {1, false, BAD}}, 0},
        {"only substitutes: healthy first", 2, {{0, true, BAD}, {1, true, WELL}}, 1},
        {"within a tier", 2, {{0, false, BAD}, {0, false, WELL}}, 1},
        {"a substitute of the same tier", 2, {{0, false, BAD}, {0, true, WELL}}, 1},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_setup(&t);
        for (uint8_t i = 0; i < row->n; i++) {
            (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = i,
                                                             .provider = i,
                                                             .tier = row->at[i].tier,
                                                             .substitute = row->at[i].substitute});
        }
        for (size_t i = 0; i < row->n; i++) {
            if (row->at[i].health == BAD) {
                degrade(&t, i);
            } else if (row->at[i].health == OUT) {
                refuse_key(&t, i);
            }
        }
        const struct pick pick = first_pick(&t);
        PROA_TEST_CHECK(pick.candidate && fixture_index(&t.fx, pick.candidate) == row->picked, "%s",
                        row->what);
        assert_int_equal(pick.reason, PROA_REASON_STRATEGY);
        state_teardown(&t);
    }
}

static void every_strategy_picks_among_the_fit(void **state)
{
    (void)state;
    for (uint32_t strategy = 0; strategy < PROA_STRATEGIES; strategy++) {
        struct state_test t;
        state_apart(&t, 6);
        t.fx.policy.balance.strategy = strategy;
        open_target(&t, 2);
        refuse_key(&t, 4);
        const struct shares shares = shares_of(&t, 200);
        assert_int_equal(shares.at[2], 0);
        assert_int_equal(shares.at[4], 0);
        assert_int_equal(shares.by[PROA_REASON_STRATEGY], 200);
        state_teardown(&t);
    }
}

static void weights_are_shares(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    static const uint32_t weights[] = {5, 1, 1, 3};
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(weights); i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = i, .weight = weights[i]});
    }
    const struct shares shares = shares_of(&t, 100);
    for (size_t i = 0; i < PROA_ARRAY_LEN(weights); i++) {
        assert_int_equal(shares.at[i], 10 * weights[i]);
    }
    state_teardown(&t);
}

static void sixty_four_candidates_fit(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    for (uint8_t i = 0; i < FIXTURE_TARGETS_MAX; i++) {
        (void)fixture_add(&t.fx,
                          (struct fixture_target){
                              .provider = i % 8, .endpoint = i % 8, .key = i / 8, .tier = i / 8});
    }
    const struct shares first = shares_of(&t, 64);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(first.at[i], 8);
    }
    for (size_t i = 0; i < 63; i++) {
        refuse_key(&t, i);
    }
    assert_int_equal(shares_of(&t, 10).at[63], 10);
    state_teardown(&t);
}

/* ---- affinity -------------------------------------------------------------------------------- */

static void affine(struct state_test *t, uint8_t n)
{
    state_setup(t);
    t->fx.policy.balance.affinity = PROA_AFFINITY_AUTO;
    for (uint8_t i = 0; i < n; i++) {
        (void)fixture_add(&t->fx, (struct fixture_target){.endpoint = i, .provider = i});
    }
    t->options.input_tokens = 2000;
}

static size_t home_of(struct state_test *t, uint64_t key)
{
    t->options.affinity = key;
    const struct pick pick = first_pick(t);
    assert_int_equal(pick.reason, PROA_REASON_AFFINITY);
    return fixture_index(&t->fx, pick.candidate);
}

static void equal_prompts_meet_the_same_domain(void **state)
{
    (void)state;
    struct state_test t;
    affine(&t, 4);
    uint32_t homes[4] = {0};
    for (uint64_t key = 1; key <= 100; key++) {
        const size_t home = home_of(&t, key * UINT64_C(0x9e3779b97f4a7c15));
        homes[home]++;
        assert_int_equal(home_of(&t, key * UINT64_C(0x9e3779b97f4a7c15)), home);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_true(homes[i] > 10);
    }
    state_teardown(&t);
}

static void a_home_that_is_out_moves_only_its_own(void **state)
{
    (void)state;
    struct state_test t;
    affine(&t, 4);
    size_t before[60];
    for (uint64_t key = 0; key < 60; key++) {
        before[key] = home_of(&t, (key + 1) * UINT64_C(0x9e3779b97f4a7c15));
    }
    open_target(&t, 1);
    for (uint64_t key = 0; key < 60; key++) {
        const size_t after = home_of(&t, (key + 1) * UINT64_C(0x9e3779b97f4a7c15));
        assert_true(before[key] == 1 ? after != 1 : after == before[key]);
    }
    state_teardown(&t);
}

static void one_organisation_is_one_home(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    t.fx.policy.balance.affinity = PROA_AFFINITY_AUTO;
    t.options.input_tokens = 2000;
    for (uint8_t i = 0; i < 4; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.key = i, .group = i < 2 ? "a" : "b"});
    }
    const size_t home = home_of(&t, 77) / 2;
    bool both[2] = {false};
    for (int i = 0; i < 8; i++) {
        const size_t at = home_of(&t, 77);
        assert_int_equal(at / 2, home);
        both[at % 2] = true;
    }
    assert_true(both[0] && both[1]); /* its keys share the load */
    state_teardown(&t);
}

static void a_favourite_carries_a_bounded_load(void **state)
{
    (void)state;
    struct state_test t;
    affine(&t, 4);
    uint32_t at[4] = {0};
    t.options.affinity = 99;
    for (int i = 0; i < 40; i++) {
        at[where(&t, called(&t))]++; /* none of them ends */
    }
    for (size_t i = 0; i < 4; i++) {
        PROA_TEST_CHECK(at[i] <= 14, "%u of 40 at once on one of four", at[i]);
    }
    state_teardown(&t);
}

static void no_affinity_without_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t key;
        uint32_t tokens;
        uint32_t mode;
        uint8_t targets;
        enum proa_reason reason;
    } cases[] = {
        {"all there", 9, 2000, PROA_AFFINITY_AUTO, 2, PROA_REASON_AFFINITY},
        {"by header", 9, 2000, PROA_AFFINITY_HEADER, 2, PROA_REASON_AFFINITY},
        {"no key", 0, 2000, PROA_AFFINITY_AUTO, 2, PROA_REASON_STRATEGY},
        {"short prompt", 9, 1023, PROA_AFFINITY_AUTO, 2, PROA_REASON_STRATEGY},
        {"off", 9, 2000, PROA_AFFINITY_OFF, 2, PROA_REASON_STRATEGY},
        {"one domain", 9, 2000, PROA_AFFINITY_AUTO, 1, PROA_REASON_STRATEGY},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        affine(&t, row->targets);
        t.fx.policy.balance.affinity = row->mode;
        t.options.affinity = row->key;
        t.options.input_tokens = row->tokens;
        PROA_TEST_CHECK(first_pick(&t).reason == row->reason, "%s", row->what);
        state_teardown(&t);
    }
}

static void a_home_that_is_far_slower_is_left(void **state)
{
    (void)state;
    struct state_test t;
    affine(&t, 3);
    const size_t home = home_of(&t, 5);
    seat_of(&t, home)->target->bearing.first_ppm = 6 * PPM;
    seat_of(&t, home)->target->bearing.at_ns = t.now;
    assert_true(home_of(&t, 5) != home);
    t.now += 300 * S; /* drifted back */
    assert_int_equal(home_of(&t, 5), home);
    state_teardown(&t);
}

/* ---- beside a running attempt ---------------------------------------------------------------- */

static void hedges_go_to_another_pool_that_is_well(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 2, .provider = 2, .tier = 2});
    struct proa_run *run = called_at(&t, 0);
    assert_int_equal(fixture_index(&t.fx, pick_for(&t, run, PICK_HEDGE).candidate), 2);
    degrade(&t, 2);
    assert_int_equal(fixture_index(&t.fx, pick_for(&t, run, PICK_HEDGE).candidate), 3);
    open_target(&t, 3);
    const struct pick none = pick_for(&t, run, PICK_HEDGE);
    assert_null(none.candidate);
    assert_int_equal(none.reason, PROA_REASON_NO_TARGET);
    state_teardown(&t);
}

static void hedges_need_headroom(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    t.fx.policy.concurrency.target = 10;
    struct proa_run *run = called_at(&t, 0);
    for (int i = 0; i < 8; i++) {
        (void)called_at(&t, 1);
    }
    assert_non_null(pick_for(&t, run, PICK_HEDGE).candidate); /* two of ten are left */
    (void)called_at(&t, 1);
    assert_null(pick_for(&t, run, PICK_HEDGE).candidate);
    assert_non_null(pick_for(&t, run, PICK_EVACUATE).candidate); /* need not */
    state_teardown(&t);
}

static void slowness_alone_gives_nobody_another_model(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){
                                 .endpoint = 1, .provider = 1, .tier = 1, .substitute = true});
    struct proa_run *run = called_at(&t, 0);
    assert_null(pick_for(&t, run, PICK_HEDGE).candidate);
    assert_int_equal(fixture_index(&t.fx, pick_for(&t, run, PICK_EVACUATE).candidate), 1);
    /* The hedge of a probe replaces what the request would have got. */
    open_target(&t, 0);
    pass_open(&t, 0);
    struct proa_run *probe = called(&t);
    assert_int_equal(probe->attempts[0].reason, PROA_REASON_PROBE);
    assert_int_equal(where(&t, probe), 0);
    assert_int_equal(fixture_index(&t.fx, pick_for(&t, probe, PICK_HEDGE).candidate), 1);
    state_teardown(&t);
}

/* ---- nobody ---------------------------------------------------------------------------------- */

/* T-A (5) */
static void t_a_5_a_single_target_is_never_fully_ejected(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    open_target(&t, 0);
    struct proa_throttle *throttle = &t.fx.roster->routes[0].state->throttle;
    uint32_t through = 0;
    uint32_t refused = 0;
    for (int i = 0; i < 20; i++, t.now += 100 * MS) {
        proa_throttle_asked(throttle, &t.fx.policy.panic, t.now);
        struct proa_run *run = call(&t);
        const struct pick pick = pick_for(&t, run, PICK_FIRST);
        if (pick.candidate && pick.reason == PROA_REASON_PANIC) {
            assert_true(pick.panic);
            through++;
        } else if (!pick.candidate) {
            assert_int_equal(pick.reason, PROA_REASON_THROTTLED);
            assert_true(pick.eta_ns <= 2 * S);
            refused++;
        }
    }
    assert_true(through >= 1);
    assert_true(refused > 0);
    state_teardown(&t);
}

/* T-A (5): configurable */
static void t_a_5_without_panic_it_is(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.fx.policy.panic.enabled = false;
    open_target(&t, 0);
    const struct pick pick = first_pick(&t);
    assert_null(pick.candidate);
    assert_int_equal(pick.reason, PROA_REASON_NO_TARGET);
    assert_true(pick.eta_ns > 0 && pick.eta_ns <= 5 * S);
    state_teardown(&t);
}

static void panic_asks_none_that_is_out_for_a_reason_of_its_own(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 4);
    refuse_key(&t, 0);
    spend_quota(&t, 1);
    limit_rate(&t, 2);
    open_target(&t, 3);
    t.fx.policy.concurrency.queue_wait_ns = 0;
    for (int i = 0; i < 40; i++, t.now += 50 * MS) {
        const struct pick pick = first_pick(&t);
        assert_true(!pick.candidate || fixture_index(&t.fx, pick.candidate) == 3);
    }
    state_teardown(&t);
}

static void soon_is_better_than_broken(void **state)
{
    (void)state;
    static const struct {
        uint64_t limited_ns;
        uint64_t wait_ns;
        enum proa_reason reason;
    } cases[] = {
        {2 * S, 5 * S, PROA_REASON_RATE_LIMITED},
        {30 * S, 5 * S, PROA_REASON_PANIC},
        {2 * S, 0, PROA_REASON_PANIC},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        t.fx.policy.concurrency.queue_wait_ns = row->wait_ns;
        open_target(&t, 0);
        fails_with(&t, called_at(&t, 1),
                   (struct proa_event){
                       .class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = row->limited_ns});
        const struct pick pick = first_pick(&t);
        PROA_TEST_CHECK(pick.reason == row->reason, "%s", proa_reason_text(pick.reason));
        if (!pick.candidate) {
            assert_true(pick.eta_ns >= row->limited_ns && pick.eta_ns <= 2 * row->limited_ns);
        }
        state_teardown(&t);
    }
}

static void full_targets_are_waited_for(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    t.fx.policy.concurrency.target = 1;
    struct proa_run *first = called(&t);
    (void)called(&t);
    const struct pick pick = first_pick(&t);
    assert_null(pick.candidate);
    assert_int_equal(pick.reason, PROA_REASON_QUEUED);
    assert_true(pick.eta_ns == PROA_NEVER);
    ends(&t, first, PROA_CLASS_CANCELLED, NULL);
    assert_non_null(first_pick(&t).candidate);
    state_teardown(&t);
}

static void the_soonest_is_told(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    refuse_key(&t, 0);
    spend_quota(&t, 1);
    const struct pick pick = first_pick(&t);
    assert_null(pick.candidate);
    assert_int_equal(pick.reason, PROA_REASON_NO_TARGET);
    assert_int_equal(pick.eta_ns, 300 * S);
    state_teardown(&t);
}

/* The way around the survey gives what the survey would. */
static void the_only_choice_is_what_weighing_gives(void **state)
{
    (void)state;
    static void (*const put_out[])(struct state_test * t, size_t i) = {
        NULL,       refuse_key,  spend_quota, deny_model, miss_model,
        limit_rate, open_target, cut_off,     fill_up,    degrade};
    PROA_TEST_ROWS(row, put_out)
    {
        for (unsigned i = 0; i <= 2 * PICK_RESCUE + 1; i++) {
            const struct pick_want want = {.use = (enum pick_use)(i / 2), .avoid = i % 2};
            struct state_test t;
            state_apart(&t, 1);
            if (*row) {
                (*row)(&t, 0);
            }
            struct proa_run *run = call(&t);
            assert_int_equal(proa_pick_is_well(run, 0, t.now), *row == NULL);
            struct proa_prng prng = t.fx.engine->prng;
            const struct picker picker = {.prng = &prng, .dry = true};
            struct survey s;
            proa_pick_survey(run, UINT64_MAX, t.now, &s);
            const struct pick weighed = proa_pick_choose(run, &want, &s, &picker, t.now);
            const struct pick pick = proa_engine_pick(run, &want, t.now);
            assert_true(pick.candidate == weighed.candidate && pick.reason == weighed.reason);
            assert_memory_equal(&t.fx.engine->prng, &prng, sizeof(prng));
            state_teardown(&t);
        }
    }
}

/* By the price of this very request: what is cheap for a long prompt is not for a short one. */
static void the_lowest_cost_is_that_of_the_request(void **state)
{
    (void)state;
    enum { IO = 1U << PROA_PRICE_INPUT | 1U << PROA_PRICE_OUTPUT };
    static const struct proa_catalogue_offer offers[] = {
        {.price = {{10, 1}, IO}}, /* dear to ask, cheap to hear */
        {.price = {{1, 100}, IO}},
    };
    static const struct {
        uint32_t input_tokens;
        size_t picked;
    } rows[] = {{100, 0}, {100000, 1}};
    PROA_TEST_ROWS(row, rows)
    {
        struct state_test t;
        state_apart(&t, 3); /* the third has no price */
        t.fx.policy.balance.strategy = PROA_STRATEGY_LOWEST_COST;
        t.fx.targets[0].offer = &offers[0];
        t.fx.targets[1].offer = &offers[1];
        t.options.input_tokens = row->input_tokens;
        for (int i = 0; i < 20; i++) {
            const size_t at = fixture_index(&t.fx, first_pick(&t).candidate);
            PROA_TEST_CHECK(at == row->picked, "%u tokens: %zu", (unsigned)row->input_tokens, at);
        }
        open_target(&t, row->picked);
        for (int i = 0; i < 20; i++) {
            const size_t at = fixture_index(&t.fx, first_pick(&t).candidate);
            PROA_TEST_CHECK(at == 1 - row->picked, "the next one: %zu", at);
        }
        state_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_filter_keeps_its_candidate_out),
        cmocka_unit_test(weight_zero_is_never_picked),
        cmocka_unit_test(excluded_ones_are_not_picked),
        cmocka_unit_test(avoided_ones_come_last),
        cmocka_unit_test(rank_is_tier_then_health_but_never_crosses_for_being_degraded),
        cmocka_unit_test(every_strategy_picks_among_the_fit),
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(sixty_four_candidates_fit),
        cmocka_unit_test(equal_prompts_meet_the_same_domain),
        cmocka_unit_test(a_home_that_is_out_moves_only_its_own),
        cmocka_unit_test(one_organisation_is_one_home),
        cmocka_unit_test(a_favourite_carries_a_bounded_load),
        cmocka_unit_test(no_affinity_without_a_reason),
        cmocka_unit_test(a_home_that_is_far_slower_is_left),
        cmocka_unit_test(hedges_go_to_another_pool_that_is_well),
        cmocka_unit_test(hedges_need_headroom),
        cmocka_unit_test(slowness_alone_gives_nobody_another_model),
        cmocka_unit_test(t_a_5_a_single_target_is_never_fully_ejected),
        cmocka_unit_test(t_a_5_without_panic_it_is),
        cmocka_unit_test(panic_asks_none_that_is_out_for_a_reason_of_its_own),
        cmocka_unit_test(soon_is_better_than_broken),
        cmocka_unit_test(full_targets_are_waited_for),
        cmocka_unit_test(the_soonest_is_told),
        cmocka_unit_test(the_lowest_cost_is_that_of_the_request),
        cmocka_unit_test(the_only_choice_is_what_weighing_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
