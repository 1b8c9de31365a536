/* An open breaker: how long, who probes it, what brings it back; clocks that jump. */
#include "breaker_test.h"

/* ---- open, probes ---------------------------------------------------------------------------- */

static void probes(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"two good ones close it",
         {{0, FAIL, 5, O, BY(SCORE)},
          {4999, TAKE, 0, O, NO},
          {5000, LOOK, 0, H, NO},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5001, TAKE, 0, H, NO},
          {5500, PROBE_OK, 0, H, NO},
          {5500, TAKE, 1, H, NO},
          {6000, PROBE_OK, 0, R, BY(PROBE_OK)},
          {35999, LOOK, 0, R, NO},
          {36000, OK, 0, C, BY(RAMPED)}}},
        {"a bad one opens it for longer",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {6000, PROBE_FAIL, 0, O, BY(PROBE_FAILED)},
          {10999, TAKE, 0, O, NO},
          {15999, TAKE, 1, H, BY(PROBE_DUE)}}},
        {"so does a bad one after a good one",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, PROBE_OK, 0, H, NO},
          {5100, TAKE, 1, H, NO},
          {5200, PROBE_FAIL, 0, O, BY(PROBE_FAILED)},
          {15200, TAKE, 1, H, BY(PROBE_DUE)},
          {15300, PROBE_OK, 0, H, NO},
          {15300, LOOK, 0, H, NO}}},
        {"a lost one frees its place when its lease ends",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {64999, TAKE, 0, H, NO},
          {65000, TAKE, 1, H, NO},
          {65001, TAKE, 0, H, NO}}},
        {"a cancelled one frees it at once",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, RELEASE, 0, H, NO},
          {5100, TAKE, 1, H, NO},
          {5200, PROBE_OK, 0, H, NO}}},
        {"a 429 is no verdict but asks for time",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, PROBE_OK, 0, H, NO},
          {5100, TAKE, 1, H, NO},
          {5200, RELEASE, 20, H, NO},
          {25199, TAKE, 0, H, NO},
          {25200, TAKE, 1, H, NO},
          {25300, PROBE_OK, 0, R, BY(PROBE_OK)}}},
        {"failures of others do not end the probe",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, FAIL, 5, H, NO},
          {5100, STALL, 5, H, NO},
          {5100, SLOW, 0, H, NO},
          {5200, TAKE, 0, H, NO},
          {5300, PROBE_OK, 0, H, NO},
          {5300, TAKE, 1, H, NO},
          {5400, PROBE_OK, 0, R, BY(PROBE_OK)}}},
        {"a probe counts even with a known fingerprint",
         {{0, FAIL_OF, 7, C, NO},
          {0, FAIL, 4, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, PROBE_FAIL, 0, O, BY(PROBE_FAILED)}}},
        {"a verdict after it was closed from above is an ordinary one",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5100, PARENT, 0, R, BY(PARENT)},
          {5200, PROBE_FAIL, 0, R, NO},
          {5300, OK, 0, R, NO}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

/* T-A 4: 200 ask at the moment the probe is due, one gets it; likewise for the second one. */
static void exactly_one_of_200_gets_the_probe(void **state)
{
    (void)state;
    struct fixture f = fixture_fixed();
    failure(&f, START, (struct proa_breaker_report){.started_ns = START, .weight = 5});
    for (unsigned round = 0; round < 2; round++) {
        unsigned given = 0;
        struct proa_breaker_change change;
        for (unsigned i = 0; i < 200; i++) {
            given += proa_breaker_probe_take(&f.b, &f.cfg, AT(5000 + round), &change);
        }
        assert_int_equal(given, 1);
        success(&f, AT(5001),
                (struct proa_breaker_report){.started_ns = AT(5000 + round), .probe = true});
    }
    assert_int_equal(f.b.state, R);
}

/* The first probe's lease ran out and another holds the place: its late end is not the other's. */
static void late_end_of_a_lost_probe(void **state)
{
    (void)state;
    enum end { LATE_OK, LATE_FAIL, LATE_RELEASE, LATE_ENDS };
    for (int end = 0; end < LATE_ENDS; end++) {
        struct fixture f = fixture_fixed();
        struct proa_breaker_change change;
        failure(&f, START, (struct proa_breaker_report){.started_ns = START, .weight = 5});
        assert_true(proa_breaker_probe_take(&f.b, &f.cfg, AT(5000), &change));
        assert_true(proa_breaker_probe_take(&f.b, &f.cfg, AT(65000), &change));
        struct proa_breaker_report late = {.started_ns = AT(5000), .probe = true, .weight = 1};
        if (end == LATE_OK) {
            success(&f, AT(66000), late);
        } else if (end == LATE_FAIL) {
            failure(&f, AT(66000), late);
        } else {
            proa_breaker_probe_release(&f.b, AT(5000), SECONDS(9), AT(66000));
        }
        assert_int_equal(f.b.state, H);
        assert_false(proa_breaker_probe_take(&f.b, &f.cfg, AT(66000), &change));
        assert_int_equal(f.b.successes, 0);
        late.started_ns = AT(65000);
        success(&f, AT(66001), late);
        assert_int_equal(f.b.successes, 1);
        assert_true(proa_breaker_probe_due(&f.b, &f.cfg, AT(66001)));
    }
}

