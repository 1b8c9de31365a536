/* When a breaker opens, when it degrades, and how it comes back to full traffic. */
#include "breaker_test.h"

/* ---- opening --------------------------------------------------------------------------------- */

static void score_opens(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"five errors",
         {{0, FAIL, 1, C, NO},
          {1, FAIL, 1, C, NO},
          {2, FAIL, 1, C, NO},
          {3, FAIL, 1, C, NO},
          {4, FAIL, 1, O, BY(SCORE)}}},
        {"three timeouts", {{0, FAIL, 2, C, NO}, {1, FAIL, 2, C, NO}, {2, FAIL, 2, O, BY(SCORE)}}},
        {"a success resets",
         {{0, FAIL, 2, C, NO},
          {1, FAIL, 2, C, NO},
          {2, OK, 0, C, NO},
          {3, FAIL, 2, C, NO},
          {4, FAIL, 2, C, NO},
          {5, FAIL, 2, O, BY(SCORE)}}},
        {"time does not",
         {{0, FAIL, 2, C, NO}, {900000, FAIL, 2, C, NO}, {1800000, FAIL, 2, O, BY(SCORE)}}},
        {"stalls count with failures",
         {{0, STALL, 1, C, NO},
          {1, STALL, 1, C, NO},
          {2, FAIL, 2, C, NO},
          {3, STALL, 1, O, BY(STALL)}}},
        {"weightless failures never do",
         {{0, FAIL, 0, C, NO},
          {1, FAIL, 0, C, NO},
          {2, FAIL, 0, C, NO},
          {3, FAIL, 0, C, NO},
          {4, FAIL, 0, C, NO},
          {5, FAIL, 0, C, NO}}},
        {"the score saturates", {{0, FAIL, UINT32_MAX, O, BY(SCORE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

static void rates_open_and_degrade(void **state)
{
    (void)state;
    static const struct {
        unsigned fail;
        unsigned of;
        uint32_t gap_ms;
        enum proa_breaker_state to;
        enum proa_breaker_cause cause;
        unsigned after;
    } rows[] = {
        /* all within the fast window */
        {1, 2, 1, O, BY(FAST_RATE), 10},
        {9, 10, 1, O, BY(FAST_RATE), 10},
        {1, 3, 1, D, BY(RATE), 12},
        {1, 5, 1, D, BY(RATE), 10},
        {1, 6, 1, C, NO, 0},
        /* too slow for the fast window: the slow one sees it */
        {1, 2, 2500, O, BY(RATE), 10},
        {1, 5, 2500, D, BY(RATE), 10},
        {1, 6, 2500, C, NO, 0},
        /* too slow for either: ten verdicts do not fit into 60 s */
        {1, 2, 7000, C, NO, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct fixture f = fixture_make(2);
        uint64_t now_ns = START;
        struct proa_breaker_change change;
        unsigned after =
            run_rate(&f, row->fail, row->of, row->gap_ms * PROA_NS_PER_MS, &now_ns, &change);
        PROA_TEST_CHECK(after == row->after, "row %td: after %u", row - rows, after);
        assert_int_equal(f.b.state, row->to);
        assert_int_equal(change.cause, row->cause);
    }
}

/* A window full of old successes hides a brown-out from the slow rate, not from the fast one. */
static void fast_window_sees_through_old_successes(void **state)
{
    (void)state;
    struct fixture f = fixture_make(3);
    f.cfg.score = 1000;
    f.degraded.enabled = false;
    uint64_t now_ns = START;
    struct proa_breaker_change change;
    assert_int_equal(run_rate(&f, 0, 1, PROA_NS_PER_MS * 50, &now_ns, &change), 0);
    now_ns += SECONDS(10);
    unsigned after = run_rate(&f, 1, 2, PROA_NS_PER_MS * 200, &now_ns, &change);
    assert_int_equal(change.cause, BY(FAST_RATE));
    assert_int_equal(after, 10);
}

/* During RAMP five verdicts suffice, and each failure scores twice. */
static void ramp_is_wary(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"twice the score",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {1, FAIL, 1, R, NO},
          {2, FAIL, 1, R, NO},
          {3, FAIL, 1, O, BY(SCORE)}}},
        {"a success resets it",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {1, FAIL, 2, R, NO},
          {2, OK, 0, R, NO},
          {3, STALL, 2, R, NO},
          {4, STALL, 1, O, BY(STALL)}}},
        {"rate from five on",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {1, OK, 0, R, NO},
          {2, FAIL, 0, R, NO},
          {3, OK, 0, R, NO},
          {4, FAIL, 0, R, NO},
          {5, FAIL, 0, O, BY(FAST_RATE)}}},
        {"not once it is over",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {29999, LOOK, 0, R, NO},
          {30000, LOOK, 0, C, NO},
          {30001, FAIL, 1, C, BY(RAMPED)},
          {30002, FAIL, 1, C, NO},
          {30003, FAIL, 1, C, NO},
          {30004, FAIL, 1, C, NO},
          {30005, FAIL, 1, O, BY(SCORE)}}},
        {"and it may end and open in one",
         {{0, FAIL, 5, O, BY(SCORE)},
          {0, PARENT, 0, R, BY(PARENT)},
          {30001, FAIL, 5, O, BY(SCORE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

/* What failed before it opened is forgotten when it closes. */
static void ramp_begins_with_an_empty_window(void **state)
{
    (void)state;
    struct fixture f = fixture_make(4);
    uint64_t now_ns = START;
    struct proa_breaker_change change;
    assert_int_equal(run_rate(&f, 9, 10, PROA_NS_PER_MS, &now_ns, &change), 10);
    assert_int_equal(proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_PARENT, now_ns).to, R);
    assert_int_equal(f.b.score, 0);
    for (unsigned i = 0; i < 4; i++) {
        change = failure(&f, now_ns + i, (struct proa_breaker_report){.started_ns = now_ns + i});
        assert_int_equal(change.to, R);
    }
}

/* ---- a prompt that fails everywhere ---------------------------------------------------------- */

static void poison_opens_nothing(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"one fingerprint counts once",
         {{0, FAIL_OF, 7, C, NO},
          {1, FAIL_OF, 7, C, NO},
          {2, FAIL_OF, 7, C, NO},
          {3, FAIL_OF, 7, C, NO},
          {4, FAIL_OF, 7, C, NO},
          {5, FAIL_OF, 7, C, NO},
          {59999, FAIL_OF, 7, C, NO},
          {59999, FAIL, 3, C, NO},
          {59999, FAIL, 1, O, BY(SCORE)}}},
        {"once more after a window",
         {{0, FAIL_OF, 7, C, NO},
          {60000, FAIL_OF, 7, C, NO},
          {120000, FAIL_OF, 7, C, NO},
          {180000, FAIL_OF, 7, C, NO},
          {240000, FAIL_OF, 7, O, BY(SCORE)}}},
        {"different ones count each",
         {{0, FAIL_OF, 1, C, NO},
          {1, FAIL_OF, 2, C, NO},
          {2, FAIL_OF, 3, C, NO},
          {3, FAIL_OF, 4, C, NO},
          {4, FAIL_OF, 1, C, NO},
          {4, FAIL_OF, 5, O, BY(SCORE)}}},
        {"without one, each counts",
         {{0, FAIL_OF, 0, C, NO},
          {1, FAIL_OF, 0, C, NO},
          {2, FAIL_OF, 0, C, NO},
          {3, FAIL_OF, 0, C, NO},
          {4, FAIL_OF, 0, O, BY(SCORE)}}},
    };
    play_all(scripts, PROA_ARRAY_LEN(scripts));
}

/* A known fingerprint neither scores by stalling, nor enters the window. */
static void poison_counts_nowhere(void **state)
{
    (void)state;
    struct fixture f = fixture_make(5);
    struct proa_breaker_report poison = {
        .started_ns = START, .weight = 2, .trip_score = 5, .fingerprint = 9};
    failure(&f, START, poison);
    for (unsigned i = 0; i < 100; i++) {
        failure(&f, START + i, poison);
        proa_breaker_stalled(&f.b, &f.cfg, &poison, START + i, &f.prng);
    }
    assert_int_equal(f.b.score, 2);
    struct proa_counts sum = proa_window_sum(&f.b.window, START + 100, PROA_WINDOW_SLOTS);
    assert_int_equal(sum.of[PROA_SAMPLE_FAIL], 1);
}

static void what_is_cleared_counts_again(void **state)
{
    (void)state;
    struct fixture f = fixture_make(5);
    struct proa_breaker_report report = {
        .started_ns = START, .weight = 1, .trip_score = 9, .fingerprint = 9};
    struct proa_breaker_report other = report;
    other.fingerprint = 8;
    failure(&f, START, report);
    failure(&f, START, other);
    proa_breaker_clear_request(&f.b, 0);
    failure(&f, START, report);
    assert_int_equal(f.b.score, 2);
    proa_breaker_clear_request(&f.b, 9);
    failure(&f, START, other);
    assert_int_equal(f.b.score, 2);
    failure(&f, START, report);
    failure(&f, START, report);
    assert_int_equal(f.b.score, 3);
}

/* ---- ramp ------------------------------------------------------------------------------------ */

static void share_grows_linearly(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        uint32_t ppm;
    } rows[] = {{0, 100000},     {1000, 100000},  {3000, 100000},   {6000, 200000},
                {15000, 500000}, {29999, 999966}, {30000, 1000000}, {90000, 1000000}};
    struct fixture f = fixture_make(10);
    assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, START), 1000000);
    open_span(&f, START, 0);
    assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, START), 1000000);
    proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_PARENT, START);
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, AT(row->ms)), row->ppm);
    }
    f.cfg.ramp_ns = 0;
    assert_int_equal(proa_breaker_share_ppm(&f.b, &f.cfg, START), 1000000);
    assert_int_equal(proa_breaker_state(&f.b, &f.cfg, START), C);
}

