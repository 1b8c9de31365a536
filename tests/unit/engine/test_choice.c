/*
 * Which target is tried: shares by weight, tiers, what is avoided after a failure of each scope,
 * how many attempts, and what the engine remembers across exchanges and snapshots.
 */
#include "engine_test.h"

/* One exchange that is answered by the first choice; returns it. */
static size_t first_choice(struct engine_test *t)
{
    admit(t);
    const size_t choice = candidate_of(t, 0);
    tell(t, PROA_EV_CONNECTED, 0);
    tell(t, PROA_EV_ENDED, 0);
    assert_true(t->w.finished);
    return choice;
}

static void weights_are_shares(void **state)
{
    (void)state;
    static const uint32_t weights[] = {5, 1, 1, 3};
    struct engine_test t;
    setup(&t, 0);
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(weights); i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = i, .weight = weights[i]});
    }
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 4, .off = true});
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 5, .tier = 1, .weight = 100});
    for (int round = 0; round < 20; round++) {
        uint32_t counts[6] = {0};
        for (int i = 0; i < 10; i++) {
            counts[first_choice(&t)]++;
        }
        for (size_t i = 0; i < PROA_ARRAY_LEN(weights); i++) {
            assert_int_equal(counts[i], weights[i]);
        }
        assert_int_equal(counts[4], 0);
        assert_int_equal(counts[5], 0);
    }
    teardown(&t);
}

static void shares_do_not_come_in_bursts(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 0, .weight = 5});
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 1, .weight = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 2, .weight = 1});
    static const size_t expected[] = {0, 0, 1, 0, 2, 0, 0};
    for (size_t i = 0; i < 3 * PROA_ARRAY_LEN(expected); i++) {
        assert_int_equal(first_choice(&t), expected[i % PROA_ARRAY_LEN(expected)]);
    }
    teardown(&t);
}

static void a_share_moves_to_the_others_of_the_tier_by_weight(void **state)
{
    (void)state;
    /* Target 0 is always down: what it cannot take is spread 3 to 1. */
    struct engine_test t;
    setup(&t, 0);
    static const uint32_t weights[] = {4, 3, 1};
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(weights); i++) {
        (void)fixture_add(
            &t.fx, (struct fixture_target){.endpoint = i, .provider = i, .weight = weights[i]});
    }
    uint32_t counts[3] = {0};
    for (int i = 0; i < 8000; i++) {
        admit(&t);
        uint8_t n = 0;
        if (candidate_of(&t, 0) == 0) {
            fails(&t, 0, PROA_CLASS_CONNECT, 0);
            n = 1;
        }
        counts[candidate_of(&t, n)]++;
        tell(&t, PROA_EV_CONNECTED, n);
        tell(&t, PROA_EV_ENDED, n);
    }
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1] + counts[2], 8000);
    PROA_TEST_CHECK(counts[1] >= 5800 && counts[1] <= 6200, "%u of 8000", counts[1]);
    teardown(&t);
}

static void tiers_in_their_order(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    t.fx.policy.retry.max_attempts = 10;
    static const uint8_t tiers[] = {0, 0, 2, 5, 5, 7};
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(tiers); i++) {
        (void)fixture_add(&t.fx,
                          (struct fixture_target){.endpoint = i, .provider = i, .tier = tiers[i]});
    }
    admit(&t);
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(tiers); i++) {
        const struct proa_candidate *c = t.w.run.attempts[i].candidate;
        assert_int_equal(c->tier, tiers[i]);
        const bool lower = i > 0 && tiers[i] > tiers[i - 1];
        assert_int_equal(t.w.run.attempts[i].reason, i == 0  ? PROA_REASON_FIRST_CHOICE
                                                     : lower ? PROA_REASON_NEXT_TIER
                                                             : PROA_REASON_NEXT_TARGET);
        fails(&t, i, PROA_CLASS_CONNECT, 0);
    }
    assert_int_equal(t.w.reply_reason, PROA_REASON_TARGETS_SPENT);
    teardown(&t);
}

static void attempts_are_limited(void **state)
{
    (void)state;
    static const struct {
        uint32_t max;
        uint8_t targets;
        uint8_t attempts;
        enum proa_reason reason;
    } cases[] = {
        {0, 3, 0, PROA_REASON_ATTEMPTS_SPENT}, {1, 3, 1, PROA_REASON_ATTEMPTS_SPENT},
        {3, 3, 3, PROA_REASON_ATTEMPTS_SPENT}, {3, 8, 3, PROA_REASON_ATTEMPTS_SPENT},
        {4, 3, 3, PROA_REASON_TARGETS_SPENT},  {UINT32_MAX, 8, 8, PROA_REASON_TARGETS_SPENT},
        {3, 0, 0, PROA_REASON_NO_TARGET},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, row->targets);
        t.fx.policy.retry.max_attempts = row->max;
        admit(&t);
        for (uint8_t i = 0; !t.w.finished; i++) {
            fails(&t, i, PROA_CLASS_RESET, 0);
        }
        assert_int_equal(t.w.n_attempts, row->attempts);
        assert_int_equal(t.w.reply_reason, row->reason);
        teardown(&t);
    }
}