/* ---- how long it stays open ------------------------------------------------------------------ */

/* Uniform between floor and min(cap, base x 2^n), for each n. */
static void open_time_is_jittered_above_a_floor(void **state)
{
    (void)state;
    static const uint64_t longest_ms[] = {5000, 10000, 20000, 30000, 30000, 30000};
    enum { ROUNDS = 20000, STEPS = PROA_ARRAY_LEN(longest_ms) };
    struct {
        uint64_t min, max, sum;
    } seen[STEPS] = {{0}};
    struct proa_prng prng;
    proa_prng_seed(&prng, 6);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct fixture f = fixture_make(1);
        f.prng = prng;
        uint64_t now_ns = START;
        for (unsigned i = 0; i < STEPS; i++) {
            uint64_t ms;
            if (i == 0) {
                ms = open_span(&f, now_ns, 0) / PROA_NS_PER_MS;
            } else {
                struct proa_breaker_change change;
                now_ns = f.b.until_ns;
                assert_true(proa_breaker_probe_take(&f.b, &f.cfg, now_ns, &change));
                failure(&f, now_ns,
                        (struct proa_breaker_report){.started_ns = now_ns, .probe = true});
                ms = (f.b.until_ns - now_ns) / PROA_NS_PER_MS;
            }
            seen[i].min = round == 0 || ms < seen[i].min ? ms : seen[i].min;
            seen[i].max = ms > seen[i].max ? ms : seen[i].max;
            seen[i].sum += ms;
        }
        prng = f.prng;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t mean = seen[i].sum / ROUNDS;
        uint64_t expected = (1000 + longest_ms[i]) / 2;
        PROA_TEST_CHECK(seen[i].min >= 1000 && seen[i].min < 1000 + longest_ms[i] / 50,
                        "step %u: least is %" PRIu64, i, seen[i].min);
        PROA_TEST_CHECK(seen[i].max <= longest_ms[i] && seen[i].max > longest_ms[i] * 49 / 50,
                        "step %u: most is %" PRIu64, i, seen[i].max);
        PROA_TEST_CHECK(mean > expected * 98 / 100 && mean < expected * 102 / 100,
                        "step %u: mean is %" PRIu64 ", not %" PRIu64, i, mean, expected);
    }
}

static void floor_above_base(void **state)
{
    (void)state;
    struct fixture f = fixture_make(7);
    f.cfg.open_floor_ns = SECONDS(40);
    assert_int_equal(open_span(&f, START, 0), SECONDS(40));
}

static void hints_lengthen(void **state)
{
    (void)state;
    static const struct {
        uint64_t hint_s;
        uint64_t least_s;
        uint64_t most_s;
    } rows[] = {{0, 1, 5}, {2, 2, 5}, {60, 60, 60}, {300, 300, 300}, {86400, 300, 300}};
    PROA_TEST_ROWS(row, rows)
    {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct fixture f = fixture_make(seed);
            uint64_t span_ns = open_span(&f, START, SECONDS(row->hint_s));
            assert_in_range(span_ns, SECONDS(row->least_s), SECONDS(row->most_s));
        }
    }
}

/* T-A 1: the deadline is the later of the old and the new one, whoever says it. */
static void deadlines_never_move_earlier(void **state)
{
    (void)state;
    struct fixture f = fixture_fixed();
    assert_int_equal(open_span(&f, AT(0), SECONDS(10)), SECONDS(10));
    static const struct step steps[] = {
        {1000, HINT, 1, O, NO},   /* a shorter one */
        {1000, OLD, 2000, O, NO}, /* one that began before it opened, without a hint */
        {2000, EJECT, 1, O, NO},
        {9999, LOOK, 0, O, NO},
        {9999, HINT, 60, O, NO}, /* a longer one */
        {69998, LOOK, 0, O, NO},
        {69999, LOOK, 0, H, NO},
        {69999, TAKE, 1, H, BY(PROBE_DUE)},
        {70000, HINT, 30, H, NO}, /* also beside a probe */
        {70001, RELEASE, 1, H, NO},
        {99999, TAKE, 0, H, NO},
        {100000, TAKE, 1, H, NO},
        {100001, PROBE_FAIL, 0, O, BY(PROBE_FAILED)},
        {0},
    };
    play(&f, "deadlines", steps);
    /* A hint of an attempt from before it opened is as good. */
    f = fixture_fixed();
    open_span(&f, AT(0), SECONDS(1));
    struct proa_breaker_report earlier = {.started_ns = AT(0) - 1, .hint_ns = SECONDS(60)};
    failure(&f, AT(1), earlier);
    assert_int_equal(f.b.until_ns, AT(60001));
}