/* ---- degraded -------------------------------------------------------------------------------- */

static void slow_marks_degrade(void **state)
{
    (void)state;
    static const struct {
        unsigned verdicts;
        unsigned marks;
        bool enabled;
        enum proa_breaker_state to;
    } rows[] = {{4, 4, true, C},   {5, 2, true, C},    {5, 3, true, D}, {20, 9, true, C},
                {20, 10, true, D}, {20, 10, false, C}, {0, 50, true, C}};
    PROA_TEST_ROWS(row, rows)
    {
        struct fixture f = fixture_make(12);
        f.degraded.enabled = row->enabled;
        for (unsigned i = 0; i < row->verdicts; i++) {
            success(&f, AT(i), (struct proa_breaker_report){.started_ns = AT(i)});
        }
        struct proa_breaker_change change = {.cause = NO};
        for (unsigned i = 0; i < row->marks; i++) {
            change = proa_breaker_slow(&f.b, &f.cfg, &f.degraded, AT(100));
        }
        PROA_TEST_CHECK(f.b.state == row->to, "row %td: %s", row - rows,
                        proa_breaker_state_text((enum proa_breaker_state)f.b.state));
        assert_int_equal(change.cause, row->to == D ? BY(SLOW) : NO);
    }
}

/* A minute of fast answers does not hide that the newest are slow. */
static void slow_marks_of_late_degrade(void **state)
{
    (void)state;
    struct fixture f = fixture_make(12);
    for (unsigned i = 0; i < 200; i++) {
        success(&f, AT(200 * i), (struct proa_breaker_report){.started_ns = AT(200 * i)});
    }
    struct proa_breaker_change change = {.cause = NO};
    for (unsigned i = 0; i < 10; i++) {
        const uint64_t at_ns = AT(52000 + 200 * i);
        assert_int_equal(f.b.state, C);
        change = proa_breaker_slow(&f.b, &f.cfg, &f.degraded, at_ns);
        if (change.to != change.from) {
            assert_int_equal(i, 5); /* five verdicts of late */
            break;
        }
        success(&f, at_ns, (struct proa_breaker_report){.started_ns = at_ns});
    }
    assert_int_equal(change.cause, BY(SLOW));
}

