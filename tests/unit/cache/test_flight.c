#include "proa/cache/flight.h"

#include "proa_test.h"

static const struct proa_key_secret SECRET = {.hash = {3}};

struct world {
    struct proa_flights t;
    struct proa_canon canon;
    struct proa_cache_key key;
    struct proa_flight_command cmd;
    struct proa_flight_seat seats[PROA_FLIGHT_SEATS_MAX + 1];
    int leader;
    int other;
};

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    proa_flights_init(&w->t, 1);
    proa_canon_init(&w->canon);
    assert_ok(proa_canon_read(&w->canon, PROA_SLICE("{\"a\":1}")));
    w->key = proa_key_make(&SECRET, PROA_SLICE("scope"), &w->canon);
}

static void finish(struct world *w)
{
    proa_flights_deinit(&w->t);
    proa_canon_deinit(&w->canon);
}

static struct proa_flight *lead(struct world *w)
{
    struct proa_flight *f = proa_flight_begin(
        &w->t, &w->key, &(struct proa_flight_wish){.leader = &w->leader}, &w->cmd);
    assert_int_equal(w->cmd.kind, PROA_FLIGHT_START);
    return f;
}

static size_t empty_all(struct proa_flight *f)
{
    size_t n = 0;
    while (proa_flight_next_seat(f)) {
        n++;
    }
    return n;
}

static void test_one_leads_others_join(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    assert_null(proa_flight_find(&w.t, &w.key));
    struct proa_flight *f = lead(&w);
    assert_ptr_equal(proa_flight_find(&w.t, &w.key), f);
    assert_true(proa_key_equals(&w.key, f->key));
    for (size_t i = 0; i < 99; i++) {
        assert_true(proa_flight_join(f, &w.seats[i], 10));
    }
    assert_true(proa_flight_end(f));
    assert_null(proa_flight_find(&w.t, &w.key));
    assert_ptr_equal(proa_flight_next_seat(f), &w.seats[0]); /* in the order they came */
    assert_null(w.seats[0].flight);
    assert_int_equal(empty_all(f), 98);
    finish(&w);
}

static void test_nobody_joined(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    assert_false(proa_flight_end(lead(&w)));
    assert_int_equal(w.t.n, 0);
    finish(&w);
}

static void test_another_key_under_the_same_hash(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = lead(&w);
    struct proa_cache_key forged = w.key;
    forged.scope = PROA_SLICE("scopf");
    assert_null(proa_flight_find(&w.t, &forged));
    struct proa_flight *g =
        proa_flight_begin(&w.t, &forged, &(struct proa_flight_wish){.leader = &w.other}, &w.cmd);
    assert_false(g->listed);
    assert_ptr_equal(proa_flight_find(&w.t, &w.key), f);
    assert_false(proa_flight_end(g));
    assert_ptr_equal(proa_flight_find(&w.t, &w.key), f); /* the other's end takes nothing along */
    assert_false(proa_flight_end(f));
    finish(&w);
}

static void test_alone(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = proa_flight_begin(
        &w.t, &w.key, &(struct proa_flight_wish){.leader = &w.leader, .alone = true}, &w.cmd);
    assert_null(proa_flight_find(&w.t, &w.key));
    assert_false(proa_flight_end(f));
    finish(&w);
}

static void test_seats_are_bounded(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = lead(&w);
    for (size_t i = 0; i < PROA_FLIGHT_SEATS_MAX; i++) {
        assert_true(proa_flight_join(f, &w.seats[i], 10));
    }
    assert_false(proa_flight_join(f, &w.seats[PROA_FLIGHT_SEATS_MAX], 10));
    assert_null(w.seats[PROA_FLIGHT_SEATS_MAX].flight);
    (void)proa_flight_leave(&w.seats[3]);
    assert_true(proa_flight_join(f, &w.seats[PROA_FLIGHT_SEATS_MAX], 10));
    assert_true(proa_flight_end(f));
    assert_int_equal(empty_all(f), PROA_FLIGHT_SEATS_MAX);
    finish(&w);
}