/* Any success while it is open calls for a probe at once, from before it opened too. */
static void success_while_open_brings_the_probe_forward(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"begun before",
         {{0, FAIL, 5, O, BY(SCORE)},
          {1000, OK, 2000, H, NO},
          {1000, TAKE, 1, H, BY(PROBE_DUE)},
          {1001, OK, 2000, H, NO},
          {1001, TAKE, 0, H, NO}}},
        {"begun after", {{0, FAIL, 5, O, BY(SCORE)}, {1000, OK, 500, H, NO}}},
        {"it moves nothing later",
         {{0, FAIL, 5, O, BY(SCORE)}, {6000, OK, 0, H, NO}, {5500, LOOK, 0, H, NO}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

/* Failures of attempts from before it opened say nothing about what is now, in any later state. */
static void old_failures_are_ignored(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"while open",
         {{0, FAIL, 5, O, BY(SCORE)}, {100, OLD, 200, O, NO}, {5000, LOOK, 0, H, NO}}},
        {"after it closed",
         {{0, FAIL, 5, O, BY(SCORE)},
          {1, PARENT, 0, R, BY(PARENT)},
          {2, OLD, 3, R, NO},
          {3, OLD, 4, R, NO},
          {4, OLD, 5, R, NO},
          {5, FAIL, 2, R, NO},
          {40000, OLD, 50000, C, BY(RAMPED)},
          {40001, OLD, 50000, C, NO},
          {40002, FAIL, 1, O, BY(SCORE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

/* Each minute of peace takes one step back, a flapper keeps its long intervals. */
static void exponent_decays_with_peace(void **state)
{
    (void)state;
    static const struct {
        uint64_t peace_s;
        unsigned before;
        unsigned after; /* the next open time's, plus the one of this opening */
    } rows[] = {{0, 2, 3},   {59, 2, 3},  {60, 2, 2},    {119, 2, 2}, {120, 2, 1},
                {600, 2, 1}, {600, 0, 1}, {86400, 3, 1}, {60, 3, 3}};
    PROA_TEST_ROWS(row, rows)
    {
        struct fixture f = fixture_make(8);
        f.b.exponent = (uint8_t)row->before;
        open_span(&f, START + SECONDS(row->peace_s), 0);
        PROA_TEST_CHECK(f.b.exponent == row->after, "row %td: %u", row - rows, f.b.exponent);
    }
    /* Time spent open is no peace; peace begins anew when it closes. */
    struct fixture f = fixture_make(8);
    f.b.exponent = 2;
    open_span(&f, START, 0);
    proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_PARENT, START + SECONDS(500));
    open_span(&f, START + SECONDS(559), 0);
    assert_int_equal(f.b.exponent, 3);
}

/* Steps that change nothing are not made: after hours of outage, minutes of peace suffice. */
static void exponent_ends_at_the_cap(void **state)
{
    (void)state;
    struct fixture f = fixture_make(9);
    open_span(&f, START, 0);
    for (unsigned i = 0; i < 1000; i++) {
        struct proa_breaker_change change;
        uint64_t now_ns = f.b.until_ns;
        assert_true(proa_breaker_probe_take(&f.b, &f.cfg, now_ns, &change));
        failure(&f, now_ns, (struct proa_breaker_report){.started_ns = now_ns, .probe = true});
        assert_in_range(f.b.until_ns - now_ns, SECONDS(1), SECONDS(30));
    }
    assert_int_equal(f.b.exponent, 3);
}

static void eta_counts_the_probe_in_flight(void **state)
{
    (void)state;
    struct fixture f = fixture_fixed();
    struct proa_breaker_change change;
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, START), 0);
    open_span(&f, START, 0);
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, AT(1000)), SECONDS(4));
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, AT(7000)), 0);
    assert_true(proa_breaker_probe_take(&f.b, &f.cfg, AT(7000), &change));
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, AT(8000)), SECONDS(59));
    proa_breaker_probe_release(&f.b, AT(7000), SECONDS(2), AT(8000));
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, AT(8500)), SECONDS(1) + SECONDS(1) / 2);
    proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_OPERATOR, AT(8500));
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, AT(8500)), 0);
}