static void good_answers_end_it(void **state)
{
    (void)state;
    static const struct script scripts[] = {
        {"three in sequence",
         {{20000, GOOD, 0, D, NO}, {30000, GOOD, 0, D, NO}, {40000, GOOD, 0, R, BY(GOOD)}}},
        {"a failure begins anew",
         {{20000, GOOD, 0, D, NO},
          {30000, GOOD, 0, D, NO},
          {40000, FAIL, 1, D, NO},
          {50000, GOOD, 0, D, NO},
          {60000, GOOD, 0, D, NO},
          {70000, GOOD, 0, R, BY(GOOD)}}},
        {"so does a slow mark",
         {{20000, GOOD, 0, D, NO},
          {30000, GOOD, 0, D, NO},
          {40000, SLOW, 0, D, NO},
          {50000, GOOD, 0, D, NO},
          {60000, GOOD, 0, D, NO},
          {70000, GOOD, 0, R, BY(GOOD)}}},
        {"and what comes after is no more wary than before",
         {{20000, GOOD, 0, D, NO},
          {30000, GOOD, 0, D, NO},
          {40000, GOOD, 0, R, BY(GOOD)},
          {40001, OK, 0, R, NO},
          {40002, FAIL, 1, R, NO},
          {40003, FAIL, 1, R, NO},
          {40004, FAIL, 1, R, NO},
          {40005, FAIL, 1, R, NO},
          {40006, FAIL, 1, O, BY(SCORE)}}},
        {"and a stalled attempt that opens it ends all",
         {{20000, GOOD, 0, D, NO}, {30000, STALL, 5, O, BY(STALL)}}},
        {"time does not", {{900000, LOOK, 0, D, NO}}},
        {"without trickle ten",
         {{20000, OK, 0, D, NO},
          {20001, OK, 0, D, NO},
          {20002, OK, 0, D, NO},
          {20003, OK, 0, D, NO},
          {20004, OK, 0, D, NO},
          {20005, OK, 0, D, NO},
          {20006, OK, 0, D, NO},
          {20007, OK, 0, D, NO},
          {20008, OK, 0, D, NO},
          {20009, OK, 0, R, BY(GOOD)}}},
        {"those begun before do not count",
         {{20000, OK, 30000, D, NO}, {20001, GOOD, 0, D, NO}, {20002, GOOD, 0, D, NO}}},
        {"it still opens, by score", {{20000, FAIL, 5, O, BY(SCORE)}}},
    };
    PROA_TEST_ROWS(script, scripts)
    {
        uint64_t now_ns;
        struct fixture f = fixture_degraded(&now_ns);
        play(&f, script->name, script->steps);
    }
}