/* T-G: the leader leaves, those who wait are served; the last one leaves, the call is cancelled. */
static void test_g_leaving(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = lead(&w);
    assert_int_equal(proa_flight_leave(&w.seats[0]).kind, PROA_FLIGHT_NOTHING); /* not taken */
    assert_true(proa_flight_join(f, &w.seats[0], 10));
    assert_true(proa_flight_join(f, &w.seats[1], 10));
    assert_int_equal(proa_flight_leave(&w.seats[0]).kind, PROA_FLIGHT_NOTHING);
    assert_int_equal(proa_flight_leader_left(f).kind, PROA_FLIGHT_NOTHING);
    assert_int_equal(proa_flight_leave(&w.seats[1]).kind, PROA_FLIGHT_CANCEL);
    assert_false(proa_flight_end(f));
    /* With nobody there, the leader is like any client. */
    f = lead(&w);
    assert_int_equal(proa_flight_leader_left(f).kind, PROA_FLIGHT_CANCEL);
    assert_false(proa_flight_end(f));
    /* All who waited have left, the leader is there. */
    f = lead(&w);
    assert_true(proa_flight_join(f, &w.seats[0], 10));
    assert_int_equal(proa_flight_leave(&w.seats[0]).kind, PROA_FLIGHT_NOTHING);
    assert_false(proa_flight_end(f));
    finish(&w);
}

/* Between the end and the last seat, whoever leaves cancels nothing. */
static void test_leaving_what_is_over(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = lead(&w);
    assert_true(proa_flight_join(f, &w.seats[0], 10));
    assert_true(proa_flight_join(f, &w.seats[1], 10));
    (void)proa_flight_leader_left(f);
    assert_true(proa_flight_end(f));
    assert_int_equal(proa_flight_leave(&w.seats[0]).kind, PROA_FLIGHT_NOTHING);
    assert_int_equal(proa_flight_leave(&w.seats[1]).kind, PROA_FLIGHT_NOTHING);
    assert_int_equal(w.t.n, 1); /* until its seats are looked for */
    assert_null(proa_flight_next_seat(f));
    finish(&w);
}

static void test_the_shared_tier_is_asked_first(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct proa_flight *f = proa_flight_begin(
        &w.t, &w.key,
        &(struct proa_flight_wish){.leader = &w.leader, .shared = true, .now_ns = 1000}, &w.cmd);
    assert_int_equal(w.cmd.kind, PROA_FLIGHT_ASK_SHARED);
    assert_int_equal(w.cmd.deadline_ns, 1000 + 5 * PROA_NS_PER_MS);
    assert_int_equal(f->stage, PROA_FLIGHT_ASKING);
    assert_ptr_equal(proa_flight_find(&w.t, &w.key), f); /* others join meanwhile */
    assert_int_equal(proa_flight_shared(f, false).kind, PROA_FLIGHT_START);
    assert_int_equal(proa_flight_shared(f, true).kind, PROA_FLIGHT_NOTHING); /* too late */
    assert_false(proa_flight_end(f));
    f = proa_flight_begin(
        &w.t, &w.key,
        &(struct proa_flight_wish){.leader = &w.leader, .shared = true, .now_ns = 1000}, &w.cmd);
    assert_int_equal(proa_flight_shared(f, true).kind, PROA_FLIGHT_DELIVER);
    assert_false(proa_flight_end(f));
    finish(&w);
}

/* Those who fail together come back one by one. */
static void test_retries_are_spread(void **state)
{
    (void)state;
    struct proa_prng prng;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    proa_prng_seed(&prng, 1);
    for (size_t i = 0; i < 1000; i++) {
        const uint64_t ns = proa_flight_spread(PROA_NS_PER_S, &prng);
        least = ns < least ? ns : least;
        most = ns > most ? ns : most;
    }
    assert_true(least >= PROA_NS_PER_S && least < PROA_NS_PER_S * 11 / 10);
    assert_true(most < 2 * PROA_NS_PER_S && most > PROA_NS_PER_S * 19 / 10);
    assert_int_equal(proa_flight_spread(0, &prng), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_leads_others_join),
        cmocka_unit_test(test_nobody_joined),
        cmocka_unit_test(test_another_key_under_the_same_hash),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_seats_are_bounded),
        cmocka_unit_test(test_g_leaving),
        cmocka_unit_test(test_leaving_what_is_over),
        cmocka_unit_test(test_the_shared_tier_is_asked_first),
        cmocka_unit_test(test_retries_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
