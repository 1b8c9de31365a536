/*
 * States by identity: what is shared, what survives a reload, what is forgotten, and that a binding
 * finds by index what the names say.
 */
#include "state_test.h"

static const struct seat *seat_in(const struct proa_roster *roster, size_t i)
{
    return &roster->seats[i];
}

static size_t n_states(const struct proa_engine *engine)
{
    size_t n = 0;
    for (size_t i = 0; i < PROA_STATUS_KINDS; i++) {
        n += engine->states[i].len;
    }
    return n;
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    proa_engine_destroy(NULL);
    proa_roster_destroy(NULL);
    struct proa_engine *engine = proa_engine_create(0);
    assert_null(proa_engine_next_woken(engine));
    struct proa_snapshot empty = {0};
    struct proa_roster *roster = proa_roster_create(engine, &empty, 0);
    proa_roster_destroy(roster);
    proa_engine_destroy(engine);
}

static void what_has_one_name_is_one_object(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    static const struct fixture_target targets[] = {
        {.endpoint = 0, .provider = 0, .key = 0, .model = 0, .group = "a"},
        {.endpoint = 0, .provider = 0, .key = 1, .model = 0, .group = "a"},
        {.endpoint = 0, .provider = 0, .key = 0, .model = 1, .group = "a"},
        {.endpoint = 0, .provider = 1, .key = 0, .model = 0},
        {.endpoint = 2, .provider = 2, .key = 0, .model = 0},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(targets); i++) {
        (void)fixture_add(&t.fx, targets[i]);
    }
    fixture_bind(&t.fx, t.now);
    const struct seat *s = t.fx.roster->seats;
    /* pool: provider and model */
    assert_ptr_equal(s[0].pool, s[1].pool);
    assert_ptr_not_equal(s[0].pool, s[2].pool);
    assert_ptr_not_equal(s[0].pool, s[3].pool);
    /* endpoint: place */
    assert_ptr_equal(s[0].endpoint, s[3].endpoint);
    assert_ptr_not_equal(s[0].endpoint, s[4].endpoint);
    /* key: provider and label */
    assert_ptr_equal(s[0].key, s[2].key);
    assert_ptr_not_equal(s[0].key, s[1].key);
    assert_ptr_not_equal(s[0].key, s[3].key);
    /* group: of a provider; limits: of a group and model */
    assert_ptr_equal(s[0].group, s[1].group);
    assert_ptr_equal(s[0].group, s[2].group);
    assert_ptr_not_equal(s[0].group, s[3].group);
    assert_ptr_equal(s[0].limit, s[1].limit);
    assert_ptr_not_equal(s[0].limit, s[2].limit);
    for (size_t i = 0; i < PROA_ARRAY_LEN(targets); i++) {
        for (size_t k = 0; k < i; k++) {
            assert_ptr_not_equal(s[i].target, s[k].target);
        }
    }
    assert_int_equal(s[0].pool->n_targets, 2);
    assert_int_equal(s[2].pool->n_targets, 1);
    state_teardown(&t);
}

static void one_host_with_two_trusts_is_two_endpoints(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    for (size_t i = 0; i < 3; i++) {
        t.fx.endpoints[i].identity = PROA_SLICE("https://h:443");
    }
    t.fx.endpoints[1].ca_pem = PROA_SLICE("one authority");
    t.fx.endpoints[2].ca_pem = PROA_SLICE("another");
    fixture_bind(&t.fx, t.now);
    const struct seat *s = t.fx.roster->seats;
    assert_ptr_not_equal(s[0].endpoint, s[1].endpoint);
    assert_ptr_not_equal(s[1].endpoint, s[2].endpoint);
    assert_slice_lit(s[0].endpoint->state.identity, "https://h:443");
    assert_true(proa_slice_starts(s[1].endpoint->state.identity, PROA_SLICE("https://h:443#")));
    state_teardown(&t);
}