/* The answer to a slow request is no good one, even where one good answer suffices. */
static void slow_answer_is_not_good(void **state)
{
    (void)state;
    uint64_t now_ns;
    struct fixture f = fixture_degraded(&now_ns);
    f.degraded.exit_good = 1;
    struct proa_breaker_report trickle = {.started_ns = now_ns + 1, .trickle = true};
    proa_breaker_slow(&f.b, &f.cfg, &f.degraded, now_ns + SECONDS(2));
    assert_int_equal(success(&f, now_ns + SECONDS(3), trickle).to, D);
    trickle.started_ns = now_ns + SECONDS(4);
    assert_int_equal(success(&f, now_ns + SECONDS(5), trickle).to, R);
}

static void trickle_is_bounded(void **state)
{
    (void)state;
    uint64_t now_ns;
    struct fixture f = fixture_degraded(&now_ns);
    uint64_t last_ns = 0;
    unsigned given = 0;
    /* 100 requests a second: every 10 s one, as 5 % would be more than that */
    for (unsigned i = 0; i < 100000; i++) {
        now_ns += PROA_NS_PER_MS * 10;
        if (proa_breaker_trickle(&f.b, &f.degraded, now_ns, &f.prng)) {
            assert_true(last_ns == 0 || now_ns - last_ns >= SECONDS(10));
            last_ns = now_ns;
            given++;
        }
    }
    assert_in_range(given, 95, 100);
    /* one request in 10 s: 5 % of them */
    given = 0;
    for (unsigned i = 0; i < 20000; i++) {
        now_ns += SECONDS(10);
        given += proa_breaker_trickle(&f.b, &f.degraded, now_ns, &f.prng);
    }
    assert_in_range(given, 900, 1100);
}

static void only_degraded_trickles(void **state)
{
    (void)state;
    struct fixture f = fixture_make(13);
    f.degraded.trickle_ppm = 1000000;
    assert_false(proa_breaker_trickle(&f.b, &f.degraded, START, &f.prng));
    open_span(&f, START, 0);
    assert_false(proa_breaker_trickle(&f.b, &f.degraded, START, &f.prng));
    proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_PARENT, START);
    assert_false(proa_breaker_trickle(&f.b, &f.degraded, START, &f.prng));
}