/* ---- from outside, clocks -------------------------------------------------------------------- */

static void recover_and_eject(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"closed stays closed", {{0, PARENT, 0, C, NO}}},
        {"ramp is not begun anew",
         {{0, FAIL, 5, O, BY(SCORE)},
          {1000, PARENT, 0, R, BY(PARENT)},
          {20000, PARENT, 0, R, NO},
          {31000, LOOK, 0, C, NO}}},
        {"half-open",
         {{0, FAIL, 5, O, BY(SCORE)},
          {5000, TAKE, 1, H, BY(PROBE_DUE)},
          {5001, PARENT, 0, R, BY(PARENT)}}},
        {"ejected, and back by probes",
         {{0, EJECT, 60, O, BY(OPERATOR)},
          {59999, TAKE, 0, O, NO},
          {60000, TAKE, 1, H, BY(PROBE_DUE)},
          {60001, EJECT, 60, O, BY(OPERATOR)},
          {60002, PROBE_OK, 0, H, NO}}},
        {"a recovery forgets the deadline",
         {{0, EJECT, 300, O, BY(OPERATOR)},
          {1, PARENT, 0, R, BY(PARENT)},
          {2, FAIL, 5, O, BY(SCORE)},
          {5002, TAKE, 1, H, BY(PROBE_DUE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
    uint64_t now_ns;
    struct fixture f = fixture_degraded(&now_ns);
    struct proa_breaker_change change =
        proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_OPERATOR, now_ns);
    assert_int_equal(change.from, D);
    assert_int_equal(change.to, R);
    assert_int_equal(change.cause, BY(OPERATOR));
}

/* A clock that jumps back counts as not moved: nothing becomes due again, nothing is undone. */
static void backward_clock(void **state)
{
    (void)state;
    struct fixture f = fixture_fixed();
    struct proa_breaker_change change;
    open_span(&f, AT(0), 0);
    assert_true(proa_breaker_probe_take(&f.b, &f.cfg, AT(5000), &change));
    assert_int_equal(proa_breaker_state(&f.b, &f.cfg, 0), H);
    assert_int_equal(proa_breaker_eta(&f.b, &f.cfg, 0), SECONDS(60));
    assert_false(proa_breaker_probe_take(&f.b, &f.cfg, 0, &change));
    struct proa_breaker_report probe = {.started_ns = AT(5000), .probe = true};
    success(&f, 0, probe);
    assert_true(proa_breaker_probe_take(&f.b, &f.cfg, 0, &change));
    assert_int_equal(success(&f, 0, probe).to, R);
    assert_int_equal(f.b.entered_ns, AT(5000));
    assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, 0), 100000);
    struct fixture g = fixture_fixed();
    open_span(&g, AT(0), 0);
    assert_true(proa_breaker_probe_take(&g.b, &g.cfg, AT(5000), &change));
    proa_breaker_probe_release(&g.b, AT(5000), SECONDS(9), 0);
    assert_int_equal(g.b.until_ns, AT(14000));
    assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, AT(20000)), 500000);
}

/* A leap of a year: everything that was a matter of time is over. */
static void forward_leap(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"open is due", {{0, FAIL, 5, O, BY(SCORE)}, {UINT32_MAX, TAKE, 1, H, BY(PROBE_DUE)}}},
        {"ramp is over",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {UINT32_MAX, OK, 0, C, BY(RAMPED)}}},
        {"score stays", {{0, FAIL, 4, C, NO}, {UINT32_MAX, FAIL, 1, O, BY(SCORE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
    struct fixture f = fixture_make(14);
    assert_int_equal(open_span(&f, PROA_NEVER - 5, 0), 5);
    assert_int_equal(f.b.until_ns, PROA_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes),
        cmocka_unit_test(exactly_one_of_200_gets_the_probe),
        cmocka_unit_test(late_end_of_a_lost_probe),
        cmocka_unit_test(open_time_is_jittered_above_a_floor),
        cmocka_unit_test(floor_above_base),
        cmocka_unit_test(hints_lengthen),
        cmocka_unit_test(deadlines_never_move_earlier),
        cmocka_unit_test(success_while_open_brings_the_probe_forward),
        cmocka_unit_test(old_failures_are_ignored),
        cmocka_unit_test(exponent_decays_with_peace),
        cmocka_unit_test(exponent_ends_at_the_cap),
        cmocka_unit_test(eta_counts_the_probe_in_flight),
        cmocka_unit_test(recover_and_eject),
        cmocka_unit_test(backward_clock),
        cmocka_unit_test(forward_leap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
