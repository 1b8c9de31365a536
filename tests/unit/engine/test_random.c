/*
 * The engine under chance: thousands of exchanges with random routes, policies and events, each
 * step checked by the witness (tests/sim/witness.h). The figures at the end guard the tests
 * themselves: a chance that no longer reaches an outcome or a reason proves nothing about it.
 */
#include "../sim/play.h"
#include "proa_test.h"

enum { SEEDS = 20000 };

static uint64_t play(uint64_t seed, struct sim_tally *tally)
{
    struct proa_prng prng;
    proa_prng_seed(&prng, seed);
    struct sim_source source = {.prng = &prng};
    return sim_play(&source, seed, tally);
}

static void every_promise_holds(void **state)
{
    (void)state;
    struct sim_tally tally = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        (void)play(seed, &tally);
    }
    assert_int_equal(tally.plays, SEEDS);
    for (size_t i = 0; i < PROA_ARRAY_LEN(tally.outcomes); i++) {
        PROA_TEST_CHECK(tally.outcomes[i] > SEEDS / 100, "outcome %s came %u times",
                        proa_outcome_text((enum proa_outcome)i), (unsigned)tally.outcomes[i]);
    }
    static const enum proa_reason reached[] = {
        PROA_REASON_STRATEGY,      PROA_REASON_PROBE,        PROA_REASON_PANIC,
        PROA_REASON_STANDBY,       PROA_REASON_LOST_RACE,    PROA_REASON_HEDGE,
        PROA_REASON_EVACUATED,     PROA_REASON_RESCUE,       PROA_REASON_BACKOFF,
        PROA_REASON_QUEUED,        PROA_REASON_SHED,         PROA_REASON_RATE_LIMITED,
        PROA_REASON_THROTTLED,     PROA_REASON_BUDGET_SPENT, PROA_REASON_SAME_TARGET,
        PROA_REASON_NEXT_TARGET,   PROA_REASON_NEXT_TIER,    PROA_REASON_CONTENT,
        PROA_REASON_COMPLETE,      PROA_REASON_TIMED_OUT,    PROA_REASON_ATTEMPTS_SPENT,
        PROA_REASON_TARGETS_SPENT, PROA_REASON_NO_TARGET,    PROA_REASON_NOT_MOVABLE,
        PROA_REASON_NO_FALLBACK,   PROA_REASON_COMMITTED,    PROA_REASON_DEADLINE,
        PROA_REASON_CLIENT_GONE,   PROA_REASON_DRAINING,
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(reached); i++) {
        PROA_TEST_CHECK(tally.reasons[reached[i]] >= 10, "reason %s came %u times",
                        proa_reason_text(reached[i]), (unsigned)tally.reasons[reached[i]]);
    }
    for (size_t i = 0; i <= PROA_RUN_ATTEMPTS_MAX; i++) {
        PROA_TEST_CHECK(tally.attempts[i] > 0, "no exchange with %zu attempts", i);
    }
}

static void same_seed_same_trace(void **state)
{
    (void)state;
    uint64_t digest = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        const uint64_t once = play(seed, NULL);
        const uint64_t again = play(seed, NULL);
        PROA_TEST_CHECK(once == again, "seed %u", (unsigned)seed);
        digest ^= once * (2 * seed + 1);
    }
    assert_int_not_equal(digest, 0);
}

static void another_seed_is_another_trace(void **state)
{
    (void)state;
    unsigned equal = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        equal += play(2 * seed, NULL) == play(2 * seed + 1, NULL);
    }
    /* The shortest exchanges, with no target at all, do look alike. */
    assert_true(equal < 100);
}

static void step_beyond_a_cut_input(void **state)
{
    (void)state;
    /* Bytes that end at any place must still lead to an end of the exchange. */
    uint8_t bytes[160];
    struct proa_prng prng;
    proa_prng_seed(&prng, 11);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)proa_prng_next(&prng);
    }
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct sim_source source = {.data = bytes, .len = n};
        (void)sim_play(&source, 1, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_holds),
        cmocka_unit_test(same_seed_same_trace),
        cmocka_unit_test(another_seed_is_another_trace),
        cmocka_unit_test(step_beyond_a_cut_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