/* ---- everyday -------------------------------------------------------------------------------- */

/* 5 % of random errors: the score alone would open it once in millions of calls. */
static void everyday_errors_open_nothing(void **state)
{
    (void)state;
    struct fixture f = fixture_make(17);
    unsigned opened = 0;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t now_ns = AT(i * 200);
        struct proa_breaker_report r = {.started_ns = now_ns, .weight = 1, .trickle = true};
        struct proa_breaker_change change =
            proa_prng_below(&f.prng, 20) ? success(&f, now_ns, r) : failure(&f, now_ns, r);
        opened += change.to == O;
    }
    assert_int_equal(opened, 0);
}

static void texts(void **state)
{
    (void)state;
    assert_string_equal(proa_breaker_state_text(C), "closed");
    assert_string_equal(proa_breaker_state_text(R), "ramp");
    assert_string_equal(proa_breaker_state_text(D), "degraded");
    assert_string_equal(proa_breaker_state_text(O), "open");
    assert_string_equal(proa_breaker_state_text(H), "half_open");
    assert_string_equal(proa_breaker_state_text((enum proa_breaker_state)PROA_BREAKER_STATES),
                        "unknown");
    for (int a = 0; a < PROA_BREAKER_CAUSES; a++) {
        assert_true(strlen(proa_breaker_cause_text((enum proa_breaker_cause)a)) > 1);
        for (int b = a + 1; b < PROA_BREAKER_CAUSES; b++) {
            assert_string_not_equal(proa_breaker_cause_text((enum proa_breaker_cause)a),
                                    proa_breaker_cause_text((enum proa_breaker_cause)b));
        }
    }
    assert_string_equal(proa_breaker_cause_text(PROA_BREAKER_CAUSES), "unknown");
    assert_true(sizeof(struct proa_breaker) <= 256);
}

/* On a closed breaker, whatever it has seen, the short form does what the long one does. */
static void well_is_a_success_in_short(void **state)
{
    (void)state;
    struct fixture f = fixture_make(7);
    uint64_t now_ns = START;
    unsigned compared = 0;
    for (int i = 0; i < 5000; i++) {
        now_ns += proa_prng_below(&f.prng, SECONDS(2));
        if (f.b.state == PROA_BREAKER_CLOSED) {
            struct proa_breaker brief = f.b;
            proa_breaker_well(&brief, &f.cfg, now_ns);
            (void)success(&f, now_ns, (struct proa_breaker_report){.started_ns = now_ns});
            assert_memory_equal(&brief, &f.b, sizeof(brief));
            compared++;
        } else if (proa_breaker_probe_due(&f.b, &f.cfg, now_ns)) {
            (void)proa_breaker_recover(&f.b, PROA_BREAKER_CAUSE_PARENT, now_ns);
        } else {
            (void)success(&f, now_ns, (struct proa_breaker_report){.started_ns = now_ns});
        }
        if (proa_prng_below(&f.prng, 12) == 0) {
            const uint32_t weight = 1 + (uint32_t)proa_prng_below(&f.prng, CFG.score);
            (void)failure(&f, now_ns,
                          (struct proa_breaker_report){.started_ns = now_ns, .weight = weight});
        }
    }
    assert_true(compared > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_opens),
        cmocka_unit_test(rates_open_and_degrade),
        cmocka_unit_test(fast_window_sees_through_old_successes),
        cmocka_unit_test(ramp_is_wary),
        cmocka_unit_test(ramp_begins_with_an_empty_window),
        cmocka_unit_test(poison_opens_nothing),
        cmocka_unit_test(poison_counts_nowhere),
        cmocka_unit_test(what_is_cleared_counts_again),
        cmocka_unit_test(share_grows_linearly),
        cmocka_unit_test(slow_marks_degrade),
        cmocka_unit_test(slow_marks_of_late_degrade),
        cmocka_unit_test(good_answers_end_it),
        cmocka_unit_test(slow_answer_is_not_good),
        cmocka_unit_test(trickle_is_bounded),
        cmocka_unit_test(only_degraded_trickles),
        cmocka_unit_test(everyday_errors_open_nothing),
        cmocka_unit_test(well_is_a_success_in_short),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