static void a_target_that_is_in_a_route_twice_is_one(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.tier = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.tier = 1});
    fixture_bind(&t.fx, t.now);
    assert_ptr_equal(t.fx.roster->seats[0].target, t.fx.roster->seats[1].target);
    assert_int_equal(t.fx.roster->seats[0].pool->n_targets, 1);
    assert_int_equal(proa_status_n(t.fx.roster, PROA_STATUS_TARGET), 1);
    state_teardown(&t);
}

static void a_reload_keeps_what_stays(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    open_target(&t, 0);
    fails(&t, called_at(&t, 1), PROA_CLASS_AUTH);
    const uint64_t until = seat_of(&t, 0)->target->watched.breaker.until_ns;

    /* The next snapshot has the first two in another order, and one more. */
    static struct fixture next;
    fixture_init(&next, 2);
    (void)fixture_add(&next, (struct fixture_target){.endpoint = 7, .provider = 7});
    (void)fixture_add(&next, (struct fixture_target){.endpoint = 1, .provider = 1});
    (void)fixture_add(&next, (struct fixture_target){.endpoint = 0, .provider = 0});
    struct proa_roster *after = proa_roster_create(t.fx.engine, &next.snapshot, t.now);
    assert_ptr_equal(seat_in(after, 2)->target, seat_of(&t, 0)->target);
    assert_ptr_equal(seat_in(after, 1)->key, seat_of(&t, 1)->key);
    assert_ptr_equal(after->routes[0].state, t.fx.roster->routes[0].state);

    proa_roster_destroy(t.fx.roster);
    t.fx.roster = NULL;
    assert_int_equal(seat_in(after, 2)->target->watched.breaker.until_ns, until);
    assert_int_equal(seat_in(after, 1)->key->credential.state, PROA_CREDENTIAL_DISABLED);
    assert_int_equal(seat_in(after, 0)->target->watched.breaker.state, PROA_BREAKER_CLOSED);
    /* The third one is gone for good, with all that was its own. */
    assert_null(proa_map_get(&t.fx.engine->states[PROA_STATUS_TARGET], PROA_SLICE("p2/k0/m0")));
    proa_roster_destroy(after);
    fixture_deinit(&next);
    state_teardown(&t);
}

/* An attempt that outlives the reload under its old roster tells the same states. */
static void old_and_new_tell_the_same_states(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    struct proa_run *old = called(&t);
    struct proa_roster *after = proa_roster_create(t.fx.engine, &t.fx.snapshot, t.now);
    assert_int_equal(seat_in(after, 0)->target->inflight, 1);
    fails(&t, old, PROA_CLASS_SERVER);
    assert_int_equal(seat_in(after, 0)->target->watched.breaker.score, 1);
    assert_int_equal(seat_in(after, 0)->target->inflight, 0);
    proa_roster_destroy(after);
    state_teardown(&t);
}

/* A key that moves to another organisation takes only what is the key's own with it. */
static void parents_are_bound_anew(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fails(&t, called_at(&t, 0), PROA_CLASS_QUOTA);
    t.fx.keys[0][0].quota_group = PROA_SLICE("elsewhere");
    t.fx.providers[0].endpoint = &t.fx.endpoints[5];
    struct proa_roster *after = proa_roster_create(t.fx.engine, &t.fx.snapshot, t.now);
    assert_ptr_equal(seat_in(after, 0)->target, seat_of(&t, 0)->target);
    assert_ptr_equal(seat_in(after, 0)->key, seat_of(&t, 0)->key);
    assert_ptr_not_equal(seat_in(after, 0)->group, seat_of(&t, 0)->group);
    assert_ptr_not_equal(seat_in(after, 0)->endpoint, seat_of(&t, 0)->endpoint);
    assert_int_equal(seat_in(after, 0)->group->credential.state, PROA_CREDENTIAL_ACTIVE);
    proa_roster_destroy(after);
    state_teardown(&t);
}