static void ten_attempts_are_the_most(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    t.fx.policy.retry.max_attempts = 1000;
    for (uint8_t i = 0; i < FIXTURE_TARGETS_MAX; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = i / FIXTURE_PARTS,
                                                         .key = i % FIXTURE_PARTS});
    }
    admit(&t);
    for (uint8_t i = 0; !t.w.finished; i++) {
        fails(&t, i, PROA_CLASS_RESET, 0);
    }
    assert_int_equal(t.w.n_attempts, PROA_RUN_ATTEMPTS_MAX);
    teardown(&t);
}

static void the_last_of_64_candidates(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    for (uint8_t i = 0; i < FIXTURE_TARGETS_MAX; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = i / FIXTURE_PARTS,
                                                         .key = i % FIXTURE_PARTS,
                                                         .off = i < FIXTURE_TARGETS_MAX - 1});
    }
    admit(&t);
    assert_int_equal(candidate_of(&t, 0), FIXTURE_TARGETS_MAX - 1);
    fails(&t, 0, PROA_CLASS_SERVER, 500);
    assert_int_equal(t.w.reply_reason, PROA_REASON_TARGETS_SPENT);
    teardown(&t);
}

static void no_fallback_is_one_attempt(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        struct engine_test t;
        setup(&t, 3);
        t.options.no_fallback = true;
        admit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        expect(&t, "error disarm finish");
        assert_int_equal(t.w.reply_reason, proa_class_movable((enum proa_class) class)
                                               ? PROA_REASON_NO_FALLBACK
                                               : PROA_REASON_NOT_MOVABLE);
        teardown(&t);
    }
}

static void only_movable_classes_move(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        struct engine_test t;
        setup(&t, 2);
        admit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        assert_int_equal(t.w.n_attempts, proa_class_movable((enum proa_class) class) ? 2 : 1);
        teardown(&t);
    }
}

/* ---- what is avoided --------------------------------------------------------------------------
 */

/*
 * Target 0 fails; then the others, each differing from it in one thing more, are tried in the order
 * that the class of the failure says. They stand in the route so that a blind "next one" is wrong.
 */
enum other { SAME_POOL, SAME_KEY, SAME_GROUP, SAME_ENDPOINT, APART, N_OTHERS };

static void add_others(struct engine_test *t)
{
    static const struct fixture_target targets[] = {
        {.endpoint = 0, .provider = 0, .key = 0, .model = 0, .group = "g"},
        {.endpoint = 0, .provider = 0, .key = 1, .model = 0, .group = "other"}, /* SAME_POOL */
        {.endpoint = 0, .provider = 0, .key = 0, .model = 1, .group = "g"},     /* SAME_KEY */
        {.endpoint = 0, .provider = 0, .key = 2, .model = 1, .group = "g"},     /* SAME_GROUP */
        {.endpoint = 0, .provider = 1, .key = 0, .model = 2, .group = "g"},     /* SAME_ENDPOINT */
        {.endpoint = 1, .provider = 2, .key = 0, .model = 0, .group = "g"},     /* APART */
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(targets); i++) {
        struct fixture_target target = targets[i];
        target.tier = (uint8_t)i; /* so that the order of the rest is fixed */
        (void)fixture_add(&t->fx, target);
    }
}

static void each_scope_avoids_its_own(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        const char *name;
        bool avoided[N_OTHERS];
    } cases[] = {
        {PROA_CLASS_SERVER, "pool", {[SAME_POOL] = true}},
        {PROA_CLASS_OVERLOADED, "pool", {[SAME_POOL] = true}},
        {PROA_CLASS_NOT_FOUND, "pool", {[SAME_POOL] = true}},
        {PROA_CLASS_CONNECT,
         "endpoint",
         {[SAME_POOL] = true, [SAME_KEY] = true, [SAME_GROUP] = true, [SAME_ENDPOINT] = true}},
        {PROA_CLASS_RATE, "quota group", {[SAME_KEY] = true, [SAME_GROUP] = true}},
        {PROA_CLASS_QUOTA, "quota group", {[SAME_KEY] = true, [SAME_GROUP] = true}},
        {PROA_CLASS_AUTH, "key", {[SAME_KEY] = true}},
        {PROA_CLASS_PERMISSION, "target", {false}},
        {PROA_CLASS_LOCAL, "local", {false}},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, 0);
        t.fx.policy.retry.max_attempts = 10;
        add_others(&t);
        admit(&t);
        assert_int_equal(candidate_of(&t, 0), 0);
        fails(&t, 0, row->class, 0);
        size_t expected[N_OTHERS];
        size_t n = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < N_OTHERS; i++) {
                if (row->avoided[i] == (pass == 1)) {
                    expected[n++] = i + 1;
                }
            }
        }
        for (uint8_t i = 0; i < N_OTHERS; i++) {
            PROA_TEST_CHECK(candidate_of(&t, (uint8_t)(i + 1)) == expected[i],
                            "%s: try %d goes to %zu, not %zu", row->name, i + 1,
                            candidate_of(&t, (uint8_t)(i + 1)), expected[i]);
            /* LOCAL adds nothing to what is avoided. */
            fails(&t, (uint8_t)(i + 1), PROA_CLASS_LOCAL, 0);
        }
        teardown(&t);
    }
}

