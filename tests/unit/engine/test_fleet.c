/*
 * The engine under load and outages, 10,000 exchanges each. What must hold in every simulation is
 * checked by the witness at each step; the figures here are bounds for one route of three providers
 * with two keys.
 */
#include "proa/core/alloc.h"

#include "../sim/fleet.h"
#include "proa_test.h"

enum { REQUESTS = 10000 };

struct bound {
    enum fleet_fault fault;
    const char *name;
    uint32_t answered_ppm;      /* at least, of those that came while it lasted */
    uint32_t amplification_ppm; /* at most, attempts per request */
};

static const struct bound BOUNDS[] = {
    {FLEET_HEALTHY, "healthy", 999000, 1030000}, {FLEET_REFUSES, "refuses", 999000, 1100000},
    {FLEET_ERRORS, "5xx", 999000, 1100000},      {FLEET_HANGS, "hangs", 999000, 1100000},
    {FLEET_BROWN, "brown-out", 999000, 1200000}, {FLEET_LIMITED, "429", 999000, 1150000},
    {FLEET_DOWN, "all are down", 0, 1200000},
};

static struct fleet_result run(struct fleet *f, enum fleet_fault fault, uint64_t seed)
{
    const struct fleet_cfg cfg = {
        .seed = seed, .n_requests = REQUESTS, .per_minute = 300, .fault = fault};
    return fleet_run(f, &cfg);
}

static void an_outage_is_within_its_bounds(void **state)
{
    (void)state;
    struct fleet *f = proa_alloc(sizeof(*f));
    PROA_TEST_ROWS(row, BOUNDS)
    {
        const struct fleet_result r = run(f, row->fault, 7);
        print_message("%-14s answered %u of %u, %u of %u while it lasted, %u attempts, %u to the "
                      "fault\n",
                      row->name, (unsigned)r.n_answered, REQUESTS, (unsigned)r.n_in_fault_good,
                      (unsigned)r.n_in_fault, (unsigned)r.n_attempts, (unsigned)r.n_faulty);
        PROA_TEST_CHECK(r.n_in_fault_good * 1000000 >= r.n_in_fault * row->answered_ppm, "%s",
                        row->name);
        PROA_TEST_CHECK(r.n_attempts * 1000000 <= (uint64_t)REQUESTS * row->amplification_ppm, "%s",
                        row->name);
        PROA_TEST_CHECK(r.longest_ns <= 50 * PROA_NS_PER_MS, "%s", row->name);
    }
    proa_free(f);
}

static void same_seed_same_trace(void **state)
{
    (void)state;
    struct fleet *f = proa_alloc(sizeof(*f));
    const struct fleet_result once = run(f, FLEET_BROWN, 11);
    const struct fleet_result again = run(f, FLEET_BROWN, 11);
    const struct fleet_result other = run(f, FLEET_BROWN, 12);
    assert_int_equal(once.trace, again.trace);
    assert_int_not_equal(once.trace, other.trace);
    proa_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_within_its_bounds),
        cmocka_unit_test(same_seed_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
