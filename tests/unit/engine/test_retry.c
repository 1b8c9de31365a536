/*
 * What comes after a failure: how often, what is avoided after a failure of each scope, what is
 * paid for it, and how long it waits.
 */
#include "proa/catalogue/catalogue.h"

#include "engine_test.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

/* n targets that share nothing, each of which is tried once. */
static void setup_once_each(struct engine_test *t, uint8_t n)
{
    setup(t, n);
    t->fx.policy.retry.per_pool = 1;
}

static void tiers_in_their_order(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 0);
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
        assert_int_equal(t.w.run.attempts[i].reason, i == 0  ? PROA_REASON_STRATEGY
                                                     : lower ? PROA_REASON_NEXT_TIER
                                                             : PROA_REASON_NEXT_TARGET);
        fails(&t, i, PROA_CLASS_RESET, 0);
    }
    assert_int_equal(t.w.reply_reason, PROA_REASON_TARGETS_SPENT);
    teardown(&t);
}

/* What an owner may allocate: records for what attempts_are_limited() allows. */
static void a_run_has_a_record_for_each_attempt(void **state)
{
    (void)state;
    static const struct {
        uint32_t max;
        size_t records;
    } cases[] = {{0, 1}, {1, 1}, {3, 3}, {10, 10}, {11, 10}, {UINT32_MAX, 10}};
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, 1);
        t.fx.policy.retry.max_attempts = row->max;
        admit(&t);
        assert_int_equal(proa_run_bytes(t.w.run.route),
                         offsetof(struct proa_run, attempts) +
                             row->records * sizeof(struct proa_attempt_record));
        teardown(&t);
    }
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
        {1, 3, 1, PROA_REASON_ATTEMPTS_SPENT},         {3, 3, 3, PROA_REASON_ATTEMPTS_SPENT},
        {3, 8, 3, PROA_REASON_ATTEMPTS_SPENT},         {4, 3, 3, PROA_REASON_TARGETS_SPENT},
        {UINT32_MAX, 8, 8, PROA_REASON_TARGETS_SPENT}, {3, 0, 0, PROA_REASON_NO_TARGET},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup_once_each(&t, row->targets);
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
    t.fx.policy.retry.per_pool = 1000;
    t.fx.policy.breaker.score = 1000;
    t.fx.policy.breaker.pool_score = 1000;
    t.fx.policy.breaker.endpoint_score = 1000;
    for (uint8_t i = 0; i < FIXTURE_TARGETS_MAX; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = i / FIXTURE_PARTS,
                                                         .key = i % FIXTURE_PARTS});
    }
    admit(&t);
    for (uint8_t i = 0; !t.w.finished; i++) {
        fails(&t, i, PROA_CLASS_RESET, 0);
        run_to_start(&t);
    }
    assert_int_equal(t.w.n_attempts, PROA_RUN_ATTEMPTS_MAX);
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

/* Windows of three targets in as many tiers; 0 = the catalogue does not know. The first one finds
 * the request too long, and so does whoever is asked after it. */
static void what_is_too_long_goes_to_larger_ones_alone(void **state)
{
    (void)state;
    static const struct {
        uint32_t windows[3];
        uint8_t asked[3];
        uint8_t n_asked;
    } rows[] = {
        {{100, 100, 200}, {0, 2}, 2}, {{100, 200, 300}, {0, 1, 2}, 3},
        {{100, 300, 200}, {0, 1}, 2}, {{200, 100, 100}, {0}, 1},
        {{200, 200, 200}, {0}, 1},    {{0, 200, 200}, {0}, 1},
        {{100, 0, 200}, {0, 2}, 2},   {{0, 0, 0}, {0}, 1},
        {{100, 0, 0}, {0}, 1},        {{100, UINT32_MAX, 1}, {0, 1}, 2},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_catalogue_offer offers[3];
        struct engine_test t;
        setup_once_each(&t, 0);
        t.fx.policy.retry.max_attempts = 10;
        for (uint8_t i = 0; i < 3; i++) {
            (void)fixture_add(&t.fx,
                              (struct fixture_target){.endpoint = i, .provider = i, .tier = i});
            offers[i] = (struct proa_catalogue_offer){.context = row->windows[i]};
            t.fx.targets[i].offer = row->windows[i] > 0 ? &offers[i] : NULL;
        }
        admit(&t);
        for (uint8_t i = 0; i < row->n_asked; i++) {
            const struct proa_candidate *c = t.w.run.attempts[i].candidate;
            PROA_TEST_CHECK(!t.w.finished && fixture_index(&t.fx, c) == row->asked[i],
                            "row %td, attempt %u", row - rows, (unsigned)i);
            feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                         .attempt = i,
                                         .class = PROA_CLASS_CLIENT,
                                         .too_long = true,
                                         .status = 400});
        }
        PROA_TEST_CHECK(t.w.finished && t.w.n_attempts == row->n_asked, "row %td", row - rows);
        assert_int_equal(t.w.reply_reason, PROA_REASON_TARGETS_SPENT);
        teardown(&t);
    }
}

