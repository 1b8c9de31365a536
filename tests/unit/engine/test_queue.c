/*
 * The queue of a route: whose turn it is, who is put out, and when the newest go first. The plain
 * course of waiting stands in tests/sim/scenarios/queue.txt.
 */
#include "engine_test.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

enum { RUNS_MAX = 64 };

/* One route as two policies see it: a reload has changed its priority while requests wait. */
struct queue_test {
    struct fixture fx[2];
    struct sim_world world[2];
    struct sim_witness w[RUNS_MAX];
    uint64_t now_ns;
};

static void setup_queue(struct queue_test *t, uint32_t places, const uint32_t priorities[2])
{
    memset(t, 0, sizeof(*t));
    t->now_ns = 50 * S;
    for (int i = 0; i < 2; i++) {
        fixture_init(&t->fx[i], 1);
        fixture_add_apart(&t->fx[i], 1);
        t->fx[i].policy.concurrency.route = places;
        t->fx[i].policy.concurrency.queue_wait_ns = 100 * S;
        t->fx[i].policy.timeouts.total_ns = 1000 * S;
        t->fx[i].policy.timeouts.idle_bytes_ns = 1000 * S;
        t->fx[i].policy.priority = priorities[i];
    }
    proa_engine_destroy(t->fx[1].engine);
    t->fx[1].engine = t->fx[0].engine;
    sim_open(&t->world[0], &t->fx[0], t->now_ns);
    sim_open(&t->world[1], &t->fx[1], t->now_ns);
}

static void teardown_queue(struct queue_test *t)
{
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (t->w[i].fx && !t->w[i].finished) {
            const struct proa_event gone = {.kind = PROA_EV_CLIENT_GONE};
            sim_feed(&t->w[i], t->now_ns, &gone);
        }
    }
    proa_roster_destroy(t->fx[1].roster);
    fixture_deinit(&t->fx[0]);
}

static void arrive(struct queue_test *t, size_t i, int policy)
{
    const struct proa_run_options options = {.stream = false};
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    sim_begin(&t->w[i], &t->world[policy], &options, t->now_ns);
    sim_feed(&t->w[i], t->now_ns, &admitted);
}

static void finish(struct queue_test *t, size_t i)
{
    static const enum proa_ev kinds[] = {PROA_EV_CONNECTED, PROA_EV_HEAD, PROA_EV_ENDED};
    for (size_t k = 0; k < PROA_ARRAY_LEN(kinds); k++) {
        const struct proa_event event = {.kind = kinds[k],
                                         .status = kinds[k] == PROA_EV_HEAD ? 200 : 0};
        sim_feed(&t->w[i], t->now_ns, &event);
    }
    assert_true(t->w[i].finished);
}

static bool is_started(const struct queue_test *t, size_t i)
{
    return t->w[i].n_attempts > 0;
}

static void a_higher_class_goes_first(void **state)
{
    (void)state;
    static const uint32_t ranks[][2] = {
        {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_CRITICAL},
        {PROA_PRIORITY_BATCH, PROA_PRIORITY_DEFAULT},
        {PROA_PRIORITY_SHEDDABLE, PROA_PRIORITY_BATCH},
    };
    for (size_t r = 0; r < PROA_ARRAY_LEN(ranks); r++) {
        struct queue_test t;
        setup_queue(&t, 1, ranks[r]);
        arrive(&t, 0, 0);
        arrive(&t, 1, 0); /* waits longer, */
        arrive(&t, 2, 1); /* but this one goes first */
        finish(&t, 0);
        assert_true(is_started(&t, 2) && !is_started(&t, 1));
        finish(&t, 2);
        assert_true(is_started(&t, 1));
        teardown_queue(&t);
    }
}

static void the_lowest_class_has_one_turn_in_twenty(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_BATCH};
    setup_queue(&t, 20, priorities);
    for (size_t i = 0; i < 20; i++) {
        arrive(&t, i, 0);
    }
    arrive(&t, 20, 1);
    for (size_t i = 21; i < 60; i++) {
        arrive(&t, i, 0);
    }
    for (size_t i = 0; i < 19; i++) {
        assert_false(is_started(&t, 20));
        finish(&t, i);
        assert_true(is_started(&t, 21 + i));
    }
    finish(&t, 19);
    assert_true(is_started(&t, 20));
    assert_false(is_started(&t, 40));
    teardown_queue(&t);
}

static void a_full_queue_makes_room_for_a_higher_class(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_BATCH, PROA_PRIORITY_DEFAULT};
    setup_queue(&t, 1, priorities);
    arrive(&t, 0, 0);
    arrive(&t, 1, 0);
    arrive(&t, 2, 0);
    arrive(&t, 3, 1);
    /* The newest of the lower class is told to come back. */
    assert_false(t.w[1].finished);
    assert_true(t.w[2].finished && t.w[2].terminal.fail == PROA_FAIL_SHED);
    assert_true(t.w[2].terminal.should_retry && t.w[2].terminal.retry_after_ns > 0);
    arrive(&t, 4, 1);
    assert_true(t.w[1].finished);
    /* Of its own class nobody is put out for the next one. */
    arrive(&t, 5, 1);
    assert_true(t.w[5].finished && t.w[5].reply_reason == PROA_REASON_SHED);
    finish(&t, 0);
    assert_true(is_started(&t, 3));
    teardown_queue(&t);
}