static void a_key_without_a_group_is_a_group_of_its_own(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0, .model = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0, .model = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1, .model = 0, .tier = 1});
    admit(&t);
    fails(&t, 0, PROA_CLASS_RATE, 429);
    assert_int_equal(candidate_of(&t, 1), 2);
    teardown(&t);
}

static void a_group_belongs_to_its_provider(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 0, .group = "org"});
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 1, .group = "org", .tier = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.provider = 2, .group = "org", .tier = 2});
    admit(&t);
    fails(&t, 0, PROA_CLASS_RATE, 429);
    assert_int_equal(candidate_of(&t, 1), 1);
    teardown(&t);
}

static void what_is_avoided_adds_up(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0, .key = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
    (void)fixture_add(&t.fx,
                      (struct fixture_target){.endpoint = 1, .provider = 1, .key = 1, .tier = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 2, .provider = 2, .tier = 2});
    admit(&t);
    fails(&t, 0, PROA_CLASS_SERVER, 500);
    assert_int_equal(candidate_of(&t, 1), 2);
    fails(&t, 1, PROA_CLASS_SERVER, 500);
    assert_int_equal(candidate_of(&t, 2), 4);
    teardown(&t);
}

static void a_timeout_avoids_as_its_class_says(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 0, .provider = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 2, .provider = 2, .tier = 1});
    admit(&t);
    tell_at(&t, t.w.armed_ns, PROA_EV_DEADLINE, 0); /* connect: the endpoint's */
    assert_int_equal(candidate_of(&t, 1), 2);
    teardown(&t);
}

static void avoiding_ends_with_the_exchange(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    admit(&t);
    const size_t first = candidate_of(&t, 0);
    fails(&t, 0, PROA_CLASS_CONNECT, 0);
    sim_run_out(&t.w);
    admit(&t);
    const size_t second = candidate_of(&t, 0);
    assert_int_equal(first + second, 1); /* they take turns */
    sim_run_out(&t.w);
    assert_int_equal(first_choice(&t), first);
    teardown(&t);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static void shares_survive_a_reload(void **state)
{
    (void)state;
    /* Another snapshot, other memory, the same identities: the turn goes on where it was. */
    struct engine_test before;
    struct engine_test after;
    setup(&before, 3);
    setup(&after, 3);
    assert_int_equal(first_choice(&before), 0);
    proa_engine_destroy(after.fx.engine);
    after.fx.engine = before.fx.engine;
    proa_engine_adopt(before.fx.engine, &after.fx.snapshot);
    assert_int_equal(first_choice(&after), 1);
    assert_int_equal(first_choice(&before), 2);
    assert_int_equal(first_choice(&after), 0);
    teardown(&before);
}

static void a_target_that_was_not_adopted_works(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    struct proa_engine *fresh = proa_engine_create(9);
    proa_engine_destroy(t.fx.engine);
    t.fx.engine = fresh;
    assert_int_equal(first_choice(&t), 0);
    assert_int_equal(first_choice(&t), 1);
    teardown(&t);
}

static void the_names_of_a_snapshot_may_go_away(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    /* The engine met these identities in memory that is no more. */
    struct fixture *gone = proa_alloc(sizeof(*gone));
    fixture_init(gone, 2);
    fixture_add_apart(gone, 3);
    proa_engine_destroy(t.fx.engine);
    t.fx.engine = gone->engine;
    proa_free(gone);
    proa_engine_adopt(t.fx.engine, &t.fx.snapshot);
    assert_int_equal(first_choice(&t), 0);
    teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(shares_do_not_come_in_bursts),
        cmocka_unit_test(a_share_moves_to_the_others_of_the_tier_by_weight),
        cmocka_unit_test(tiers_in_their_order),
        cmocka_unit_test(attempts_are_limited),
        cmocka_unit_test(ten_attempts_are_the_most),
        cmocka_unit_test(the_last_of_64_candidates),
        cmocka_unit_test(no_fallback_is_one_attempt),
        cmocka_unit_test(only_movable_classes_move),
        cmocka_unit_test(each_scope_avoids_its_own),
        cmocka_unit_test(a_key_without_a_group_is_a_group_of_its_own),
        cmocka_unit_test(a_group_belongs_to_its_provider),
        cmocka_unit_test(what_is_avoided_adds_up),
        cmocka_unit_test(a_timeout_avoids_as_its_class_says),
        cmocka_unit_test(avoiding_ends_with_the_exchange),
        cmocka_unit_test(shares_survive_a_reload),
        cmocka_unit_test(a_target_that_was_not_adopted_works),
        cmocka_unit_test(the_names_of_a_snapshot_may_go_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