/* Two keys of one provider: what the first does not have, the second may; it is asked at once, and
 * neither twice. */
static void what_is_absent_may_be_with_another_key(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 0);
    t.fx.policy.retry.max_attempts = 10;
    for (uint8_t i = 0; i < 2; i++) {
        (void)fixture_add(&t.fx, (struct fixture_target){.key = i});
    }
    admit(&t);
    for (uint8_t i = 0; i < 2; i++) {
        assert_false(t.w.finished);
        assert_int_equal(t.w.n_attempts, i + 1);
        feed(&t,
             (struct proa_event){
                 .kind = PROA_EV_FAILED, .attempt = i, .class = PROA_CLASS_UNFIT, .absent = true});
    }
    assert_true(t.w.finished);
    assert_int_equal(t.w.n_attempts, 2);
    assert_ptr_not_equal(t.w.run.attempts[0].candidate, t.w.run.attempts[1].candidate);
    teardown(&t);
}

static void only_movable_classes_move(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        struct engine_test t;
        setup(&t, 2);
        admit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        if (t.w.n_attempts == 1 && !t.w.finished) {
            run_to_start(&t); /* a failure of our own waits a moment */
        }
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
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, 0);
        t.fx.policy.retry.max_attempts = 10;
        t.fx.policy.retry.per_pool = 10;
        add_others(&t);
        admit(&t);
        assert_int_equal(candidate_of(&t, 0), 0);
        fails(&t, 0, row->class, 0);
        uint8_t n = 1;
        for (size_t i = 0; i < N_OTHERS; i++) {
            if (!row->avoided[i]) {
                PROA_TEST_CHECK(candidate_of(&t, n) == i + 1, "%s: try %d goes to %zu, not %zu",
                                row->name, n, candidate_of(&t, n), i + 1);
                fails(&t, n++, PROA_CLASS_PERMISSION, 403);
            }
        }
        /* The others would need a wait, or there is no use in it. */
        PROA_TEST_CHECK(t.w.n_attempts == n && sim_n_active(&t.w) == 0, "%s", row->name);
        teardown(&t);
    }
}

/* It costs no budget: else an application that asks for what the first cannot do would soon be
 * refused what the second can. */
static void what_was_never_sent_is_free(void **state)
{
    (void)state;
    for (int sent = 0; sent < 2; sent++) {
        struct engine_test t;
        setup(&t, 2);
        t.fx.policy.retry.budget.start = 0;
        t.fx.policy.retry.budget.ratio_ppm = 0;
        t.fx.policy.retry.budget.per_second_ppm = 0;
        t.options.effects = sent == 0;
        admit(&t);
        if (sent != 0) {
            tell(&t, PROA_EV_CONNECTED, 0);
        }
        fails(&t, 0, PROA_CLASS_UNFIT, 0);
        assert_int_equal(t.w.n_attempts, sent != 0 ? 1 : 2);
        teardown(&t);
    }
}

/* Nor does it use up the attempts: whoever can serve it is found behind those who cannot. */
static void what_was_never_sent_is_no_attempt(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 5);
    t.fx.policy.retry.max_attempts = 2;
    admit(&t);
    for (uint8_t i = 0; i < 3; i++) {
        fails(&t, i, PROA_CLASS_UNFIT, 0);
        assert_int_equal(t.w.n_attempts, i + 2);
    }
    tell(&t, PROA_EV_CONNECTED, 3);
    fails(&t, 3, PROA_CLASS_SERVER, 500);
    assert_int_equal(t.w.n_attempts, 5);
    tell(&t, PROA_EV_CONNECTED, 4);
    fails(&t, 4, PROA_CLASS_SERVER, 500);
    assert_true(t.w.finished);
    assert_int_equal(t.w.reply_reason, PROA_REASON_ATTEMPTS_SPENT);
    teardown(&t);
}