static void a_lower_class_does_not_put_out_a_higher_one(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_SHEDDABLE};
    setup_queue(&t, 1, priorities);
    arrive(&t, 0, 0);
    arrive(&t, 1, 0);
    arrive(&t, 2, 0);
    arrive(&t, 3, 1);
    assert_true(t.w[3].finished && t.w[3].terminal.fail == PROA_FAIL_SHED);
    assert_false(t.w[1].finished || t.w[2].finished);
    teardown_queue(&t);
}

/* CoDel: when even the least wait was long for five seconds, the oldest have had their patience. */
static void when_all_wait_long_the_newest_go_first(void **state)
{
    (void)state;
    for (int crowded = 0; crowded < 2; crowded++) {
        struct queue_test t;
        const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_DEFAULT};
        setup_queue(&t, 4, priorities);
        for (size_t i = 0; i < 12; i++) {
            arrive(&t, i, 0);
        }
        /* Those that wait are served one by one; whether slowly or not decides. */
        for (size_t i = 0; i < 4; i++) {
            t.now_ns += crowded ? 2 * S : 100 * MS;
            finish(&t, i);
            assert_true(is_started(&t, 4 + i));
        }
        finish(&t, 4);
        assert_true(is_started(&t, crowded ? 11 : 8));
        assert_false(is_started(&t, crowded ? 8 : 11));
        /* Until nobody waits any more. */
        for (size_t i = 5; i < 12; i++) {
            if (is_started(&t, i) && !t.w[i].finished) {
                finish(&t, i);
            }
        }
        teardown_queue(&t);
    }
}

static void calm_returns_when_nobody_waits(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_DEFAULT};
    setup_queue(&t, 2, priorities);
    for (size_t i = 0; i < 6; i++) {
        arrive(&t, i, 0);
    }
    size_t n_finished = 0;
    for (int round = 0; round < 6; round++) {
        t.now_ns += 6 * S;
        for (size_t i = 0; i < 6; i++) {
            if (is_started(&t, i) && !t.w[i].finished && t.w[i].arrived_ns < t.now_ns) {
                finish(&t, i);
                n_finished++;
                break;
            }
        }
    }
    assert_int_equal(n_finished, 6);
    /* A new crowd finds the queue as at first: the oldest are served first. */
    for (size_t i = 10; i < 15; i++) {
        arrive(&t, i, 0);
    }
    finish(&t, 10);
    assert_true(is_started(&t, 12) && !is_started(&t, 14));
    teardown_queue(&t);
}

/* Who waits for a limit is alone in looking: those behind cost no pick until it has gone. */
/* The newer policy has more places: who ends under the older one wakes those of the newer. */
static void a_reload_may_bring_more_places(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_DEFAULT};
    setup_queue(&t, 1, priorities);
    t.fx[1].policy.concurrency.route = 3;
    arrive(&t, 0, 0);
    for (size_t i = 1; i <= 3; i++) {
        arrive(&t, i, 1);
    }
    assert_true(is_started(&t, 2) && !is_started(&t, 3));
    finish(&t, 0);
    assert_true(is_started(&t, 3));
    teardown_queue(&t);
}

/* The route has places left, its only target has none: that is no limit of the provider's. */
static void waiting_for_a_full_target_is_called_so(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_DEFAULT};
    setup_queue(&t, 10, priorities);
    t.fx[0].policy.concurrency.target = 1;
    arrive(&t, 0, 0);
    arrive(&t, 1, 0);
    assert_int_equal(t.w[1].wait, PROA_WAIT_QUEUE);
    assert_int_equal(t.w[1].last.items[0].kind, PROA_CMD_WAIT);
    assert_int_equal(t.w[1].last.items[0].reason, PROA_REASON_QUEUED);
    finish(&t, 0);
    assert_true(is_started(&t, 1));
    teardown_queue(&t);
}

static void the_one_whose_turn_it_is_looks_for_all(void **state)
{
    (void)state;
    struct queue_test t;
    const uint32_t priorities[2] = {PROA_PRIORITY_DEFAULT, PROA_PRIORITY_DEFAULT};
    setup_queue(&t, 10, priorities);
    t.fx[0].policy.retry.max_attempts = 1;
    arrive(&t, 0, 0);
    const struct proa_event limited = {
        .kind = PROA_EV_FAILED, .class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 2 * S};
    sim_feed(&t.w[0], t.now_ns, &limited);
    for (size_t i = 1; i <= 3; i++) {
        arrive(&t, i, 0);
        assert_int_equal(t.w[i].wait, PROA_WAIT_QUEUE);
    }
    assert_true(t.w[1].armed_ns <= t.now_ns + 3 * S);
    assert_int_equal(t.w[2].armed_ns, t.now_ns + 100 * S);
    assert_int_equal(t.w[3].armed_ns, t.now_ns + 100 * S);
    const struct proa_event deadline = {.kind = PROA_EV_DEADLINE};
    while (!is_started(&t, 1)) {
        t.now_ns = t.w[1].armed_ns;
        sim_feed(&t.w[1], t.now_ns, &deadline);
    }
    finish(&t, 1);
    teardown_queue(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_higher_class_goes_first),
        cmocka_unit_test(the_lowest_class_has_one_turn_in_twenty),
        cmocka_unit_test(a_full_queue_makes_room_for_a_higher_class),
        cmocka_unit_test(a_lower_class_does_not_put_out_a_higher_one),
        cmocka_unit_test(when_all_wait_long_the_newest_go_first),
        cmocka_unit_test(calm_returns_when_nobody_waits),
        cmocka_unit_test(a_reload_may_bring_more_places),
        cmocka_unit_test(waiting_for_a_full_target_is_called_so),
        cmocka_unit_test(the_one_whose_turn_it_is_looks_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