/* `version` stands for the secret. */
static void a_new_key_is_not_held_to_what_the_old_one_was_refused(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        const char *group;
        bool stays_out;
    } cases[] = {{PROA_CLASS_AUTH, NULL, false},
                 {PROA_CLASS_PERMISSION, NULL, false},
                 {PROA_CLASS_QUOTA, NULL, false},
                 {PROA_CLASS_QUOTA, "org", true}, /* the organisation is the same */
                 {PROA_CLASS_NOT_FOUND, NULL, true}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_setup(&t);
        t.fx.policy.panic.enabled = false;
        (void)fixture_add(&t.fx, (struct fixture_target){.group = row->group});
        t.fx.keys[0][0].version = 1;
        fails(&t, called_at(&t, 0), row->class);
        for (uint64_t version = 1; version <= 2; version++) {
            t.fx.keys[0][0].version = version;
            struct proa_roster *after = proa_roster_create(t.fx.engine, &t.fx.snapshot, t.now);
            proa_roster_destroy(t.fx.roster);
            t.fx.roster = after;
            const bool out = pick_for(&t, call(&t), PICK_FIRST).candidate == NULL;
            PROA_TEST_CHECK(out == (version == 1 || row->stays_out), "%s",
                            proa_class_text(row->class));
        }
        state_teardown(&t);
    }
}

static void everything_is_forgotten_with_the_last_roster(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 8);
    fixture_bind(&t.fx, t.now);
    assert_int_equal(n_states(t.fx.engine), 8 * 6 + 1);
    for (int i = 0; i < 100; i++) {
        struct proa_roster *next = proa_roster_create(t.fx.engine, &t.fx.snapshot, t.now);
        proa_roster_destroy(t.fx.roster);
        t.fx.roster = next;
        assert_int_equal(n_states(t.fx.engine), 8 * 6 + 1);
    }
    proa_roster_destroy(t.fx.roster);
    t.fx.roster = NULL;
    assert_int_equal(n_states(t.fx.engine), 0);
    state_teardown(&t);
}

/* A transition that nobody has taken yet still names its object. */
static void news_outlives_its_object(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    open_target(&t, 0);
    proa_roster_destroy(t.fx.roster);
    t.fx.roster = NULL;
    struct proa_status_news news;
    assert_true(proa_status_next_news(t.fx.engine, &news));
    assert_slice_lit(news.identity, "p0/m0");
    assert_true(proa_status_next_news(t.fx.engine, &news));
    assert_slice_lit(news.identity, "p0/k0/m0");
    assert_false(proa_status_next_news(t.fx.engine, &news));
    assert_int_equal(n_states(t.fx.engine), 0);
    state_teardown(&t);
}

static void a_target_needs_little_memory(void **state)
{
    (void)state;
    PROA_TEST_CHECK(sizeof(struct target_state) <= 1024, "%zu", sizeof(struct target_state));
    PROA_TEST_CHECK(sizeof(struct seat) <= 64, "%zu", sizeof(struct seat));
    PROA_TEST_CHECK(sizeof(struct pool_state) <= 2048, "%zu", sizeof(struct pool_state));
}

static void the_woken_are_named_once_in_their_order(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    struct proa_run *a = call(&t);
    struct proa_run *b = call(&t);
    proa_engine_wake(b);
    proa_engine_wake(a);
    proa_engine_wake(b);
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), b);
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), a);
    assert_null(proa_engine_next_woken(t.fx.engine));
    proa_engine_wake(b); /* and again, later */
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), b);
    state_teardown(&t);
}

static void each_route_has_its_own_budgets(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_route routes[2] = {t.fx.route, t.fx.route};
    routes[1].id = 1;
    routes[1].name = PROA_SLICE("other");
    t.fx.snapshot.routes = routes;
    t.fx.snapshot.n_routes = 2;
    fixture_bind(&t.fx, t.now);
    struct proa_run one;
    struct proa_run other;
    proa_run_init(&one, t.fx.roster, &routes[0], &t.options, t.now);
    proa_run_init(&other, t.fx.roster, &routes[1], &t.options, t.now);
    assert_ptr_not_equal(proa_engine_retry_budget(&one), proa_engine_retry_budget(&other));
    assert_ptr_not_equal(proa_engine_retry_budget(&one), proa_engine_hedge_budget(&one));
    assert_ptr_not_equal(proa_engine_throttle(&one), proa_engine_throttle(&other));
    assert_ptr_not_equal(proa_engine_queue(&one), proa_engine_queue(&other));
    assert_ptr_equal(proa_engine_prng(&one), proa_engine_prng(&other));
    proa_roster_destroy(t.fx.roster);
    t.fx.roster = NULL;
    state_teardown(&t);
}