/* What cannot be put in a provider's words is not put otherwise for another of its keys. */
static void what_was_never_sent_is_not_sent_there(void **state)
{
    (void)state;
    for (uint8_t n_others = 0; n_others < 2; n_others++) {
        struct engine_test t;
        setup(&t, 0);
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = 0, .key = 0});
        (void)fixture_add(&t.fx, (struct fixture_target){.provider = 0, .key = 1});
        if (n_others > 0) {
            (void)fixture_add(&t.fx,
                              (struct fixture_target){.endpoint = 1, .provider = 1, .tier = 1});
        }
        admit(&t);
        fails(&t, 0, PROA_CLASS_UNFIT, 0);
        if (n_others > 0) {
            assert_int_equal(candidate_of(&t, 1), 2);
            fails(&t, 1, PROA_CLASS_UNFIT, 0);
        }
        assert_true(t.w.finished);
        assert_int_equal(t.w.n_attempts, 1 + n_others);
        assert_int_equal(t.w.terminal.fail, PROA_FAIL_UNFIT);
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

/* ---- what it costs -------------------------------------------------------------------------- */

static void retries_are_paid_for(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    t.fx.policy.retry.budget = (struct proa_budget_cfg){.ratio_ppm = 200000, .cap = 10, .start = 0};
    /* Every fifth request has earned one. */
    for (int i = 1; i <= 50; i++) {
        admit(&t);
        fails(&t, 0, PROA_CLASS_CONFLICT, 409);
        assert_int_equal(t.w.n_attempts, i % 5 == 0 ? 2 : 1);
        if (i % 5 != 0) {
            assert_int_equal(t.w.reply_reason, PROA_REASON_BUDGET_SPENT);
            assert_false(t.w.terminal.should_retry);
            continue;
        }
        tell(&t, PROA_EV_CONNECTED, 1);
        tell(&t, PROA_EV_ENDED, 1);
    }
    teardown(&t);
}

static void retries_of_an_sdk_earn_nothing(void **state)
{
    (void)state;
    struct engine_test t;
    setup_once_each(&t, 2);
    t.fx.policy.retry.budget =
        (struct proa_budget_cfg){.ratio_ppm = 1000000, .cap = 10, .start = 0};
    t.options.sdk_retry = 1;
    admit(&t);
    fails(&t, 0, PROA_CLASS_CONFLICT, 409);
    assert_int_equal(t.w.reply_reason, PROA_REASON_BUDGET_SPENT);
    t.options.sdk_retry = 0;
    admit(&t);
    fails(&t, 0, PROA_CLASS_CONFLICT, 409);
    expect(&t, "start1");
    sim_run_out(&t.w);
    teardown(&t);
}

/* ---- how long it waits ----------------------------------------------------------------------- */

static void a_backoff_is_below_its_bound_and_doubles(void **state)
{
    (void)state;
    uint64_t longest[2] = {0, 0};
    for (uint32_t seed = 0; seed < 400; seed++) {
        struct engine_test t;
        setup(&t, 1);
        fixture_deinit(&t.fx);
        t.fx.engine = proa_engine_create(seed);
        t.fx.policy.retry.per_pool = 3;
        admit(&t);
        for (uint8_t i = 0; i < 2; i++) {
            fails(&t, i, PROA_CLASS_SERVER, 500);
            const uint64_t wait = t.w.wait_ns - t.w.now_ns;
            longest[i] = wait > longest[i] ? wait : longest[i];
            assert_true(wait <= 500 * MS << i);
            run_to_start(&t);
        }
        fails(&t, 2, PROA_CLASS_SERVER, 500);
        teardown(&t);
    }
    assert_true(longest[0] > 480 * MS && longest[1] > 960 * MS);
}

/* Before another pool; not where there is none, nor after what was never sent. */
static void a_move_waits_only_where_it_helps(void **state)
{
    (void)state;
    static const struct {
        uint8_t targets;
        enum proa_class class;
        bool waits;
    } cases[] = {
        {2, PROA_CLASS_RESET, true}, {2, PROA_CLASS_UNFIT, false}, {1, PROA_CLASS_RESET, false}};
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup_once_each(&t, row->targets);
        t.fx.policy.retry.move_jitter_ns = 1 * S;
        admit(&t);
        fails(&t, 0, row->class, 0);
        assert_int_equal(t.w.n_attempts, !row->waits && row->targets > 1 ? 2 : 1);
        assert_int_equal(t.w.finished, row->targets == 1);
        if (row->waits) {
            assert_true(t.w.wait_ns > t.w.now_ns && t.w.wait_ns <= t.w.now_ns + 1 * S);
            run_to_start(&t);
            assert_int_equal(t.w.n_attempts, 2);
        }
        teardown(&t);
    }
}

static void a_limit_without_a_time_waits_longer(void **state)
{
    (void)state;
    uint64_t longest = 0;
    for (uint32_t seed = 0; seed < 400; seed++) {
        struct engine_test t;
        setup(&t, 1);
        fixture_deinit(&t.fx);
        t.fx.engine = proa_engine_create(seed);
        t.fx.policy.limiter.enabled = false;
        admit(&t);
        fails(&t, 0, PROA_CLASS_RATE, 429);
        const uint64_t wait = t.w.wait_ns - t.w.now_ns;
        longest = wait > longest ? wait : longest;
        assert_true(wait <= 1 * S);
        sim_run_out(&t.w);
        teardown(&t);
    }
    assert_true(longest > 960 * MS);
}

/* T-C: the newest answer's time counts, not the first one's. */
static void the_newest_retry_after_counts(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.fx.policy.retry.per_pool = 3;
    t.fx.policy.breaker.score = 100;
    t.fx.policy.breaker.pool_score = 100;
    admit(&t);
    static const uint64_t asked[] = {700 * MS, 1900 * MS};
    for (uint8_t i = 0; i < 2; i++) {
        const uint64_t failed_ns = t.w.now_ns;
        feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                     .attempt = i,
                                     .class = PROA_CLASS_OVERLOADED,
                                     .status = 503,
                                     .retry_after_ns = asked[i]});
        run_to_start(&t);
        assert_int_equal(t.w.n_attempts, i + 2);
        assert_true(t.w.now_ns >= failed_ns + asked[i]);
        assert_true(t.w.now_ns <= failed_ns + asked[i] + (500 * MS << i));
    }
    sim_run_out(&t.w);
    teardown(&t);
}

static void a_wait_ends_when_the_client_leaves(void **state)
{
    (void)state;
    for (uint32_t policy = 0; policy < 2; policy++) {
        struct engine_test t;
        setup(&t, 1);
        t.fx.policy.on_disconnect = policy;
        admit(&t);
        fails(&t, 0, PROA_CLASS_SERVER, 500);
        expect(&t, "wait arm");
        tell(&t, PROA_EV_CLIENT_GONE, 0);
        expect(&t, "disarm finish");
        assert_int_equal(t.w.outcome, PROA_OUTCOME_CANCELLED);
        teardown(&t);
    }
}

static void what_has_effects_is_sent_again_only_if_it_was_not_processed(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        const bool never_sent = class == PROA_CLASS_DNS || class == PROA_CLASS_CONNECT ||
                                class == PROA_CLASS_CONNECT_TIMEOUT || class == PROA_CLASS_TLS ||
                                class == PROA_CLASS_UNFIT || class == PROA_CLASS_TOKEN;
        struct engine_test t;
        setup(&t, 2);
        t.options.effects = true;
        admit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        assert_int_equal(t.w.n_attempts, never_sent ? 2 : 1);
        sim_run_out(&t.w);
        teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiers_in_their_order),
        cmocka_unit_test(a_run_has_a_record_for_each_attempt),
        cmocka_unit_test(attempts_are_limited),
        cmocka_unit_test(ten_attempts_are_the_most),
        cmocka_unit_test(no_fallback_is_one_attempt),
        cmocka_unit_test(what_is_too_long_goes_to_larger_ones_alone),
        cmocka_unit_test(what_is_absent_may_be_with_another_key),
        cmocka_unit_test(only_movable_classes_move),
        cmocka_unit_test(each_scope_avoids_its_own),
        cmocka_unit_test(what_was_never_sent_is_not_sent_there),
        cmocka_unit_test(what_was_never_sent_is_free),
        cmocka_unit_test(a_key_without_a_group_is_a_group_of_its_own),
        cmocka_unit_test(a_group_belongs_to_its_provider),
        cmocka_unit_test(what_is_avoided_adds_up),
        cmocka_unit_test(a_timeout_avoids_as_its_class_says),
        cmocka_unit_test(retries_are_paid_for),
        cmocka_unit_test(retries_of_an_sdk_earn_nothing),
        cmocka_unit_test(a_backoff_is_below_its_bound_and_doubles),
        cmocka_unit_test(what_was_never_sent_is_no_attempt),
        cmocka_unit_test(a_move_waits_only_where_it_helps),
        cmocka_unit_test(a_limit_without_a_time_waits_longer),
        cmocka_unit_test(the_newest_retry_after_counts),
        cmocka_unit_test(a_wait_ends_when_the_client_leaves),
        cmocka_unit_test(what_has_effects_is_sent_again_only_if_it_was_not_processed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