/* Routes that nobody wrote are many: they cost nothing until somebody asks for them. */
static void what_is_made_on_demand_waits_for_its_first_run(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_route routes[2] = {t.fx.route, t.fx.route};
    struct proa_target *targets = (struct proa_target *)(uintptr_t)t.fx.snapshot.targets;
    struct proa_candidate second = t.fx.route.candidates[1];
    routes[0].n_candidates = 1;
    routes[1].id = 1;
    routes[1].name = PROA_SLICE("a/b");
    routes[1].candidates = &second;
    routes[1].n_candidates = 1;
    routes[1].on_demand = true;
    second.tier = 0;
    targets[1].on_demand = true;
    t.fx.snapshot.routes = routes;
    t.fx.snapshot.n_routes = 2;
    fixture_bind(&t.fx, t.now);
    assert_null(seat_in(t.fx.roster, 1)->target);
    assert_int_equal(proa_status_n(t.fx.roster, PROA_STATUS_TARGET), 1);
    assert_int_equal(proa_status_n(t.fx.roster, PROA_STATUS_ROUTE), 1);

    struct proa_run run;
    proa_run_init(&run, t.fx.roster, &routes[1], &t.options, t.now);
    assert_non_null(seat_in(t.fx.roster, 1)->target);
    assert_int_equal(proa_status_n(t.fx.roster, PROA_STATUS_TARGET), 2);
    struct proa_status_route status;
    proa_status_route(t.fx.roster, 1, t.now, &status);
    assert_slice_str(status.identity, "a/b");
    const size_t n = n_states(t.fx.engine);
    proa_run_init(&run, t.fx.roster, &routes[1], &t.options, t.now); /* and only once */
    assert_int_equal(n_states(t.fx.engine), n);

    /* What is known of it survives a reload, though nobody has asked since. */
    const struct target_state *known = seat_in(t.fx.roster, 1)->target;
    struct proa_roster *next = proa_roster_create(t.fx.engine, &t.fx.snapshot, t.now);
    proa_roster_destroy(t.fx.roster);
    t.fx.roster = next;
    assert_ptr_equal(seat_in(next, 1)->target, known);
    proa_roster_destroy(t.fx.roster);
    t.fx.roster = NULL;
    state_teardown(&t);
}

/* Models of two providers, each through two keys: what is usual is asked of each pool once. */
static void a_route_knows_the_first_of_each_pool(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    for (uint8_t i = 0; i < 8; i++) {
        (void)fixture_add(
            &t.fx, (struct fixture_target){
                       .endpoint = i / 4, .provider = i / 4, .key = i % 2, .model = (i / 2) % 2});
    }
    assert_int_equal(proa_route_seat(call(&t))->pools, bit(0) | bit(2) | bit(4) | bit(6));
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(what_has_one_name_is_one_object),
        cmocka_unit_test(one_host_with_two_trusts_is_two_endpoints),
        cmocka_unit_test(a_target_that_is_in_a_route_twice_is_one),
        cmocka_unit_test(a_reload_keeps_what_stays),
        cmocka_unit_test(old_and_new_tell_the_same_states),
        cmocka_unit_test(parents_are_bound_anew),
        cmocka_unit_test(a_new_key_is_not_held_to_what_the_old_one_was_refused),
        cmocka_unit_test(everything_is_forgotten_with_the_last_roster),
        cmocka_unit_test(news_outlives_its_object),
        cmocka_unit_test(a_target_needs_little_memory),
        cmocka_unit_test(the_woken_are_named_once_in_their_order),
        cmocka_unit_test(each_route_has_its_own_budgets),
        cmocka_unit_test(what_is_made_on_demand_waits_for_its_first_run),
        cmocka_unit_test(a_route_knows_the_first_of_each_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
